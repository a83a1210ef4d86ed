#include "lazygap/fit/rf.h"

#include <cblas.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "fit/normal_equations.h"
#include "fit/samples.h"
#include "math/leading_blocks.h"
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
        F_(W.cols(), block),
        value_(W.cols()),
        derivative_(W.cols()) {}

  [[nodiscard]] double centre() const { return centre_; }

  auto operator()(const Eigen::Ref<const MatrixOf<float>>& X) {
    auto F = F_.leftCols(X.cols());
    F.noalias() = W_.transpose() * X;
    for (Index j = 0; j < F.cols(); ++j) activate(F.col(j));
    return F;
  }

 private:
  /// Of one sample: few enough numbers for the cache.
  void activate(Eigen::Ref<VectorOf<float>> u) {
    if (biases_.size() > 0) u += biases_;
    if (activation_.block) {
      const auto size = static_cast<std::size_t>(u.size());
      activation_.block({u.data(), size}, {value_.data(), size}, {derivative_.data(), size});
      u.array() = value_.array() - static_cast<float>(centre_);
    } else {
      u = u.unaryExpr([this](float t) { return static_cast<float>(activation_.value(t) - centre_); });
    }
  }

  MatrixOf<float> W_;
  VectorOf<float> biases_;
  const Activation& activation_;
  double centre_;
  MatrixOf<float> F_;
  VectorOf<float> value_, derivative_;
};

/// Calls visit(first column, columns as fp64) for pieces of F that stay in the cache.
template <class Visit>
void for_each_piece(const Eigen::Ref<const MatrixOf<float>>& F, const Visit& visit) {
  constexpr Index kPiece = 16;
  Matrix piece(F.rows(), kPiece);
  for (Index first = 0; first < F.cols(); first += kPiece) {
    auto columns = piece.leftCols(std::min(kPiece, F.cols() - first));
    columns = F.middleCols(first, columns.cols()).cast<double>();
    visit(first, columns);
  }
}

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
    for_each_piece(F, [&](Index first, const auto& columns) {
      sum.b.noalias() += columns * y.segment(first, columns.cols()).template cast<double>();
    });
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
  return std::move(rf(problem, W, biases, std::array{W.cols()}, options).front());
}

std::vector<Outcome> rf(const Problem& problem, const Matrix& W, const Vector& biases,
                        std::span<const Index> widths, const Options& options) {
  check_arguments("fit::rf", problem, W, biases, options);
  check_widths("fit::rf", widths, W.cols());
  SampleBlocks<float> samples(problem, options);
  const auto leading_biases = [&](Index N) { return biases.head(std::min(N, biases.size())); };
  const Index widest = widths.back();
  Features features(W.leftCols(widest), leading_biases(widest), options, samples.block());
  std::vector<NormalSolution> solutions;
  {
    NormalEquations equations = accumulate(samples, features, widest);
    solutions = solve_normal_equations(std::move(equations.G), options.ridge, kNoise, equations.b, widths);
  }
  std::vector<Outcome> outcomes;
  for (std::size_t k = 0; k < widths.size(); ++k) {
    const Index N = widths[k];
    const auto& [status, message, rank, a] = solutions[k];
    Outcome outcome{.status = status, .message = message, .rank = rank};
    if (status == Status::ok) {
      if (rank < N)
        outcome.message = fmt::format("minimum-norm solution: the features of {} samples have rank {} of {}",
                                      options.samples, rank, N);
      outcome.risk = population_risk(problem, W.leftCols(N), leading_biases(N), options.activation,
                                     features.centre(), a);
    }
    outcomes.push_back(std::move(outcome));
  }
  const auto predict = [&](const auto& X) {
    const auto F = features(X);
    // Where there is no network its test risk stays NaN.
    Matrix predictions = Matrix::Constant(F.cols(), static_cast<Index>(widths.size()),
                                          std::numeric_limits<double>::quiet_NaN());
    for_each_piece(F, [&](Index first, const auto& columns) {
      for (Index k = 0; k < predictions.cols(); ++k)
        if (const Vector& a = solutions[static_cast<std::size_t>(k)].a; a.size() > 0)
          predictions.col(k).segment(first, columns.cols()).noalias() =
              columns.topRows(a.size()).transpose() * a;
    });
    return predictions;
  };
  estimate_risks(samples, predict, outcomes);
  return outcomes;
}

}  // namespace lazygap::fit
