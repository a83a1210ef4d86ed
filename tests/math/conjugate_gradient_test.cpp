#include "lazygap/math/conjugate_gradient.h"

#include <gtest/gtest.h>

#include <Eigen/Cholesky>
#include <cmath>
#include <limits>

#include "lazygap/core/error.h"

namespace lazygap {
namespace {

/// Symmetric positive definite with condition number about 1 / smallest.
Matrix definite(Index n, double smallest) {
  Matrix H(n, n);
  for (Index i = 0; i < n; ++i)
    for (Index j = 0; j < n; ++j) H(i, j) = std::exp(-1.0 * static_cast<double>((i - j) * (i - j)));
  H.diagonal().array() += smallest;
  return H;
}

auto multiply(const Matrix& A) {
  return [&A](const Vector& p, Vector& Ap) { Ap = A * p; };
}

TEST(ConjugateGradient, AgreesWithADirectSolution) {
  for (const Index n : {1, 2, 7, 50}) {
    const Matrix A = definite(n, 0.1);
    const Vector b = Vector::LinSpaced(n, -1, 2);
    const auto solution = conjugate_gradient(multiply(A), b, {.tolerance = 1e-12});
    EXPECT_TRUE(solution.converged);
    EXPECT_LE(solution.residual, 1e-12);
    // Condition number below 30, times the tolerance.
    EXPECT_LT((solution.x - A.llt().solve(b)).norm(), 1e-9 * b.norm());
  }
}

TEST(ConjugateGradient, TheQuadraticFormIsALowerBoundThatGrows) {
  const Matrix A = definite(40, 0.1);
  const Vector b = Vector::LinSpaced(40, -1, 2);
  const double exact = b.dot(A.llt().solve(b));
  double last = 0;
  for (int iterations = 1; iterations < 30; ++iterations) {
    const double form =
        conjugate_gradient(multiply(A), b, {.tolerance = 1e-14, .max_iterations = iterations}).form;
    EXPECT_GE(form, last * (1 - 1e-14));
    EXPECT_LE(form, exact * (1 + 1e-14));
    last = form;
  }
}

TEST(ConjugateGradient, SingularButConsistent) {
  Matrix A = Matrix::Zero(3, 3);
  A(0, 0) = 2;
  A(1, 1) = 5;
  const auto solution = conjugate_gradient(multiply(A), Vector::Unit(3, 0) + Vector::Unit(3, 1));
  EXPECT_TRUE(solution.converged);
  EXPECT_NEAR(solution.x[0], 0.5, 1e-12);
  EXPECT_NEAR(solution.x[1], 0.2, 1e-12);
  EXPECT_EQ(solution.x[2], 0);
}

TEST(ConjugateGradient, NothingToSolve) {
  const Matrix A = definite(4, 1);
  const auto solution = conjugate_gradient(multiply(A), Vector::Zero(4));
  EXPECT_TRUE(solution.converged);
  EXPECT_EQ(solution.iterations, 0);
  EXPECT_EQ(solution.x.norm(), 0);
}

TEST(ConjugateGradient, PreconditionerAndStartChangeTheRoadOnly) {
  // Condition number 1e6 on the diagonal, 40 eigenvalues, and a perturbation.
  constexpr Index n = 40;
  Matrix A = definite(n, 1);
  A /= A.norm();
  for (Index i = 0; i < n; ++i) A(i, i) += std::pow(10.0, 6.0 * static_cast<double>(i) / (n - 1));
  const Vector b = Vector::LinSpaced(n, -1, 2), inverse = A.diagonal().cwiseInverse();
  const Vector x = A.llt().solve(b);
  const auto jacobi = [&](const Vector& r, Vector& z) { z = inverse.cwiseProduct(r); };
  const auto plain = conjugate_gradient(multiply(A), b);
  const auto preconditioned = conjugate_gradient(multiply(A), b, {.preconditioner = jacobi});
  EXPECT_TRUE(preconditioned.converged);
  EXPECT_LT(preconditioned.iterations, 15);
  EXPECT_LT(preconditioned.iterations, plain.iterations / 2);
  EXPECT_LE(preconditioned.residual, 1e-10);
  EXPECT_NEAR((b - A * preconditioned.x).norm() / b.norm(), preconditioned.residual, 1e-13);
  EXPECT_NEAR(preconditioned.form, b.dot(x), 1e-12 * b.dot(x));
  const auto finished = conjugate_gradient(multiply(A), b, {.start = x});
  EXPECT_TRUE(finished.converged);
  EXPECT_LE(finished.iterations, 1);
  EXPECT_NEAR(finished.form, b.dot(x), 1e-12 * b.dot(x));
}

TEST(ConjugateGradient, SaysWhenItDoesNotConverge) {
  const Vector b = Vector::Ones(30);
  const Matrix A = definite(30, 0.1);
  const auto stopped = conjugate_gradient(multiply(A), b, {.tolerance = 1e-12, .max_iterations = 3});
  EXPECT_FALSE(stopped.converged);
  EXPECT_EQ(stopped.iterations, 3);
  EXPECT_GT(stopped.residual, 1e-12);
  const Matrix indefinite = -A;
  EXPECT_FALSE(conjugate_gradient(multiply(indefinite), b).converged);
  const auto nan = [](const Vector& p, Vector& Ap) { Ap = p * std::numeric_limits<double>::quiet_NaN(); };
  EXPECT_FALSE(conjugate_gradient(nan, b).converged);
}

TEST(ConjugateGradient, RefusesBadArguments) {
  const Matrix A = definite(2, 1);
  EXPECT_THROW(static_cast<void>(conjugate_gradient(multiply(A), Vector::Ones(2), {.tolerance = 0})),
               UsageError);
  EXPECT_THROW(static_cast<void>(conjugate_gradient(multiply(A), Vector::Ones(2), {.max_iterations = -1})),
               UsageError);
  EXPECT_THROW(static_cast<void>(conjugate_gradient(
                   multiply(A), Vector::Constant(2, std::numeric_limits<double>::infinity()))),
               UsageError);
}

}  // namespace
}  // namespace lazygap
