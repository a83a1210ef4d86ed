#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lazygap/train/sgd.h"
#include "train/fingerprint.h"
#include "train/mechanism_recorder.h"
#include "train/protocol.h"
#include "train/state.h"

/// What every training run does around its steps: it records risks, notices divergence and estimates the test
/// risk. train/ensemble.h decides which run takes a step when.
namespace lazygap::train {

/// A batch loss counts as exploded where it is this many times the risk at the start (or R0, if larger). A
/// run has diverged once kExplodedSteps losses in a row have exploded. An unstable step size multiplies the
/// loss by a factor in every step and so gets there. A single exploded loss is no divergence: labels with
/// heavy tails have such batches even where nothing moves (He_5 of one sample: one in 1e5). The mean loss of
/// a stable run is at most the risk at the start, so that by Markov's inequality four exploded losses in a
/// row come less often than once in 1e16 steps.
constexpr double kExplosion = 1e4;
constexpr int kExplodedSteps = 4;

/// Watches the losses of successive batches for an explosion.
class Watch {
 public:
  /// Whether the run has diverged by this loss; `bound`: see kExplosion.
  [[nodiscard]] bool is_explosion(double loss, double bound) {
    exploded_ = loss <= bound ? 0 : exploded_ + 1;
    return !std::isfinite(loss) || exploded_ >= kExplodedSteps;
  }

 private:
  int exploded_ = 0;
};

/// Steps between two looks at the hooks: at most a few tens of milliseconds.
constexpr std::int64_t kPollSteps = 32;

/// test_risk and test_se: mean and standard error of (y - f(x))^2 on fresh samples; `f` maps X (d x n) to the
/// n values, in the units of the problem.
void estimate_test_risk(const Problem& problem, const std::function<Vector(const Matrix&)>& f,
                        const Options& options, Outcome& outcome);

/// Means over a batch that every step needs, in fp64.
struct BatchMeans {
  double r = 0, r2 = 0, rq = 0;
};

/// What a step is taken on: X (d x b) and y (b), in the coordinates that the model works in.
template <class Real>
struct Samples {
  MatrixOf<Real> X;
  VectorOf<Real> y;
};

/// One network in training. What it needs of a Model:
///   Number                    the type of its samples
///   draw(address, samples)    makes the samples of one step
///   draws_as(other)           whether draw() of another model makes the same samples
///   step(samples, step_size)  takes a step and returns the loss of the batch before it
///   risk()                    the exact population risk, NaN where there is none
///   function()                f, for estimate_test_risk
///   first_layer()             W now, as a FirstLayer; NT: the W that it keeps
///   trained()                 every trained number, in the units of the problem
///   finite()                  whether every trained number is finite
///   save(StateWriter&), load(StateReader&)
template <class Model>
class Run {
 public:
  using Number = typename Model::Number;

  Run(Regime regime, const Problem& problem, Index neurons, const Options& options, Model model)
      : regime_(regime),
        problem_(&problem),
        options_(options),
        fingerprint_(fingerprint(regime, problem, neurons, options)),
        records_(record_steps(options.steps, options.records)),
        model_(std::move(model)) {
    outcome_.path = path(regime, problem, neurons, options);
    if (options.mechanism)
      recorder_.emplace(regime, problem, options, model_.first_layer(), records_.size(),
                        mechanism_stride(regime, problem, neurons, options, records_.size()));
  }

  /// The number of the next step.
  [[nodiscard]] std::int64_t step() const { return step_; }
  [[nodiscard]] bool is_running() const { return !has_ended_; }
  [[nodiscard]] const Outcome& outcome() const { return outcome_; }
  /// The same, at the end of everything: weights may be large.
  [[nodiscard]] Outcome release() { return std::move(outcome_); }
  [[nodiscard]] const Options& options() const { return options_; }

  /// Whether draw() of `other` gives the same samples if the draws are the same.
  [[nodiscard]] bool draws_as(const Run& other) const { return model_.draws_as(other.model_); }

  /// The samples of step number `step`.
  void draw(std::int64_t step, Samples<Number>& samples) {
    model_.draw({.seed = options_.seed,
                 .purpose = Purpose::training,
                 .index = options_.draw,
                 .step = static_cast<std::uint32_t>(step)},
                samples);
  }

