#pragma once

#include "lazygap/problem/problem.h"
#include "lazygap/train/options.h"
#include "lazygap/train/outcome.h"

/// One-pass SGD for any activation with a derivative. The quadratic one without biases, momentum or a free
/// second layer has algebra and kernels of its own (below). Step number t draws the samples at {seed,
/// Purpose::training, draw, t}: all step sizes, widths and regimes of one (seed, draw) see the same ones.
/// Errors: UsageError where `neurons` < 1 or an option is outside its range.
namespace lazygap::train {

/// Trains the two-layer network of `neurons` neurons (NN). Initial weights: isotropic,
/// Purpose::initial_weights; a wider network starts with the neurons of a narrower one.  [GMMM19, sec. 2.3,
/// 4]
///
/// Quadratic: Reduction::automatic trains, where N > d, the d x d factor L of W = L Q instead of W: f depends
/// on W through W W^T = L L^T only and SGD commutes with right rotations of W, so the trajectory is the same.
[[nodiscard]] Outcome run_nn(const Problem& problem, Index neurons, const Options& options,
                             const Hooks& hooks = {});

/// Trains the linearised network (NT) on W = first_layer_law(Regime::nt).sample(neurons, seed, draw), the
/// same W for which the exact risk is computed.
///
/// Quadratic: a step changes A by a symmetric matrix times W, so only a symmetric d x d matrix has to be
/// kept, in the eigenbasis U of W W^T (nt_basis). Quadratic targets: the samples of the address are taken as
/// U^T x, which has the same law as x; other problems: they are rotated.
[[nodiscard]] Outcome run_nt(const Problem& problem, Index neurons, const Options& options,
                             const Hooks& hooks = {});

/// W W^T = U diag(l) U^T: l (d entries, decreasing), exactly 0 from entry N on, U (d x d) orthogonal.
struct NtBasis {
  Matrix U;
  Vector l;
};
[[nodiscard]] NtBasis nt_basis(const Matrix& W);

}  // namespace lazygap::train
