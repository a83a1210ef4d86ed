#pragma once

#include "lazygap/report/table.h"
#include "lazygap/store/store.h"

namespace lazygap::report {

/// What a store holds, whichever plans it came from, read from the names of its questions: one line for each
/// question with its draws taken together, and a column for every key in which questions differ or that is
/// not at its default. Training stands at its best step size: the smallest mean risk among those at which
/// every draw ended with a number. R/R0 is the mean over draws with its standard error.
[[nodiscard]] Table contents(const store::Store& store);

}  // namespace lazygap::report
