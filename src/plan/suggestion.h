#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lazygap::plan {

/// `; did you mean "steps"?` for the word of `accepted` that is nearest to `word`, nothing where none is
/// near.
[[nodiscard]] std::string suggestion(std::string_view word, const std::vector<std::string>& accepted);

}  // namespace lazygap::plan
