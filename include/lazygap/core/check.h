#pragma once

#include <string_view>

#include "lazygap/core/matrix.h"

/// Argument checks of the public functions. Each throws UsageError with one sentence of the form
/// `exact::nt: W[3,7] is nan, but must be finite`.
namespace lazygap {

void check_finite(std::string_view function, std::string_view name, double value);
void check_finite(std::string_view function, std::string_view name, const Vector& values);
void check_finite(std::string_view function, std::string_view name, const Matrix& values);
void check_positive(std::string_view function, std::string_view name, double value);
void check_nonnegative(std::string_view function, std::string_view name, double value);
void check_at_least(std::string_view function, std::string_view name, Index value, Index least);
void check_not_empty(std::string_view function, std::string_view name, Index size);
/// `what` says which quantity `expected` is, for example "the dimension d of the problem".
void check_size(std::string_view function, std::string_view name, Index size, std::string_view what,
                Index expected);

}  // namespace lazygap
