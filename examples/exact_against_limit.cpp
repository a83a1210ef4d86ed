// How far the exact risks at finite d are from the limits, as a Markdown table.
//
//   example_exact_against_limit [DRAWS d d ...]      for example 10 100 200 400 450 800
//
// Each entry is the mean over draws of W of (exact - limit) / R0 with its standard error; the largest modulus
// of each column comes last. The limits take the spectrum of the same d, so that only the finite size is
// left.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "lazygap/activation/activation.h"
#include "lazygap/exact/nn.h"
#include "lazygap/exact/nt.h"
#include "lazygap/exact/rf.h"
#include "lazygap/limit/limit.h"
#include "lazygap/network/regime.h"
#include "lazygap/problem/spectrum.h"

namespace {

using namespace lazygap;

constexpr std::uint64_t kSeed = 1;

/// The paper's two problems in d dimensions.  [GMMM19, sec. 4]
Problem make_problem(const std::string& model, Index d) {
  if (model == "qf") return PolynomialTarget(draw_spectrum({}, d, kSeed));
  const SpectrumLaw law{
      .kind = SpectrumLaw::Kind::choice, .values = {1, 1.5, 2}, .scale_by_inverse_sqrt_d = true};
  return GaussianMixture(draw_spectrum(law, d, kSeed));
}

double limit_ratio(const Problem& problem, Regime regime, Index N) {
  const double rho = static_cast<double>(N) / static_cast<double>(dimension(problem));
  if (regime == Regime::nt) return limit::nt_ratio(problem, rho);
  if (regime == Regime::nn) return limit::nn_ratio(problem, N, SecondLayerSign::one_sign);
  return limit::rf_ratio(problem, first_layer_law(regime, problem), Activation::quadratic().hermite, rho);
}

double exact_ratio(const Problem& problem, Regime regime, Index N, std::uint32_t draw) {
  if (regime == Regime::nn) return exact::nn(problem, N, SecondLayerSign::one_sign).risk / null_risk(problem);
  const Matrix W = first_layer_law(regime, problem).sample(N, kSeed, draw);
  const Answer risk = regime == Regime::nt ? exact::nt(problem, {.W = W}) : exact::rf(problem, {.W = W});
  return risk.risk / null_risk(problem);
}

struct Difference {
  double mean = 0;
  double se = 0;
};

Difference difference(const Problem& problem, Regime regime, Index N, int draws) {
  const double limit = limit_ratio(problem, regime, N);
  Vector differences(draws);
  for (int draw = 0; draw < draws; ++draw)
    differences[draw] = exact_ratio(problem, regime, N, static_cast<std::uint32_t>(draw)) - limit;
  const double mean = differences.mean();
  const double variance = (differences.array() - mean).square().sum() / std::max(draws - 1, 1);
  return {mean, std::sqrt(variance / draws)};
}

}  // namespace

int main(int argc, char** argv) {
  const int draws = argc > 1 ? std::stoi(argv[1]) : 2;
  std::vector<Index> sizes;
  for (int i = 2; i < argc; ++i) sizes.push_back(std::stol(argv[i]));
  if (sizes.empty()) sizes = {20, 60};

  std::vector<double> largest(sizes.size(), 0.0);
  fmt::print("| model | regime | rho |");
  for (const Index d : sizes) fmt::print(" d = {} |", d);
  fmt::print("\n|---|---|---|");
  for (std::size_t k = 0; k < sizes.size(); ++k) fmt::print("---|");
  fmt::print("\n");
  for (const std::string model : {"qf", "mg"})
    for (const Regime regime : {Regime::rf_isotropic, Regime::rf_aligned, Regime::nt, Regime::nn})
      for (const double rho : {0.1, 0.25, 0.5, 0.9, 1.5, 2.0, 5.0}) {
        fmt::print("| {} | {} | {} |", model, to_string(regime), rho);
        for (std::size_t k = 0; k < sizes.size(); ++k) {
          const auto N = static_cast<Index>(std::lround(rho * static_cast<double>(sizes[k])));
          const Difference entry = difference(make_problem(model, sizes[k]), regime, N, draws);
          largest[k] = std::max(largest[k], std::abs(entry.mean));
          fmt::print(" {:+.4f} ± {:.4f} |", entry.mean, entry.se);
        }
        fmt::print("\n");
      }
  fmt::print("| | largest | |");
  for (const double value : largest) fmt::print(" {:.4f} |", value);
  fmt::print("\n");
}
