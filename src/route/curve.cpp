#include <fmt/format.h>

#include <cmath>

#include "lazygap/curve/nt.h"
#include "lazygap/curve/predict.h"
#include "lazygap/curve/rf.h"
#include "route/cost.h"
#include "route/objects.h"

namespace lazygap::route {
namespace {

std::optional<std::string> refuses(const Question& question, const Instance& instance) {
  if (question.network.regime != Regime::nt) return {};
  if (question.problem.signals > 0)
    return "the ridge of NT has no spiked covariates; RF is predicted on them";
  const std::string lack = lacks_derivative(question, instance);
  return lack.empty() ? std::nullopt : std::optional(lack);
}

curve::Options options_of(const Question& question, const Activation& activation) {
  return {.activation = activation,
          .centred = question.network.centred,
          .seed = question.seed,
          .draw = question.draw};
}

curve::Prediction predict(const curve::Model& model, const Question& question, const Instance& instance) {
  const curve::Setting setting{.samples = question.fit.samples,
                               .ridge = question.fit.ridge,
                               .label_noise = question::label_noise(question, instance)};
  if (!question.curve.best_ridge) return curve::predict(model, setting, question.curve.equivalent);
  return curve::best_ridge(model, setting, question.curve.equivalent).prediction;
}

store::Result result_of(const Question& question, const Instance& instance, const curve::Model& model) {
  const curve::Prediction prediction = predict(model, question, instance);
  store::Result result = empty_result(question, instance);
  result.n = question.fit.samples;
  set_risk(result, prediction.risk);
  if (prediction.risk_se > 0) result.se = prediction.risk_se / result.null_risk;
  result.status =
      model.status == Status::ok && !std::isfinite(prediction.risk) ? Status::diverged : model.status;
  result.message = fmt::format("training error {:.6g}, GCV {:.6g} of R0", prediction.train / result.null_risk,
                               prediction.gcv / result.null_risk);
  if (std::isfinite(prediction.train)) result.train_ratio = prediction.train / result.null_risk;
  if (std::isfinite(prediction.gcv)) result.gcv_ratio = prediction.gcv / result.null_risk;
  if (!model.message.empty()) add_sentence(result.message, model.message);
  if (!prediction.doubt.empty()) add_sentence(result.message, "not to be trusted: " + prediction.doubt);
  return result;
}

/// One model of the features answers for every n, ridge and label noise.
void answer(const Instance& instance, std::span<const Question> questions, const Control& control) {
  const Question& first = questions.front();
  const Network network = make_network(first, instance);
  const curve::Options options = options_of(first, network.activation);
  const curve::Model model =
      first.network.regime == Regime::nt
          ? curve::nt(instance.problem, network.W, network.biases, options, part_of(control))
          : curve::rf(instance.problem, network.W, network.biases, options, part_of(control));
  if (model.status == Status::none) return;  // stopped
  for (std::size_t i = 0; i < questions.size(); ++i) {
    if (control.stop && control.stop()) return;
    control.finished(i, result_of(questions[i], instance, model));
  }
}

Cost cost(std::span<const Question> questions) {
  const Question& first = questions.front();
  const curve::Options options;
  const auto of = [](const curve::Cost& cost) {
    return Cost{.operations = kFactorisation * cost.operations, .bytes = cost.bytes};
  };
  if (is_rf(first.network.regime)) return of(curve::rf_cost(first.problem.d, first.neurons(), options));
  // The closed form of the quadratic activation on qf takes next to nothing.
  const auto d = static_cast<double>(first.problem.d), N = static_cast<double>(first.neurons());
  if (question::is_quadratic(first.network) && !first.is_mixture())
    return {.operations = 1e3 * d * d + 10 * d * d * d, .bytes = kNumber * (3.5 * d * d + 1.2 * d * N)};
  const double parameters = std::min(N * d, static_cast<double>(options.dense_parameters));
  return {
      .operations = kFactorisation * (10 * parameters * parameters * parameters + 1e3 * moments_of_nt(N, d)),
      .bytes = kNumber * (3 * parameters * parameters + 4 * components(first) * N * N + 20 * d * N)};
}

}  // namespace

const Route kCurve{.method = Method::curve,
                   .name = "curve",
                   .version = [](const Question&) { return 1; },
                   .applies = question::draws_first_layer,
                   .repeats = [](Regime) { return true; },
                   .refuses = refuses,
                   .warns = warns_of_nothing,
                   .lacks = nothing_lacks,
                   .nests = [](const Question&) -> std::vector<std::string_view> {
                     return {"fit.samples",         "fit.ridge",
                             "problem.label_noise", "problem.noise_to_signal",
                             "curve.ridge",         "curve.equivalent"};
                   },
                   .cost = cost,
                   .path = one_way,
                   .answer = answer};

}  // namespace lazygap::route
