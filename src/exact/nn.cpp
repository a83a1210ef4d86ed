#include "lazygap/exact/nn.h"

#include <algorithm>
#include <functional>
#include <vector>

#include "lazygap/core/check.h"

namespace lazygap::exact {
namespace {

/// Eigenvalues divided into those that the network fits and the rest.
struct Choice {
  std::vector<double> fitted, left;
};

Choice largest_positive(const Vector& values, Index N) {
  std::vector<double> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end(), std::greater<>());
  const auto positive = std::find_if(sorted.begin(), sorted.end(), [](double v) { return !(v > 0); });
  const auto end = sorted.begin() + std::min<Index>(N, positive - sorted.begin());
  return {.fitted = {sorted.begin(), end}, .left = {end, sorted.end()}};
}

Risk risk(const PolynomialTarget& problem, const Choice& choice) {
  double sum = 0;
  for (const double lambda : choice.left) sum += lambda * lambda;
  return {.risk = 2 * sum + problem.rest_risk(),
          .status = Status::ok,
          .rank = static_cast<Index>(choice.fitted.size())};
}

Risk risk(const GaussianMixture&, const Choice& choice) {
  double sum = 0;
  for (const double delta : choice.fitted) sum += delta * delta / (1 + delta * delta);
  return {.risk = 2 / (2 + sum), .status = Status::ok, .rank = static_cast<Index>(choice.fitted.size())};
}

/// What a network with a > 0 can fit, as positive numbers.
Vector fitted_by_positive(const PolynomialTarget& problem) { return problem.eigenvalues(); }
Vector fitted_by_positive(const GaussianMixture& problem) { return -problem.whitened_delta(); }

template <class P>
Risk minimal_risk(const P& problem, Index N, Sign sign) {
  const Vector values = fitted_by_positive(problem);
  if (sign == Sign::free) return risk(problem, largest_positive(values.cwiseAbs(), N));
  const Risk positive = risk(problem, largest_positive(values, N));
  if (sign == Sign::positive) return positive;
  const Risk negative = risk(problem, largest_positive(-values, N));
  return negative.risk < positive.risk ? negative : positive;
}

}  // namespace

Risk nn(const Problem& problem, Index N, Sign sign) {
  check_at_least("exact::nn", "N", N, 1);
  return std::visit([&](const auto& p) { return minimal_risk(p, N, sign); }, problem);
}

}  // namespace lazygap::exact
