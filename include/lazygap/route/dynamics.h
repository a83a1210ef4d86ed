#pragma once

#include "lazygap/core/control.h"
#include "lazygap/question/instance.h"
#include "lazygap/question/question.h"

namespace lazygap::route {

/// The largest constant step size at which the mean risk of NT does not grow for ever, for a question that
/// the route dynamics answers (dynamics::nt_largest_stable_step_size); NaN for NN, where it is not known, and
/// where Control::stop asked for an end.
[[nodiscard]] double largest_stable_step_size(const question::Question& question,
                                              const question::Instance& instance,
                                              const lazygap::Control& control = {});

}  // namespace lazygap::route
