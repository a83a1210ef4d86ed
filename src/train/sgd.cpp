#include "lazygap/train/sgd.h"

#include <fmt/format.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "lazygap/core/error.h"
#include "lazygap/core/processor.h"
#include "train/kernels.h"
#include "train/protocol.h"
#include "train/state.h"

namespace lazygap::train {
namespace {

/// A batch loss this many times the risk of the start (or R0, if larger) means divergence: an unstable step
/// size multiplies the loss by a factor every step, a stable one never comes near.
constexpr double kExplosion = 1e4;
/// Steps between two looks at the hooks: at most a few tens of milliseconds.
constexpr std::int64_t kPollSteps = 32;
/// Samples of the test risk that are in memory at once.
constexpr Index kTestBlock = 1000;

/// f(x) = c + x^T S x in the units of the problem.
struct QuadraticForm {
  Matrix S;
  double c = 0;
};

template <class Real>
std::span<Real> as_span(VectorOf<Real>& values) {
  return {values.data(), static_cast<std::size_t>(values.size())};
}

/// Means over a batch that every step needs, in fp64.
struct BatchMeans {
  double r = 0, r2 = 0, rq = 0;
};

/// NN with W (or its factor L), a and the offset o.
template <class Real>
class TwoLayer {
 public:
  TwoLayer(const Problem& problem, Index neurons, const Options& options)
      : TwoLayer(problem, neurons, options,
                 uses_lq(problem, neurons, options) ? lq_factor(initial_weights(problem, neurons, options))
                                                    : initial_weights(problem, neurons, options)) {}

  /// One SGD step; returns the loss of the batch before it.
  double step(const RandomAddress& address, double step_size) {
    draw_samples<Real>(problem_, address, X_, y_);
    neurons_.forward(X_, as_span(q_));
    const double rate = step_size * scaling_.weights * a_ / static_cast<double>(X_.cols());
    BatchMeans mean;
    for (Index j = 0; j < X_.cols(); ++j) {
      const double q = static_cast<double>(q_[j]);
      const double r = scaling_.label * static_cast<double>(y_[j]) - scaling_.kappa * a_ * q - offset_;
      mean.r += r;
      mean.r2 += r * r;
      mean.rq += r * q;
      q_[j] = static_cast<Real>(rate * r);
    }
    const double b = static_cast<double>(X_.cols());
    if (!std::isfinite(mean.r2)) return mean.r2;
    neurons_.update(X_, as_span(q_));
    offset_ += 2 * step_size * mean.r / b;
    if (shared_) a_ += step_size * scaling_.shared * mean.rq / b;
    return mean.r2 / b / (scaling_.label * scaling_.label);
  }

  [[nodiscard]] QuadraticForm form() const {
    const Matrix W = neurons_.matrix();
    return {scaling_.kappa * a_ / scaling_.label * W * W.transpose(), offset_ / scaling_.label};
  }
  [[nodiscard]] double risk() const {
    const QuadraticForm f = form();
    return population_risk(problem_, f.S, f.c);
  }

  void save(StateWriter& state) const {
    state.put(neurons_.matrix());
    state.put(a_);
    state.put(offset_);
  }
  void load(StateReader& state) {
    Matrix W = neurons_.matrix();
    state.get(W);
    neurons_ = Neurons<Real>(W, X_.cols());
    state.get(a_);
    state.get(offset_);
  }

 private:
  TwoLayer(const Problem& problem, Index neurons, const Options& options, const Matrix& W)
      : problem_(problem),
        scaling_(scaling(problem, neurons, options)),
        shared_(options.second_layer == SecondLayer::shared),
        a_(shared_ ? 0.0 : options.second_layer_value),
        neurons_(W, options.batch),
        X_(W.rows(), options.batch),
        y_(options.batch),
        q_(options.batch) {}

