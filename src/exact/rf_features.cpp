#include "exact/rf_features.h"

#include <Eigen/QR>
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "network/neuron_functions.h"

namespace lazygap::exact {
namespace {

using network::Component;

/// d(d+1)/2 + 1.
Index coordinates(Index d) { return d * (d + 1) / 2 + 1; }

/// The coordinates of <w,z>^2 - 1 in one component, u = C^{1/2} w: the constant, then the products j <= k.
void set_feature(const Vector& u, Eigen::Ref<Vector> feature) {
  const Index d = u.size();
  feature[0] = u.squaredNorm() - 1;
  Index next = 1;
  for (Index j = 0; j < d; ++j) {
    feature[next++] = std::sqrt(2.0) * u[j] * u[j];
    for (Index k = j + 1; k < d; ++k) feature[next++] = 2 * u[j] * u[k];
  }
}

/// Those of y.
Vector target(const PolynomialTarget& problem, const Component&) {
  const Index d = problem.dimension();
  Vector y = Vector::Zero(coordinates(d));
  y[0] = problem.mean();
  for (Index j = 0, next = 1; j < d; next += d - j, ++j) y[next] = std::sqrt(2.0) * problem.eigenvalues()[j];
  return y;
}
Vector target(const GaussianMixture& problem, const Component& component) {
  Vector y = Vector::Zero(coordinates(problem.dimension()));
  y[0] = component.label;
  return y;
}

/// The risk of what is orthogonal to all quadratic functions.
double rest_risk(const PolynomialTarget& problem) { return problem.rest_risk(); }
double rest_risk(const GaussianMixture&) { return 0; }

}  // namespace

Answer rf_by_features(const Problem& problem, const Matrix& whitened) {
  const std::vector<Component> components = network::components(problem);
  const Index size = coordinates(whitened.rows()), N = whitened.cols();
  const Index rows = size * static_cast<Index>(components.size());
  Matrix F(rows, N);
  Vector y(rows);
  for (std::size_t c = 0; c < components.size(); ++c) {
    const Component& component = components[c];
    const Index first = size * static_cast<Index>(c);
    const double root_weight = std::sqrt(component.weight);
    for (Index i = 0; i < N; ++i)
      set_feature(component.root.cwiseProduct(whitened.col(i)), F.col(i).segment(first, size));
    F.middleRows(first, size) *= root_weight;
    y.segment(first, size) =
        root_weight * std::visit([&](const auto& p) { return target(p, component); }, problem);
  }
  for (Index i = 0; i < N; ++i)
    if (const double norm = F.col(i).stableNorm(); norm > 0) F.col(i) /= norm;
  Eigen::ColPivHouseholderQR<Matrix> qr(F);
  qr.setThreshold(static_cast<double>(std::max(rows, N)) * std::numeric_limits<double>::epsilon());
  y.applyOnTheLeft(qr.householderQ().adjoint());
  const Index rank = qr.rank();
  return {.risk = y.tail(rows - rank).squaredNorm() +
                  std::visit([](const auto& p) { return rest_risk(p); }, problem),
          .status = Status::ok,
          .diagnostics = {.rank = rank}};
}

double feature_operations(const Problem& problem, Index N) {
  const auto rows = static_cast<double>(coordinates(dimension(problem))) *
                    static_cast<double>(network::components(problem).size());
  const auto columns = static_cast<double>(N);
  return 2 * rows * columns * std::min(rows, columns);
}

}  // namespace lazygap::exact
