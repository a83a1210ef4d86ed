#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace lazygap {

/// `; did you mean "steps"?` for the word of `accepted` that is nearest to `word`, nothing where none is
/// near. Up to `most` words where several are near, by edits or because they go on where `word` ends.
[[nodiscard]] std::string suggestion(std::string_view word, const std::vector<std::string>& accepted,
                                     std::size_t most = 1);

}  // namespace lazygap
