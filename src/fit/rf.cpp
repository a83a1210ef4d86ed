#include "lazygap/fit/rf.h"

#include <cblas.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

#include "fit/normal_equations.h"
#include "fit/samples.h"
#include "math/leading_blocks.h"
#include "network/feature_moments.h"

namespace lazygap::fit {
namespace {

template <class Real>
constexpr bool kIsSingle = std::is_same_v<Real, float>;

Vector leading_biases(const Network& network, Index N) {
  return network.biases.head(std::min(N, network.biases.size()));
}

double centre(const Network& network) { return network.centred ? network.activation.hermite.lambda_0 : 0; }

/// Samples whose features one thread computes at a time.
constexpr Index kColumns = 256;
/// Rows and columns of the tiles of G: large enough for the product to run at full speed.
constexpr Index kTile = 512;

/// F = phi(W^T X + b), N x b, of a block of samples.
template <class Real>
class Features {
 public:
  /// Of the first N neurons.
  Features(const Network& network, Index N, Index block)
      : W_(network.W.leftCols(N).cast<Real>()),
        biases_(leading_biases(network, N).cast<Real>()),
        activation_(network.activation),
        centre_(centre(network)),
        F_(N, block) {}

  auto operator()(const Eigen::Ref<const MatrixOf<Real>>& X, const Stage& stage) {
    auto F = F_.leftCols(X.cols());
    stage.part(0, 0).for_each((X.cols() + kColumns - 1) / kColumns, [&](Index piece) {
      const Index first = piece * kColumns, columns = std::min(kColumns, X.cols() - first);
      F.middleCols(first, columns).noalias() = W_.transpose() * X.middleCols(first, columns);
      VectorOf<Real> value(F.rows()), derivative(F.rows());  // of Activation::block
      for (Index j = first; j < first + columns; ++j) activate(F.col(j), value, derivative);
    });
    return F;
  }

