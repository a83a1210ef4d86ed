#include "lazygap/train/flow.h"

#include <fmt/format.h>

#include <Eigen/Dense>
#include <algorithm>
#include <boost/numeric/odeint.hpp>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "lazygap/core/error.h"
#include "lazygap/network/nt_basis.h"
#include "train/mechanism_recorder.h"
#include "train/protocol.h"
#include "train/stabilised_stepper.h"

namespace lazygap::train {
namespace {

/// Local error of a step: of its risk in units of R0, and of every entry, absolute and relative. Empirical:
/// the curves then lie within 1e-4 R0 of those of much smaller tolerances, whatever the risk at the start.
constexpr double kRiskTolerance = 3e-7;
constexpr double kEntryTolerance = 3e-6;
/// Attempted steps after which the integrator gives up; the flows of the paper need a few thousand.
constexpr std::int64_t kMostSteps = 1000000;
/// The fall of the risk down to this many times R0 is left to a method of order 8 [Feh68], for at most so
/// many attempted steps: it needs few of them for a small error, and there is no stiffness yet.
constexpr double kFall = 1.01;
constexpr std::int64_t kMostFallSteps = 2000;

using State = std::vector<double>;
using ConstMatrixMap = Eigen::Map<const Matrix>;
using MatrixMap = Eigen::Map<Matrix>;

/// For f = c + x^T S x with S = k W W^T: moment = (dR/dS) W; returns dR/dc. See PolynomialTarget and
/// GaussianMixture::population_gradient; here S is never formed.
double gradient_times_weights(const PolynomialTarget& problem, const ConstMatrixMap& W, double k, double c,
                              MatrixMap& moment) {
  const double u = problem.trace() - k * W.squaredNorm() + problem.offset() - c;
  moment = ((-4 * problem.eigenvalues()).array() - 2 * u).matrix().asDiagonal() * W;
  const Matrix gram = W.transpose() * W;
  moment.noalias() += (4 * k) * W * gram;
  return -2 * u;
}
double gradient_times_weights(const GaussianMixture& problem, const ConstMatrixMap& W, double k, double c,
                              MatrixMap& moment) {
  const Matrix sigma_W = problem.sigma_times(W), delta_W = problem.delta_times(W);
  const double with_delta = k * W.cwiseProduct(delta_W).sum(), mean = c + k * W.cwiseProduct(sigma_W).sum();
  moment = 2 * (1 + with_delta) * delta_W + 2 * mean * sigma_W;
  for (const Matrix* CW : {&sigma_W, &delta_W}) {
    const Matrix gram = W.transpose() * *CW;
    moment.noalias() += (4 * k) * *CW * gram;
  }
  return 2 * mean;
}

/// NN: the state is W (or L), a, o, one after another.
class TwoLayerFlow {
 public:
  TwoLayerFlow(const Problem& problem, Index neurons, const Options& options)
      : problem_(problem),
        options_(options),
        neurons_(neurons),
        scaling_(scaling(problem, neurons, options)),
        shared_(options.second_layer == SecondLayer::shared) {
    Matrix W = initial_weights(problem, neurons, options);
    if (is_factor()) W = lq_factor(W);  // whatever Options::reduction says of SGD
    rows_ = W.rows();
    columns_ = W.cols();
    start_.assign(W.data(), W.data() + W.size());
    const double a = second_layer_at_start(options);
    start_.push_back(a);
    start_.push_back(0.0);
    if (options.subtract_start && a != 0)
      subtracted_ = scaling_.kappa * a / scaling_.label * W * W.transpose();
  }

  [[nodiscard]] const State& start() const { return start_; }

