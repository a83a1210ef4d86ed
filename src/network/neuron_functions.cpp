#include "network/neuron_functions.h"

#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <limits>

#include "lazygap/core/check.h"
#include "lazygap/math/gaussian_rule.h"

namespace lazygap::network {
namespace {

constexpr Index kFirstDegree = 32;
constexpr Index kLastDegree = 2048;

/// A rule for functions of s(length g + bias) and s(sign other_length g + other_bias).
math::GaussianRule rule_for(const ScalarFunction& s, double length, double bias, double sign = 1,
                            double other_length = 0, double other_bias = 0) {
  std::vector<double> kinks;
  const auto add = [&](double l, double b) {
    for (const double kink : s.kinks)
      if (const double at = (kink - b) / l; std::isfinite(at)) kinks.push_back(at);
  };
  add(length, bias);
  add(sign * other_length, other_bias);
  // The poles of tanh(s g / length) are (pi/2) length / s away from the real line.
  constexpr double kWidest = 0.5;
  return math::gaussian_rule(kinks,
                             std::min(kWidest, 1.5 * s.length / std::max({1e-300, length, other_length})));
}

Vector values(const ScalarFunction& s, double length, double bias, const Vector& nodes) {
  return nodes.unaryExpr([&](double g) { return s.value(length * g + bias); });
}

Expansion expand_to(const ScalarFunction& s, const Neurons& neurons, Index degree, const Stage& stage) {
  const Index N = neurons.lengths.size();
  Expansion expansion{.coefficients = Matrix(N, degree + 1), .moment = Vector(N), .moment_g2 = Vector(N)};
  const auto expand_one = [&](Index i) {
    const double length = neurons.lengths[i], bias = neurons.biases[i];
    const math::GaussianRule rule = rule_for(s, length, bias);
    const Vector phi = values(s, length, bias, rule.nodes);
    const Eigen::ArrayXd squares = rule.weights.array() * phi.array().square();
    expansion.moment[i] = squares.sum();
    expansion.moment_g2[i] = (squares * rule.nodes.array().square()).sum();
    expansion.coefficients.row(i) = math::normalised_hermite_coefficients(rule, phi, degree + 1).transpose();
  };
  constexpr Index kTogether = 16;
  stage.for_each((N + kTogether - 1) / kTogether, [&](Index piece) {
    for (Index i = piece * kTogether; i < std::min(N, (piece + 1) * kTogether); ++i) expand_one(i);
  });
  return expansion;
}

/// Largest value over k > degree of what multiplies c_ik c_jk: r^k, with derivatives (k + 1) r^(k-1).
double largest_factor(double r, Index degree, bool derivatives) {
  auto k = static_cast<double>(degree + 1);
  if (!derivatives) return std::pow(r, k);
  if (r > 0) k = std::max(k, -1 / std::log(r) - 1);
  return (k + 1) * std::pow(r, k - 1);
}

double truncation_error(const Expansion& expansion, double r, bool derivatives) {
  // By Cauchy-Schwarz the rest of the sum is at most this times the largest relative tail.
  const Vector tail = expansion.moment - expansion.coefficients.rowwise().squaredNorm();
  double relative = 0;
  for (Index i = 0; i < tail.size(); ++i)
    if (expansion.moment[i] > 0)
      relative = std::max({relative, tail[i] / expansion.moment[i], std::numeric_limits<double>::epsilon()});
  return relative * largest_factor(r, expansion.coefficients.cols() - 1, derivatives);
}

}  // namespace

void check_first_layer(std::string_view function, const Problem& problem, const Matrix& W,
                       const Vector& biases) {
  check_size(function, "a column of W", W.rows(), "the dimension d", dimension(problem));
  check_at_least(function, "the number of neurons", W.cols(), 1);
  check_finite(function, "W", W);
  if (biases.size() > 0) check_size(function, "biases", biases.size(), "the number of neurons", W.cols());
  check_finite(function, "biases", biases);
}

Matrix whiten_neurons(const Problem& problem, const Matrix& W) {
  const auto* mg = std::get_if<GaussianMixture>(&problem);
  return mg != nullptr ? mg->whiten_neurons(W) : W;
}

Matrix mix(const Problem& problem, const Matrix& Z) {
  const auto* mg = std::get_if<GaussianMixture>(&problem);
  if (mg == nullptr) return Z;
  if (mg->is_diagonal()) return mg->sigma().cwiseSqrt().asDiagonal() * Z;
  return mg->mixing() * Z;
}

Matrix whiten_samples(const Problem& problem, const Matrix& X) {
  const auto* mg = std::get_if<GaussianMixture>(&problem);
  if (mg == nullptr) return X;
  if (mg->is_diagonal()) return mg->sigma().cwiseSqrt().cwiseInverse().asDiagonal() * X;
  return mg->mixing().partialPivLu().solve(X);
}

double mean_label(const Problem& problem) {
  const auto* target = std::get_if<PolynomialTarget>(&problem);
  return target != nullptr ? target->mean() : 0;
}

std::vector<Component> components(const Problem& problem) {
  if (const auto* mg = std::get_if<GaussianMixture>(&problem)) {
    const Eigen::ArrayXd delta = mg->whitened_delta().array();
    return {{.weight = 0.5, .label = +1, .root = (1 - delta).sqrt()},
            {.weight = 0.5, .label = -1, .root = (1 + delta).sqrt()}};
  }
  return {{.weight = 1, .label = 0, .root = Vector::Ones(dimension(problem))}};
}

Neurons act_on_normals(const Component& component, const Matrix& whitened, const Vector& biases) {
  Neurons neurons{.directions = component.root.asDiagonal() * whitened,
                  .lengths = {},
                  .biases = biases.size() > 0 ? biases : Vector(Vector::Zero(whitened.cols()))};
  neurons.lengths = neurons.directions.colwise().stableNorm();
  for (Index i = 0; i < whitened.cols(); ++i)
    if (neurons.lengths[i] > 0) neurons.directions.col(i) /= neurons.lengths[i];
  return neurons;
}

double largest_correlation(const Matrix& directions, double most, const Stage& stage) {
  constexpr Index kPanel = 256;
  Vector of_panels = Vector::Zero((directions.cols() + kPanel - 1) / kPanel);
  stage.for_each(of_panels.size(), [&](Index panel) {
    const Index j = panel * kPanel, columns = std::min(kPanel, directions.cols() - j);
    double& largest = of_panels[panel];
    const Matrix r =
        directions.rightCols(directions.cols() - j).transpose() * directions.middleCols(j, columns);
    for (Index k = 0; k < columns; ++k)
      for (Index i = k + 1; i < r.rows(); ++i)
        if (std::abs(r(i, k)) <= most) largest = std::max(largest, std::abs(r(i, k)));
  });
  return of_panels.size() > 0 ? of_panels.maxCoeff() : 0;
}

Expansion expand(const ScalarFunction& s, const Neurons& neurons, double correlation, bool derivatives,
                 double tolerance, const Stage& stage) {
  for (Index degree = kFirstDegree;; degree *= 2) {
    Expansion expansion = expand_to(s, neurons, degree, stage);
    expansion.error = truncation_error(expansion, correlation, derivatives);
    if (expansion.error <= tolerance || degree >= kLastDegree) return expansion;
  }
}

ParallelMoments parallel_moments(const ScalarFunction& s, const Neurons& neurons, Index i, Index j,
                                 double sign) {
  const math::GaussianRule rule =
      rule_for(s, neurons.lengths[i], neurons.biases[i], sign, neurons.lengths[j], neurons.biases[j]);
  const Eigen::ArrayXd product = rule.weights.array() *
                                 values(s, neurons.lengths[i], neurons.biases[i], rule.nodes).array() *
                                 values(s, sign * neurons.lengths[j], neurons.biases[j], rule.nodes).array();
  return {.moment = product.sum(), .moment_g2 = (product * rule.nodes.array().square()).sum()};
}

}  // namespace lazygap::network
