#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "lazygap/core/random.h"
#include "lazygap/problem/problem.h"

/// Small problems and neurons for the tests of the exact risks.
namespace lazygap::test {

inline Matrix normals(Index rows, Index columns, std::uint32_t index) {
  Matrix X(rows, columns);
  fill_normals({.seed = 20, .purpose = Purpose::first_layer, .index = index},
               std::span<double>(X.data(), static_cast<std::size_t>(X.size())));
  return X;
}

inline Vector uniforms(Index size, double low, double high, std::uint32_t index) {
  Vector u(size);
  fill_uniforms({.seed = 20, .purpose = Purpose::spectrum, .index = index},
                std::span<double>(u.data(), static_cast<std::size_t>(size)));
  return low + (high - low) * u.array();
}

/// Neurons of length about one.
inline Matrix neurons(Index d, Index N, std::uint32_t index) {
  return normals(d, N, index) / std::sqrt(static_cast<double>(d));
}

/// B with eigenvalues of both signs.
inline PolynomialTarget polynomial_target(Index d) { return PolynomialTarget(uniforms(d, -1, 3, 1)); }
inline PolynomialTarget shifted_polynomial_target(Index d) {
  return PolynomialTarget(uniforms(d, -1, 3, 1), 0.7);
}
/// Delta with eigenvalues of both signs, Sigma = I or not.
inline GaussianMixture mixture(Index d) { return GaussianMixture(uniforms(d, -0.6, 0.9, 2)); }
inline GaussianMixture scaled_mixture(Index d) {
  const Vector sigma = uniforms(d, 0.5, 2.5, 3);
  return GaussianMixture(sigma, sigma.cwiseProduct(uniforms(d, -0.6, 0.9, 4)));
}

/// Sigma and Delta that do not commute.
inline GaussianMixture full_mixture(Index d) {
  const Matrix root = Matrix::Identity(d, d) + normals(d, d, 5) / std::sqrt(4 * static_cast<double>(d));
  const Matrix middle = uniforms(d, -0.6, 0.9, 6).asDiagonal();
  return GaussianMixture::from_matrices(root * root.transpose(), root * middle * root.transpose());
}

/// f* of all degrees from 1 to 5, with a mean.
inline PolynomialTarget target_of_every_degree(Index d) {
  Matrix beta(d, PolynomialTarget::kMostDegree);
  for (Index k = 0; k < beta.cols(); ++k)
    beta.col(k) =
        uniforms(d, -1, 1, 40 + static_cast<std::uint32_t>(k)) / std::tgamma(static_cast<double>(k) + 1.5);
  return PolynomialTarget::from_hermite(beta);
}

/// The quadratic problems, for which every route has an answer of its own.
inline std::vector<Problem> quadratic_problems(Index d) {
  return {polynomial_target(d), shifted_polynomial_target(d), mixture(d), scaled_mixture(d), full_mixture(d)};
}
inline std::vector<Problem> problems(Index d) {
  std::vector<Problem> all = quadratic_problems(d);
  all.emplace_back(target_of_every_degree(d));
  return all;
}

}  // namespace lazygap::test
