#pragma once

#include <cstddef>
#include <string>

#include "lazygap/question/instance.h"
#include "lazygap/route/route.h"
#include "lazygap/train/outcome.h"

namespace lazygap::route {

/// The result of a question to train or flow.
[[nodiscard]] store::Result trained_result(const Question& question, const Instance& instance,
                                           const train::Outcome& outcome);

/// Hands the weights that a run has kept to whoever keeps them: Result::weights.
[[nodiscard]] std::string kept_weights(const Control& control, std::size_t i, const train::Outcome& outcome);

/// Cost of one question to train, and parts of it that several questions share: the samples of a draw, and
/// the moments of NT with a general activation, of a width and draw.
[[nodiscard]] Cost cost_of_training(const Question& question);
[[nodiscard]] double operations_of_samples(const Question& question);
[[nodiscard]] Cost cost_of_moments(const Question& question);
/// Whether NT works in coordinates of its own width, so that it shares no samples with other widths.
[[nodiscard]] bool rotates_samples(const Question& question);

}  // namespace lazygap::route
