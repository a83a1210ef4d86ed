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
/// after that (quadratic targets only; other problems ignore U).
[[nodiscard]] std::vector<double> sgd_nt(const Problem& problem, const Matrix& W, const Matrix& U,
                                         const train::Options& options);

/// All that is trained, in the parameters of the definitions: f = front sum_i a_i sigma(<w_i,x> + b_i) + beta
/// c (NN; b of N entries), f = front sum_i sigma'(<w_i,x> + b_i) <a_i,x> + beta c (NT), front = 1 (unit) or
/// alpha / N (mean_field).
struct Network {
  Matrix W;  ///< d x N
  Vector b;
  Vector a;  ///< NN
  Matrix A;  ///< NT, d x N
  double c = 0;
};

/// f on the columns of X, in the units of the problem; NT where `network.A` is not empty. All of f but the
/// offset has the factor options.output_scale; `start`: the network that is subtracted, if any.
[[nodiscard]] Vector network_values(const Network& network, const Problem& problem, const Matrix& X,
                                    const train::Options& options, const Network* start = nullptr);

/// `network` after options.steps steps from `start`, for any activation and with every option: NN, or NT
/// where `start.A` is not empty.
[[nodiscard]] Network train_network(const Problem& problem, Network start, const train::Options& options);

}  // namespace lazygap::reference