  /// Takes step number step() on `samples`; the run ends with the last one, or where it diverges.
  void take(const Samples<Number>& samples) {
    record_if_due();
    const double loss = model_.step(samples, step_sizes(options_, regime_).at(step_));
    if (step_ == 0) {
      const double start = outcome_.trajectory.front().risk;
      start_loss_ = std::isnan(start) ? loss : start + options_.label_noise * options_.label_noise;
    }
    if (watch_.is_explosion(loss, bound())) return end(Status::diverged);
    ++step_;
    if (step_ < options_.steps) return;
    record_if_due();
    const double risk = outcome_.trajectory.back().risk;
    // An explosion may have begun with the last steps.
    if (!model_.finite() || risk > bound()) return end(Status::diverged);
    outcome_.risk = risk;
    if (recorder_) recorder_->finish(model_.first_layer());
    if (options_.keep_weights) outcome_.weights = model_.trained();
    estimate_test_risk(*problem_, model_.function(), options_, outcome_);
    end(Status::ok);
  }

  /// The risk with which this run would end if it had `steps` steps in all (at least step()) and its schedule
  /// came to an end there. The missing steps are taken, and then taken back. The risk is infinite where the
  /// run diverges, and NaN where neither the exact nor the test risk is known. Nothing is returned where
  /// `stop` (may be empty) interrupts the steps.
  [[nodiscard]] std::optional<double> probe(std::int64_t steps, Samples<Number>& scratch,
                                            const std::function<bool()>& stop) {
    StateWriter before;
    model_.save(before);
    StepSizes shorter = step_sizes(options_, regime_);
    shorter.steps = steps;
    bool exploded = false, stopped = false;
    Watch watch = watch_;
    for (std::int64_t t = step_; t < steps && !exploded && !stopped; ++t) {
      stopped = t % kPollSteps == 0 && stop && stop();
      draw(t, scratch);
      exploded = watch.is_explosion(model_.step(scratch, shorter.at(t)), bound());
    }
    Outcome outcome;
    outcome.risk = std::numeric_limits<double>::infinity();
    if (!stopped && !exploded && model_.finite()) {
      outcome.risk = model_.risk();
      if (std::isnan(outcome.risk)) {
        estimate_test_risk(*problem_, model_.function(), options_, outcome);
        outcome.risk = outcome.test_risk;
      }
    }
    StateReader after(before.bytes());
    model_.load(after);
    if (stopped) return std::nullopt;
    return outcome.risk;
  }

  /// Ends the run before its time.
  void end(Status status) {
    outcome_.status = status;
    outcome_.steps_done = step_;
    if (recorder_) outcome_.mechanism = recorder_->mechanism();
    has_ended_ = true;
  }

  [[nodiscard]] StateWriter save() const {
    StateWriter state;
    state.put(fingerprint_);
    state.put(step_);
    state.put(start_loss_);
    state.put(watch_);
    state.put(outcome_.trajectory.size());
    for (const Point& point : outcome_.trajectory) state.put(point);
    if (recorder_) recorder_->save(state);
    model_.save(state);
    return state;
  }

  void load(std::span<const std::byte> bytes) {
    StateReader state(bytes);
    std::string found;
    state.get(found);
    if (found != fingerprint_)
      throw UsageError(
          "Hooks::resume: the saved state is that of another run or of another version, but must be that of "
          "a "
          "run with the same arguments");
    state.get(step_);
    state.get(start_loss_);
    state.get(watch_);
    std::size_t points = 0;
    state.get(points);
    if (points >= records_.size())
      throw UsageError(
          fmt::format("Hooks::resume: the saved state has {} points, which no state has", points));
    for (std::size_t i = 0; i < points; ++i) state.get(outcome_.trajectory.emplace_back());
    if (recorder_) recorder_->load(state);
    model_.load(state);
    if (!state.at_end()) throw UsageError("Hooks::resume: the saved state is too long");
  }

 private:
  void record_if_due() {
    auto& trajectory = outcome_.trajectory;
    const std::size_t place = trajectory.size();
    if (step_ != records_[place]) return;
    trajectory.push_back({step_, static_cast<double>(step_ * options_.batch), model_.risk()});
    if (recorder_) recorder_->record(place, step_, [&] { return model_.first_layer(); });
  }

  /// The bound above which a batch loss, or the risk at the end, has exploded.
  [[nodiscard]] double bound() const { return kExplosion * std::max(start_loss_, null_risk(*problem_)); }

  Regime regime_;
  const Problem* problem_;
  Options options_;
  std::string fingerprint_;
  std::vector<std::int64_t> records_;
  Model model_;
  std::int64_t step_ = 0;
  double start_loss_ = 0;
  Watch watch_;
  bool has_ended_ = false;
  std::optional<MechanismRecorder> recorder_;
  Outcome outcome_;
};

}  // namespace lazygap::train
