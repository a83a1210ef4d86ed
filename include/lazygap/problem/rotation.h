#pragma once

#include <cstdint>

#include "lazygap/core/matrix.h"

namespace lazygap {

/// A d x d orthogonal matrix Q from Haar measure, drawn at (seed, Purpose::rotation): the Q factor of a
/// matrix of independent normals, the diagonal of R positive. Q diag(b) Q^T is the symmetric matrix of
/// spectrum b in general position (the "non-diagonal Delta" of the appendix of [GMMM19]).
[[nodiscard]] Matrix haar_rotation(Index d, std::uint64_t seed);

}  // namespace lazygap