  const Problem& problem_;
  Scaling scaling_;
  bool shared_;
  double a_;
  double offset_ = 0;
  Neurons<Real> neurons_;
  MatrixOf<Real> X_;
  VectorOf<Real> y_, q_;
};

/// The step of NT on the symmetric matrix `form`: r_j = residual(j, q_j), form_jk += rate (l_j + l_k) G_jk
/// with G = mean[r x x^T]. Returns the means over the batch.
template <class Real, class Residual>
BatchMeans form_step(SymmetricForm<Real>& form, const MatrixOf<Real>& X, VectorOf<Real>& q, double rate,
                     const Residual& residual) {
  form.forward(X, as_span(q));
  const double b = static_cast<double>(X.cols());
  BatchMeans mean;
  for (Index j = 0; j < X.cols(); ++j) {
    const double r = residual(j, static_cast<double>(q[j]));
    mean.r += r / b;
    mean.r2 += r * r / b;
    q[j] = static_cast<Real>(rate / b * r);
  }
  if (std::isfinite(mean.r2)) form.update(X, as_span(q));
  return mean;
}

/// The fp32 normals of draw_samples, without the labels.
void draw_normals(const RandomAddress& address, MatrixOf<float>& X) {
  fill_normals(address, std::span<float>(X.data(), static_cast<std::size_t>(X.size())));
}
void draw_normals(const RandomAddress& address, MatrixOf<double>& X) {
  MatrixOf<float> single(X.rows(), X.cols());
  draw_normals(address, single);
  X = single.cast<double>();
}

/// NT on qf: E = U^T (label B) U - U^T S U and offset' = o - label b0, so that r = x^T E x - offset' with x
/// drawn in the basis U.
template <class Real>
class ErrorForm {
 public:
  ErrorForm(const PolynomialTarget& problem, Index neurons, const Options& options)
      : problem_(problem),
        scaling_(scaling(problem, neurons, options)),
        basis_(nt_basis(frozen_weights(problem, neurons, options))),
        offset_(-scaling_.label * problem.offset()),
        error_(start(), basis_.l, options.batch),
        X_(dimension(), options.batch),
        q_(options.batch) {}

  double step(const RandomAddress& address, double step_size) {
    draw_normals(address, X_);
    const BatchMeans mean =
        form_step(error_, X_, q_, -step_size * scaling_.form, [&](Index, double q) { return q - offset_; });
    offset_ += 2 * step_size * mean.r;
    return mean.r2 / (scaling_.label * scaling_.label);
  }

  [[nodiscard]] QuadraticForm form() const {
    Matrix S = -basis_.U * error_.matrix() * basis_.U.transpose() / scaling_.label;
    S.diagonal() += problem_.eigenvalues();
    return {S, offset_ / scaling_.label + problem_.offset()};
  }
  [[nodiscard]] double risk() const {
    const Matrix E = error_.matrix();
    const double mean = E.trace() - offset_;
    return (2 * E.squaredNorm() + mean * mean) / (scaling_.label * scaling_.label);
  }

  void save(StateWriter& state) const {
    state.put(basis_);
    state.put(error_.matrix());
    state.put(offset_);
  }
  void load(StateReader& state) {
    state.get(basis_);
    Matrix E(dimension(), dimension());
    state.get(E);
    error_ = SymmetricForm<Real>(E, basis_.l, X_.cols());
    state.get(offset_);
  }

 private:
  [[nodiscard]] Index dimension() const { return problem_.dimension(); }
  [[nodiscard]] Matrix start() const {
    return scaling_.label * basis_.U.transpose() * problem_.eigenvalues().asDiagonal() * basis_.U;
  }

  const PolynomialTarget& problem_;
  Scaling scaling_;
  NtBasis basis_;
  double offset_;
  SymmetricForm<Real> error_;
  MatrixOf<Real> X_;
  VectorOf<Real> q_;
};

/// NT on mg: S in the basis U, on rotated samples U^T x.
template <class Real>
class RotatedForm {
 public:
  RotatedForm(const GaussianMixture& problem, Index neurons, const Options& options)
      : problem_(problem),
        scaling_(scaling(problem, neurons, options)),
        basis_(nt_basis(frozen_weights(problem, neurons, options))),
        rotation_(basis_.U.transpose().template cast<Real>()),
        form_(Matrix::Zero(problem.dimension(), problem.dimension()), basis_.l, options.batch),
        X_(problem.dimension(), options.batch),
        rotated_(problem.dimension(), options.batch),
        y_(options.batch),
        q_(options.batch) {}

  double step(const RandomAddress& address, double step_size) {
    draw_samples<Real>(problem_, address, X_, y_);
    rotated_.noalias() = rotation_ * X_;
    const BatchMeans mean = form_step(form_, rotated_, q_, step_size * scaling_.form, [&](Index j, double q) {
      return scaling_.label * static_cast<double>(y_[j]) - q - offset_;
    });
    offset_ += 2 * step_size * mean.r;
    return mean.r2 / (scaling_.label * scaling_.label);
  }