  void operator()(const State& state, State& rate, double) const {
    const ConstMatrixMap W(state.data(), rows_, columns_);
    const double a = state[state.size() - 2], o = state[state.size() - 1];
    const double k = scaling_.kappa * a / scaling_.label;  // S = k W W^T in the units of the problem
    // E[r x x^T] = -(label / 2) dR/dS, E[r] = -(label / 2) dR/dc.
    rate.resize(state.size());
    MatrixMap moment(rate.data(), rows_, columns_);  // E[r x x^T] W
    const double gradient_c = std::visit(
        [&](const auto& p) {
          if (subtracted_.size() == 0) return gradient_times_weights(p, W, k, o / scaling_.label, moment);
          double of_c = 0;
          moment = p.population_gradient(k * W * W.transpose() - subtracted_, o / scaling_.label, &of_c) * W;
          return of_c;
        },
        problem_);
    moment *= -0.5 * scaling_.label;
    rate[rate.size() - 2] = shared_ ? scaling_.shared * moment.cwiseProduct(W).sum() : 0.0;
    rate[rate.size() - 1] = -scaling_.label * gradient_c;
    moment *= scaling_.weights * a;
  }

  [[nodiscard]] double risk(const State& state) const {
    const ConstMatrixMap W(state.data(), rows_, columns_);
    const double k = scaling_.kappa * state[state.size() - 2] / scaling_.label;
    Matrix S = k * W * W.transpose();
    if (subtracted_.size() > 0) S -= subtracted_;
    return population_risk(problem_, S, state.back() / scaling_.label);
  }

  [[nodiscard]] FirstLayer first_layer(const State& state) const {
    return {ConstMatrixMap(state.data(), rows_, columns_)};
  }
  [[nodiscard]] Weights weights(const State& state) const {
    const Matrix W = first_layer(state).W;
    Weights network{
        .W = is_factor() ? lq_product(W, initial_weights(problem_, neurons_, options_)) : W,
        .a = Vector::Constant(neurons_, scaling_.kappa * state[state.size() - 2] / scaling_.label),
        .c = state.back() / scaling_.label};
    if (subtracted_.size() == 0) return network;
    const double a = -scaling_.kappa * second_layer_at_start(options_) / scaling_.label;
    return with_start(std::move(network), initial_weights(problem_, neurons_, options_), {},
                      Vector::Constant(neurons_, a));
  }

 private:
  [[nodiscard]] bool is_factor() const { return neurons_ > dimension(problem_); }

  const Problem& problem_;
  Options options_;
  Index neurons_;
  Scaling scaling_;
  bool shared_;
  Index rows_ = 0, columns_ = 0;
  State start_;
  Matrix subtracted_;  // S of the network of the start, where it is subtracted
};

/// NT: the state is S in the basis U (d x d), o.
class LinearFlow {
 public:
  LinearFlow(const Problem& problem, Index neurons, const Options& options)
      : problem_(problem),
        options_(options),
        neurons_(neurons),
        scaling_(scaling(problem, neurons, options)),
        basis_(nt_basis(frozen_weights(problem, neurons, options))),
        start_(static_cast<std::size_t>(basis_.U.size()) + 1, 0.0) {
    if (const auto* qf = std::get_if<PolynomialTarget>(&problem))
      rotated_ = basis_.U.transpose() * qf->eigenvalues().asDiagonal() * basis_.U;
  }

  [[nodiscard]] const State& start() const { return start_; }

  void operator()(const State& state, State& rate, double) const {
    const Index d = basis_.U.rows();
    rate.resize(state.size());
    MatrixMap moment(rate.data(), d, d);  // E[r x x^T] in the basis U, with E[r] the last entry of rate
    std::visit([&](const auto& p) { residual_moments(p, state, moment, rate.back()); }, problem_);
    for (Index k = 0; k < d; ++k) moment.col(k).array() *= scaling_.form * (basis_.l.array() + basis_.l[k]);
    rate.back() *= 2;
  }

  [[nodiscard]] double risk(const State& state) const {
    if (const auto* qf = std::get_if<PolynomialTarget>(&problem_)) {
      const ConstMatrixMap S(state.data(), basis_.U.rows(), basis_.U.rows());
      const double mean = mean_residual(*qf, S, state.back());
      return (2 * (scaling_.label * rotated_ - S).squaredNorm() + mean * mean) /
                 (scaling_.label * scaling_.label) +
             qf->rest_risk();
    }
    return population_risk(problem_, form(state), state.back() / scaling_.label);
  }

