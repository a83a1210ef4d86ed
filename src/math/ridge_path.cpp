#include "lazygap/math/ridge_path.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/stage.h"
#include "lazygap/core/check.h"
#include "lazygap/core/error.h"
#include "math/symmetric_eigen.h"

namespace lazygap {
namespace {

constexpr auto kFunction = "ridge_path";
/// A share of itself below which 1 - h_jj counts as 0: sums of squares of that many entries of eigenvectors.
constexpr double kInterpolated = 1e-10;
/// Samples visited together where all are in memory.
constexpr Index kBlock = 512;

void check_arguments(const RidgeSamples& samples, std::span<const double> ridges,
                     const RidgeOptions& options) {
  check_at_least(kFunction, "samples", samples.samples, 1);
  check_at_least(kFunction, "features", samples.features, 1);
  check_at_least(kFunction, "outputs", samples.outputs, 1);
  check_not_empty(kFunction, "ridges", static_cast<Index>(ridges.size()));
  for (const double ridge : ridges) check_nonnegative(kFunction, "ridges", ridge);
  check_nonnegative(kFunction, "noise", options.noise);
  if (samples.weights.size() == 0) return;
  check_size(kFunction, "weights", samples.weights.size(), "the number of samples", samples.samples);
  for (const double weight : samples.weights) check_nonnegative(kFunction, "weights", weight);
  if (!(samples.weights.sum() > 0)) throw UsageError("ridge_path: all weights are 0");
}

/// Visits the samples with omega_j; each block as (features, outputs, omega).
class Source {
 public:
  explicit Source(const RidgeSamples& samples) : samples_(samples) {
    omega_ = samples.weights.size() > 0
                 ? Vector(samples.weights / samples.weights.sum())
                 : Vector::Constant(samples.samples, 1 / static_cast<double>(samples.samples));
    positive_ = (omega_.array() > 0).count();
  }

  [[nodiscard]] const Vector& omega() const { return omega_; }
  /// Samples of positive weight.
  [[nodiscard]] Index positive() const { return positive_; }
  [[nodiscard]] Index features() const { return samples_.features; }
  [[nodiscard]] Index outputs() const { return samples_.outputs; }
  [[nodiscard]] Index samples() const { return samples_.samples; }

  template <class Visit>
  void for_each(const Stage& stage, const Visit& visit) const {
    Index seen = 0;
    samples_.for_each([&](const Eigen::Ref<const Matrix>& Z, const Eigen::Ref<const Matrix>& Y) {
      check_size(kFunction, "a block of features", Z.rows(), "features", features());
      check_size(kFunction, "a block of outputs", Y.rows(), "outputs", outputs());
      check_size(kFunction, "a block of outputs (columns)", Y.cols(), "the columns of its features",
                 Z.cols());
      if (seen + Z.cols() > samples())
        throw UsageError(fmt::format("ridge_path: for_each visits more than the {} samples", samples()));
      stage.done(seen, samples());
      visit(Z, Y, seen);
      seen += Z.cols();
    });
    if (seen != samples())
      throw UsageError(fmt::format("ridge_path: for_each visits {} of {} samples", seen, samples()));
  }

