#include "data/shuffle.h"

#include <algorithm>
#include <numeric>

namespace lazygap::data {

std::vector<std::uint64_t> sort_keys(const RandomAddress& address, Index n) {
  std::vector<std::uint32_t> words(2 * static_cast<std::size_t>(n));
  fill_words(address, words);
  std::vector<std::uint64_t> keys(static_cast<std::size_t>(n));
  for (std::size_t i = 0; i < keys.size(); ++i)
    keys[i] = std::uint64_t{words[2 * i]} << 32 | words[2 * i + 1];
  return keys;
}

std::vector<Index> permutation(const RandomAddress& address, Index n) {
  const std::vector<std::uint64_t> keys = sort_keys(address, n);
  std::vector<Index> order(keys.size());
  std::iota(order.begin(), order.end(), Index{0});
  // Equal keys, which come once in 1e19 / n^2 times, keep their order.
  std::stable_sort(order.begin(), order.end(), [&](Index a, Index b) {
    return keys[static_cast<std::size_t>(a)] < keys[static_cast<std::size_t>(b)];
  });
  return order;
}

}  // namespace lazygap::data