  [[nodiscard]] QuadraticForm form() const {
    return {basis_.U * form_.matrix() * basis_.U.transpose() / scaling_.label, offset_ / scaling_.label};
  }
  [[nodiscard]] double risk() const {
    const QuadraticForm f = form();
    return population_risk(problem_, f.S, f.c);
  }

  void save(StateWriter& state) const {
    state.put(basis_);
    state.put(form_.matrix());
    state.put(offset_);
  }
  void load(StateReader& state) {
    state.get(basis_);
    rotation_ = basis_.U.transpose().template cast<Real>();
    Matrix S = form_.matrix();
    state.get(S);
    form_ = SymmetricForm<Real>(S, basis_.l, X_.cols());
    state.get(offset_);
  }

 private:
  Problem problem_;
  Scaling scaling_;
  NtBasis basis_;
  MatrixOf<Real> rotation_;
  double offset_ = 0;
  SymmetricForm<Real> form_;
  MatrixOf<Real> X_, rotated_;
  VectorOf<Real> y_, q_;
};

/// Mean and standard error of the squared error of f on fresh samples.
void estimate_test_risk(const Problem& problem, const QuadraticForm& f, const Options& options,
                        Outcome& outcome) {
  double sum = 0, squares = 0;
  for (std::int64_t first = 0; first < options.test_samples; first += kTestBlock) {
    const Index count = std::min<Index>(kTestBlock, options.test_samples - first);
    Matrix X(dimension(problem), count);
    Vector y(count);
    draw_samples<double>(problem,
                         {.seed = options.seed,
                          .purpose = Purpose::testing,
                          .index = options.draw,
                          .step = static_cast<std::uint32_t>(first / kTestBlock)},
                         X, y);
    const Vector prediction = (f.S * X).cwiseProduct(X).colwise().sum().transpose().array() + f.c;
    const Vector losses = (y - prediction).cwiseAbs2();
    sum += losses.sum();
    squares += losses.squaredNorm();
  }
  const auto n = static_cast<double>(options.test_samples);
  if (n < 1) return;
  outcome.test_risk = sum / n;
  if (n > 1)
    outcome.test_se = std::sqrt(std::max(0.0, squares / n - outcome.test_risk * outcome.test_risk) / (n - 1));
}

/// Everything on which the numbers of a run depend, so that a state is never resumed by another run.
std::string fingerprint(Regime regime, const Problem& problem, Index neurons, const Options& o) {
  return fmt::format(
      "lazygap training state 2: {} d={} R0={} N={} steps={} batch={} step_size={} {} {} {} alpha={} "
      "beta={} {} {} {} records={} seed={} draw={}",
      to_string(regime), dimension(problem), null_risk(problem), neurons, o.steps, o.batch, o.step_size,
      static_cast<int>(o.parameterisation), static_cast<int>(o.second_layer), o.second_layer_value, o.alpha,
      o.beta, static_cast<int>(o.schedule), static_cast<int>(o.precision), static_cast<int>(o.reduction),
      o.records, o.seed, o.draw);
}

template <class Model>
class Run {
 public:
  Run(Regime regime, const Problem& problem, Index neurons, const Options& options, const Hooks& hooks,
      Model model)
      : regime_(regime),
        problem_(problem),
        options_(options),
        hooks_(hooks),
        fingerprint_(fingerprint(regime, problem, neurons, options)),
        model_(std::move(model)) {}

  Outcome operator()() {
    if (!hooks_.resume.empty()) load();
    const std::vector<std::int64_t> records = record_steps(options_);
    auto last_save = std::chrono::steady_clock::now();
    for (;; ++step_) {
      auto& trajectory = outcome_.trajectory;
      if (step_ == records[trajectory.size()]) {
        trajectory.push_back({step_, static_cast<double>(step_ * options_.batch), model_.risk()});
        if (trajectory.size() == records.size()) break;
      }
      if (step_ % kPollSteps == 0) {
        if (hooks_.progress) hooks_.progress(step_);
        const bool stop = hooks_.stop && hooks_.stop();
        const auto now = std::chrono::steady_clock::now();
        if (hooks_.save && (stop || now - last_save >= hooks_.save_every)) {
          save();
          last_save = now;
        }
        if (stop) return finished(Status::none);
      }
      const double loss = model_.step({.seed = options_.seed,
                                       .purpose = Purpose::training,
                                       .index = options_.draw,
                                       .step = static_cast<std::uint32_t>(step_)},
                                      scheduled_step_size(options_, regime_, step_));
      if (!(loss <= kExplosion * std::max(trajectory.front().risk, null_risk(problem_))))
        return finished(Status::diverged);
    }
    if (!std::isfinite(outcome_.trajectory.back().risk)) return finished(Status::diverged);
    outcome_.risk = outcome_.trajectory.back().risk;
    estimate_test_risk(problem_, model_.form(), options_, outcome_);
    return finished(Status::ok);
  }

