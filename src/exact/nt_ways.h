#pragma once

#include "core/stage.h"
#include "lazygap/exact/nt.h"

/// Two ways to the answer of exact::nt, for arguments that have been checked.
namespace lazygap::exact {

/// Features proportional to <w_i,x> x.
[[nodiscard]] Answer nt_quadratic(const Problem& problem, const Matrix& W, const Stage& stage);
/// Any features.
[[nodiscard]] Answer nt_general(const Problem& problem, const Network& network, const Stage& stage);

}  // namespace lazygap::exact
