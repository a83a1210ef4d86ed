#pragma once

#include <variant>

#include "lazygap/core/random.h"
#include "lazygap/problem/gaussian_mixture.h"
#include "lazygap/problem/polynomial_target.h"

namespace lazygap {

using Problem = std::variant<PolynomialTarget, GaussianMixture>;

[[nodiscard]] Index dimension(const Problem& problem);
[[nodiscard]] double null_risk(const Problem& problem);
/// Risk of f(x) = c + x^T S x in closed form; see the two classes.
[[nodiscard]] double population_risk(const Problem& problem, const Matrix& S, double c);

/// Draws the samples at `address`: X (d x b) and y (b). One address gives one batch; b only truncates it: the
/// first columns do not depend on b. The normals are fp32 numbers in both precisions, so that a training run
/// in fp64 sees exactly the samples of the run in fp32.
template <class Real>
void draw_samples(const Problem& problem, const RandomAddress& address, Eigen::Ref<MatrixOf<Real>> X,
                  Eigen::Ref<VectorOf<Real>> y);

/// The N(0,1) numbers of an address that draw_samples starts from, fp32 numbers in both precisions.
template <class Real>
void draw_normals(const RandomAddress& address, Eigen::Ref<MatrixOf<Real>> X);

/// y_j = f*(x_j), as draw_samples does. X is d x b, y has b entries.
template <class Real>
void set_labels(const PolynomialTarget& problem, const Eigen::Ref<const MatrixOf<Real>>& X,
                Eigen::Ref<VectorOf<Real>> y);

/// y += standard_deviation * (independent N(0,1) at the seed, index and step of `address`). Labels of
/// training and fitting may be noisy; risks never are: they are distances to f* (mg: to y) itself.
template <class Real>
void add_label_noise(double standard_deviation, const RandomAddress& address, Eigen::Ref<VectorOf<Real>> y);

}  // namespace lazygap
