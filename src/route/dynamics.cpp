#include "lazygap/route/dynamics.h"

#include <algorithm>
#include <limits>

#include "lazygap/dynamics/nn.h"
#include "lazygap/dynamics/nt.h"
#include "lazygap/route/train.h"
#include "route/cost.h"
#include "route/objects.h"
#include "train/protocol.h"

namespace lazygap::route {
namespace {

std::optional<std::string> refuses(const Question& question, const Instance& instance) {
  if (std::string lack = lacks_spikes(question); !lack.empty()) return lack;
  if (has_output_scale(question))
    return "its mean dynamics are not known with an output scale or a start that is subtracted";
  const auto* target = std::get_if<PolynomialTarget>(&instance.problem);
  if (target == nullptr || !target->is_quadratic())
    return "its mean dynamics are known for quadratic targets (qf) only";
  if (!question::trains_quadratic(question))
    return "its mean dynamics are known for the quadratic activation without biases, momentum or (NN) a free "
           "second "
           "layer only";
  return {};
}

dynamics::Options options_of(const Question& question, const Instance& instance) {
  const train::Options& options = question.train.options;
  return {.parameterisation = options.parameterisation,
          .schedule = options.schedule,
          .steps = options.steps,
          .batch = options.batch,
          .step_size = options.step_size,
          .label_noise = question::label_noise(question, instance),
          .records = options.records,
          .alpha = options.alpha,
          .second_layer = options.second_layer,
          .second_layer_value = options.second_layer_value};
}

/// W of NT, or that of NN before training.
Matrix weights(const Question& question, const Instance& instance) {
  return question.network.regime == Regime::nn
             ? train::initial_weights(instance.problem, question.neurons(), train_options(question, instance))
             : draw_first_layer(question, instance);
}

void answer(const Instance& instance, std::span<const Question> questions, const Control& control) {
  const Question& question = questions.front();
  const auto& target = std::get<PolynomialTarget>(instance.problem);
  const bool is_nn = question.network.regime == Regime::nn;
  const Matrix W = weights(question, instance);
  const dynamics::Options options = options_of(question, instance);
  const dynamics::Curve curve = is_nn ? dynamics::nn(target, W, options, part_of(control))
                                      : dynamics::nt(target, W, options, part_of(control));
  if (curve.status == Status::none) return;  // stopped
  store::Result result = empty_result(question, instance);
  result.step_size = options.step_size;
  result.n = curve.steps_done * options.batch;
  set_risk(result, curve.risk);
  result.status = curve.status;
  result.message = is_nn ? "approximate: flow with linear noise" : "exact mean over the samples";
  result.trajectory = curve.points;
  control.finished(0, std::move(result));
}

Cost cost(std::span<const Question> questions) {
  const Question& question = questions.front();
  const auto d = static_cast<double>(question.problem.d), N = static_cast<double>(question.neurons());
  const auto steps = static_cast<double>(question.train.options.steps);
  // Passes over the second moments, which memory feeds; NN has products besides.
  constexpr double kPasses = 60;
  const double products = question.network.regime == Regime::nn ? 2 * d * d * std::min(N, d) : 0;
  const double matrices = question.network.regime == Regime::nn ? 4.8 * d * std::min(N, d) : 4.5 * d * d;
  return {.operations = steps * (kPasses * d * std::min(N, d) + products),
          .bytes = kNumber * (matrices + 1.7 * d * N)};
}

}  // namespace

double largest_stable_step_size(const Question& question, const Instance& instance,
                                const lazygap::Control& control) {
  if (question.network.regime != Regime::nt) return std::numeric_limits<double>::quiet_NaN();
  const train::Options& options = question.train.options;
  return dynamics::nt_largest_stable_step_size(weights(question, instance), options.batch,
                                               options.parameterisation, control);
}

const Route kDynamics{.method = Method::dynamics,
                      .name = "dynamics",
                      .version = [](const Question&) { return 1; },
                      .applies = question::is_trained,
                      .step_sizes = StepSizes::best_or_grid,
                      .draws_as = Method::train,
                      .repeats = [](Regime) { return true; },
                      .refuses = refuses,
                      .warns = warns_of_sign,
                      .lacks = nothing_lacks,
                      .nests = nests_nothing,
                      .cost = cost,
                      .path = one_way,
                      .answer = answer};

}  // namespace lazygap::route
