#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <utility>

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

const Question& widest_of(std::span<const Question> questions) {
  return *std::max_element(questions.begin(), questions.end(),
                           [](const Question& a, const Question& b) { return a.neurons() < b.neurons(); });
}

/// The questions of one draw: RF of several widths, both of several n and ridges.
std::vector<fit::Fit> fits(const Instance& instance, std::span<const Question> questions,
                           const lazygap::Control& control) {
  const Question& widest = widest_of(questions);
  const Network network = make_network(widest, instance);
  fit::Options options = widest.fit;
  options.label_noise = question::label_noise(widest, instance);
  options.seed = widest.seed;
  options.draw = widest.draw;
  std::vector<fit::Setting> settings;
  for (const Question& question : questions)
    settings.push_back(
        {.samples = question.fit.samples, .ridge = question.fit.ridge, .neurons = question.neurons()});
  return widest.network.regime == Regime::nt ? fit::nt(instance.problem, network, settings, options, control)
                                             : fit::rf(instance.problem, network, settings, options, control);
}

void answer(const Instance& instance, std::span<const Question> questions, const Control& control) {
  const std::vector<fit::Fit> found = fits(instance, questions, part_of(control));
  for (std::size_t i = 0; i < questions.size(); ++i) {
    const auto& [answer, quality] = found[i];
    if (answer.status == Status::none) continue;
    store::Result result = empty_result(questions[i], instance);
    result.n = questions[i].fit.samples;
    set_answer(result, answer);
    const auto set = [&](std::optional<double>& ratio, double error) {
      if (std::isfinite(error)) ratio = error / result.null_risk;
    };
    set(result.train_ratio, quality.train);
    set(result.gcv_ratio, quality.gcv);
    set(result.loo_ratio, quality.leave_one_out);
    control.finished(i, std::move(result));
  }
}

Cost cost_of_nt(std::span<const Question> questions) {
  Cost total{};
  for (const Question& question : questions) {
    const fit::NtCost nt =
        fit::nt_cost(question.problem.d, question.neurons(), {.samples = question.fit.samples});
    total.operations += nt.operations;
    total.bytes = std::max(total.bytes, nt.bytes);
  }
  return total;
}

/// One pass over the samples of the largest n, and the equations of each.
Cost cost(std::span<const Question> questions) {
  const Question& widest = widest_of(questions);
  if (widest.network.regime == Regime::nt) return cost_of_nt(questions);
  const auto d = static_cast<double>(widest.problem.d);
  const auto N = static_cast<double>(widest.neurons());
  std::set<std::pair<std::int64_t, double>> equations;  // widths share them
  std::set<std::int64_t> samples;
  for (const Question& question : questions) {
    equations.insert({question.fit.samples, question.fit.ridge});
    samples.insert(question.fit.samples);
  }
  const auto n = static_cast<double>(*samples.rbegin());
  const auto block = static_cast<double>(fit::Options().block);
  const bool fp64 = widest.fit.precision == fit::Precision::fp64;
  const double evaluation = 2 * N * d + kOperationsOfANormal * d +
                            (question::is_quadratic(widest.network) ? 0 : kOperationsOfAnActivation * N);
  // The matrix of each n is copied before it is factorised where there are several.
  const double matrices = (n < N ? 24 : 13) + (samples.size() > 1 ? 8 : 0);
  return {.operations = n * (fp64 ? 1 : kSingle) * (N * N + evaluation) +
                        static_cast<double>(equations.size()) * kFactorisation * N * N * N / 3,
          .bytes = matrices * N * N + (fp64 ? 8 : 4) * block * (N + d) +
                   kNumber * (2 * d * N + (question::is_quadratic(widest.network) ? 2 * d * d : 0))};
}

}  // namespace

const Route kFit{
    .method = Method::fit,
    .name = "fit",
    .is_simulation = true,
    // 2: products of BLAS. 3: RF of fewer samples than features through the n x n matrix, which
    // is smaller, and regular where that of the features is not.
    .version =
        [](const Question& question) {
          return is_rf(question.network.regime) && question.fit.samples < question.neurons() ? 3 : 2;
        },
    .applies = [](Regime regime) { return is_rf(regime) || regime == Regime::nt; },
    .repeats = [](Regime) { return true; },
    .refuses = refuses,
    .warns = warns_of_nothing,
    .lacks = nothing_lacks,
    .nests = [](const Question& question) -> std::vector<std::string_view> {
      std::vector<std::string_view> keys{"fit.samples", "fit.ridge"};
      // The giant step rescales W as a whole.
      if (is_rf(question.network.regime) && question.network.one_step == 0)
        keys.insert(keys.end(), {"network.width", "network.rho"});
      return keys;
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
