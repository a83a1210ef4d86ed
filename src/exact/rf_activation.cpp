#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>

#include "exact/neuron_functions.h"
#include "lazygap/core/check.h"
#include "lazygap/exact/rf.h"
#include "lazygap/math/pivoted_cholesky.h"

namespace lazygap::exact {
namespace {

/// As in rf.cpp.
constexpr Index kPanel = 256;
/// Pairs more correlated than this, where the series is slow, take the kernel in closed form if there is one.
constexpr double kSeries = 0.9;

struct Part {
  Component component;
  Neurons neurons;
  Expansion expansion;
};

/// E[phi_i phi_j] of a pair with correlation r near 1 or -1.
using PairMoment = std::function<double(const Part& part, Index i, Index j, double r)>;

/// From the kernel in closed form, or for parallel pairs by quadrature.
PairMoment pair_moment(const Activation& activation, const ScalarFunction& sigma, bool closed_form) {
  if (!closed_form)
    return [&sigma](const Part& part, Index i, Index j, double r) {
      return parallel_moments(sigma, part.neurons, i, j, r > 0 ? 1 : -1).moment;
    };
  return [&activation](const Part& part, Index i, Index j, double r) {
    const double si = part.neurons.lengths[i], sj = part.neurons.lengths[j];
    // sigma = (sigma - lambda_0) + lambda_0 in both factors.
    const double l0 = activation.hermite.lambda_0;
    const double means = part.expansion.coefficients(i, 0) + part.expansion.coefficients(j, 0);
    return activation.kernel(si * si, sj * sj, std::clamp(r, -1.0, 1.0) * si * sj) - l0 * means - l0 * l0;
  };
}

/// Adds weight * E[phi_i phi_j] to the lower triangle of K; |r| > `most` is left to `near`.
void add_gram(const Part& part, double most, const PairMoment& near, Matrix& K) {
  const Matrix& directions = part.neurons.directions;
  const Matrix& c = part.expansion.coefficients;
  const Index N = directions.cols(), last = c.cols() - 1;
  const double weight = part.component.weight;
  Matrix correlations(N, kPanel);
  Eigen::ArrayXd sum(N);
  for (Index start = 0; start < N; start += kPanel) {
    const Index columns = std::min(kPanel, N - start);
    auto R = correlations.topLeftCorner(N - start, columns);
    R.noalias() = directions.rightCols(N - start).transpose() * directions.middleCols(start, columns);
    for (Index j = start; j < start + columns; ++j) {
      const Index rows = N - j - 1;
      const auto r = R.col(j - start).tail(rows).array();
      auto entries = sum.head(rows);
      entries = c(j, last) * c.col(last).tail(rows).array();
      for (Index k = last - 1; k >= 0; --k) entries = entries * r + c(j, k) * c.col(k).tail(rows).array();
      for (Index i = 0; i < rows; ++i)
        if (std::abs(r[i]) > most) entries[i] = near(part, j + 1 + i, j, r[i]);
      K.col(j).tail(rows).array() += weight * entries;
      K(j, j) += weight * part.expansion.moment[j];
    }
  }
}

/// E[y phi_i] within one component.
Vector projections(const PolynomialTarget& problem, const Part& part) {
  const Vector form = part.neurons.directions.cwiseAbs2().transpose() * problem.eigenvalues();
  return (problem.offset() + problem.trace()) * part.expansion.coefficients.col(0) +
         std::numbers::sqrt2 * part.expansion.coefficients.col(2).cwiseProduct(form);
}
Vector projections(const GaussianMixture&, const Part& part) {
  return part.component.label * part.expansion.coefficients.col(0);
}

double second_moment(const PolynomialTarget& problem) {
  const double mean = problem.offset() + problem.trace();
  return problem.null_risk() + mean * mean;
}
double second_moment(const GaussianMixture&) { return 1; }

}  // namespace

Risk rf(const Problem& problem, const Activation& activation, const Matrix& W, const Vector& biases) {
  constexpr auto kFunction = "exact::rf";
  check_size(kFunction, "a column of W", W.rows(), "the dimension d", dimension(problem));
  check_at_least(kFunction, "the number of neurons", W.cols(), 1);
  check_finite(kFunction, "W", W);
  if (biases.size() > 0) check_size(kFunction, "biases", biases.size(), "the number of neurons", W.cols());
  check_finite(kFunction, "biases", biases);

  const ScalarFunction sigma{
      .value = [&activation](double u) { return activation.value(u) - activation.hermite.lambda_0; },
      .kinks = activation.kinks,
      .length = activation.length};
  const bool closed_form = activation.kernel && biases.size() == 0;
  const double most = closed_form ? kSeries : 1 - kParallel;
  const PairMoment near = pair_moment(activation, sigma, closed_form);
  std::vector<Part> parts;
  Vector v = Vector::Zero(W.cols());
  Risk risk{.status = Status::ok};
  for (const Component& component : components(problem)) {
    Part part{.component = component, .neurons = act_on_normals(component, W, biases), .expansion = {}};
    part.expansion = expand(sigma, part.neurons, largest_correlation(part.neurons.directions, most), false);
    v += component.weight * std::visit([&](const auto& p) { return projections(p, part); }, problem);
    risk.kernel_error = std::max(risk.kernel_error, part.expansion.error);
    parts.push_back(std::move(part));
  }
  const auto fill = [&](Matrix& K) {
    K.setZero();
    for (const Part& part : parts) add_gram(part, most, near, K);
  };
  const SemidefiniteSolution solution = solve_semidefinite(fill, v);
  risk.rank = solution.rank;
  risk.risk = std::visit([](const auto& p) { return second_moment(p); }, problem) - v.dot(solution.a);
  return risk;
}

}  // namespace lazygap::exact
