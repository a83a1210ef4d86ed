#include "lazygap/train/flow.h"

#include <algorithm>
#include <utility>

#include "lazygap/route/train.h"
#include "route/cost.h"
#include "route/objects.h"
#include "route/trained_result.h"

namespace lazygap::route {
namespace {

/// Evaluations of the right-hand side, from runs of the paper's length at d = 450; other problems differ.
constexpr double kEvaluationsOfNn = 9000;
constexpr double kEvaluationsOfNt = 600;

std::optional<std::string> refuses(const Question& question, const Instance&) {
  if (std::string lack = lacks_spikes(question); !lack.empty()) return lack;
  if (question::trains_quadratic(question)) return {};
  return "the gradient flow is there for the quadratic activation without biases, momentum or (NN) a free "
         "second "
         "layer only";
}

void answer(const Instance& instance, std::span<const Question> questions, const Control& control) {
  const Question& question = questions.front();
  train::Options options = train_options(question, instance);
  options.precision = train::Precision::fp64;  // the flow knows no other, and not every processor has bf16
  const train::Outcome outcome =
      question.network.regime == Regime::nn
          ? train::flow_nn(instance.problem, question.neurons(), options, part_of(control))
          : train::flow_nt(instance.problem, question.neurons(), options, part_of(control));
  if (outcome.status == Status::none) return;  // stopped
  store::Result result = trained_result(question, instance, outcome);
  result.weights = kept_weights(control, 0, outcome);
  control.finished(0, std::move(result));
}

Cost cost(std::span<const Question> questions) {
  const Question& question = questions.front();
  const auto d = static_cast<double>(question.problem.d), N = static_cast<double>(question.neurons());
  const bool is_nn = question.network.regime == Regime::nn;
  const double evaluations = is_nn ? kEvaluationsOfNn : kEvaluationsOfNt;
  return {.operations = evaluations * 4 * d * d * std::min(N, d),
          .bytes = kNumber * (1.6 * d * N + (is_nn ? 2.2 * d * d + 9.7 * d * std::min(N, d) : 12.5 * d * d))};
}

}  // namespace

const Route kFlow{.method = Method::flow,
                  .name = "flow",
                  .version = [](const Question&) { return 2; },  // error controlled in units of R0
                  .applies = question::is_trained,
                  .step_sizes = StepSizes::best_or_smallest,
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
