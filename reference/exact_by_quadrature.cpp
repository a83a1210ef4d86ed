#include "reference/exact_by_quadrature.h"

#include <Eigen/Eigenvalues>
#include <cmath>
#include <functional>
#include <variant>

namespace lazygap::reference {
namespace {

/// The features at one x.
using Features = std::function<Vector(const Vector& x)>;

/// Sums of the normal equations over the grid points of one Gaussian N(0, diag(variance)).
struct Sums {
  Matrix K;
  Vector v;
  double y2 = 0;

  void add(double weight, const Vector& variance, const std::function<double(const Vector&)>& label,
           const Features& features) {
    const Index d = variance.size();
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
      const Vector x = variance.cwiseSqrt().cwiseProduct(z), f = features(x);
      const double y = label(x);
      if (K.size() == 0) {
        K = Matrix::Zero(f.size(), f.size());
        v = Vector::Zero(f.size());
      }
      K += w * f * f.transpose();
      v += w * y * f;
      y2 += w * y * y;
    }
  }
};

double least_squares(const Problem& problem, const Features& features) {
  Sums sums;
  if (const auto* mg = std::get_if<GaussianMixture>(&problem)) {
    for (const int y : {+1, -1})
      sums.add(
          0.5, mg->class_covariance(y), [y](const Vector&) { return y; }, features);
  } else {
    const auto& qf = std::get<PolynomialTarget>(problem);
    sums.add(
        1, Vector::Ones(qf.dimension()),
        [&](const Vector& x) { return qf.offset() + x.cwiseAbs2().dot(qf.eigenvalues()); }, features);
  }
  const Eigen::SelfAdjointEigenSolver<Matrix> eigen(sums.K);
  const Vector projected = eigen.eigenvectors().transpose() * sums.v;
  double explained = 0;
  for (Index i = 0; i < projected.size(); ++i)
    if (eigen.eigenvalues()[i] > 1e-12 * eigen.eigenvalues().maxCoeff())
      explained += projected[i] * projected[i] / eigen.eigenvalues()[i];
  return sums.y2 - explained;
}

}  // namespace

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
