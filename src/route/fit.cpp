#include "lazygap/fit/nt.h"
#include "lazygap/fit/rf.h"
#include "route/cost.h"
#include "route/objects.h"

namespace lazygap::route {
namespace {

/// NT is fitted in fp64 in any case.
bool is_fp64_on_request(const Question& question) {
  return is_rf(question.network.regime) && question.fit.precision == fit::Precision::fp64;
}

std::optional<std::string> refuses(const Question& question, const Instance& instance) {
  if (question.network.regime != Regime::nt) return {};
  if (question.problem.signals > 0) return "the ridge of NT has no spiked covariates; RF is fitted on them";
  const std::string lack = lacks_derivative(question, instance);
  return lack.empty() ? std::nullopt : std::optional(lack);
}

/// Answers to the questions of one draw, the widest last; more than one question for RF only.
std::vector<Answer> answers(const Instance& instance, std::span<const Question> questions,
                            const lazygap::Control& control) {
  const Question& widest = questions.back();
  const Network network = make_network(widest, instance);
  fit::Options options = widest.fit;
  options.label_noise = question::label_noise(widest, instance);
  options.seed = widest.seed;
  options.draw = widest.draw;
  if (widest.network.regime == Regime::nt) return {fit::nt(instance.problem, network, options, control)};
  return fit::rf(instance.problem, network, widths_of(questions), options, control);
}

void answer(const Instance& instance, std::span<const Question> questions, const Control& control) {
  finish_all(instance, questions, answers(instance, questions, part_of(control)), true, control);
}

Cost cost(std::span<const Question> questions) {
  const Question& widest = questions.back();  // it does it for all
  const auto d = static_cast<double>(widest.problem.d);
  const auto N = static_cast<double>(widest.neurons());
  const auto n = static_cast<double>(widest.fit.samples);
  if (widest.network.regime == Regime::nt) {
    const fit::NtCost nt = fit::nt_cost(widest.problem.d, widest.neurons(), {.samples = widest.fit.samples});
    return {.operations = nt.operations, .bytes = nt.bytes};
  }
  const auto block = static_cast<double>(fit::Options().block);
  const bool fp64 = widest.fit.precision == fit::Precision::fp64;
  const double evaluation = 2 * N * d + kOperationsOfANormal * d +
                            (question::is_quadratic(widest.network) ? 0 : kOperationsOfAnActivation * N);
  return {.operations = n * (fp64 ? 1 : kSingle) * (N * N + evaluation) + kFactorisation * N * N * N / 3,
          .bytes = (n < N ? 24 : 14) * N * N + (fp64 ? 8 : 4) * block * (N + d) +
                   kNumber * (2 * d * N + (question::is_quadratic(widest.network) ? 2 * d * d : 0))};
}

}  // namespace

const Route kFit{
    .method = Method::fit,
    .name = "fit",
    .is_simulation = true,
    .version = [](const Question&) { return 2; },  // products of BLAS
    .applies = [](Regime regime) { return is_rf(regime) || regime == Regime::nt; },
    .repeats = [](Regime) { return true; },
    .refuses = refuses,
    .warns = warns_of_nothing,
    .lacks = nothing_lacks,
    .nests = [](const Question& question) -> std::vector<std::string_view> {
      // The giant step rescales W as a whole.
      if (is_rf(question.network.regime) && question.network.one_step == 0)
        return {"network.width", "network.rho"};
      return {};
    },
    .cost = cost,
    .is_threaded = [](std::span<const Question> questions) { return is_rf(questions.back().network.regime); },
    .path = [](const Question& question, const Instance&) -> std::string {
      if (!is_rf(question.network.regime)) return "";
      return is_fp64_on_request(question) ? "one Gram matrix for all widths, fp64"
                                          : "one Gram matrix for all widths";
    },
    .answer = answer};

}  // namespace lazygap::route
