#pragma once

#include "lazygap/store/result.h"

namespace lazygap::schedule {

/// What this build and this machine write beside every number. threads, seconds and finished_at are left to
/// the caller.
[[nodiscard]] store::Provenance provenance();

}  // namespace lazygap::schedule
