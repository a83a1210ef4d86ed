#include <algorithm>

#include "lazygap/exact/bayes.h"
#include "lazygap/exact/nn.h"
#include "lazygap/exact/nt.h"
#include "lazygap/exact/rf.h"
#include "route/cost.h"
#include "route/objects.h"

namespace lazygap::route {
namespace {

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

/// Answers to the questions of one draw, the widest last; more than one question for RF only.
std::vector<Answer> answers(const Instance& instance, std::span<const Question> questions,
                            const lazygap::Control& control) {
  const Problem& problem = instance.problem;
  const Question& widest = questions.back();
  const Regime regime = widest.network.regime;
  if (regime == Regime::nn) return {exact::nn(problem, widest.neurons(), second_layer_sign(widest))};
  if (regime == Regime::bayes)
    return {{.risk = exact::bayes(std::get<GaussianMixture>(problem)), .status = Status::ok}};
  const Network network = make_network(widest, instance);
  if (regime == Regime::nt) return {exact::nt(problem, network, control)};
  return exact::rf(problem, network, widths_of(questions), control);
}

void answer(const Instance& instance, std::span<const Question> questions, const Control& control) {
  finish_all(instance, questions, answers(instance, questions, part_of(control)), control);
}

Cost cost_of_rf(const Question& question, double d, double N) {
  const bool general = !question::is_quadratic(question.network) || !question.network.centred;
  const double rank = general ? N : std::min(N, d * (d + 1) / 2);
  const double gram = general ? components(question) * moments_of_rf(N, d) : 2 * N * N * d + 2 * d * d * N;
  return {.operations = gram + kFactorisation * N * rank * rank / 3,
          .bytes = kNumber * (0.85 * N * N + 3 * d * N + 2 * d * d + (general ? kSeriesDegree * N : 0))};
}

Cost cost_of_nt(const Question& question, double d, double N) {
  if (!question::is_quadratic(question.network))
    return {.operations =
                components(question) * (kGeneralIterations * moments_of_nt(N, d) + making_moments_of_nt(N)),
            .bytes = kNumber * ((1 + 4 * components(question)) * N * N + 10 * d * N)};
  // An orthogonal basis and two products; on mg again and again in conjugate gradients.
  const double narrow = std::min(N, d), iterations = question.is_mixture() ? kMixtureIterations : 0;
  return {.operations = kFactorisation * 4 * d * d * narrow + (1 + iterations) * 8 * d * d * narrow +
                        kOperationsOfANormal * d * N,
          .bytes = kNumber *
                   (question.is_mixture() ? 11 * d * d + 3 * d * (N - narrow) : 2 * d * N + 3.5 * d * d)};
}

Cost cost(std::span<const Question> questions) {
  const Question& widest = questions.back();  // it does it for all
  const auto d = static_cast<double>(widest.problem.d);
  const auto N = static_cast<double>(widest.neurons());
  if (is_rf(widest.network.regime)) return cost_of_rf(widest, d, N);
  if (widest.network.regime == Regime::nt) return cost_of_nt(widest, d, N);
  return {.operations = 1e7 + 1e4 * d, .bytes = 10 * kNumber * d};
}

/// NT with the quadratic activation is done before threads would have started.
bool is_threaded(std::span<const Question> questions) {
  const question::NetworkSpec& network = questions.back().network;
  return is_rf(network.regime) || (network.regime == Regime::nt && !question::is_quadratic(network));
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
                     // The giant step rescales W as a whole.
                     if (is_rf(question.network.regime) && question.network.one_step == 0)
                       return {"network.width", "network.rho"};
                     return {};
                   },
                   .cost = cost,
                   .is_threaded = is_threaded,
                   .path = [](const Question& question, const Instance&) -> std::string {
                     return is_rf(question.network.regime) ? "one Gram matrix for all widths" : "";
                   },
                   .answer = answer};

}  // namespace lazygap::route
