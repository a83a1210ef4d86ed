#pragma once

#include <string>

#include "lazygap/core/answer.h"
#include "lazygap/math/conjugate_gradient.h"

namespace lazygap::exact {

/// What there is to say of second moments with this error, relative to their diagonal: mostly nothing.
[[nodiscard]] std::string moments_message(double error);

/// Appends `sentence`, unless it is empty.
void add_sentence(std::string& message, const std::string& sentence);

/// Where features were left out because they depend on others to 1e-6 (math/leading_blocks.h, kDependent).
[[nodiscard]] std::string dropped_message(Index rank, Index N);

/// Status, diagnostics and message of an answer by conjugate gradients.
void add_outcome(Answer& answer, const ConjugateGradientSolution& solution);

}  // namespace lazygap::exact
