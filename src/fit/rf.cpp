#include "lazygap/fit/rf.h"

#include <cblas.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <set>
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

/// Sums over samples of F F^T (lower triangle), F y and y^2, F being N x n.
struct Sums {
  Matrix G;
  Vector b;
  double squares = 0;
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

/// Adds blocks of samples to sums.
template <class Real>
class Accumulator {
 public:
  Accumulator(Features<Real>& features, Index N, const Stage& stage) : features_(features), stage_(stage) {
    for (Index column = 0; column < N; column += kTile)
      for (Index row = column; row < N; row += kTile) tiles_.emplace_back(row, column);
  }

  template <class X, class Y>
  void add(const X& x, const Y& y, Sums& sum) {
    if (x.cols() == 0) return;
    const auto F = features_(x, stage_);
    stage_.part(0, 0).for_each(std::ssize(tiles_), [&](Index i) {
      const auto [row, column] = tiles_[static_cast<std::size_t>(i)];
      add_tile(F, row, column, sum.G);
    });
    for_each_piece(F, [&](Index first, const auto& piece) {
      sum.b.noalias() += piece * y.segment(first, piece.cols()).template cast<double>();
    });
    sum.squares += y.template cast<double>().squaredNorm();
  }

 private:
  Features<Real>& features_;
  const Stage& stage_;
  std::vector<std::pair<Index, Index>> tiles_;  // of the lower triangle
};

/// Rounding error of G relative to its largest eigenvalue: eigenvalues below are taken to be zero.
///   fp32   G is a mean of fp32 products. Its rounding errors, as a matrix, were measured to have a spectral
///          norm below 0.8 of this times the largest eigenvalue of G (and below 0.1 of it on the null space,
///          where there is one), for d from 10 to 100, N from 80 to 1000, and blocks of 2000
///   fp64   that of sums of as many terms, as for NT
template <class Real>
double noise(std::int64_t n, Index N) {
  constexpr double kEpsilon = std::numeric_limits<Real>::epsilon();
  return kIsSingle<Real> ? kEpsilon : static_cast<double>(std::max<Index>(n, N)) * kEpsilon;
}

/// Of solutions for the first N neurons.
std::vector<double> population_risks(const Problem& problem, const Network& network, Index N,
                                     const std::vector<const Vector*>& solutions, const Stage& stage) {
  const auto W = network.W.leftCols(N);
  std::vector<double> risks;
  // x^T (W diag(a_2 a) W^T) x + (a_0 - centre) sum_i a_i: its risk as a sum of squares, which unlike E[y^2] -
  // 2 a^T v + a^T K a loses nothing where a is large.
  if (const auto square = as_square(network)) {
    for (const Vector* a : solutions) {
      stage.heard();
      risks.push_back(lazygap::population_risk(problem,
                                               W * (square->square * *a).asDiagonal() * W.transpose(),
                                               (square->constant - centre(network)) * a->sum()));
    }
    return risks;
  }
  const FeatureMoments moments(problem, network.activation, W, leading_biases(network, N), centre(network),
                               network::kRounding, stage.part(0, 0.2));
  if (moments.error() > kSeriesAccuracy)
    return std::vector<double>(solutions.size(), std::numeric_limits<double>::quiet_NaN());
  return moments.risks(solutions, 0, stage.part(0.2, 1));
}

/// Beyond this the rounding errors of fp32 are worth a word: they may change the risk by as much. Measured at
/// n from N to 50 N: by a tenth of it or less.
constexpr double kSensitive = 0.01;

/// One of the fits: its setting, and what was found.
struct Member {
  Setting setting;
  bool dual = false;  ///< whether the n x n matrix was used
  NormalSolution solution = {};
  Quality quality = {};
};

/// Everything but the risks.
Answer answer_of(const Member& member, Precision precision) {
  const auto& [setting, dual, solution, quality] = member;
  const Index N = setting.neurons;
  Answer answer{
      .status = solution.status, .message = solution.message, .diagnostics = {.rank = solution.rank}};
  if (solution.status != Status::ok) return answer;
  if (solution.rank < N)  // with a ridge the solution is unique whatever the rank
    answer.message =
        fmt::format("{}the features of {} samples have rank {} of {}",
                    setting.ridge > 0 ? "" : "minimum-norm solution: ", setting.samples, solution.rank, N);
  if (precision == Precision::fp32 && !dual && solution.sensitivity > kSensitive) {
    if (!answer.message.empty()) answer.message += "; ";
    answer.message +=
        fmt::format("nearly singular: fp32 may change the risk by {:.1g} of itself, fp64 is more accurate",
                    solution.sensitivity);
  }
  return answer;
}

/// The fits of one problem and network that share their samples.
template <class Real>
class Family {
 public:
  Family(const Problem& problem, const Network& network, std::vector<Member>& members, const Options& options)
      : problem_(problem), network_(network), members_(members), options_(options) {
    for (Member& member : members_) {
      // Where there are fewer samples than features their n x n matrix is the smaller one.
      member.dual = member.setting.samples < member.setting.neurons;
      widest_ = std::max(widest_, member.setting.neurons);
    }
  }

