#include "lazygap/network/first_layer.h"

#include <fmt/format.h>

#include <cmath>

#include "lazygap/core/check.h"
#include "lazygap/core/error.h"

namespace lazygap {
namespace {

/// E <w, x>^2 for w ~ N(0, diag(gamma)): tr(Gamma) on qf, tr(Gamma Sigma) on mg.
double input_variance(const PolynomialTarget&, const Vector& gamma) { return gamma.sum(); }
double input_variance(const GaussianMixture& problem, const Vector& gamma) {
  return gamma.dot(problem.sigma());
}

Vector aligned_gamma(const PolynomialTarget& problem) { return problem.eigenvalues(); }
Vector aligned_gamma(const GaussianMixture& problem) {
  return problem.whitened_delta().cwiseQuotient(problem.sigma());
}

}  // namespace

FirstLayerLaw FirstLayerLaw::diagonal(const Problem& problem, const Vector& gamma) {
  constexpr auto kFunction = "FirstLayerLaw::diagonal";
  check_size(kFunction, "gamma", gamma.size(), "the dimension d", dimension(problem));
  check_finite(kFunction, "gamma", gamma);
  for (Index i = 0; i < gamma.size(); ++i)
    if (gamma[i] < 0)
      throw UsageError(
          fmt::format("{}: gamma[{}] is {}, but must be zero or positive", kFunction, i, gamma[i]));
  const double variance = std::visit([&](const auto& p) { return input_variance(p, gamma); }, problem);
  check_positive(kFunction, "the trace of Gamma", variance);
  return FirstLayerLaw(gamma / variance);
}

FirstLayerLaw FirstLayerLaw::isotropic(const Problem& problem) {
  return diagonal(problem, Vector::Ones(dimension(problem)));
}

FirstLayerLaw FirstLayerLaw::aligned(const Problem& problem) {
  const Vector gamma = std::visit([](const auto& p) { return aligned_gamma(p); }, problem);
  if (gamma.minCoeff() < 0)
    throw UsageError(
        fmt::format("FirstLayerLaw::aligned: RF(Gamma*) needs a positive semidefinite B (or Delta), but its "
                    "smallest eigenvalue has the sign of {}",
                    gamma.minCoeff()));
  return diagonal(problem, gamma);
}

Matrix FirstLayerLaw::sample(Index neurons, std::uint64_t seed, std::uint32_t draw, Purpose purpose) const {
  check_at_least("FirstLayerLaw::sample", "neurons", neurons, 1);
  Matrix W(gamma_.size(), neurons);
  for (Index i = 0; i < neurons; ++i)
    fill_normals({.seed = seed, .purpose = purpose, .index = draw, .step = static_cast<std::uint32_t>(i)},
                 std::span<double>(W.col(i).data(), static_cast<std::size_t>(W.rows())));
  return gamma_.cwiseSqrt().asDiagonal() * W;
}

Vector sample_biases(double tau, Index neurons, std::uint64_t seed, std::uint32_t draw) {
  check_nonnegative("sample_biases", "tau", tau);
  check_at_least("sample_biases", "neurons", neurons, 1);
  if (tau == 0) return {};
  Vector biases(neurons);
  for (Index i = 0; i < neurons; ++i)
    fill_normals(
        {.seed = seed, .purpose = Purpose::bias, .index = draw, .step = static_cast<std::uint32_t>(i)},
        std::span<double>(&biases[i], 1));
  return tau * biases;
}

}  // namespace lazygap
