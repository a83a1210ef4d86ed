#pragma once

#include <Eigen/Core>
#include <algorithm>

#include "lazygap/activation/activation.h"

namespace lazygap {

/// Numbers an activation is evaluated on at once in fp32: four SSE or one AVX-512 vector.
using Chunk = Eigen::Array<float, 16, 1>;

/// Makes an ActivationBlock of `f(u, value, derivative)` on arrays: const Chunk& u, Chunk& value, Chunk&
/// derivative. The last chunk is padded, so that every number takes the same instructions.
template <class F>
ActivationBlock make_block(F f) {
  return [f = std::move(f)](std::span<const float> u, std::span<float> value, std::span<float> derivative) {
    constexpr std::size_t kSize = Chunk::SizeAtCompileTime;
    Chunk s, ds;
    std::size_t first = 0;
    for (; first + kSize <= u.size(); first += kSize) {
      f(Chunk(Eigen::Map<const Chunk>(u.data() + first)), s, ds);
      Eigen::Map<Chunk>(value.data() + first) = s;
      Eigen::Map<Chunk>(derivative.data() + first) = ds;
    }
    if (const std::size_t rest = u.size() - first; rest > 0) {
      Chunk padded = Chunk::Zero();
      std::copy_n(u.data() + first, rest, padded.data());
      f(padded, s, ds);
      std::copy_n(s.data(), rest, value.data() + first);
      std::copy_n(ds.data(), rest, derivative.data() + first);
    }
  };
}

}  // namespace lazygap
