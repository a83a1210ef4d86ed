// RF fitted on n samples tends to the exact risk, that is to n = infinity, as n grows.
//
//   example_fit_against_exact [d N draws n1 n2 ...]      default: 30 60 10 1000 10000 100000
//
// One row for each n: mean over draws of W and of the samples of the excess (R_n - R) / R0, its standard
// error, and the same for the paper's estimate of R_n on 1e4 fresh samples.
#include <fmt/format.h>

#include <cmath>
#include <string>
#include <vector>

#include "lazygap/exact/rf.h"
#include "lazygap/fit/rf.h"
#include "lazygap/network/first_layer.h"
#include "lazygap/problem/spectrum.h"

using namespace lazygap;

namespace {

struct Mean {
  double mean = 0, se = 0;
};

Mean over_draws(const std::vector<double>& values) {
  const Eigen::Map<const Vector> v(values.data(), static_cast<Index>(values.size()));
  const double count = static_cast<double>(v.size());
  return {v.mean(), std::sqrt((v.array() - v.mean()).square().sum() / (count - 1) / count)};
}

/// True where the excess risk is positive at every n and falls at least threefold for each tenfold n.
bool table(const Problem& problem, const char* model, Index N, std::uint32_t draws,
           const std::vector<std::int64_t>& samples) {
  const FirstLayerLaw law = FirstLayerLaw::isotropic(problem);
  const double R0 = null_risk(problem);
  bool holds = true;
  double previous = 0, previous_n = 0;
  for (const std::int64_t n : samples) {
    std::vector<double> excess, test_excess, exact;
    for (std::uint32_t draw = 0; draw < draws; ++draw) {
      const Matrix W = law.sample(N, 1, draw);
      const double limit = exact::rf(problem, {.W = W}).risk / R0;
      const Answer fitted = fit::rf(problem, {.W = W}, {.samples = n, .draw = draw});
      exact.push_back(limit);
      excess.push_back(fitted.risk / R0 - limit);
      test_excess.push_back(fitted.test->value / R0 - limit);
    }
    const Mean e = over_draws(excess), t = over_draws(test_excess);
    fmt::print("{:5} {:8} {:10.5f} {:12.6f} +- {:.6f} {:12.6f} +- {:.6f}\n", model, n, over_draws(exact).mean,
               e.mean, e.se, t.mean, t.se);
    const double n_now = static_cast<double>(n);
    if (previous_n > 0) holds = holds && e.mean < previous * std::pow(previous_n / n_now, std::log10(3.0));
    holds = holds && e.mean > 0;
    previous = e.mean;
    previous_n = n_now;
  }
  return holds;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::int64_t> arguments = {30, 60, 10, 1000, 10000, 100000};
  if (argc > 4) {
    arguments.clear();
    for (int i = 1; i < argc; ++i) arguments.push_back(std::stoll(argv[i]));
  }
  const Index d = arguments[0], N = arguments[1];
  const auto draws = static_cast<std::uint32_t>(arguments[2]);
  const std::vector<std::int64_t> samples(arguments.begin() + 3, arguments.end());

  const PolynomialTarget qf(draw_spectrum({.kind = SpectrumLaw::Kind::exponential}, d, 1));
  const GaussianMixture mg(draw_spectrum(
      {.kind = SpectrumLaw::Kind::choice, .values = {1, 1.5, 2}, .scale_by_inverse_sqrt_d = true}, d, 1));
  fmt::print("RF(I), d = {}, N = {}, {} draws; R/R0 at n = infinity, and what is above it at n samples\n", d,
             N, draws);
  fmt::print("model        n      exact       excess    error  on test samples    error\n");
  const bool qf_holds = table(qf, "qf", N, draws, samples);
  const bool mg_holds = table(mg, "mg", N, draws, samples);
  return qf_holds && mg_holds ? 0 : 1;
}
