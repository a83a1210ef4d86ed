#include "lazygap/dynamics/nt_closure.h"

#include <fmt/format.h>

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>

#include "dynamics/protocol.h"
#include "lazygap/core/check.h"
#include "lazygap/core/error.h"
#include "network/scaling.h"
#include "network/tangent_moments.h"

namespace lazygap::dynamics {
namespace {

/// Bound on the truncation error of the moments above which there is no answer.
constexpr double kMomentError = 1e-6;
/// Eigenvalues below this part of the largest are directions without features.
constexpr double kVanishing = 1e-10;
constexpr Index kMostFeatures = 6000;
/// Samples that are in memory at once.
constexpr Index kBlock = 200;

double mean_label(const PolynomialTarget& problem) { return problem.mean(); }
double mean_label(const GaussianMixture&) { return 0; }

/// M with x = M z.
Matrix mixing(const PolynomialTarget& problem) {
  return Matrix::Identity(problem.dimension(), problem.dimension());
}
Matrix mixing(const GaussianMixture& problem) {
  return problem.is_diagonal() ? Matrix(problem.sigma().cwiseSqrt().asDiagonal()) : problem.mixing();
}

/// Features psi = (g s_i x ..., 1), s_i = sigma'(<w_i,x> + b_i), g such that SGD is theta += 2 eps mean(r
/// psi): K = E[psi psi^T] = U diag(s) U^T without vanishing s, and E[y psi] in that basis.
struct Features {
  double scale = 1;
  Matrix U;
  Vector s, v;
};

Features features(const Problem& problem, const TangentMoments& moments, double scale, Index neurons,
                  const Control& control) {
  const Matrix M = std::visit([](const auto& p) { return mixing(p); }, problem);
  const Index d = M.rows(), D = d * neurons;
  Matrix K(D + 1, D + 1), result(d, neurons);
  for (Index k = 0; k < D; ++k) {
    if (control.stop && control.stop()) return {};
    Matrix A = Matrix::Zero(d, neurons);
    A(k % d, k / d) = 1;
    moments.apply(M.transpose() * A, result);
    K.col(k).head(D) = (M * result).reshaped();
  }
  const Vector mean = (M * moments.means()).reshaped();
  const double y = std::visit([](const auto& p) { return mean_label(p); }, problem);
  K.topLeftCorner(D, D) += mean * mean.transpose();
  K.topLeftCorner(D, D) *= scale * scale;
  K.col(D).head(D) = scale * mean;
  K.row(D).head(D) = scale * mean.transpose();
  K(D, D) = 1;
  Vector v(D + 1);
  v.head(D) = scale * ((M * moments.projections()).reshaped() + y * mean);
  v[D] = y;
  const Eigen::SelfAdjointEigenSolver<Matrix> eigen(K);
  const Vector& values = eigen.eigenvalues();  // increasing
  const Index kept = (values.array() > kVanishing * values[D]).count();
  const Matrix U = eigen.eigenvectors().rightCols(kept);
  return {scale, U, values.tail(kept), U.transpose() * v};
}

/// <xi^2> and <r^2 xi> of fresh samples, xi = psi^T K^-1 psi / D of mean 1 and r the residual at the optimum.
struct Leverage {
  double square = 1, with_residual = 0;
};

Leverage leverage(const Problem& problem, const Activation& activation, const Matrix& W, const Vector& biases,
                  const Features& features, const ClosureOptions& options) {
  const Index d = W.rows(), N = W.cols();
  const Vector root = features.s.cwiseSqrt();
  double xi_sum = 0, xi2_sum = 0, r2_xi_sum = 0;
  for (Index first = 0; first < options.samples; first += kBlock) {
    const Index count = std::min(kBlock, options.samples - first);
    Matrix X(d, count);
    Vector y(count);
    draw_samples<double>(problem,
                         {.seed = options.seed,
                          .purpose = Purpose::testing,
                          .step = static_cast<std::uint32_t>(first / kBlock)},
                         X, y);
    Matrix u = W.transpose() * X;
    if (biases.size() > 0) u.colwise() += biases;
    const Matrix slopes = features.scale * u.unaryExpr(activation.derivative);
    Matrix psi(d * N + 1, count);
    for (Index i = 0; i < N; ++i) psi.middleRows(i * d, d) = X * slopes.row(i).asDiagonal();
    psi.row(d * N).setOnes();
    const Matrix whitened = root.cwiseInverse().asDiagonal() * (features.U.transpose() * psi);
    const Vector r = y - whitened.transpose() * features.v.cwiseQuotient(root);
    const Vector xi = whitened.colwise().squaredNorm().transpose();
    xi_sum += xi.sum();
    xi2_sum += xi.squaredNorm();
    r2_xi_sum += xi.dot(r.cwiseAbs2());
  }
  const double n = static_cast<double>(options.samples), mean = xi_sum / n;
  return {xi2_sum / n / (mean * mean), r2_xi_sum / n / mean};
}

/// e_k, the mean squares of the distance to the optimum in the eigenbasis of K.
class ClosedRecursion {
 public:
  ClosedRecursion(const Features& features, double least, double floor, double xi2, const Options& options)
      : s_(features.s),
        e_(features.v.cwiseQuotient(features.s).cwiseAbs2()),
        least_(least),
        floor_(floor + options.label_noise * options.label_noise),
        xi2_(xi2),
        batch_(static_cast<double>(options.batch)) {}

