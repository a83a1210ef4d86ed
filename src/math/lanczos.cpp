#include "math/lanczos.h"

#include <Eigen/Eigenvalues>
#include <algorithm>

namespace lazygap {
namespace {

/// What remains of a vector after orthogonalisation counts as 0 below this share of it.
constexpr double kInvariant = 1e-12;

}  // namespace

LanczosRule lanczos_quadrature(const LinearOperator& apply, const Vector& b, Index steps,
                               const std::function<bool()>& stop) {
  steps = std::min(steps, b.size());
  Matrix Q(b.size(), steps);
  Vector alpha(steps), beta(steps), next(b.size());
  Q.col(0) = b / b.norm();
  Index made = 0;
  while (made < steps) {
    if (stop && stop()) return {};
    const auto basis = Q.leftCols(made + 1);
    apply(Q.col(made), next);
    const double norm = next.norm();
    alpha[made] = Q.col(made).dot(next);
    // Twice is enough.
    for (int pass = 0; pass < 2; ++pass) next -= basis * (basis.transpose() * next).eval();
    beta[made] = next.norm();
    ++made;
    if (!(beta[made - 1] > kInvariant * norm)) break;
    if (made < steps) Q.col(made) = next / beta[made - 1];
  }
  Eigen::SelfAdjointEigenSolver<Matrix> eigen;
  eigen.computeFromTridiagonal(alpha.head(made), beta.head(made - 1));
  return {.nodes = eigen.eigenvalues(),
          .weights = b.squaredNorm() * eigen.eigenvectors().row(0).cwiseAbs2().transpose()};
}

}  // namespace lazygap
