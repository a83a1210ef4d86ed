#pragma once

#include <span>
#include <string_view>

namespace lazygap::plan {

struct BuiltInPlan {
  std::string_view name;  ///< file name without .toml
  std::string_view text;
};

/// The files plans/*.toml of the source tree, by name.
[[nodiscard]] std::span<const BuiltInPlan> built_in_plan_texts();

}  // namespace lazygap::plan