  [[nodiscard]] FirstLayer first_layer(const State&) const {
    return {frozen_weights(problem_, neurons_, options_)};
  }
  [[nodiscard]] Weights weights(const State& state) const {
    Matrix W = first_layer(state).W;
    const Matrix S = ConstMatrixMap(state.data(), basis_.U.rows(), basis_.U.rows()) / scaling_.label;
    Matrix A = nt_second_layer(W, basis_.U, basis_.l, S);
    return {.W = std::move(W), .A = std::move(A), .c = state.back() / scaling_.label};
  }

 private:
  [[nodiscard]] double mean_residual(const PolynomialTarget& problem, const ConstMatrixMap& S,
                                     double o) const {
    return scaling_.label * (problem.trace() + problem.offset()) - S.trace() - o;
  }
  /// qf is the same in every basis but for B: no product of matrices is needed.
  void residual_moments(const PolynomialTarget& problem, const State& state, MatrixMap& second,
                        double& mean) const {
    const ConstMatrixMap S(state.data(), second.rows(), second.cols());
    mean = mean_residual(problem, S, state.back());
    second = 2 * (scaling_.label * rotated_ - S);
    second.diagonal().array() += mean;
  }
  void residual_moments(const GaussianMixture& problem, const State& state, MatrixMap& second,
                        double& mean) const {
    // E[r x x^T] = -(label / 2) dR/dS, E[r] = -(label / 2) dR/dc.
    const Matrix gradient = problem.population_gradient(form(state), state.back() / scaling_.label, &mean);
    second.noalias() = basis_.U.transpose() * (-0.5 * scaling_.label * gradient) * basis_.U;
    mean *= -0.5 * scaling_.label;
  }

  /// S in the basis and the units of the problem.
  [[nodiscard]] Matrix form(const State& state) const {
    const Index d = basis_.U.rows();
    return basis_.U * ConstMatrixMap(state.data(), d, d) * basis_.U.transpose() / scaling_.label;
  }

  const Problem& problem_;
  Options options_;
  Index neurons_;
  Scaling scaling_;
  NtBasis basis_;
  Matrix rotated_;  // qf: U^T B U
  State start_;
};

/// The local error of a step in units of what is allowed.
template <class Flow>
class ErrorChecker {
 public:
  ErrorChecker(const Flow& flow, double null_risk) : flow_(&flow), null_risk_(null_risk) {}

  template <class Algebra>
  double error(Algebra&, const State& x, const State&, State& x_error, double) {
    double largest = 0;
    moved_ = x;
    for (std::size_t i = 0; i < x.size(); ++i) {
      largest = std::max(largest, std::abs(x_error[i]) / (1 + std::abs(x[i])));
      moved_[i] += x_error[i];
    }
    if (!(largest < std::numeric_limits<double>::infinity())) return largest;
    const double of_risk = std::abs(flow_->risk(moved_) - flow_->risk(x)) / null_risk_;
    return std::max(largest / kEntryTolerance, of_risk / kRiskTolerance);
  }

 private:
  const Flow* flow_;
  double null_risk_;
  State moved_;
};

/// The integration of one flow from record to record.
template <class Flow>
class Integration {
 public:
  Integration(const Flow& flow, double null_risk, const Control& control)
      : flow_(flow),
        null_risk_(null_risk),
        control_(control),
        falling_(Checker(flow, null_risk)),
        settled_(Checker(flow, null_risk)),
        state_(flow.start()),
        is_falling_(flow.risk(state_) > kFall * null_risk) {}

  [[nodiscard]] double risk() const { return flow_.risk(state_); }
  [[nodiscard]] const State& state() const { return state_; }

  /// Goes on to the time `end`. ok; not_converged: it gave up; none: Control::stop asked for an end.
  /// Progress is told as a fraction of the time `last`.
  Status advance(double end, double last) {
    // A remainder below the rounding of the time is not a step.
    while (end - time_ > 1e-12 * end) {
      step(end);
      if (is_stopped_) return Status::none;
      if (++attempts_ > kMostSteps || !std::isfinite(state_.back())) return Status::not_converged;
      if (control_.progress) control_.progress(std::min(1.0, time_ / last));
    }
    time_ = end;
    return Status::ok;
  }

