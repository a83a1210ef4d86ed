#pragma once

#include "lazygap/schedule/run.h"

namespace lazygap::schedule {

/// The number of groups side by side that the options mean. UsageError for a negative one.
[[nodiscard]] int job_count(const RunOptions& options);
/// Bytes that all groups together may take.
[[nodiscard]] double memory_limit(const RunOptions& options);

}  // namespace lazygap::schedule
