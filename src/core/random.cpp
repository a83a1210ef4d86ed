#include "lazygap/core/random.h"

#include <Random123/philox.h>

#include <cmath>
#include <numbers>

namespace lazygap {
namespace {

using Philox = r123::Philox4x32;
using Block = Philox::ctr_type;

class BlockSource {
 public:
  explicit BlockSource(const RandomAddress& address)
      : key_{{static_cast<std::uint32_t>(address.seed), static_cast<std::uint32_t>(address.seed >> 32)}},
        step_(address.step),
        index_(address.index),
        purpose_(static_cast<std::uint32_t>(address.purpose)) {}

  Block operator()(std::uint32_t block) const {
    return philox_(Block{{block, step_, index_, purpose_}}, key_);
  }

 private:
  Philox philox_;
  Philox::key_type key_;
  std::uint32_t step_, index_, purpose_;
};

/// 53 random bits, centred in their cell: in (0, 1).
double uniform53(std::uint32_t high, std::uint32_t low) {
  const std::uint64_t bits =
      (static_cast<std::uint64_t>(high) << 21) ^ (static_cast<std::uint64_t>(low) >> 11);
  return (static_cast<double>(bits) + 0.5) * 0x1p-53;
}

}  // namespace

void fill_uniforms(const RandomAddress& address, std::span<double> out, std::uint32_t first_block) {
  const BlockSource source(address);
  for (std::size_t i = 0; i < out.size(); i += 2) {
    const Block words = source(first_block + static_cast<std::uint32_t>(i / 2));
    out[i] = uniform53(words[0], words[1]);
    if (i + 1 < out.size()) out[i + 1] = uniform53(words[2], words[3]);
  }
}

void fill_normals(const RandomAddress& address, std::span<double> out, std::uint32_t first_block) {
  const BlockSource source(address);
  for (std::size_t i = 0; i < out.size(); i += 2) {
    const Block words = source(first_block + static_cast<std::uint32_t>(i / 2));
    const double radius = std::sqrt(-2.0 * std::log(uniform53(words[0], words[1])));
    const double angle = 2.0 * std::numbers::pi * uniform53(words[2], words[3]);
    out[i] = radius * std::cos(angle);
    if (i + 1 < out.size()) out[i + 1] = radius * std::sin(angle);
  }
}

}  // namespace lazygap