 private:
  const RidgeSamples& samples_;
  Vector omega_;
  Index positive_ = 0;
};

double noise_of(const RidgeOptions& options, const Source& source) {
  if (options.noise > 0) return options.noise;
  return static_cast<double>(std::max(source.samples(), source.features())) *
         std::numeric_limits<double>::epsilon();
}

/// What a point says of the fit beside its coefficients; `left` is n - df.
void set_errors(RidgePoint& point, double train, double degrees, double left, double samples) {
  point.train = std::max(train, 0.0);
  point.degrees = degrees;
  point.gcv = point.train / std::pow(left / samples, 2);
}

RidgePath failed(const std::string& message) {
  RidgePath path;
  path.status = Status::failed;
  path.message = message;
  return path;
}
constexpr auto kNotFinite = "the features or outputs are not finite";

/// Weighted means, covariance of the features (lower triangle), and covariance with the outputs.
struct Moments {
  Vector mean;       // p
  Vector mean_out;   // k
  Matrix C;          // p x p
  Matrix cross;      // p x k
  double total = 0;  // variance of the outputs
};

/// Blocks are centred with their own means, and what lies between the means is added: nothing cancels where
/// means are large.
Moments moments_of(const Source& source, bool intercept, const Stage& stage) {
  const Index p = source.features(), k = source.outputs();
  Moments m{.mean = Vector::Zero(p),
            .mean_out = Vector::Zero(k),
            .C = Matrix::Zero(p, p),
            .cross = Matrix::Zero(p, k)};
  double weight = 0;
  source.for_each(stage, [&](const auto& Z, const auto& Y, Index first) {
    const Vector omega = source.omega().segment(first, Z.cols());
    const double added = omega.sum();
    if (added == 0) return;
    Matrix z = Z, y = Y;
    if (intercept) {
      const Vector mean = Z * omega / added, mean_out = Y * omega / added;
      z.colwise() -= mean;
      y.colwise() -= mean_out;
      const Vector step = mean - m.mean, step_out = mean_out - m.mean_out;
      const double between = weight * added / (weight + added);
      m.C.selfadjointView<Eigen::Lower>().rankUpdate(step, between);
      m.cross += between * step * step_out.transpose();
      m.total += between * step_out.squaredNorm();
      m.mean += added / (weight + added) * step;
      m.mean_out += added / (weight + added) * step_out;
    }
    weight += added;
    z *= omega.cwiseSqrt().asDiagonal();
    y *= omega.cwiseSqrt().asDiagonal();
    m.C.selfadjointView<Eigen::Lower>().rankUpdate(z);
    m.cross.noalias() += z * y.transpose();
    m.total += y.squaredNorm();
  });
  return m;
}

/// The second pass: residuals and leverages of every ridge.
void add_left_out(const Source& source, const RidgeOptions& options, const Moments& m, const Matrix& U,
                  const Vector& s, const Matrix& b, const Stage& stage, RidgePath& path) {
  for (RidgePoint& point : path.points) {
    point.train = point.leave_one_out = 0;
    if (options.predictions)
      point.left_out =
          Matrix::Constant(source.outputs(), source.samples(), std::numeric_limits<double>::quiet_NaN());
  }
  Matrix Q, fitted;
  source.for_each(stage, [&](const auto& Z, const auto& Y, Index first) {
    const Vector omega = source.omega().segment(first, Z.cols());
    Q.noalias() = U.transpose() * (Z.colwise() - m.mean);
    const Matrix y = Y.colwise() - m.mean_out, squares = Q.cwiseAbs2();
    for (RidgePoint& point : path.points) {
      const Vector inverse = (s.array() + point.ridge).inverse();
      fitted.noalias() = (inverse.asDiagonal() * b).transpose() * Q;
      const Vector leverages = squares.transpose() * inverse;
      for (Index j = 0; j < Z.cols(); ++j) {
        if (omega[j] == 0) continue;
        const double left = 1 - omega[j] * (leverages[j] + (options.intercept ? 1 : 0));
        const Vector residual = y.col(j) - fitted.col(j);
        point.train += omega[j] * residual.squaredNorm();
        const bool alone = left < kInterpolated && point.ridge == 0;
        const Vector out = alone ? Vector::Constant(y.rows(), std::numeric_limits<double>::quiet_NaN())
                                 : Vector(residual / left);
        point.leave_one_out += omega[j] * out.squaredNorm();
        if (options.predictions) point.left_out.col(first + j) = Y.col(j) - out;
      }
    }
  });
}

RidgePath primal(const Source& source, std::span<const double> ridges, const RidgeOptions& options,
                 const Stage& stage) {
  const double passes = options.leave_one_out ? 0.7 : 1;
  Moments m = moments_of(source, options.intercept, stage.part(0, 0.3 * passes));
  if (!m.C.triangularView<Eigen::Lower>().toDenseMatrix().allFinite() || !m.cross.allFinite())
    return failed(kNotFinite);
  const Vector values = decompose_symmetric(m.C, stage.part(0.3 * passes, passes));
  RidgePath path;
  path.rank = (values.array() > noise_of(options, source) * values.tail(1)[0]).count();
  const Matrix U = m.C.rightCols(path.rank);
  m.C.resize(0, 0);
  const Vector s = values.tail(path.rank);
  const Matrix b = U.transpose() * m.cross;
  const auto n = static_cast<double>(source.positive());
  for (const double ridge : ridges) {
    RidgePoint point{.ridge = ridge};
    const Eigen::ArrayXd shrunk = s.array() + ridge;
    const double degrees = (s.array() / shrunk).sum() + (options.intercept ? 1 : 0);
    const double explained =
        ((s.array() + 2 * ridge) / shrunk.square() * b.rowwise().squaredNorm().array()).sum();
    set_errors(point, m.total - explained, degrees, n - degrees, n);
    if (options.coefficients) {
      point.coefficients = U * (shrunk.inverse().matrix().asDiagonal() * b);
      point.intercept = m.mean_out - point.coefficients.transpose() * m.mean;
    }
    path.points.push_back(std::move(point));
  }
  if (options.leave_one_out) {
    add_left_out(source, options, m, U, s, b, stage.part(passes, 1), path);
    for (RidgePoint& point : path.points) set_errors(point, point.train, point.degrees, n - point.degrees, n);
  }
  path.status = Status::ok;
  return path;
}

/// All samples of positive weight, centred and times sqrt(omega): Z~ is p x n, Y~ is n x k.
struct Scaled {
  Matrix Z, Y;
  Vector root, mean, mean_out;
  std::vector<Index> place;  // of the sample
};

Scaled scaled_samples(const Source& source, bool intercept, const Stage& stage) {
  const Index n = source.positive();
  Scaled all{.Z = Matrix(source.features(), n),
             .Y = Matrix(n, source.outputs()),
             .root = Vector(n),
             .mean = Vector::Zero(source.features()),
             .mean_out = Vector::Zero(source.outputs()),
             .place = {}};
  source.for_each(stage, [&](const auto& Z, const auto& Y, Index first) {
    for (Index j = 0; j < Z.cols(); ++j) {
      if (source.omega()[first + j] == 0) continue;
      const auto at = static_cast<Index>(all.place.size());
      all.place.push_back(first + j);
      all.Z.col(at) = Z.col(j);
      all.Y.row(at) = Y.col(j).transpose();
      all.root[at] = std::sqrt(source.omega()[first + j]);
    }
  });
  if (intercept) {
    const Vector omega = all.root.cwiseAbs2();
    all.mean = all.Z * omega;
    all.mean_out = all.Y.transpose() * omega;
    all.Z.colwise() -= all.mean;
    all.Y.rowwise() -= all.mean_out.transpose();
  }
  all.Z *= all.root.asDiagonal();
  all.Y = all.root.asDiagonal() * all.Y;
  return all;
}

/// The n x n side: K = Z~^T Z~ = V diag(s) V^T, without the direction sqrt(omega) that the intercept takes.
class Dual {
 public:
  Dual(const Source& source, const RidgeOptions& options, const Stage& stage)
      : source_(source),
        options_(options),
        all_(scaled_samples(source, options.intercept, stage.part(0, 0.2))) {
    const Index n = source.positive();
    V_ = Matrix::Zero(n, n);
    V_.selfadjointView<Eigen::Lower>().rankUpdate(all_.Z.transpose());
    const double size = V_.triangularView<Eigen::Lower>().toDenseMatrix().norm();
    is_finite_ = std::isfinite(size) && all_.Y.allFinite();
    if (!is_finite_) return;
    // An eigenvalue above all others sets sqrt(omega), which is in the null space, apart.
    if (options.intercept) V_.selfadjointView<Eigen::Lower>().rankUpdate(all_.root, size > 0 ? 2 * size : 1);
    const Vector values = decompose_symmetric(V_, stage.part(0.2, 0.9));
    free_ = options.intercept ? n - 1 : n;
    if (options.intercept) V_.conservativeResize(n, free_);
    s_ = values.head(free_);
    const double largest = free_ > 0 ? s_[free_ - 1] : 0;
    null_ = (s_.array() <= noise_of(options, source) * largest).count();
    q_ = V_.transpose() * all_.Y;
    squares_ = V_.cwiseAbs2();
  }

