#pragma once

#include <fmt/format.h>

#include "lazygap/core/error.h"
#include "lazygap/problem/problem.h"

namespace lazygap::limit {

/// Throws UsageError where f* is not a quadratic function: [GMMM19] has no limit for it.
inline void check_quadratic(const char* function, const Problem& problem) {
  if (const auto* qf = std::get_if<PolynomialTarget>(&problem); qf != nullptr && !qf->is_quadratic())
    throw UsageError(
        fmt::format("{}: f* has parts of other degrees than 2, up to {}, and no limit is known for them",
                    function, qf->degree()));
}

}  // namespace lazygap::limit