  [[nodiscard]] double risk() const { return least_ + s_.dot(e_); }

  void step(double eps) {
    const double noise = 4 * eps * eps / batch_, common = noise * (xi2_ * s_.dot(e_) + floor_);
    e_ = (((1 - 2 * eps * s_.array()).square() + noise * (2 * xi2_ - 1) * s_.array().square()) * e_.array() +
          common * s_.array())
             .matrix();
  }

 private:
  Vector s_, e_;
  double least_, floor_, xi2_, batch_;
};

void check_closure(const Problem& problem, const Activation& activation, const Matrix& W,
                   const Vector& biases, const Options& options, const ClosureOptions& closure) {
  constexpr auto kFunction = "dynamics::nt_closure";
  check_options(kFunction, Regime::nt, options);
  check_weights(kFunction, W);
  check_size(kFunction, "W", W.rows(), "the dimension d of the problem", dimension(problem));
  if (biases.size() > 0) {
    check_size(kFunction, "biases", biases.size(), "the number of neurons", W.cols());
    check_finite(kFunction, "biases", biases);
  }
  check_at_least(kFunction, "samples", closure.samples, 1);
  if (!activation.derivative)
    throw UsageError(fmt::format("{}: activation is '{}', which has no derivative, but NT needs one",
                                 kFunction, activation.name));
  if (W.size() > kMostFeatures)
    throw UsageError(
        fmt::format("{}: N d is {}, but must be at most {}", kFunction, W.size(), kMostFeatures));
}

}  // namespace

Curve nt_closure(const Problem& problem, const Activation& activation, const Matrix& W, const Vector& biases,
                 const Options& options, const ClosureOptions& closure, const Control& control) {
  check_closure(problem, activation, W, biases, options, closure);
  const TangentMoments moments(problem, activation, W, biases);
  if (!(moments.error() <= kMomentError)) return {.status = Status::not_converged};
  const Scaling factors = scaling(options.parameterisation, 1, problem, W.cols());
  const double scale = std::sqrt(factors.kappa * factors.neurons / 2);
  const Features all = features(problem, moments, scale, W.cols(), control);
  if (all.s.size() == 0) return {};
  const double y = std::visit([](const auto& p) { return mean_label(p); }, problem);
  const double explained = (all.v.array().square() / all.s.array()).sum();
  const double least = std::max(0.0, null_risk(problem) + y * y - explained);
  Leverage of_samples{1, least};
  if (closure.closure == Closure::elliptic)
    of_samples = leverage(problem, activation, W, biases, all, closure);
  ClosedRecursion recursion(all, least, of_samples.with_residual, of_samples.square, options);
  return run(recursion, Regime::nt, null_risk(problem), options, control);
}

}  // namespace lazygap::dynamics