 private:
  Outcome finished(Status status) {
    outcome_.status = status;
    outcome_.steps_done = step_;
    return std::move(outcome_);
  }

  void save() const {
    StateWriter state;
    state.put(fingerprint_);
    state.put(step_);
    state.put(outcome_.trajectory.size());
    for (const Point& point : outcome_.trajectory) state.put(point);
    model_.save(state);
    hooks_.save(state.bytes());
  }

  void load() {
    StateReader state(hooks_.resume);
    std::string found;
    state.get(found);
    if (found != fingerprint_)
      throw UsageError(
          fmt::format("Hooks::resume: the saved state is '{}', but this run is '{}'", found, fingerprint_));
    state.get(step_);
    std::size_t points = 0;
    state.get(points);
    if (points == 0 || points >= record_steps(options_).size())
      throw UsageError(
          fmt::format("Hooks::resume: the saved state has {} points, which no state has", points));
    for (std::size_t i = 0; i < points; ++i) state.get(outcome_.trajectory.emplace_back());
    model_.load(state);
    if (!state.at_end()) throw UsageError("Hooks::resume: the saved state is too long");
  }

  Regime regime_;
  const Problem& problem_;
  const Options& options_;
  const Hooks& hooks_;
  std::string fingerprint_;
  Model model_;
  std::int64_t step_ = 0;
  Outcome outcome_;
};

template <class Real>
Outcome train_nn(const Problem& problem, Index neurons, const Options& options, const Hooks& hooks) {
  return Run(Regime::nn, problem, neurons, options, hooks, TwoLayer<Real>(problem, neurons, options))();
}

template <class Real>
Outcome train_nt(const Problem& problem, Index neurons, const Options& options, const Hooks& hooks) {
  if (const auto* qf = std::get_if<PolynomialTarget>(&problem))
    return Run(Regime::nt, problem, neurons, options, hooks, ErrorForm<Real>(*qf, neurons, options))();
  return Run(Regime::nt, problem, neurons, options, hooks,
             RotatedForm<Real>(std::get<GaussianMixture>(problem), neurons, options))();
}

std::string path(const char* algebra, const Options& options) {
  if (options.precision == Precision::fp64) return fmt::format("{}, fp64", algebra);
  return fmt::format("{}, {} fp32", algebra, instruction_set());
}

}  // namespace

Outcome run_nn(const Problem& problem, Index neurons, const Options& options, const Hooks& hooks) {
  check_options("train::run_nn", Regime::nn, neurons, options);
  Outcome outcome = options.precision == Precision::fp32 ? train_nn<float>(problem, neurons, options, hooks)
                                                         : train_nn<double>(problem, neurons, options, hooks);
  outcome.path = path(uses_lq(problem, neurons, options) ? "LQ" : "direct", options);
  return outcome;
}

Outcome run_nt(const Problem& problem, Index neurons, const Options& options, const Hooks& hooks) {
  check_options("train::run_nt", Regime::nt, neurons, options);
  Outcome outcome = options.precision == Precision::fp32 ? train_nt<float>(problem, neurons, options, hooks)
                                                         : train_nt<double>(problem, neurons, options, hooks);
  outcome.path =
      path(std::holds_alternative<PolynomialTarget>(problem) ? "error form" : "symmetric form", options);
  return outcome;
}

NtBasis nt_basis(const Matrix& W) {
  const Eigen::SelfAdjointEigenSolver<Matrix> eigen(W * W.transpose());
  NtBasis basis{eigen.eigenvectors().rowwise().reverse(), eigen.eigenvalues().reverse()};
  // The rank is at most N: what rounding left there is not an eigenvalue.
  if (W.cols() < W.rows()) basis.l.tail(W.rows() - W.cols()).setZero();
  basis.l = basis.l.cwiseMax(0.0);
  return basis;
}

}  // namespace lazygap::train
