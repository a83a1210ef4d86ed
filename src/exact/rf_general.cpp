#include <utility>

#include "exact/messages.h"
#include "exact/rf_ways.h"
#include "math/leading_blocks.h"
#include "network/feature_moments.h"
#include "network/neuron_functions.h"

namespace lazygap::exact {

std::vector<Answer> rf_general(const Problem& problem, const Network& network, std::span<const Index> widths,
                               const Stage& stage) {
  constexpr double kExpansion = 0.1;  // of the time, roughly
  const double centre = network.centred ? network.activation.hermite.lambda_0 : 0;
  const FeatureMoments moments(problem, network.activation, network.W, network.biases, centre,
                               network::kRounding, stage.part(0, kExpansion));
  const Vector& v = moments.projections();
  const FillMatrix fill = [&](Matrix& K, const Stage& filling) { moments.gram(K, filling); };
  std::vector<SemidefiniteSolution> solutions = solve_regular(fill, v, widths, stage.part(kExpansion, 1));
  while (solutions.size() < widths.size())
    solutions.push_back(
        solve_dependent(fill, v.head(widths[solutions.size()]), kDependent, stage.part(1, 1)));
  const double mean = network::mean_label(problem);
  std::vector<Answer> answers;
  for (const auto& [a, rank] : solutions) {
    Answer answer{.risk = null_risk(problem) + mean * mean - v.head(a.size()).dot(a),
                  .status = Status::ok,
                  .message = moments_message(moments.error()),
                  .diagnostics = {.rank = rank, .kernel_error = moments.error()}};
    if (rank < a.size()) add_sentence(answer.message, dropped_message(rank, a.size()));
    answers.push_back(std::move(answer));
  }
  return answers;
}

}  // namespace lazygap::exact
