#include <algorithm>
#include <span>
#include <utility>

#include "lazygap/store/store.h"

namespace lazygap::store {
namespace {

/// Results in memory at a time.
constexpr std::size_t kBatch = 500;

bool is_answer(const std::optional<Result>& result) { return result && result->status != Status::failed; }

}  // namespace

Merged merge(Store& target, const Store& source) {
  Merged merged;
  const std::vector<std::string> keys = source.keys();
  for (std::size_t begin = 0; begin < keys.size(); begin += kBatch) {
    const std::span<const std::string> some(keys.data() + begin, std::min(kBatch, keys.size() - begin));
    auto theirs = source.find_all(some);
    const auto ours = target.find_all(some);
    std::vector<Result> missing;
    for (std::size_t i = 0; i < some.size(); ++i) {
      if (!theirs[i]) continue;
      if (is_answer(ours[i]) || (ours[i] && !is_answer(theirs[i])))
        ++merged.present;
      else
        missing.push_back(std::move(*theirs[i]));
    }
    merged.added += missing.size();
    target.save(missing);
  }
  for (const std::string& key : source.checkpoint_keys()) {
    if (target.find(key) || !target.checkpoint(key).empty()) continue;
    target.save_checkpoint(key, source.checkpoint(key));
    ++merged.states;
  }
  return merged;
}

}  // namespace lazygap::store
