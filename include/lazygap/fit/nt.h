#pragma once

#include "lazygap/fit/rf.h"

namespace lazygap::fit {

/// NT on n samples: the minimum over A (d x N) and c of
///   (1/n) sum_j (y_j - c - sum_i sigma'(<w_i,x_j> + b_i) <a_i,x_j>)^2 + ridge ||A||_F^2;
/// the offset c is not penalised. Where ridge = 0 and the minimum is not unique, A is the one of least norm.
[[nodiscard]] Outcome nt(const Problem& problem, const Matrix& W, const Vector& biases,
                         const Options& options = {});

}  // namespace lazygap::fit
