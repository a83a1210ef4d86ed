#include "lazygap/fit/rf.h"

#include <cblas.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <type_traits>
#include <utility>

#include "fit/normal_equations.h"
#include "fit/samples.h"
#include "math/leading_blocks.h"
#include "network/feature_moments.h"

namespace lazygap::fit {
namespace {

template <class Real>
constexpr bool kIsSingle = std::is_same_v<Real, float>;

/// F = phi(W^T X + b), N x b, of a block of samples.
template <class Real>
class Features {
 public:
  Features(const Matrix& W, const Vector& biases, const Options& options, Index block)
      : W_(W.cast<Real>()),
        biases_(biases.cast<Real>()),
        activation_(options.activation),
        centre_(options.centred ? options.activation.hermite.lambda_0 : 0),
        F_(W.cols(), block),
        value_(W.cols()),
        derivative_(W.cols()) {}

  [[nodiscard]] double centre() const { return centre_; }

  auto operator()(const Eigen::Ref<const MatrixOf<Real>>& X) {
    auto F = F_.leftCols(X.cols());
    F.noalias() = W_.transpose() * X;
    for (Index j = 0; j < F.cols(); ++j) activate(F.col(j));
    return F;
  }

 private:
  /// Of one sample: few enough numbers for the cache.
  void activate(Eigen::Ref<VectorOf<Real>> u) {
    if (biases_.size() > 0) u += biases_;
    if constexpr (kIsSingle<Real>) {
      if (activation_.block) {
        const auto size = static_cast<std::size_t>(u.size());
        activation_.block({u.data(), size}, {value_.data(), size}, {derivative_.data(), size});
        u.array() = value_.array() - static_cast<float>(centre_);
        return;
      }
    }
    u = u.unaryExpr([this](Real t) { return static_cast<Real>(activation_.value(t) - centre_); });
  }

  MatrixOf<Real> W_;
  VectorOf<Real> biases_;
  const Activation& activation_;
  double centre_;
  MatrixOf<Real> F_;
  VectorOf<Real> value_, derivative_;  // of Activation::block
};

/// Calls visit(first column, columns as fp64) for pieces of F that stay in the cache.
template <class Block, class Visit>
void for_each_piece(const Block& F, const Visit& visit) {
  constexpr Index kPiece = 16;
  Matrix piece(F.rows(), kPiece);
  for (Index first = 0; first < F.cols(); first += kPiece) {
    auto columns = piece.leftCols(std::min(kPiece, F.cols() - first));
    columns = F.middleCols(first, columns.cols()).template cast<double>();
    visit(first, columns);
  }
}

/// G = F^T F / n (lower triangle) and b = F^T y / n, F being n x N.
struct NormalEquations {
  Matrix G;
  Vector b;
};

template <class Real>
NormalEquations accumulate(SampleBlocks<Real>& samples, Features<Real>& features, Index N) {
  NormalEquations sum{Matrix::Zero(N, N), Vector::Zero(N)};
  MatrixOf<float> partial;  // of a block in fp32
  if (kIsSingle<Real>) partial.resize(N, N);
  const auto size = static_cast<blasint>(N);
  samples.for_each([&](const auto& X, const auto& y) {
    const auto F = features(X);
    const auto columns = static_cast<blasint>(F.cols());
    if constexpr (kIsSingle<Real>) {
      cblas_ssyrk(CblasColMajor, CblasLower, CblasNoTrans, size, columns, 1, F.data(), size, 0,
                  partial.data(), size);
      for (Index j = 0; j < N; ++j)
        sum.G.col(j).tail(N - j) += partial.col(j).tail(N - j).template cast<double>();
    } else {
      cblas_dsyrk(CblasColMajor, CblasLower, CblasNoTrans, size, columns, 1, F.data(), size, 1, sum.G.data(),
                  size);
    }
    for_each_piece(F, [&](Index first, const auto& piece) {
      sum.b.noalias() += piece * y.segment(first, piece.cols()).template cast<double>();
    });
  });
  const double scale = 1.0 / static_cast<double>(samples.options().samples);
  sum.G *= scale;
  sum.b *= scale;
  return sum;
}

/// Rounding error of G relative to its largest eigenvalue: eigenvalues below are taken to be zero.
///   fp32   G is a mean of fp32 products. Its rounding errors, as a matrix, were measured to have a spectral
///          norm below 0.8 of this times the largest eigenvalue of G (and below 0.1 of it on the null space,
///          where there is one), for d from 10 to 100, N from 80 to 1000, and blocks of 2000
///   fp64   that of sums of as many terms, as for NT
template <class Real>
double noise(const SampleBlocks<Real>& samples, Index N) {
  constexpr double kEpsilon = std::numeric_limits<Real>::epsilon();
  return kIsSingle<Real> ? kEpsilon
                         : static_cast<double>(std::max<Index>(samples.options().samples, N)) * kEpsilon;
}

double population_risk(const Problem& problem, const Matrix& W, const Vector& biases,
                       const Activation& activation, double centre, const Vector& a) {
  // x^T (W diag(a) W^T) x - centre sum_i a_i: its risk as a sum of squares, which unlike E[y^2] - 2 a^T v +
  // a^T K a loses nothing where a is large.
  if (is_quadratic_form(activation, biases))
    return lazygap::population_risk(problem, W * a.asDiagonal() * W.transpose(), -centre * a.sum());
  const FeatureMoments moments(problem, activation, W, biases, centre);
  return moments.error() > kSeriesAccuracy ? std::numeric_limits<double>::quiet_NaN() : moments.risk(a, 0);
}

template <class Real>
std::vector<Outcome> fit_widths(const Problem& problem, const Matrix& W, const Vector& biases,
                                std::span<const Index> widths, const Options& options) {
  SampleBlocks<Real> samples(problem, options);
  const auto leading_biases = [&](Index N) { return biases.head(std::min(N, biases.size())); };
  const Index widest = widths.back();
  Features<Real> features(W.leftCols(widest), leading_biases(widest), options, samples.block());
  std::vector<NormalSolution> solutions;
  {
    NormalEquations equations = accumulate(samples, features, widest);
    solutions = solve_normal_equations(std::move(equations.G), options.ridge, noise(samples, widest),
                                       equations.b, widths);
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

}  // namespace

Outcome rf(const Problem& problem, const Matrix& W, const Vector& biases, const Options& options) {
  return std::move(rf(problem, W, biases, std::array{W.cols()}, options).front());
}

std::vector<Outcome> rf(const Problem& problem, const Matrix& W, const Vector& biases,
                        std::span<const Index> widths, const Options& options) {
  check_arguments("fit::rf", problem, W, biases, options);
  check_widths("fit::rf", widths, W.cols());
  return options.precision == Precision::fp64 ? fit_widths<double>(problem, W, biases, widths, options)
                                              : fit_widths<float>(problem, W, biases, widths, options);
}

}  // namespace lazygap::fit
