#include "lazygap/route/lazy_rich.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "lazygap/exact/lazy_rich.h"
#include "route/cost.h"
#include "route/objects.h"

namespace lazygap::route {
namespace {

std::optional<std::string> refuses(const Question& question, const Instance& instance) {
  if (std::string lack = lacks_spikes(question); !lack.empty()) return lack;
  const auto* target = std::get_if<PolynomialTarget>(&instance.problem);
  if (target == nullptr || !question::is_quadratic(question.network))
    return "where training with an output scale ends is known for qf and the quadratic activation only";
  return {};
}

/// The W of NT of the same draw, so that the two meet at large scales.
Matrix start_of(const Instance& instance, const Question& question) {
  return first_layer(instance, Regime::nt).sample(question.neurons(), question.seed, question.draw);
}

void answer(const Instance& instance, std::span<const Question> questions, const Control& control) {
  const Question& first = questions.front();
  const Matrix W_0 = start_of(instance, first);
  std::vector<double> alphas;
  for (const Question& question : questions) alphas.push_back(question.network.output_scale);
  const auto found = exact::lazy_rich(std::get<PolynomialTarget>(instance.problem), W_0, alphas);
  for (std::size_t i = 0; i < questions.size(); ++i) {
    store::Result result = empty_result(questions[i], instance);
    set_answer(result, found[i].answer);
    result.message =
        fmt::format("cosine of the tangent kernels at start and end {:.6f}", found[i].kernel_cosine);
    result.mechanism.points = {{.kernel_cosine = found[i].kernel_cosine}};
    control.finished(i, std::move(result));
  }
}

/// alpha is the factor of sum_i <w_i,x>^2; mean-field training has another factor of its own before it.
std::string warns(const Question& question, const Instance&) {
  const train::Options& options = question.train.options;
  if (options.parameterisation == Parameterisation::unit && options.second_layer_value == 1) return {};
  return "lazy_rich is about the parameterisation \"unit\" with a = 1; training here has other factors "
         "before the "
         "network, so that the same output scale is more or less lazy";
}

Cost cost(std::span<const Question> questions) {
  const auto d = static_cast<double>(questions.front().problem.d);
  return {.operations = static_cast<double>(questions.size()) * kFactorisation * 9 * d * d * d,
          .bytes = kNumber * (5.3 * d * d + 2.8 * d * static_cast<double>(questions.front().neurons()))};
}

}  // namespace

double rich_kernel_cosine(const Question& question, const Instance& instance) {
  // Far below 1, where the end is that of NN to 1e-9, and far above rounding.
  constexpr double kRich = 1e-9;
  const auto& target = std::get<PolynomialTarget>(instance.problem);
  const std::array alphas{kRich * target.eigenvalues().cwiseAbs().maxCoeff()};
  return exact::lazy_rich(target, start_of(instance, question), alphas).front().kernel_cosine;
}

const Route kLazyRich{
    .method = Method::lazy_rich,
    .name = "lazy_rich",
    .version = [](const Question&) { return 2; },  // answers carry the cosine of the tangent kernels
    .applies = [](Regime regime) { return regime == Regime::nn; },
    .repeats = [](Regime) { return true; },
    .refuses = refuses,
    .warns = warns,
    .lacks = nothing_lacks,
    .nests = [](const Question&) -> std::vector<std::string_view> { return {"network.output_scale"}; },
    .cost = cost,
    .path = one_way,
    .answer = answer};

}  // namespace lazygap::route