  [[nodiscard]] bool is_finite() const { return is_finite_; }
  [[nodiscard]] Index rank() const { return free_ - null_; }

  [[nodiscard]] RidgePoint point(double ridge) const {
    RidgePoint result{.ridge = ridge};
    const auto n = static_cast<double>(source_.positive());
    // Of each direction, what is left of y: times a common factor where everything is interpolated.
    const bool interpolates = ridge == 0 && null_ == 0;
    const Vector left = interpolates ? small_ridge() : left_over(ridge);
    result.degrees =
        (options_.intercept ? 1 : 0) + (s_.tail(rank()).array() / (s_.tail(rank()).array() + ridge)).sum();
    set_errors(result, (left.asDiagonal() * q_).squaredNorm(), result.degrees, left.sum(), n);
    if (interpolates) result.train = 0;
    if (options_.leave_one_out) leave_out(left, result);
    if (options_.coefficients) {
      const Vector inverse = (s_.tail(rank()).array() + ridge).inverse();
      result.coefficients = all_.Z * (V_.rightCols(rank()) * (inverse.asDiagonal() * q_.bottomRows(rank())));
      result.intercept = all_.mean_out - result.coefficients.transpose() * all_.mean;
    }
    return result;
  }

 private:
  /// l / (s + l), 1 in the null space.
  [[nodiscard]] Vector left_over(double ridge) const {
    Vector left = Vector::Ones(free_);
    left.tail(rank()) = ridge / (s_.tail(rank()).array() + ridge);
    return left;
  }
  /// Its derivative in l at 0 where the eigenvalue counts, 0 elsewhere.
  [[nodiscard]] Vector small_ridge() const {
    Vector left = Vector::Zero(free_);
    left.tail(rank()) = s_.tail(rank()).cwiseInverse();
    return left;
  }

