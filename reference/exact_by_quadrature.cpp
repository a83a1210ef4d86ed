#include "reference/exact_by_quadrature.h"

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <cmath>
#include <functional>
#include <variant>

namespace lazygap::reference {
namespace {

/// The features at one x.
using Features = std::function<Vector(const Vector& x)>;

/// Visits (weight, x, y) on the grid.
using Visit = std::function<void(double weight, const Vector& x, double y)>;

/// The grid points of one Gaussian N(0, covariance).
void for_each_point(double weight, const Matrix& covariance,
                    const std::function<double(const Vector&)>& label, const Visit& visit) {
  const Index d = covariance.rows();
  const Matrix root = covariance.llt().matrixL();
  const double step = d < 3 ? 0.1 : 0.3;
  const auto points = 2 * static_cast<Index>(std::lround(8.5 / step)) + 1;
  const auto total = static_cast<Index>(std::lround(std::pow(points, d)));
  for (Index point = 0; point < total; ++point) {
    Vector z(d);
    for (Index k = 0, rest = point; k < d; ++k, rest /= points)
      z[k] = step * static_cast<double>(rest % points - points / 2);
    const double w = weight * std::pow(step / std::sqrt(2 * M_PI), static_cast<double>(d)) *
                     std::exp(-0.5 * z.squaredNorm());
    if (w < 1e-20) continue;
    const Vector x = root * z;
    visit(w, x, label(x));
  }
}

double target_value(const PolynomialTarget& target, const Vector& x) {
  double y = target.mean();
  for (Index i = 0; i < x.size(); ++i) {
    const double u = x[i], u2 = u * u;
    const double He[] = {u, u2 - 1, u * (u2 - 3), u2 * (u2 - 6) + 3, u * (u2 * (u2 - 10) + 15)};
    for (Index k = 1; k <= 5; ++k) y += target.beta()(i, k - 1) * He[k - 1];
  }
  return y;
}

void for_each_point(const Problem& problem, const Visit& visit) {
  if (const auto* mg = std::get_if<GaussianMixture>(&problem)) {
    for (const int y : {+1, -1})
      for_each_point(
          0.5, mg->class_covariance(y), [y](const Vector&) { return y; }, visit);
  } else {
    const auto& target = std::get<PolynomialTarget>(problem);
    for_each_point(
        1, Matrix::Identity(target.dimension(), target.dimension()),
        [&](const Vector& x) { return target_value(target, x); }, visit);
  }
}

/// Sums of the normal equations.
struct Sums {
  Matrix K;
  Vector v;
  double y2 = 0;
};

double least_squares(const Problem& problem, const Features& features) {
  Sums sums;
  for_each_point(problem, [&](double w, const Vector& x, double y) {
    const Vector f = features(x);
    if (sums.K.size() == 0) {
      sums.K = Matrix::Zero(f.size(), f.size());
      sums.v = Vector::Zero(f.size());
    }
    sums.K += w * f * f.transpose();
    sums.v += w * y * f;
    sums.y2 += w * y * y;
  });
  const Eigen::SelfAdjointEigenSolver<Matrix> eigen(sums.K);
  const Vector projected = eigen.eigenvectors().transpose() * sums.v;
  double explained = 0;
  for (Index i = 0; i < projected.size(); ++i)
    if (eigen.eigenvalues()[i] > 1e-12 * eigen.eigenvalues().maxCoeff())
      explained += projected[i] * projected[i] / eigen.eigenvalues()[i];
  return sums.y2 - explained;
}

}  // namespace

double risk_by_quadrature(const Problem& problem, const std::function<double(const Vector& x)>& f) {
  double risk = 0;
  for_each_point(problem, [&](double w, const Vector& x, double y) {
    const double residual = y - f(x);
    risk += w * residual * residual;
  });
  return risk;
}

double rf_risk_by_quadrature(const Problem& problem, const Activation& activation, const Matrix& W,
                             const Vector& biases) {
  return least_squares(problem, [&](const Vector& x) -> Vector {
    const Vector u = W.transpose() * x + biases;
    return u.unaryExpr([&](double t) { return activation.value(t) - activation.hermite.lambda_0; });
  });
}

double nt_risk_by_quadrature(const Problem& problem, const Activation& activation, const Matrix& W,
                             const Vector& biases) {
  return least_squares(problem, [&](const Vector& x) -> Vector {
    const Vector u = W.transpose() * x + biases;
    Vector f(W.size() + 1);
    for (Index i = 0; i < W.cols(); ++i) f.segment(i * x.size(), x.size()) = activation.derivative(u[i]) * x;
    f[W.size()] = 1;
    return f;
  });
}

}  // namespace lazygap::reference
