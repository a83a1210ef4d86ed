#include "lazygap/problem/rotation.h"

#include <Eigen/QR>

#include "lazygap/core/check.h"
#include "lazygap/core/random.h"

namespace lazygap {

Matrix haar_rotation(Index d, std::uint64_t seed) {
  check_at_least("haar_rotation", "d", d, 1);
  Matrix normals(d, d);
  fill_normals({.seed = seed, .purpose = Purpose::rotation},
               std::span<double>(normals.data(), static_cast<std::size_t>(normals.size())));
  const Eigen::HouseholderQR<Matrix> qr(normals);
  const Vector signs = qr.matrixQR().diagonal().unaryExpr([](double r) { return r < 0 ? -1.0 : 1.0; });
  return qr.householderQ() * Matrix(signs.asDiagonal());
}

}  // namespace lazygap
