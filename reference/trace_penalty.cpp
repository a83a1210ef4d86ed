#include "reference/trace_penalty.h"

#include <Eigen/Eigenvalues>
#include <cmath>
#include <memory>

#include "lazygap/core/random.h"

namespace lazygap::reference {
namespace {

void centre(Vector& values) { values.array() -= values.mean(); }

/// Eigenvalues less `threshold`, not below 0 (any_sign: soft threshold).
Matrix shrink(const Matrix& S, double threshold, bool any_sign) {
  const Eigen::SelfAdjointEigenSolver<Matrix> solver(S);
  const Vector values = solver.eigenvalues().unaryExpr([&](double v) {
    if (v > 0) return std::max(v - threshold, 0.0);
    return any_sign ? std::min(v + threshold, 0.0) : 0.0;
  });
  return solver.eigenvectors() * values.asDiagonal() * solver.eigenvectors().transpose();
}

/// Largest eigenvalue of A^* A, by powers, and 5 % more.
double largest_curvature(const Design& design) {
  Matrix S = Matrix::Random(design.d, design.d);
  S = (S + S.transpose()).eval();
  double norm = 1;
  for (int i = 0; i < 40; ++i) {
    S = design.adjoint(design.apply(S / S.norm()));
    norm = S.norm();
  }
  return 1.05 * norm;
}

}  // namespace

Design design_of_samples(Matrix X) {
  const auto x = std::make_shared<const Matrix>(std::move(X));
  Design design{.d = x->rows(), .n = x->cols()};
  design.apply = [x](const Matrix& S) {
    Vector f = (S * *x).cwiseProduct(*x).colwise().sum().transpose();
    centre(f);
    return f;
  };
  design.adjoint = [x](Vector r) -> Matrix {
    centre(r);
    return *x * r.asDiagonal() * x->transpose();
  };
  return design;
}

Design gaussian_design(Index d, Index n, std::uint64_t seed, std::uint32_t draw) {
  const Index p = d * (d + 1) / 2;
  const auto A = std::make_shared<Matrix>(p, n);  // orthonormal coordinates, times sqrt 2
  for (Index j = 0; j < n; ++j)
    fill_normals(
        {.seed = seed, .purpose = Purpose::testing, .index = draw, .step = static_cast<std::uint32_t>(j)},
        std::span<double>(A->col(j).data(), static_cast<std::size_t>(p)));
  *A *= std::sqrt(2.0);
  Design design{.d = d, .n = n};
  // S_ii, and sqrt 2 times S_ij for j < i.
  design.apply = [A, d, p](const Matrix& S) {
    Vector s(p);
    Index k = 0;
    for (Index i = 0; i < d; ++i)
      for (Index j = 0; j <= i; ++j) s[k++] = i == j ? S(i, i) : std::sqrt(2.0) * S(i, j);
    Vector f = A->transpose() * s;
    centre(f);
    return f;
  };
  design.adjoint = [A, d](Vector r) {
    centre(r);
    const Vector s = *A * r;
    Matrix S(d, d);
    Index k = 0;
    for (Index i = 0; i < d; ++i)
      for (Index j = 0; j <= i; ++j, ++k) S(i, j) = S(j, i) = i == j ? s[k] : s[k] / std::sqrt(2.0);
    return S;
  };
  return design;
}

PenalisedSolution minimise_penalised(const Design& design, const Vector& y, double lambda, bool any_sign,
                                     double tolerance, int most_iterations) {
  const double step = 1 / largest_curvature(design);  // of (1/2) ||y - A(S)||^2
  const double threshold = step * lambda * static_cast<double>(design.n) / 2;
  Matrix S = Matrix::Zero(design.d, design.d), Z = S;
  double momentum = 1;
  PenalisedSolution solution;
  while (solution.iterations++ < most_iterations) {
    const Matrix next = shrink(Z + step * design.adjoint(y - design.apply(Z)), threshold, any_sign);
    const Matrix change = next - S;
    if ((next - Z).norm() <= tolerance * next.norm()) {
      S = next;
      solution.converged = true;
      break;
    }
    if ((Z - next).cwiseProduct(change).sum() > 0) momentum = 1;  // the step turns back: restart
    const double following = (1 + std::sqrt(1 + 4 * momentum * momentum)) / 2;
    Z = next + ((momentum - 1) / following) * change;
    momentum = following;
    S = next;
  }
  solution.S = S;
  return solution;
}

}  // namespace lazygap::reference
