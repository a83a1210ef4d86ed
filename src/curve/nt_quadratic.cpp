#include <algorithm>

#include "curve/nt_ways.h"
#include "math/symmetric.h"

namespace lazygap::curve {
namespace {

/// Sum of the squares of the orthonormal features z_j z_k (j < k) and (z_j^2 - 1)/sqrt(2) among `z`:
/// (q^2 - 2 q + size)/2 with q = |z|^2.
Vector squares_of_features(const Eigen::Ref<const Matrix>& Z) {
  const Eigen::ArrayXd q = Z.colwise().squaredNorm().transpose();
  return (q.square() - 2 * q + static_cast<double>(Z.rows())) / 2;
}

}  // namespace

bool nt_in_closed_form(const PolynomialTarget& target, const Matrix& W, const Options& options,
                       const Control& control, Model& model) {
  const Index d = W.rows();
  const Eigenbasis basis = symmetric_eigenbasis(W * W.transpose());
  if (stopped(control, 0.3)) return false;
  const Vector& l = basis.values;
  Matrix B = basis.vectors.transpose() * target.eigenvalues().asDiagonal() * basis.vectors;
  // The directions that no neuron has come first.
  const Index blind = (l.array() <= 0).count();
  double blind_power = 2 * B.topLeftCorner(blind, blind).squaredNorm();
  if (blind_power <= kMatrixPrecision * target.null_risk()) blind_power = 0;

  const Index count = d * (d + 1) / 2 - blind * (blind + 1) / 2;
  model.power_values.resize(count);
  model.powers.resize(count);
  Index filled = 0;
  for (Index k = blind; k < d; ++k)
    for (Index j = 0; j <= k; ++j, ++filled) {
      model.power_values[filled] = 4 * (std::max(l[j], 0.0) + l[k]);
      model.powers[filled] = (j < k ? 4 : 2) * B(j, k) * B(j, k);
    }
  model.densities = {{.values = model.power_values, .counts = Vector::Ones(count)}};
  model.residual_risk = blind_power + target.rest_risk();
  if (stopped(control, 0.4)) return false;

  // The form x^T B x without its blind part.
  B.topLeftCorner(blind, blind).setZero();
  const double mean = B.trace();
  const auto visit = [&](const Matrix& X, Vector& leverage, Vector& fitted) {
    const Matrix Z = basis.vectors.transpose() * X;
    leverage = squares_of_features(Z) - squares_of_features(Z.topRows(blind));
    fitted = Z.cwiseProduct(B * Z).colwise().sum().transpose().array() - mean + target.mean();
  };
  if (!add_fresh_samples(target, options, options.leverage_samples, after(0.4, control), visit, model))
    return false;
  model.message = "closed form";
  model.status = Status::ok;
  return true;
}

}  // namespace lazygap::curve
