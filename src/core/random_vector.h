#pragma once

#include <cstdint>
#include <span>

/// The two factors of the fp32 normals, by themselves: for tests of their accuracy at words that a stream
/// hardly ever meets.
namespace lazygap::detail {

/// With u = (word + 1/2) 2^-32: radius = sqrt(-2 log u), relative error below 3e-7; cosine and sine of 2 pi
/// u, absolute error below 2e-7; for every word. All spans have the length of `words`.
void box_muller(std::span<const std::uint32_t> words, std::span<float> radius, std::span<float> cosine,
                std::span<float> sine);

}  // namespace lazygap::detail
