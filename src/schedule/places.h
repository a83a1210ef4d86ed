#pragma once

#include <map>
#include <string>
#include <vector>

#include "lazygap/plan/plan.h"
#include "lazygap/schedule/run.h"

namespace lazygap::schedule {

/// The places of a run: those of the options, or this process.
[[nodiscard]] std::vector<Place> places_of(const plan::Plan& plan, const RunOptions& options);

[[nodiscard]] int cores_of(const std::vector<Place>& places);
/// The memory of each host.
[[nodiscard]] std::map<std::string, double> memory_of(const std::vector<Place>& places);
/// The most that one group can have.
[[nodiscard]] double largest_memory(const std::vector<Place>& places);

/// The cores that a group with `work` operations should have, where `left` operations are left to do on
/// `cores` cores: its part of them, at least 1.
[[nodiscard]] int cores_for(double work, double left, int cores, bool is_threaded);

}  // namespace lazygap::schedule
