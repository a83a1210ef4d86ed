#include "lazygap/route/train.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "lazygap/core/error.h"
#include "lazygap/core/processor.h"
#include "lazygap/train/defaults.h"
#include "lazygap/train/sgd.h"
#include "route/cost.h"
#include "route/objects.h"
#include "route/trained_result.h"

namespace lazygap::route {
namespace {

/// NT has no bf16 and is trained in fp32.
train::Precision precision_of(const Question& question) {
  const train::Precision precision = question.train.options.precision;
  return question.network.regime == Regime::nt && precision == train::Precision::bf16 ? train::Precision::fp32
                                                                                      : precision;
}

bool wants_bf16(const Question& question) { return precision_of(question) == train::Precision::bf16; }

std::optional<std::string> refuses(const Question& question, const Instance& instance) {
  if (std::string lack = lacks_spikes(question); !lack.empty()) return lack;
  if (const std::string lack = lacks_derivative(question, instance); !lack.empty()) return lack;
  if (wants_bf16(question) && question.network.subtract_start)
    return "bf16 has too few digits for the difference of the network and its start (network.start = "
           "\"kept\", fp32 "
           "or fp64 serve)";
  if (wants_bf16(question) && !question::trains_quadratic(question))
    return "bf16 is for the quadratic activation without biases, momentum or a free second layer only";
  return {};
}

std::string lacks(const Question& question) {
  if (!wants_bf16(question) || has_bf16_products()) return {};
  return "train.precision is \"bf16\", but this processor has no AVX512_BF16: \"fp32\" or \"fp64\" is needed";
}

std::string path(const Question& question, const Instance& instance) {
  if (!lacks(question).empty()) return "bf16, which this processor does not have";
  return train::path(question.network.regime, instance.problem, question.neurons(),
                     train_options(question, instance));
}

std::vector<std::string_view> nests(const Question& question) {
  std::vector<std::string_view> keys{"train.step_size"};
  if (question.train.share_between_widths) keys.insert(keys.end(), {"network.width", "network.rho"});
  if (question.train.search == train::Search::halving) keys.emplace_back("network.draw");
  return keys;
}

void answer(const Instance& instance, std::span<const Question> questions, const Control& control) {
  std::vector<train::Network> networks;
  for (std::size_t i = 0; i < questions.size(); ++i)
    networks.push_back({.neurons = questions[i].neurons(),
                        .step_size = questions[i].train.options.step_size,
                        .draw = questions[i].draw,
                        .known = control.ended.empty() ? Status::none : control.ended[i]});
  train::GroupHooks hooks{.progress = control.progress,
                          .save = control.save,
                          .resume = control.resume,
                          .save_every = control.save_every,
                          .stop = control.stop,
                          .threads = control.threads};
  hooks.finished = [&](std::size_t i, const train::Outcome& outcome) {
    store::Result result = trained_result(questions[i], instance, outcome);
    result.weights = kept_weights(control, i, outcome);
    control.finished(i, std::move(result));
  };
  const auto run = [&] {
    // A search of one would look ahead for nothing.
    const auto search = is_halving(questions) ? train::Search::halving : train::Search::full;
    (void)train::run_networks(questions.front().network.regime, instance.problem, networks,
                              train_options(questions.front(), instance), search, hooks);
  };
  try {
    run();
  } catch (const UsageError&) {
    // A state that this build cannot read is worth no more than the time it took; a question that is
    // impossible fails again without it. States are read before anything is finished.
    if (hooks.resume.empty()) throw;
    hooks.resume.clear();
    run();
  }
}

/// Part of the steps of a grid that successive halving takes: measured, docs/theory/train.md.
constexpr double kHalving = 0.5;

Cost cost(std::span<const Question> questions) {
  Cost sum;
  // 0 stands for any width.
  std::set<std::pair<Index, std::uint32_t>> samples, moments;
  for (const Question& question : questions) {
    const Cost whole = cost_of_training(question), shared = cost_of_moments(question);
    sum.operations += whole.operations;
    sum.bytes += whole.bytes;
    if (!samples.emplace(rotates_samples(question) ? question.neurons() : 0, question.draw).second)
      sum.operations -= operations_of_samples(question);
    if (!moments.emplace(question.neurons(), question.draw).second) {
      sum.operations -= shared.operations;
      sum.bytes -= shared.bytes;
    }
  }
  if (is_halving(questions)) sum.operations *= kHalving;
  return sum;
}

/// Networks side by side, or one in fp32 whose steps are shared; narrow ones take no time to speak of.
bool is_threaded(std::span<const Question> questions) {
  constexpr Index kWide = 96;
  const Question& widest = questions.back();
  const bool shares = !question::trains_quadratic(widest) && precision_of(widest) == train::Precision::fp32 &&
                      widest.neurons() >= kWide;
  return questions.size() > 1 || shares;
}

}  // namespace

train::Options train_options(const Question& question, const Instance& instance) {
  train::Options options = question.train.options;
  if (question.network.regime == Regime::nt) options.train_biases = false;  // NT keeps its biases
  options.precision = precision_of(question);
  if (question.network.regime == Regime::nn) {  // NT does not depend on them
    options.output_scale = question.network.output_scale;
    options.subtract_start = question.network.subtract_start;
  }
  options.activation = instance.activation;
  options.bias_scale = question.network.bias_scale;
  options.label_noise = question::label_noise(question, instance);
  options.seed = question.seed;
  options.draw = question.draw;
  if (question.network.regime == Regime::nt) options.initial = question.network.first_layer;
  return options;
}

std::vector<double> default_step_sizes(const Question& question, const Instance& instance) {
  train::Options options = train_options(question, instance);
  options.precision = train::Precision::fp64;  // no grid depends on it, and not every processor has bf16
  return train::default_step_sizes(question.network.regime, instance.problem, question.neurons(), options);
}

std::string elimination_name(const Question& question, std::int64_t draws, const std::vector<double>& grid) {
  nlohmann::json parameters = nlohmann::json::parse(name(question));
  parameters["ended_by"] = {
      {"search", "halving"}, {"version", kHalvingVersion}, {"draws", draws}, {"step_sizes", grid}};
  return parameters.dump();
}

store::Result trained_result(const Question& question, const Instance& instance,
                             const train::Outcome& outcome) {
  store::Result result = empty_result(question, instance);
  const train::Options& options = question.train.options;
  result.step_size = options.step_size;
  if (question.method == Method::train) result.n = outcome.steps_done * options.batch;
  set_outcome(result, outcome);
  result.message = outcome.path;
  if (result.se) add_sentence(result.message, kEstimated);
  if (outcome.status == Status::diverged)
    result.message = fmt::format("diverged after {} steps ({})", outcome.steps_done, outcome.path);
  if (outcome.status == Status::eliminated)
    result.message = fmt::format("ended by successive halving after {} of {} steps ({})", outcome.steps_done,
                                 options.steps, outcome.path);
  result.trajectory = outcome.trajectory;
  result.mechanism = outcome.mechanism;
  return result;
}

std::string kept_weights(const Control& control, std::size_t i, const train::Outcome& outcome) {
  return control.keep_weights && !outcome.weights.empty() ? control.keep_weights(i, outcome.weights) : "";
}

const Route kTrain{.method = Method::train,
                   .name = "train",
                   .is_simulation = true,
                   // NT: signs of the basis of its samples that no longer depend on the BLAS, numbers below
                   // fp32; other activations: kernels of our own.
                   .version =
                       [](const Question& question) {
                         if (question.network.regime == Regime::nt) return 3;
                         return question::trains_quadratic(question) ? 1 : 2;
                       },
                   .applies = question::is_trained,
                   .step_sizes = StepSizes::grid,
                   .repeats = [](Regime) { return true; },
                   .refuses = refuses,
                   .warns = warns_of_sign,
                   .lacks = lacks,
                   .nests = nests,
                   .cost = cost,
                   .is_threaded = is_threaded,
                   .path = path,
                   .answer = answer};

}  // namespace lazygap::route
