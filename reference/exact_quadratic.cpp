#include "reference/exact_quadratic.h"

#include <Eigen/Eigenvalues>
#include <vector>

namespace lazygap::reference {
namespace {

/// x^T M x + m.
struct Quadratic {
  Matrix M;
  double m = 0;
};

/// E[p(x) q(x)], x ~ N(0, C), by Wick's theorem for four factors.
double second_moment(const Quadratic& p, const Quadratic& q, const Matrix& C) {
  const Index d = C.rows();
  double sum = p.m * q.m;
  for (Index a = 0; a < d; ++a)
    for (Index b = 0; b < d; ++b) {
      sum += p.M(a, b) * C(a, b) * q.m + p.m * q.M(a, b) * C(a, b);
      for (Index k = 0; k < d; ++k)
        for (Index l = 0; l < d; ++l)
          sum += p.M(a, b) * q.M(k, l) * (C(a, b) * C(k, l) + C(a, k) * C(b, l) + C(a, l) * C(b, k));
    }
  return sum;
}

/// One component of the law of x, with the label as a function of x there.
struct Component {
  double weight;
  Matrix covariance;
  Quadratic label;
};

std::vector<Component> components(const PolynomialTarget& problem) {
  const Index d = problem.dimension();
  const Matrix B = problem.eigenvalues().asDiagonal();
  return {{1.0, Matrix::Identity(d, d), {B, problem.offset()}}};
}

std::vector<Component> components(const GaussianMixture& problem) {
  const Index d = problem.dimension();
  return {{0.5, problem.class_covariance(+1), {Matrix::Zero(d, d), +1}},
          {0.5, problem.class_covariance(-1), {Matrix::Zero(d, d), -1}}};
}

double minimal_risk(const Problem& problem, const std::vector<Quadratic>& features) {
  const auto law = std::visit([](const auto& p) { return components(p); }, problem);
  const auto count = static_cast<Index>(features.size());
  Matrix K = Matrix::Zero(count, count);
  Vector v = Vector::Zero(count);
  double null = 0;
  for (const Component& part : law) {
    null += part.weight * second_moment(part.label, part.label, part.covariance);
    for (Index i = 0; i < count; ++i) {
      const Quadratic& f = features[static_cast<std::size_t>(i)];
      v[i] += part.weight * second_moment(f, part.label, part.covariance);
      for (Index j = 0; j < count; ++j)
        K(i, j) += part.weight * second_moment(f, features[static_cast<std::size_t>(j)], part.covariance);
    }
  }
  const Eigen::SelfAdjointEigenSolver<Matrix> eigen(K);
  const Vector& values = eigen.eigenvalues();
  // Rounding leaves eigenvalues of about 1e-16 of the largest where K is singular.
  const double smallest = 1e-12 * values[count - 1];
  const Vector projected = eigen.eigenvectors().transpose() * v;
  double explained = 0;
  for (Index i = 0; i < count; ++i)
    if (values[i] > smallest) explained += projected[i] * projected[i] / values[i];
  return null - explained;
}

}  // namespace

double rf_risk(const Problem& problem, const Matrix& W) {
  std::vector<Quadratic> features;
  for (Index i = 0; i < W.cols(); ++i) features.push_back({W.col(i) * W.col(i).transpose(), -1.0});
  return minimal_risk(problem, features);
}

double nt_risk(const Problem& problem, const Matrix& W) {
  const Index d = W.rows();
  std::vector<Quadratic> features{{Matrix::Zero(d, d), 1.0}};
  for (Index i = 0; i < W.cols(); ++i)
    for (Index k = 0; k < d; ++k) {
      Quadratic f{Matrix::Zero(d, d), 0.0};
      f.M.col(k) = W.col(i);
      features.push_back(std::move(f));
    }
  return minimal_risk(problem, features);
}

}  // namespace lazygap::reference
