// Random words on stdout without end, for a battery of statistical tests such as dieharder:
// - random_stream words: the words of the generator
// - random_stream normals: fp32 normals through their distribution function; the upper 16 bits of two make a
//   word, because an fp32 number has no more to give everywhere
//
// Batches of 45000 numbers at consecutive steps of one stream, as training draws them.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string_view>
#include <vector>

#include "lazygap/core/random.h"

namespace {

constexpr std::size_t kBatch = 45000;

/// floor(2^16 Phi(z)), Phi the distribution function of N(0,1).
std::uint32_t sixteen_bits(float z) {
  const double u = std::erfc(-static_cast<double>(z) / std::sqrt(2.0)) / 2;
  return static_cast<std::uint32_t>(std::min(65535.0, u * 65536));
}

bool write(const std::vector<std::uint32_t>& words) {
  return std::fwrite(words.data(), sizeof(std::uint32_t), words.size(), stdout) == words.size();
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view what = argc == 2 ? argv[1] : "";
  if (what != "words" && what != "normals") {
    std::fputs("usage: random_stream words|normals\n", stderr);
    return 2;
  }
  lazygap::RandomAddress address{.seed = 1, .purpose = lazygap::Purpose::training};
  std::vector<std::uint32_t> words(what == "words" ? kBatch : kBatch / 2);
  std::vector<float> normals(kBatch);
  for (;; ++address.step) {
    if (what == "words") {
      lazygap::fill_words(address, words);
    } else {
      lazygap::fill_normals(address, std::span<float>(normals));
      for (std::size_t i = 0; i < words.size(); ++i)
        words[i] = sixteen_bits(normals[2 * i]) << 16 | sixteen_bits(normals[2 * i + 1]);
    }
    if (!write(words)) return 0;  // whoever reads has enough
  }
}