  std::vector<Fit> fits(const Stage& stage) {
    const double passed = operations_of_passes();
    solve_primal(stage.part(0, 0.9 * passed));
    solve_dual(stage.part(0.9 * passed, 0.9 * passed + 0.4 * (1 - passed)));
    std::vector<Answer> answers;
    for (const Member& member : members_) answers.push_back(answer_of(member, options_.precision));
    const double solved = 0.9 * passed + 0.4 * (1 - passed);
    add_risks(stage.part(solved, 0.95), answers);
    add_test_risks(stage.part(0.95, 1), answers);
    std::vector<Fit> fits;
    for (std::size_t i = 0; i < members_.size(); ++i)
      fits.push_back({.answer = std::move(answers[i]), .quality = members_[i].quality});
    return fits;
  }

 private:
  using Group = std::vector<Member*>;

  /// Those of one side, by n.
  std::map<std::int64_t, Group> by_samples(bool dual) {
    std::map<std::int64_t, Group> groups;
    for (Member& member : members_)
      if (member.dual == dual) groups[member.setting.samples].push_back(&member);
    return groups;
  }

  static std::vector<double> ridges_of(const Group& group) {
    std::set<double> ridges;
    for (const Member* member : group) ridges.insert(member->setting.ridge);
    return {ridges.begin(), ridges.end()};
  }
  static std::vector<Index> widths_of(const Group& group) {
    std::set<Index> widths;
    for (const Member* member : group) widths.insert(member->setting.neurons);
    return {widths.begin(), widths.end()};
  }
  template <class Value>
  static std::size_t place(const std::vector<Value>& values, Value value) {
    return static_cast<std::size_t>(std::find(values.begin(), values.end(), value) - values.begin());
  }

  /// The share of the time, roughly.
  [[nodiscard]] double operations_of_passes() const {
    double n = 0;
    for (const Member& member : members_) n = std::max(n, static_cast<double>(member.setting.samples));
    return n / (n + static_cast<double>(widest_ * members_.size()));
  }

  Options with_samples(std::int64_t n) const {
    Options options = options_;
    options.samples = n;
    return options;
  }

  /// One pass over the samples; the equations of each n are solved on the way.
  void solve_primal(const Stage& stage) {
    const std::map<std::int64_t, Group> groups = by_samples(false);
    if (groups.empty()) return;
    std::vector<std::int64_t> ends;
    Index N = 0;
    for (const auto& [n, group] : groups) {
      ends.push_back(n);
      N = std::max(N, widths_of(group).back());
    }
    const Options options = with_samples(ends.back());
    SampleBlocks<Real> samples(problem_, options);
    Features<Real> features(network_, N, samples.block());
    Sums sum{.G = Matrix::Zero(N, N), .b = Vector::Zero(N)};
    Accumulator<Real> accumulator(features, N, stage);
    samples.for_each_prefix(
        ends, stage, [&](const auto& X, const auto& y) { accumulator.add(X, y, sum); },
        [&](std::size_t k, const auto& X, const auto& y) {
          const bool last = k + 1 == ends.size();
          Sums own = last ? std::move(sum) : sum;
          accumulator.add(X, y, own);
          solve(groups.at(ends[k]), std::move(own), stage.quiet());
        });
  }

