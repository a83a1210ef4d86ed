#include "lazygap/network/first_layer.h"

#include <fmt/format.h>

#include <Eigen/LU>
#include <cmath>

#include "lazygap/core/check.h"
#include "lazygap/core/error.h"
#include "math/panel_product.h"
#include "math/symmetric.h"

namespace lazygap {
namespace {

/// E <w, x>^2 for w ~ N(0, Gamma): tr(Gamma) on qf, tr(Gamma Sigma) on mg. `gamma`: the diagonal of Gamma.
double input_variance(const PolynomialTarget&, const Vector& gamma) { return gamma.sum(); }
double input_variance(const GaussianMixture& problem, const Vector& gamma) {
  return gamma.dot(problem.is_diagonal() ? problem.sigma() : Vector(problem.sigma_matrix().diagonal()));
}
double input_variance(const PolynomialTarget&, const Matrix& Gamma) { return Gamma.trace(); }
double input_variance(const GaussianMixture& problem, const Matrix& Gamma) {
  return problem.sigma_times(Gamma).trace();
}

/// What Gamma* is proportional to on mg, M not diagonal: M^{-T} D M^{-1}.
Matrix aligned_matrix(const GaussianMixture& problem) {
  const Matrix inverse = problem.mixing().inverse();
  return inverse.transpose() * problem.whitened_delta().asDiagonal() * inverse;
}

}  // namespace

FirstLayerLaw FirstLayerLaw::diagonal(const Problem& problem, const Vector& gamma) {
  constexpr auto kFunction = "FirstLayerLaw::diagonal";
  check_size(kFunction, "gamma", gamma.size(), "the dimension d", lazygap::dimension(problem));
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
  return diagonal(problem, Vector::Ones(lazygap::dimension(problem)));
}

FirstLayerLaw FirstLayerLaw::aligned(const Problem& problem) {
  const auto* qf = std::get_if<PolynomialTarget>(&problem);
  const auto* mg = std::get_if<GaussianMixture>(&problem);
  if (qf != nullptr && qf->eigenvalues().isZero(0))
    throw UsageError(fmt::format(
        "FirstLayerLaw::aligned: RF(Gamma*) needs a quadratic part of f*, but its only parts are of "
        "other degrees, up to {}",
        qf->degree()));
  const Vector& spectrum = qf != nullptr ? qf->eigenvalues() : mg->whitened_delta();
  if (spectrum.minCoeff() < 0)
    throw UsageError(
        fmt::format("FirstLayerLaw::aligned: RF(Gamma*) needs a positive semidefinite B (or Delta), but its "
                    "smallest eigenvalue is {}",
                    spectrum.minCoeff()));
  if (qf != nullptr) return diagonal(problem, spectrum);
  if (mg->is_diagonal()) return diagonal(problem, spectrum.cwiseQuotient(mg->sigma()));
  return full(problem, aligned_matrix(*mg));
}

FirstLayerLaw FirstLayerLaw::full(const Problem& problem, const Matrix& gamma) {
  constexpr auto kFunction = "FirstLayerLaw::full";
  Matrix Gamma = symmetric_part(kFunction, "gamma", gamma);
  check_size(kFunction, "gamma", Gamma.rows(), "the dimension d", lazygap::dimension(problem));
  if (Gamma.isDiagonal(0)) return diagonal(problem, Gamma.diagonal());
  const Eigenbasis basis = symmetric_eigenbasis(Gamma);
  if (basis.values.minCoeff() < 0)
    throw UsageError(
        fmt::format("{}: the smallest eigenvalue of gamma is {:.6g}, but gamma must be positive semidefinite",
                    kFunction, basis.values.minCoeff()));
  const double variance = std::visit([&](const auto& p) { return input_variance(p, Gamma); }, problem);
  Gamma /= variance;
  const Vector roots = (basis.values / variance).cwiseSqrt();
  return {std::move(Gamma), basis.vectors * roots.asDiagonal() * basis.vectors.transpose()};
}

const Vector& FirstLayerLaw::gamma() const {
  if (!is_diagonal()) throw UsageError("FirstLayerLaw::gamma: Gamma is not diagonal; use covariance");
  return gamma_;
}

Matrix FirstLayerLaw::covariance() const { return is_diagonal() ? Matrix(gamma_.asDiagonal()) : covariance_; }

Matrix FirstLayerLaw::sample(Index neurons, std::uint64_t seed, std::uint32_t draw, Purpose purpose) const {
  check_at_least("FirstLayerLaw::sample", "neurons", neurons, 1);
  Matrix W(dimension(), neurons);
  for (Index i = 0; i < neurons; ++i)
    fill_normals({.seed = seed, .purpose = purpose, .index = draw, .step = static_cast<std::uint32_t>(i)},
                 std::span<double>(W.col(i).data(), static_cast<std::size_t>(W.rows())));
  if (is_diagonal()) return gamma_.cwiseSqrt().asDiagonal() * W;
  multiply_columns<double>(root_, W);
  return W;
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
