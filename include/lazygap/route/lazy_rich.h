#pragma once

#include "lazygap/question/instance.h"
#include "lazygap/question/question.h"

namespace lazygap::route {

/// Cosine between the tangent kernels of W_0, the W of NT of the draw of `question`, and of the network where
/// NN ends from there: exact::lazy_rich for a scale that goes to 0. For problems and networks that the route
/// lazy_rich answers.  [beyond GMMM19]
[[nodiscard]] double rich_kernel_cosine(const question::Question& question,
                                        const question::Instance& instance);

}  // namespace lazygap::route