 private:
  /// Of one sample: few enough numbers for the cache.
  void activate(Eigen::Ref<VectorOf<Real>> u, VectorOf<Real>& value, VectorOf<Real>& derivative) const {
    if (biases_.size() > 0) u += biases_;
    if constexpr (kIsSingle<Real>) {
      if (activation_.block) {
        const auto size = static_cast<std::size_t>(u.size());
        activation_.block({u.data(), size}, {value.data(), size}, {derivative.data(), size});
        u.array() = value.array() - static_cast<float>(centre_);
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

/// Adds the tile of F F^T, F being N x b, whose first row and column are given to G; in fp32 after the sum
/// over b.
template <class Block>
void add_tile(const Block& F, Index row, Index column, Matrix& G) {
  const Index rows = std::min(kTile, G.rows() - row), columns = std::min(kTile, G.rows() - column);
  const auto m = static_cast<blasint>(rows), n = static_cast<blasint>(columns),
             b = static_cast<blasint>(F.cols()), stride = static_cast<blasint>(F.outerStride());
  const auto* left = F.data() + row;
  const auto* right = F.data() + column;
  if constexpr (kIsSingle<typename Block::Scalar>) {
    MatrixOf<float> tile(rows, columns);
    if (row == column)
      cblas_ssyrk(CblasColMajor, CblasLower, CblasNoTrans, m, b, 1, left, stride, 0, tile.data(), m);
    else
      cblas_sgemm(CblasColMajor, CblasNoTrans, CblasTrans, m, n, b, 1, left, stride, right, stride, 0,
                  tile.data(), m);
    for (Index j = 0; j < columns; ++j) {
      const Index first = row == column ? j : 0;
      G.col(column + j).segment(row + first, rows - first) +=
          tile.col(j).tail(rows - first).template cast<double>();
    }
  } else {
    double* const out = &G(row, column);
    const auto G_stride = static_cast<blasint>(G.outerStride());
    if (row == column)
      cblas_dsyrk(CblasColMajor, CblasLower, CblasNoTrans, m, b, 1, left, stride, 1, out, G_stride);
    else
      cblas_dgemm(CblasColMajor, CblasNoTrans, CblasTrans, m, n, b, 1, left, stride, right, stride, 1, out,
                  G_stride);
  }
}

template <class Real>
NormalEquations accumulate(SampleBlocks<Real>& samples, Features<Real>& features, Index N,
                           const Stage& stage) {
  NormalEquations sum{Matrix::Zero(N, N), Vector::Zero(N)};
  std::vector<std::pair<Index, Index>> tiles;  // of the lower triangle
  for (Index column = 0; column < N; column += kTile)
    for (Index row = column; row < N; row += kTile) tiles.emplace_back(row, column);
  samples.for_each(stage, [&](const auto& X, const auto& y) {
    const auto F = features(X, stage);
    stage.part(0, 0).for_each(std::ssize(tiles), [&](Index i) {
      const auto [row, column] = tiles[static_cast<std::size_t>(i)];
      add_tile(F, row, column, sum.G);
    });
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

/// Of the first neurons, as many as `a` has entries.
double population_risk(const Problem& problem, const Network& network, const Vector& a, const Stage& stage) {
  const Index N = a.size();
  const auto W = network.W.leftCols(N);
  // x^T (W diag(a_2 a) W^T) x + (a_0 - centre) sum_i a_i: its risk as a sum of squares, which unlike E[y^2] -
  // 2 a^T v + a^T K a loses nothing where a is large.
  if (const auto square = as_square(network))
    return lazygap::population_risk(problem, W * (square->square * a).asDiagonal() * W.transpose(),
                                    (square->constant - centre(network)) * a.sum());
  const FeatureMoments moments(problem, network.activation, W, leading_biases(network, N), centre(network),
                               network::kRounding, stage.part(0, 0.2));
  return moments.error() > kSeriesAccuracy ? std::numeric_limits<double>::quiet_NaN()
                                           : moments.risk(a, 0, stage.part(0.2, 1));
}

/// Beyond this the rounding errors of fp32 are worth a word: they may change the risk by as much. Measured at
/// n from N to 50 N: by a tenth of it or less.
constexpr double kSensitive = 0.01;

/// Everything but the test risk.
Answer answer_of(const Problem& problem, const Network& network, Index N, const Options& options,
                 const NormalSolution& solution, const Stage& stage) {
  Answer answer{
      .status = solution.status, .message = solution.message, .diagnostics = {.rank = solution.rank}};
  if (solution.status != Status::ok) return answer;
  if (solution.rank < N)  // with a ridge the solution is unique whatever the rank
    answer.message =
        fmt::format("{}the features of {} samples have rank {} of {}",
                    options.ridge > 0 ? "" : "minimum-norm solution: ", options.samples, solution.rank, N);
  if (options.precision == Precision::fp32 && solution.sensitivity > kSensitive) {
    if (!answer.message.empty()) answer.message += "; ";
    answer.message +=
        fmt::format("nearly singular: fp32 may change the risk by {:.1g} of itself, fp64 is more accurate",
                    solution.sensitivity);
  }
  answer.risk = population_risk(problem, network, solution.a, stage);
  return answer;
}

template <class Real>
std::vector<Answer> fit_widths(const Problem& problem, const Network& network, std::span<const Index> widths,
                               const Options& options, const Stage& stage) {
  const Index widest = widths.back();
  const auto n = static_cast<double>(options.samples), N = static_cast<double>(widest);
  const double passed = n / (n + N);  // of the time, roughly
  const Stage solving = stage.part(passed, 1);
  SampleBlocks<Real> samples(problem, options);
  Features<Real> features(network, widest, samples.block());
  std::vector<NormalSolution> solutions;
  {
    NormalEquations equations = accumulate(samples, features, widest, stage.part(0, passed));
    solutions = solve_normal_equations(std::move(equations.G), options.ridge, noise(samples, widest),
                                       equations.b, widths, solving.part(0, 0.6));
  }
  std::vector<Answer> answers;
  for (std::size_t k = 0; k < widths.size(); ++k) {
    const Stage own = solving.part(0.6, 0.9).share(static_cast<Index>(k), static_cast<Index>(widths.size()));
    own.done(0);
    answers.push_back(answer_of(problem, network, widths[k], options, solutions[k], own));
  }
  const auto predict = [&](const auto& X) {
    const auto F = features(X, solving);
    Matrix predictions = Matrix::Zero(F.cols(), static_cast<Index>(widths.size()));
    for_each_piece(F, [&](Index first, const auto& columns) {
      for (Index k = 0; k < predictions.cols(); ++k)
        if (const Vector& a = solutions[static_cast<std::size_t>(k)].a; a.size() > 0)
          predictions.col(k).segment(first, columns.cols()).noalias() =
              columns.topRows(a.size()).transpose() * a;
    });
    return predictions;
  };
  estimate_risks(samples, predict, answers, solving.part(0.9, 1));
  return answers;
}

}  // namespace

Answer rf(const Problem& problem, const Network& network, const Options& options, const Control& control) {
  return std::move(rf(problem, network, std::array{network.W.cols()}, options, control).front());
}

std::vector<Answer> rf(const Problem& problem, const Network& network, std::span<const Index> widths,
                       const Options& options, const Control& control) {
  check_arguments("fit::rf", problem, network, options);
  check_widths("fit::rf", widths, network.W.cols());
  return answers_unless_stopped(control, widths.size(), [&](const Stage& stage) {
    return options.precision == Precision::fp64 ? fit_widths<double>(problem, network, widths, options, stage)
                                                : fit_widths<float>(problem, network, widths, options, stage);
  });
}

}  // namespace lazygap::fit
