#include "lazygap/train/flow.h"

#include <fmt/format.h>

#include <Eigen/Dense>
#include <algorithm>
#include <boost/numeric/odeint.hpp>
#include <cmath>

#include "lazygap/core/error.h"
#include "lazygap/train/sgd.h"
#include "train/protocol.h"
#include "train/stabilised_stepper.h"

namespace lazygap::train {
namespace {

/// Local error of the integrator, absolute and relative, entry by entry. Empirical: the curves then lie
/// within 1e-4 R0 of those of a hundred times smaller tolerance.
constexpr double kTolerance = 1e-4;
/// Attempted steps after which the integrator gives up; the flows of the paper need a few thousand.
constexpr std::int64_t kMostSteps = 1000000;

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
        scaling_(scaling(problem, neurons, options)),
        shared_(options.second_layer == SecondLayer::shared) {
    Matrix W = initial_weights(problem, neurons, options);
    if (uses_lq(problem, neurons, options)) W = lq_factor(W);
    rows_ = W.rows();
    columns_ = W.cols();
    start_.assign(W.data(), W.data() + W.size());
    start_.push_back(shared_ ? 0.0 : options.second_layer_value);
    start_.push_back(0.0);
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
        [&](const auto& p) { return gradient_times_weights(p, W, k, o / scaling_.label, moment); }, problem_);
    moment *= -0.5 * scaling_.label;
    rate[rate.size() - 2] = shared_ ? scaling_.shared * moment.cwiseProduct(W).sum() : 0.0;
    rate[rate.size() - 1] = -scaling_.label * gradient_c;
    moment *= scaling_.weights * a;
  }

  [[nodiscard]] double risk(const State& state) const {
    const ConstMatrixMap W(state.data(), rows_, columns_);
    const double k = scaling_.kappa * state[state.size() - 2] / scaling_.label;
    return population_risk(problem_, k * W * W.transpose(), state.back() / scaling_.label);
  }

 private:
  const Problem& problem_;
  Scaling scaling_;
  bool shared_;
  Index rows_ = 0, columns_ = 0;
  State start_;
};

/// NT: the state is S in the basis U (d x d), o.
class LinearFlow {
 public:
  LinearFlow(const Problem& problem, Index neurons, const Options& options)
      : problem_(problem),
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
    return population_risk(problem_, form(state), state.back() / scaling_.label);
  }

 private:
  /// qf is the same in every basis but for B: no product of matrices is needed.
  void residual_moments(const PolynomialTarget& problem, const State& state, MatrixMap& second,
                        double& mean) const {
    const ConstMatrixMap S(state.data(), second.rows(), second.cols());
    mean = scaling_.label * (problem.trace() + problem.offset()) - S.trace() - state.back();
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
  Scaling scaling_;
  NtBasis basis_;
  Matrix rotated_;  // qf: U^T B U
  State start_;
};

/// Sum of the step sizes of the first `step` steps.
double time_after(const Options& options, Regime regime, std::int64_t step) {
  double time = 0;
  std::int64_t first = 0;
  for (const std::int64_t end : schedule_ends(options, regime)) {
    const std::int64_t last = std::min(end, step);
    if (last <= first) continue;  // two drops may coincide in a short run
    time += static_cast<double>(last - first) * scheduled_step_size(options, regime, first);
    first = last;
  }
  return time;
}

template <class Flow>
Outcome integrate(const Flow& flow, const Options& options, Regime regime) {
  namespace odeint = boost::numeric::odeint;
  using Checker = odeint::default_error_checker<double, odeint::range_algebra, odeint::default_operations>;
  odeint::controlled_runge_kutta<StabilisedStepper, Checker> stepper(
      Checker(kTolerance, kTolerance, 1.0, 0.0));
  Outcome outcome;
  outcome.path = "gradient flow, fp64";
  State state = flow.start();
  double time = 0, dt = 1e-3;
  std::int64_t attempts = 0;
  for (const std::int64_t step : record_steps(options)) {
    const double end = time_after(options, regime, step);
    // A remainder below the rounding of the time is not a step.
    while (end - time > 1e-12 * end) {
      double trial = std::min(dt, end - time);
      const bool shortened = trial < dt;
      const bool accepted = stepper.try_step(std::cref(flow), state, time, trial) == odeint::success;
      if (!accepted || !shortened || trial > dt) dt = trial;
      if (++attempts > kMostSteps || !std::isfinite(state.back())) {
        outcome.status = Status::not_converged;
        return outcome;
      }
    }
    time = end;
    outcome.steps_done = step;
    outcome.trajectory.push_back({step, static_cast<double>(step * options.batch), flow.risk(state)});
  }
  outcome.risk = outcome.trajectory.back().risk;
  outcome.status = std::isfinite(outcome.risk) ? Status::ok : Status::not_converged;
  return outcome;
}

void check_flow_options(const char* function, Regime regime, Index neurons, const Options& options) {
  check_options(function, regime, neurons, options);
  if (!is_quadratic_form(regime, options))
    throw UsageError(fmt::format(
        "{}: the gradient flow needs the activation quadratic without biases, momentum or a free second "
        "layer, but the activation is '{}', bias_scale {}, train_biases {}, momentum {}, second_layer {}",
        function, options.activation.name, options.bias_scale, options.train_biases, options.momentum,
        options.second_layer == SecondLayer::free ? "free" : "not free"));
}

}  // namespace

Outcome flow_nn(const Problem& problem, Index neurons, const Options& options) {
  check_flow_options("train::flow_nn", Regime::nn, neurons, options);
  return integrate(TwoLayerFlow(problem, neurons, options), options, Regime::nn);
}

Outcome flow_nt(const Problem& problem, Index neurons, const Options& options) {
  check_flow_options("train::flow_nt", Regime::nt, neurons, options);
  return integrate(LinearFlow(problem, neurons, options), options, Regime::nt);
}

}  // namespace lazygap::train
