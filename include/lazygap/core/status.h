#pragma once

#include <string_view>

namespace lazygap {

/// How a computation ended. `none` marks a result that nobody has filled. `eliminated` marks a training run
/// that successive halving has ended early, because another step size does better.
enum class Status { none, ok, diverged, not_converged, failed, eliminated };

[[nodiscard]] std::string_view to_string(Status status);
/// Inverse of to_string; throws UsageError for any other word.
[[nodiscard]] Status status_from_string(std::string_view word);

}  // namespace lazygap