  void leave_out(const Vector& left, RidgePoint& result) const {
    const Matrix residual = V_ * (left.asDiagonal() * q_);
    const Vector rest = squares_ * left;  // 1 - h_jj
    Matrix small_residual;
    Vector small_rest;
    result.leave_one_out = 0;
    if (options_.predictions)
      result.left_out =
          Matrix::Constant(source_.outputs(), source_.samples(), std::numeric_limits<double>::quiet_NaN());
    for (Index j = 0; j < residual.rows(); ++j) {
      Vector out = residual.row(j).transpose() / rest[j];
      if (result.ridge == 0 && null_ > 0 && rest[j] < kInterpolated) {  // 0/0: the limit of small ridges
        if (small_rest.size() == 0) {
          small_residual = V_ * (small_ridge().asDiagonal() * q_);
          small_rest = squares_ * small_ridge();
        }
        out = small_residual.row(j).transpose() / small_rest[j];
      }
      result.leave_one_out += out.squaredNorm();
      if (options_.predictions) {
        const auto i = static_cast<std::size_t>(j);
        result.left_out.col(all_.place[i]) = (all_.Y.row(j).transpose() - out) / all_.root[j] + all_.mean_out;
      }
    }
  }

  const Source& source_;
  const RidgeOptions& options_;
  Scaled all_;
  Matrix V_, squares_, q_;
  Vector s_;  // of the directions that are free
  Index free_ = 0, null_ = 0;
  bool is_finite_ = false;
};

RidgePath dual(const Source& source, std::span<const double> ridges, const RidgeOptions& options,
               const Stage& stage) {
  const Dual side(source, options, stage);
  if (!side.is_finite()) return failed(kNotFinite);
  RidgePath path;
  path.dual = true;
  path.rank = side.rank();
  for (std::size_t i = 0; i < ridges.size(); ++i) {
    stage.part(0.9, 1).done(static_cast<Index>(i), static_cast<Index>(ridges.size()));
    path.points.push_back(side.point(ridges[i]));
  }
  path.status = Status::ok;
  return path;
}

}  // namespace

RidgeSamples ridge_samples(const Matrix& Z, const Matrix& Y, Vector weights) {
  return {.samples = Z.cols(),
          .features = Z.rows(),
          .outputs = Y.rows(),
          .for_each =
              [&Z, &Y](const RidgeSamples::Visit& visit) {
                check_size(kFunction, "Y (columns)", Y.cols(), "the columns of Z", Z.cols());
                for (Index j = 0; j < Z.cols(); j += kBlock) {
                  const Index columns = std::min(kBlock, Z.cols() - j);
                  visit(Z.middleCols(j, columns), Y.middleCols(j, columns));
                }
              },
          .weights = std::move(weights)};
}

std::size_t RidgePath::best(RidgeCriterion criterion) const {
  std::size_t best = points.size();
  const auto value = [&](std::size_t i) {
    return criterion == RidgeCriterion::gcv ? points[i].gcv : points[i].leave_one_out;
  };
  for (std::size_t i = 0; i < points.size(); ++i)
    if (std::isfinite(value(i)) && (best == points.size() || value(i) < value(best))) best = i;
  if (best == points.size())
    throw UsageError(fmt::format("RidgePath::best: none of {} points has a finite {}", points.size(),
                                 criterion == RidgeCriterion::gcv ? "gcv" : "leave_one_out"));
  return best;
}

RidgePath ridge_path(const RidgeSamples& samples, std::span<const double> ridges, const RidgeOptions& options,
                     const Control& control) {
  check_arguments(samples, ridges, options);
  const Source source(samples);
  const Stage stage(control);
  try {
    stage.done(0);
    const Index rows = samples.features + (options.intercept ? 1 : 0);
    RidgePath path = source.positive() <= rows ? dual(source, ridges, options, stage)
                                               : primal(source, ridges, options, stage);
    if (control.progress) control.progress(1);
    return path;
  } catch (const Stopped&) {
    return {};
  }
}

}  // namespace lazygap
