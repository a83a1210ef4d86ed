#pragma once

#include "lazygap/core/matrix.h"
#include "lazygap/problem/problem.h"

/// The exact risks of RF and NT with quadratic activation by brute force: every moment is a sum over the
/// indices of x of Wick's theorem, every linear system goes through an eigendecomposition. Time grows like (N
/// d)^2 d^4: for d up to about 5.
namespace lazygap::reference {

/// Features <w_i,x>^2 - 1.
[[nodiscard]] double rf_risk(const Problem& problem, const Matrix& W);

/// Features <w_i,x> x_k and a constant.
[[nodiscard]] double nt_risk(const Problem& problem, const Matrix& W);

}  // namespace lazygap::reference
