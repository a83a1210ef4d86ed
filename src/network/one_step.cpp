#include "lazygap/network/one_step.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "lazygap/core/check.h"
#include "lazygap/core/error.h"
#include "network/neuron_functions.h"
#include "network/tangent_moments.h"

namespace lazygap {
namespace {

/// Samples of one address of the stream.
constexpr Index kBlock = 1024;

void check_step(const char* function, const OneStep& step) {
  check_finite(function, "eta", step.eta);
  if (step.samples) check_at_least(function, "samples (n1)", *step.samples, 1);
}

double scale(const PolynomialTarget& problem) { return std::sqrt(problem.null_risk() / 2); }
double scale(const GaussianMixture& problem) { return problem.delta_matrix().norm(); }
double scale(const Problem& problem) {
  return std::visit([](const auto& p) { return scale(p); }, problem);
}

/// Refuses what overflowed.
Matrix checked(const char* function, const OneStep& step, Matrix M) {
  if (!M.allFinite())
    throw UsageError(
        fmt::format("{}: eta is {}, but the neurons after the step must be finite", function, step.eta));
  return M;
}

/// visit(X, y) over the n1 samples, block by block. The first samples do not depend on n1.
template <class Visit>
void for_each_block(const Problem& problem, const OneStep& step, const Visit& visit) {
  Matrix X(dimension(problem), std::min(kBlock, *step.samples));
  Vector y(X.cols());
  RandomAddress address{.seed = step.seed, .purpose = Purpose::one_step, .index = step.draw};
  for (Index first = 0; first < *step.samples; first += kBlock, ++address.step) {
    const Index count = std::min(kBlock, *step.samples - first);
    draw_samples<double>(problem, address, X.leftCols(count), y.head(count));
    visit(X.leftCols(count), y.head(count));
  }
}

/// (1/n1) sum_j (y_j - mean y) T_j for terms T_j that `add` adds up: add(X, y, with, without) adds y_j T_j to
/// `with` and T_j to `without`.
template <class Add>
Matrix correlation_with_labels(const Problem& problem, const OneStep& step, Index rows, Index columns,
                               const Add& add) {
  Matrix with = Matrix::Zero(rows, columns), without = with;
  double labels = 0;
  for_each_block(problem, step, [&](const auto& X, const auto& y) {
    labels += y.sum();
    add(X, y, with, without);
  });
  const auto n1 = static_cast<double>(*step.samples);
  return with / n1 - (labels / n1) * (without / n1);
}

Matrix population_gradient(const PolynomialTarget& problem) {
  return (2 * problem.eigenvalues()).asDiagonal();
}
Matrix population_gradient(const GaussianMixture& problem) { return -problem.delta_matrix(); }

/// G of one_step_map.
Matrix gradient(const Problem& problem, const OneStep& step) {
  if (!step.samples) return std::visit([](const auto& p) { return population_gradient(p); }, problem);
  const Index d = dimension(problem);
  return correlation_with_labels(
      problem, step, d, d, [](const auto& X, const auto& y, Matrix& with, Matrix& without) {
        // Symmetric to the last bit, as a Gamma has to be.
        without.template selfadjointView<Eigen::Lower>().rankUpdate(X);
        without.template triangularView<Eigen::StrictlyUpper>() = without.transpose();
        const Matrix half = X * y.asDiagonal() * X.transpose();
        with += (half + half.transpose()) / 2;
      });
}

/// What the best A of NT is correlated with: E[(y - E y) sigma'(u_i) x], d x N, in the coordinates of the
/// data.
Matrix population_gradient(const Problem& problem, const Activation& activation, const Matrix& W_0,
                           const Vector& biases) {
  const Matrix whitened = TangentMoments(problem, activation, W_0, biases).projections();
  const auto* mg = std::get_if<GaussianMixture>(&problem);
  if (mg == nullptr) return whitened;
  if (mg->is_diagonal()) return mg->sigma().cwiseSqrt().asDiagonal() * whitened;
  return mg->mixing() * whitened;
}

/// Without the factors a_i.
Matrix gradient(const Problem& problem, const Activation& activation, const Matrix& W_0, const OneStep& step,
                const Vector& biases) {
  if (!step.samples) return population_gradient(problem, activation, W_0, biases);
  return correlation_with_labels(problem, step, W_0.rows(), W_0.cols(),
                                 [&](const auto& X, const auto& y, Matrix& with, Matrix& without) {
                                   Matrix slopes = X.transpose() * W_0;  // b x N
                                   if (biases.size() > 0) slopes.rowwise() += biases.transpose();
                                   slopes = slopes.unaryExpr(activation.derivative);
                                   without.noalias() += X * slopes;
                                   with.noalias() += X * (y.asDiagonal() * slopes);
                                 });
}

double input_power(const PolynomialTarget&, const Matrix& W) { return W.squaredNorm(); }
double input_power(const GaussianMixture& problem, const Matrix& W) {
  return W.cwiseProduct(problem.sigma_times(W)).sum();
}

/// W times a number, with tr(W^T Sigma W) = N.
Matrix rescaled(const char* function, const Problem& problem, const OneStep& step, Matrix W) {
  W = checked(function, step, std::move(W));
  const double largest = W.cwiseAbs().maxCoeff();
  if (largest == 0)
    throw UsageError(
        fmt::format("{}: eta is {}, but at least one neuron must be different from 0 after the step",
                    function, step.eta));
  W /= largest;  // no square can overflow now
  const double power = std::visit([&](const auto& p) { return input_power(p, W); }, problem);
  return W * std::sqrt(static_cast<double>(W.cols()) / power);
}

}  // namespace

Matrix one_step_map(const Problem& problem, const OneStep& step) {
  constexpr auto kFunction = "one_step_map";
  check_step(kFunction, step);
  Matrix A = (step.eta / scale(problem)) * gradient(problem, step);
  A.diagonal().array() += 1;
  return checked(kFunction, step, std::move(A));
}

Matrix one_step(const Problem& problem, const Matrix& W_0, const OneStep& step) {
  constexpr auto kFunction = "one_step";
  network::check_first_layer(kFunction, problem, W_0);
  return rescaled(kFunction, problem, step, one_step_map(problem, step) * W_0);
}

Matrix one_step(const Problem& problem, const Activation& activation, const Matrix& W_0, const OneStep& step,
                const Vector& a, const Vector& biases) {
  constexpr auto kFunction = "one_step";
  network::check_first_layer(kFunction, problem, W_0, biases);
  check_step(kFunction, step);
  if (a.size() > 0) {
    check_size(kFunction, "a", a.size(), "the number of neurons", W_0.cols());
    check_finite(kFunction, "a", a);
  }
  if (!activation.derivative)
    throw UsageError(fmt::format("{}: the activation '{}' has no derivative, but the step needs one",
                                 kFunction, activation.name));
  Matrix change = gradient(problem, activation, W_0, step, biases);
  if (a.size() > 0) change = change * a.asDiagonal();
  return rescaled(kFunction, problem, step, W_0 + (step.eta / (2 * scale(problem))) * change);
}

FirstLayerLaw one_step_law(const Problem& problem, const FirstLayerLaw& initial, const OneStep& step) {
  check_size("one_step_law", "initial", initial.dimension(), "the dimension d", dimension(problem));
  Matrix A = one_step_map(problem, step);
  A /= A.cwiseAbs().maxCoeff();
  const Matrix Gamma = A * initial.covariance() * A.transpose();
  return FirstLayerLaw::full(problem, (Gamma + Gamma.transpose()) / 2);
}

}  // namespace lazygap
