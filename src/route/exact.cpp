#include <fmt/format.h>

#include <algorithm>

#include "lazygap/exact/bayes.h"
#include "lazygap/exact/nn.h"
#include "lazygap/exact/nt.h"
#include "lazygap/exact/rf.h"
#include "route/cost.h"
#include "route/objects.h"

namespace lazygap::route {
namespace {

/// Beyond this the error of the kernel behind an exact risk is worth a word.
constexpr double kKernelError = 1e-10;
/// Conjugate-gradient steps of NT: typical ones.
constexpr double kGeneralIterations = 80;
constexpr double kMixtureIterations = 20;

std::optional<std::string> refuses(const Question& question, const Instance& instance) {
  if (question.network.regime == Regime::nn && !question::is_quadratic(question.network))
    return "its least risk is known for the quadratic activation only";
  if (question.network.regime != Regime::nt) return {};
  const std::string lack = lacks_derivative(question, instance);
  return lack.empty() ? std::nullopt : std::optional(lack);
}

bool is_negative(const train::Options& options) {
  return options.second_layer == train::SecondLayer::fixed && options.second_layer_value < 0;
}

/// Second layers that the training of the question can reach.
exact::Sign second_layer_sign(const train::Options& options) {
  switch (options.second_layer) {
    case train::SecondLayer::fixed:
      return exact::Sign::positive;
    case train::SecondLayer::shared:
      return exact::Sign::one_sign;
    case train::SecondLayer::free:
      return exact::Sign::free;
  }
  return exact::Sign::free;
}

/// A network whose second layer is fixed below 0 fits y as well as one above 0 fits -y. (On mg in whitened
/// coordinates, which change nothing for NN.)
Problem negated(const Problem& problem) {
  if (const auto* target = std::get_if<PolynomialTarget>(&problem))
    return PolynomialTarget::from_hermite(-target->beta());
  return GaussianMixture(-std::get<GaussianMixture>(problem).whitened_delta());
}

exact::Risk nn(const Question& question, const Problem& problem) {
  const train::Options& options = question.train.options;
  return exact::nn(is_negative(options) ? negated(problem) : problem, question.neurons(),
                   second_layer_sign(options));
}

/// Risks of the questions of one draw, the widest last; more than one question for RF only.
std::vector<exact::Risk> risks(const Instance& instance, std::span<const Question> questions) {
  const auto& [problem, activation, gamma] = instance;
  const Question& widest = questions.back();
  const Regime regime = widest.network.regime;
  if (regime == Regime::nn) return {nn(widest, problem)};
  if (regime == Regime::bayes)
    return {{.risk = exact::bayes(std::get<GaussianMixture>(problem)), .status = Status::ok}};
  const Matrix W = first_layer(instance, regime).sample(widest.neurons(), widest.seed, widest.draw);
  const Vector biases = sample_biases(widest.network.bias_scale, widest.neurons(), widest.seed, widest.draw);
  const bool quadratic = question::is_quadratic(widest.network);
  if (regime == Regime::nt)
    return {quadratic ? exact::nt(problem, W) : exact::nt(problem, activation, W, biases)};
  if (quadratic && widest.network.centred) return exact::rf(problem, W, widths_of(questions));
  return exact::rf(problem, activation, W, widths_of(questions), biases, widest.network.centred);
}

store::Result result_of(const Question& question, const Instance& instance, const exact::Risk& risk) {
  store::Result result = empty_result(question, instance);
  set_risk(result, risk.risk);
  result.status = risk.status;
  if (risk.status == Status::not_converged && risk.iterations > 0)
    result.message =
        fmt::format("conjugate gradients stopped after {} iterations at a relative residual of {:.1e}",
                    risk.iterations, risk.residual);
  if (risk.kernel_error > kKernelError)
    add_sentence(result.message, fmt::format("kernel accurate to {:.1e} of its diagonal", risk.kernel_error));
  return result;
}

void answer(const Instance& instance, std::span<const Question> questions, const Control& control) {
  const std::vector<exact::Risk> found = risks(instance, questions);
  for (std::size_t i = 0; i < questions.size(); ++i)
    control.finished(i, result_of(questions[i], instance, found[i]));
}

Cost cost_of_rf(const Question& question, double d, double N) {
  const bool general = !question::is_quadratic(question.network) || !question.network.centred;
  const double rank = general ? N : std::min(N, d * (d + 1) / 2);
  const double gram = general ? components(question) * moments_of_rf(N, d) : 2 * N * N * d + 2 * d * d * N;
  return {.operations = gram + kFactorisation * N * rank * rank / 3,
          .bytes = kNumber * (N * N + 3 * d * N + 2 * d * d + (general ? kSeriesDegree * N : 0))};
}

Cost cost_of_nt(const Question& question, double d, double N) {
  if (!question::is_quadratic(question.network))
    return {.operations =
                components(question) * (kGeneralIterations * moments_of_nt(N, d) + making_moments_of_nt(N)),
            .bytes = kNumber * (3 * components(question) * N * N + 10 * d * N)};
  // An orthogonal basis and two products; on mg again and again in conjugate gradients.
  const double narrow = std::min(N, d), iterations = question.is_mixture() ? kMixtureIterations : 0;
  return {.operations = kFactorisation * 4 * d * d * narrow + (1 + iterations) * 8 * d * d * narrow +
                        kOperationsOfANormal * d * N,
          .bytes = kNumber * (3 * d * N + 8 * d * d)};
}

Cost cost(std::span<const Question> questions) {
  const Question& widest = questions.back();  // it does it for all
  const auto d = static_cast<double>(widest.problem.d);
  const auto N = static_cast<double>(widest.neurons());
  if (is_rf(widest.network.regime)) return cost_of_rf(widest, d, N);
  if (widest.network.regime == Regime::nt) return cost_of_nt(widest, d, N);
  return {.operations = 1e7 + 1e4 * d, .bytes = 10 * kNumber * d};
}

}  // namespace

const Route kExact{.method = Method::exact,
                   .name = "exact",
                   .version = [](const Question&) { return 2; },  // RF and NT on mg in whitened coordinates
                   .applies = [](Regime) { return true; },
                   .repeats = question::draws_first_layer,
                   .refuses = refuses,
                   .warns = warns_of_sign,
                   .lacks = nothing_lacks,
                   .nests = [](const Question& question) -> std::vector<std::string_view> {
                     if (is_rf(question.network.regime)) return {"network.width", "network.rho"};
                     return {};
                   },
                   .cost = cost,
                   .path = [](const Question& question, const Instance&) -> std::string {
                     return is_rf(question.network.regime) ? "one Gram matrix for all widths" : "";
                   },
                   .answer = answer};

}  // namespace lazygap::route
