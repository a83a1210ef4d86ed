#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "lazygap/question/question.h"

namespace lazygap::question {

/// Canonical JSON of everything that the answer to a question depends on: its route with the `version` of
/// that route, and every key that the route reads (keys.h). Equal names mean equal numbers up to rounding, in
/// whichever plan the question occurs.
[[nodiscard]] std::string name(const Question& question, int version);

/// One of the questions that a plan asks at a point.
struct Repetition {
  std::uint32_t draw = 0;
  double step_size = 0;  ///< 0: as in the question
};
/// The names of the question with each draw and step size; faster than one after the other.
[[nodiscard]] std::vector<std::string> names(const Question& question, int version,
                                             std::span<const Repetition> repetitions);

/// The name-based UUID (SHA-1) of a name: the key under which the store keeps the answer.
[[nodiscard]] std::string identity(const std::string& name);

/// Name of a matrix: its size and the name-based UUID of its numbers.
[[nodiscard]] std::string content_name(const Matrix& matrix);

}  // namespace lazygap::question