  void solve(const Group& group, Sums sums, const Stage& stage) {
    const std::int64_t n = group.front()->setting.samples;
    const double scale = 1.0 / static_cast<double>(n);
    sums.G *= scale;
    sums.b *= scale;
    const std::vector<double> ridges = ridges_of(group);
    const std::vector<Index> widths = widths_of(group);
    auto solutions =
        solve_normal_equations(std::move(sums.G), ridges, noise<Real>(n, widest_), sums.b, widths, stage);
    for (Member* member : group) {
      NormalSolution& found =
          solutions[place(ridges, member->setting.ridge)][place(widths, member->setting.neurons)];
      member->solution = std::move(found);
      if (member->solution.status != Status::ok) continue;
      member->quality.train = std::max(sums.squares * scale - member->solution.explained, 0.0);
      const double left = 1 - member->solution.degrees * scale;
      if (left > 0) member->quality.gcv = member->quality.train / (left * left);
    }
  }

  /// Samples of the n x n side that are multiplied together: blocks of this shape, filled up with zeros, so
  /// that no number depends on n.
  static constexpr Index kSamples = 256;

  /// The features of the first n samples, N x n, in tiles, and their labels.
  struct Prefix {
    Matrix F;
    Vector y;
  };
  Prefix prefix(std::int64_t n, Index N, const Stage& stage) {
    const Index tiles = (n + kSamples - 1) / kSamples;
    Prefix all{.F = Matrix::Zero(N, tiles * kSamples), .y = Vector(n)};
    const Options options = with_samples(n);
    SampleBlocks<Real> samples(problem_, options);
    Features<Real> features(network_, N, kSamples);
    Index filled = 0;
    MatrixOf<Real> tile(dimension(problem_), kSamples);
    samples.for_each(stage, [&](const auto& X, const auto& y) {
      for (Index j = 0; j < X.cols(); j += kSamples) {
        const Index columns = std::min(kSamples, X.cols() - j);
        tile.setZero();
        tile.leftCols(columns) = X.middleCols(j, columns);
        all.F.middleCols(filled, columns) = features(tile, stage).leftCols(columns).template cast<double>();
        all.y.segment(filled, columns) = y.segment(j, columns).template cast<double>();
        filled += columns;
      }
    });
    return all;
  }

  /// Each width has its own n x n matrix, of which smaller n have the leading blocks.
  void solve_dual(const Stage& stage) {
    std::map<Index, std::map<std::int64_t, Group>> widths;
    for (const auto& [n, group] : by_samples(true))
      for (Member* member : group) widths[member->setting.neurons][n].push_back(member);
    Index done = 0;
    for (const auto& [N, groups] : widths) {
      const Stage own = stage.share(done++, static_cast<Index>(widths.size()));
      const std::int64_t n = groups.rbegin()->first;
      const Prefix all = prefix(n, N, own.part(0, 0.1));
      Matrix K = Matrix::Zero(all.F.cols(), all.F.cols());  // lower triangle
      for (Index j = 0; j < K.cols(); j += kSamples)
        for (Index i = j; i < K.rows(); i += kSamples) {
          own.part(0.1, 0.5).done(j, K.cols());
          K.block(i, j, kSamples, kSamples).noalias() =
              all.F.middleCols(i, kSamples).transpose() * all.F.middleCols(j, kSamples);
        }
      for (const auto& [samples, group] : groups)
        solve(group, all, K.topLeftCorner(samples, samples), own.quiet());
    }
  }

  /// (K/n + ridge I) alpha = y, a = F alpha / n.
  void solve(const Group& group, const Prefix& all, const Eigen::Ref<const Matrix>& K, const Stage& stage) {
    const Index n = K.rows(), N = all.F.rows();
    const double scale = 1.0 / static_cast<double>(n);
    const Vector y = all.y.head(n);
    const std::vector<double> ridges = ridges_of(group);
    auto solutions =
        solve_normal_equations(K * scale, ridges, noise<double>(n, N), y, std::array{n}, stage, true);
    for (Member* member : group) {
      NormalSolution solution = solutions[place(ridges, member->setting.ridge)].front();
      if (solution.status == Status::ok) {
        member->quality = quality_of(solution, y, member->setting.ridge);
        solution.a = all.F.leftCols(n) * (solution.a * scale);
      }
      member->solution = std::move(solution);
    }
  }