 private:
  using Checker = ErrorChecker<Flow>;
  using HighOrder = boost::numeric::odeint::runge_kutta_fehlberg78<State>;

  /// Attempts one step, to `end` at most.
  void step(double end) {
    double trial = std::min(dt_, end - time_);
    const bool is_shortened = trial < dt_;
    // A step at d = 450 may take a minute: the caller is asked before every evaluation.
    const auto rate = [this](const State& x, State& dx, double t) {
      if (!is_stopped_ && control_.stop && control_.stop()) is_stopped_ = true;
      if (is_stopped_)
        dx.assign(x.size(), 0.0);
      else
        flow_(x, dx, t);
    };
    const auto result = is_falling_ ? falling_.try_step(rate, state_, time_, trial)
                                    : settled_.try_step(rate, state_, time_, trial);
    const bool is_accepted = result == boost::numeric::odeint::success;
    if (!is_accepted || !is_shortened || trial > dt_) dt_ = trial;
    if (is_falling_ && is_accepted)
      is_falling_ = attempts_ < kMostFallSteps && flow_.risk(state_) > kFall * null_risk_;
  }

  const Flow& flow_;
  double null_risk_;
  const Control& control_;
  boost::numeric::odeint::controlled_runge_kutta<HighOrder, Checker> falling_;
  boost::numeric::odeint::controlled_runge_kutta<StabilisedStepper, Checker> settled_;
  State state_;
  double time_ = 0, dt_ = 1e-3;
  std::int64_t attempts_ = 0;
  bool is_falling_, is_stopped_ = false;
};

template <class Flow>
Outcome integrate(const Flow& flow, const Problem& problem, const Options& options, Regime regime,
                  const Control& control) {
  Outcome outcome;
  outcome.path = "gradient flow, fp64";
  Integration<Flow> integration(flow, null_risk(problem), control);
  const StepSizes sizes = step_sizes(options, regime);
  const double last = sizes.time_after(options.steps);
  const std::vector<std::int64_t> records = record_steps(options.steps, options.records);
  const auto now = [&] { return flow.first_layer(integration.state()); };
  std::optional<MechanismRecorder> recorder;
  if (options.mechanism) recorder.emplace(regime, problem, options, now(), records.size(), 1);
  for (const std::int64_t step : records) {
    outcome.status = integration.advance(sizes.time_after(step), last);
    if (outcome.status != Status::ok) return outcome;
    outcome.steps_done = step;
    if (recorder) recorder->record(outcome.trajectory.size(), step, now);
    outcome.trajectory.push_back({step, static_cast<double>(step * options.batch), integration.risk()});
  }
  if (recorder) {
    recorder->finish(now());
    outcome.mechanism = recorder->mechanism();
  }
  if (options.keep_weights) outcome.weights = flow.weights(integration.state());
  outcome.risk = outcome.trajectory.back().risk;
  if (!std::isfinite(outcome.risk)) outcome.status = Status::not_converged;
  return outcome;
}

void check_flow_options(const char* function, Regime regime, const Problem& problem, Index neurons,
                        const Options& options) {
  check_options(function, regime, neurons, options);
  check_first_layer_options(function, problem, neurons, options);
  if (!is_quadratic_form(regime, options))
    throw UsageError(fmt::format(
        "{}: the gradient flow needs the activation quadratic without biases, momentum or a free second "
        "layer, but the activation is '{}', bias_scale {}, train_biases {}, momentum {}, second_layer {}",
        function, options.activation.name, options.bias_scale, options.train_biases, options.momentum,
        options.second_layer == SecondLayer::free ? "free" : "not free"));
}

}  // namespace

Outcome flow_nn(const Problem& problem, Index neurons, const Options& options, const Control& control) {
  check_flow_options("train::flow_nn", Regime::nn, problem, neurons, options);
  return integrate(TwoLayerFlow(problem, neurons, options), problem, options, Regime::nn, control);
}

Outcome flow_nt(const Problem& problem, Index neurons, const Options& options, const Control& control) {
  check_flow_options("train::flow_nt", Regime::nt, problem, neurons, options);
  return integrate(LinearFlow(problem, neurons, options), problem, options, Regime::nt, control);
}

}  // namespace lazygap::train
