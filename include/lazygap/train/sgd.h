#pragma once

#include <span>
#include <string>
#include <vector>

#include "lazygap/network/regime.h"
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
/// kept, in the eigenbasis U of W W^T (network/nt_basis.h). Quadratic targets: the samples of the address are
/// taken as U^T x, which has the same law as x; other problems: they are rotated.
[[nodiscard]] Outcome run_nt(const Problem& problem, Index neurons, const Options& options,
                             const Hooks& hooks = {});

/// One of several networks that are trained together.
struct Network {
  Index neurons = 1;
  double step_size = 0.01;
  std::uint32_t draw = 0;
  /// Other than none: how an earlier call has ended this network. It is not trained again, but halving knows
  /// of it.
  Status known = Status::none;
};

/// Trains networks of one regime (nn or nt) side by side and gives the outcome of each, the same as run_nn
/// and run_nt would; of a network that is known, its status alone. Networks of one draw see the same samples,
/// which are then drawn once; on other targets than qf, those of NT with quadratic activation are shared by
/// networks of one width only. `options` hold for all but what Network says.
///
/// Search::halving ends runs early, with Status::eliminated: at 1/16, 1/8, 1/4 and 1/2 of the steps, for
/// every width, the step size is found that would be best (smallest risk, averaged over the draws) were that
/// the whole run, drops of the schedule included; larger ones are given up, and smaller ones but for the next
/// 3, 2, 2 and 1. [JT16] Draws that are known to be finished for one of the step sizes do not count.
/// The others end as they would without the search. docs/theory/train.md tells how often the winner is the
/// same.
[[nodiscard]] std::vector<Outcome> run_networks(Regime regime, const Problem& problem,
                                                std::span<const Network> networks, const Options& options,
                                                Search search = Search::full, const GroupHooks& hooks = {});

/// The algebra that carries out the steps of a network with these options, its precision and the instruction
/// set: Outcome::path. For example "LQ, AVX-512 fp32".
[[nodiscard]] std::string path(Regime regime, const Problem& problem, Index neurons, const Options& options);

/// The steps that halving takes for a step size that it ends at `steps_done` (options.steps: never), its
/// looks ahead included; the last step size left is not looked at, and takes fewer.
[[nodiscard]] std::int64_t halving_steps(Regime regime, const Options& options, std::int64_t steps_done);

}  // namespace lazygap::train
