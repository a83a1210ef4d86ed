#pragma once

#include <string>

#include "lazygap/core/answer.h"
#include "lazygap/math/conjugate_gradient.h"

namespace lazygap::exact {

/// What there is to say of second moments with this error, relative to their diagonal: mostly nothing.
[[nodiscard]] std::string moments_message(double error);

/// Status, diagnostics and message of an answer by conjugate gradients.
void add_outcome(Answer& answer, const ConjugateGradientSolution& solution);

}  // namespace lazygap::exact
