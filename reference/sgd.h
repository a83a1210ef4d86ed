#pragma once

#include <vector>

#include "lazygap/problem/problem.h"
#include "lazygap/train/options.h"

/// One-pass SGD written out sample by sample from the definition of the network and the chain rule, fp64, all
/// of W and A. Same samples as lazygap::train. Returned: the population risk after 0, 1, ..., options.steps
/// steps.
namespace lazygap::reference {

/// NN from the initial weights W (d x N).
[[nodiscard]] std::vector<double> sgd_nn(const Problem& problem, const Matrix& W,
                                         const train::Options& options);
/// NT on W (d x N); the samples of an address are multiplied by the orthogonal matrix U (d x d), labels taken
/// after that (qf only; mg ignores U).
[[nodiscard]] std::vector<double> sgd_nt(const Problem& problem, const Matrix& W, const Matrix& U,
                                         const train::Options& options);

}  // namespace lazygap::reference