  static Quality quality_of(const NormalSolution& solution, const Vector& y, double ridge) {
    const auto n = static_cast<double>(y.size());
    Quality quality;
    if (solution.inverse.size() > 0) {  // the residual of sample j is ridge alpha_j
      const Vector& alpha = solution.a;
      quality.train = ridge * ridge * alpha.squaredNorm() / n;
      quality.gcv = n * alpha.squaredNorm() / std::pow(solution.inverse.sum(), 2);
      quality.leave_one_out = alpha.cwiseQuotient(solution.inverse).squaredNorm() / n;
    } else {
      quality.train = std::max(y.squaredNorm() - solution.fitted, 0.0) / n;
      quality.gcv = quality.train / std::pow(1 - solution.degrees / n, 2);
    }
    return quality;
  }

  /// The second moments of the features serve all fits of a width.
  void add_risks(const Stage& stage, std::vector<Answer>& answers) {
    std::map<Index, std::vector<std::size_t>> widths;
    for (std::size_t i = 0; i < members_.size(); ++i)
      if (answers[i].status == Status::ok) widths[members_[i].setting.neurons].push_back(i);
    Index done = 0;
    for (const auto& [N, places] : widths) {
      const Stage own = stage.share(done++, static_cast<Index>(widths.size()));
      own.done(0);
      std::vector<const Vector*> solutions;
      for (const std::size_t i : places) solutions.push_back(&members_[i].solution.a);
      const std::vector<double> risks = population_risks(problem_, network_, N, solutions, own);
      for (std::size_t k = 0; k < places.size(); ++k) answers[places[k]].risk = risks[k];
    }
  }

  void add_test_risks(const Stage& stage, std::vector<Answer>& answers) {
    std::int64_t n = 0;
    for (const Member& member : members_) n = std::max(n, member.setting.samples);
    const Options options = with_samples(n);
    SampleBlocks<Real> samples(problem_, options);
    Features<Real> features(network_, widest_, samples.block());
    const auto predict = [&](const auto& X) {
      const auto F = features(X, stage);
      Matrix predictions = Matrix::Zero(F.cols(), static_cast<Index>(members_.size()));
      for_each_piece(F, [&](Index first, const auto& columns) {
        for (Index k = 0; k < predictions.cols(); ++k)
          if (const Vector& a = members_[static_cast<std::size_t>(k)].solution.a; a.size() > 0)
            predictions.col(k).segment(first, columns.cols()).noalias() =
                columns.topRows(a.size()).transpose() * a;
      });
      return predictions;
    };
    estimate_risks(samples, predict, answers, stage);
  }

  const Problem& problem_;
  const Network& network_;
  std::vector<Member>& members_;
  const Options& options_;
  Index widest_ = 0;
  /// Of equations that are solved during a pass, which reports the progress.
};

template <class Real>
std::vector<Fit> fit_all(const Problem& problem, const Network& network, std::vector<Member> members,
                         const Options& options, const Stage& stage) {
  return Family<Real>(problem, network, members, options).fits(stage);
}

}  // namespace

Answer rf(const Problem& problem, const Network& network, const Options& options, const Control& control) {
  return std::move(rf(problem, network, std::array{network.W.cols()}, options, control).front());
}

std::vector<Answer> rf(const Problem& problem, const Network& network, std::span<const Index> widths,
                       const Options& options, const Control& control) {
  check_arguments("fit::rf", problem, network, options);
  check_widths("fit::rf", widths, network.W.cols());
  std::vector<Setting> settings;
  for (const Index N : widths)
    settings.push_back({.samples = options.samples, .ridge = options.ridge, .neurons = N});
  std::vector<Answer> answers;
  for (Fit& fit : rf(problem, network, settings, options, control)) answers.push_back(std::move(fit.answer));
  return answers;
}

std::vector<Fit> rf(const Problem& problem, const Network& network, std::span<const Setting> settings,
                    const Options& options, const Control& control) {
  check_settings("fit::rf", problem, network, settings, options);
  std::vector<Member> members;
  for (const Setting& setting : settings) {
    members.push_back({.setting = setting});
    if (setting.neurons == 0) members.back().setting.neurons = network.W.cols();
  }
  return fits_unless_stopped(control, settings.size(), [&](const Stage& stage) {
    return options.precision == Precision::fp64
               ? fit_all<double>(problem, network, std::move(members), options, stage)
               : fit_all<float>(problem, network, std::move(members), options, stage);
  });
}

}  // namespace lazygap::fit
