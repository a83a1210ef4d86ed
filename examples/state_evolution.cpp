// State evolution of wide quadratic networks against the convex problem they solve, at finite d.
//
//   example_state_evolution D DRAWS [gaussian]
//
// qf with label noise of variance 0.1 R0. For each spectrum of B, n / d^2 and penalty: R/R0 by state
// evolution, the same from DRAWS data sets of x ~ N(0, I) (and of the Gaussian design, which state evolution
// assumes), the best penalty, the network of least trace, and the Bayes-optimal risk. Without arguments a
// small case; it ends with 1 where a solver does not converge or the Bayes line is not the lowest.
#include "lazygap/limit/state_evolution.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <string_view>

#include "lazygap/problem/problem.h"
#include "lazygap/problem/spectrum.h"
#include "reference/trace_penalty.h"

using namespace lazygap;

namespace {

constexpr double kNoiseRatio = 0.1;  // variance of the label noise over R0

struct Mean {
  double sum = 0, squares = 0;
  int count = 0;
  void add(double value) { sum += value, squares += value * value, ++count; }
  [[nodiscard]] double value() const { return sum / count; }
  [[nodiscard]] double error() const {
    return std::sqrt((squares / count - value() * value()) / std::max(count - 1, 1));
  }
};

Vector noise(Index n, double deviation, std::uint32_t draw) {
  Vector e = Vector::Zero(n);
  add_label_noise<double>(deviation, {.seed = 5, .index = draw}, e);
  return e;
}

/// R/R0 of one solution, for samples or for the Gaussian design.
double simulate(const PolynomialTarget& problem, Index n, double lambda, double deviation, bool gaussian,
                std::uint32_t draw, bool* converged) {
  const Index d = problem.dimension();
  reference::Design design;
  if (gaussian) {
    design = reference::gaussian_design(d, n, 5, draw);
  } else {
    Matrix X(d, n);
    draw_normals<double>({.seed = 5, .purpose = Purpose::fitting, .index = draw}, X);
    design = reference::design_of_samples(std::move(X));
  }
  Vector y = design.apply(problem.eigenvalues().asDiagonal()) + noise(n, deviation, draw);
  y.array() -= y.mean();
  const reference::PenalisedSolution solution = reference::minimise_penalised(design, y, lambda, false, 1e-6);
  *converged = *converged && solution.converged;
  const Matrix B = problem.eigenvalues().asDiagonal();
  return 2 * (B - solution.S).squaredNorm() / problem.null_risk();
}

bool row(const PolynomialTarget& problem, const char* name, double samples_over_d2, double penalty, int draws,
         bool gaussian) {
  const auto d = static_cast<double>(problem.dimension());
  const auto n = static_cast<Index>(std::lround(samples_over_d2 * d * d));
  const double R0 = problem.null_risk(), deviation = std::sqrt(kNoiseRatio * R0);
  const double lambda = penalty * 4 * std::sqrt(R0 * d / static_cast<double>(n));
  const limit::StateEvolutionOptions options{.label_noise = deviation, .draws = 6};
  const limit::WideNetwork theory = limit::wide_network(problem, n, lambda, options);
  const limit::WideNetwork best = limit::wide_network_best(problem, n, options);
  const limit::WideNetwork least_trace = limit::wide_network(problem, n, 0, options);
  const limit::WideNetwork bayes = limit::bayes_quadratic(problem, n, options);
  Mean real, ideal;
  bool fine = theory.status == Status::ok && best.status == Status::ok && bayes.status == Status::ok;
  for (int draw = 0; draw < draws; ++draw) {
    const auto index = static_cast<std::uint32_t>(draw);
    real.add(simulate(problem, n, lambda, deviation, false, index, &fine));
    if (gaussian) ideal.add(simulate(problem, n, lambda, deviation, true, index, &fine));
  }
  fmt::print("| {} | {} | {} | {} | {:.4f} | {} | {:.4f} ± {:.4f} | {:.4f} | {:.4f} | {:.4f} |\n", d, name,
             samples_over_d2, penalty, theory.ratio,
             gaussian ? fmt::format("{:.4f} ± {:.4f}", ideal.value(), ideal.error()) : "", real.value(),
             real.error(), best.ratio, least_trace.ratio, bayes.ratio);
  std::fflush(stdout);
  return fine && bayes.ratio <= best.ratio && best.ratio <= theory.ratio + 1e-4;
}

}  // namespace

int main(int argc, char** argv) {
  const Index d = argc > 1 ? std::atoi(argv[1]) : 20;
  const int draws = argc > 2 ? std::atoi(argv[2]) : 2;
  const bool gaussian = argc < 2 || (argc > 3 && std::string_view(argv[3]) == "gaussian");
  fmt::print(
      "| d | B | n/d² | Λ' | state evolution | Gaussian design | samples | best Λ | least trace | Bayes |\n"
      "|---|---|---|---|---|---|---|---|---|---|\n");
  const PolynomialTarget exponential(draw_spectrum({}, d, 1));
  const PolynomialTarget low_rank(
      draw_spectrum({.kind = SpectrumLaw::Kind::low_rank, .rank = d / 10, .scale = 3}, d, 1));
  bool fine = true;
  const auto rows = [&](const PolynomialTarget& problem, const char* name, double middle) {
    fine = row(problem, name, 0.1, 0.1, draws, gaussian) && fine;
    fine = row(problem, name, 0.25, middle, draws, gaussian) && fine;
    fine = row(problem, name, 0.5, middle, draws, gaussian) && fine;
  };
  rows(exponential, "Exp(1)", 0.03);
  rows(low_rank, "3, rank d/10", 0.1);
  return fine ? 0 : 1;
}
