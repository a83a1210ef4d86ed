#include "lazygap/core/check.h"

#include <fmt/format.h>

#include <cmath>

#include "lazygap/core/error.h"

namespace lazygap {

void check_finite(std::string_view function, std::string_view name, double value) {
  if (!std::isfinite(value))
    throw UsageError(fmt::format("{}: {} is {}, but must be finite", function, name, value));
}

void check_finite(std::string_view function, std::string_view name, const Vector& values) {
  for (Index i = 0; i < values.size(); ++i)
    if (!std::isfinite(values[i]))
      throw UsageError(fmt::format("{}: {}[{}] is {}, but must be finite", function, name, i, values[i]));
}

void check_finite(std::string_view function, std::string_view name, const Matrix& values) {
  for (Index j = 0; j < values.cols(); ++j)
    for (Index i = 0; i < values.rows(); ++i)
      if (!std::isfinite(values(i, j)))
        throw UsageError(
            fmt::format("{}: {}[{},{}] is {}, but must be finite", function, name, i, j, values(i, j)));
}

void check_positive(std::string_view function, std::string_view name, double value) {
  if (!(value > 0) || !std::isfinite(value))
    throw UsageError(fmt::format("{}: {} is {}, but must be positive and finite", function, name, value));
}

void check_nonnegative(std::string_view function, std::string_view name, double value) {
  if (!(value >= 0) || !std::isfinite(value))
    throw UsageError(
        fmt::format("{}: {} is {}, but must be zero or positive, and finite", function, name, value));
}

void check_at_least(std::string_view function, std::string_view name, Index value, Index least) {
  if (value < least)
    throw UsageError(fmt::format("{}: {} is {}, but must be at least {}", function, name, value, least));
}

void check_not_empty(std::string_view function, std::string_view name, Index size) {
  if (size == 0)
    throw UsageError(fmt::format("{}: {} is empty, but must have at least one entry", function, name));
}

void check_size(std::string_view function, std::string_view name, Index size, std::string_view what,
                Index expected) {
  if (size != expected)
    throw UsageError(
        fmt::format("{}: {} has size {}, but must have {} = {}", function, name, size, what, expected));
}

}  // namespace lazygap
