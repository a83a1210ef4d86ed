#include "lazygap/fit/rf.h"

#include <cblas.h>
#include <fmt/format.h>

#include "fit/normal_equations.h"
#include "fit/samples.h"
#include "network/feature_moments.h"

namespace lazygap::fit {
namespace {

/// F = phi(W^T X + b), N x b, of a block of samples.
class Features {
 public:
  Features(const Matrix& W, const Vector& biases, const Options& options, Index block)
      : W_(W.cast<float>()),
        biases_(biases.cast<float>()),
        activation_(options.activation),
        centre_(options.centred ? options.activation.hermite.lambda_0 : 0),
        F_(W.cols(), block) {}

  [[nodiscard]] double centre() const { return centre_; }

  auto operator()(const Eigen::Ref<const MatrixOf<float>>& X) {
    auto F = F_.leftCols(X.cols());
    F.noalias() = W_.transpose() * X;
    if (biases_.size() > 0) F.colwise() += biases_;
    if (activation_.name == "quadratic") {
      F.array() = F.array().square() - static_cast<float>(centre_);
    } else {
      const auto phi = [this](float u) { return static_cast<float>(activation_.value(u) - centre_); };
      F = F.unaryExpr(phi);
    }
    return F;
  }

 private:
  MatrixOf<float> W_;
  VectorOf<float> biases_;
  const Activation& activation_;
  double centre_;
  MatrixOf<float> F_;
};

/// G = F^T F / n (lower triangle) and b = F^T y / n, F being n x N.
struct NormalEquations {
  Matrix G;
  Vector b;
};

NormalEquations accumulate(SampleBlocks<float>& samples, Features& features, Index N) {
  NormalEquations sum{Matrix::Zero(N, N), Vector::Zero(N)};
  MatrixOf<float> partial(N, N);
  samples.for_each([&](const auto& X, const auto& y) {
    const auto F = features(X);
    cblas_ssyrk(CblasColMajor, CblasLower, CblasNoTrans, static_cast<blasint>(N),
                static_cast<blasint>(F.cols()), 1, F.data(), static_cast<blasint>(N), 0, partial.data(),
                static_cast<blasint>(N));
    for (Index j = 0; j < N; ++j)
      sum.G.col(j).tail(N - j) += partial.col(j).tail(N - j).template cast<double>();
    for (Index j = 0; j < F.cols(); ++j)
      sum.b += static_cast<double>(y[j]) * F.col(j).template cast<double>();
  });
  const double scale = 1.0 / static_cast<double>(samples.options().samples);
  sum.G *= scale;
  sum.b *= scale;
  return sum;
}

/// G is a mean of fp32 products. Its rounding errors, as a matrix, were measured to have a spectral norm
/// below 0.8 of this times the largest eigenvalue of G (and below 0.1 of it on the null space, where there is
/// one), for d from 10 to 100, N from 80 to 1000, and blocks of 2000: eigenvalues below are taken to be zero.
constexpr double kNoise = std::numeric_limits<float>::epsilon();

double population_risk(const Problem& problem, const Matrix& W, const Vector& biases,
                       const Activation& activation, double centre, const Vector& a) {
  // x^T (W diag(a) W^T) x - centre sum_i a_i: its risk as a sum of squares, which unlike E[y^2] - 2 a^T v +
  // a^T K a loses nothing where a is large.
  if (is_quadratic_form(activation, biases))
    return lazygap::population_risk(problem, W * a.asDiagonal() * W.transpose(), -centre * a.sum());
  const FeatureMoments moments(problem, activation, W, biases, centre);
  return moments.error() > kSeriesAccuracy ? std::numeric_limits<double>::quiet_NaN() : moments.risk(a, 0);
}

}  // namespace

Outcome rf(const Problem& problem, const Matrix& W, const Vector& biases, const Options& options) {
  check_arguments("fit::rf", problem, W, biases, options);
  SampleBlocks<float> samples(problem, options);
  Features features(W, biases, options, samples.block());
  Outcome outcome;
  Vector a;
  {
    NormalEquations equations = accumulate(samples, features, W.cols());
    const NormalSolution solution = solve_normal_equations(equations.G, options.ridge, kNoise, equations.b);
    outcome.status = solution.status;
    outcome.message = solution.message;
    outcome.rank = solution.rank;
    a = equations.b;
  }
  if (outcome.status != Status::ok) return outcome;
  if (outcome.rank < W.cols())
    outcome.message = fmt::format("minimum-norm solution: the features of {} samples have rank {} of {}",
                                  options.samples, outcome.rank, W.cols());
  outcome.risk = population_risk(problem, W, biases, options.activation, features.centre(), a);
  const auto predict = [&](const auto& X) {
    const auto F = features(X);
    Vector f(F.cols());
    for (Index j = 0; j < F.cols(); ++j) f[j] = F.col(j).template cast<double>().dot(a);
    return f;
  };
  estimate_risk(samples, predict, outcome);
  return outcome;
}

}  // namespace lazygap::fit
