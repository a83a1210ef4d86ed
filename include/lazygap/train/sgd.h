#pragma once

#include <span>
#include <string>
#include <vector>

#include "lazygap/network/regime.h"
#include "lazygap/problem/problem.h"
#include "lazygap/train/options.h"
#include "lazygap/train/outcome.h"

/// One-pass SGD for any activation with a derivative. The quadratic activation without biases, momentum or a
/// free second layer has algebra and kernels of its own (below). Step number t draws the samples at {seed,
/// Purpose::training, draw, t}, so that all step sizes, widths and regimes of one (seed, draw) see the same
/// samples.
/// Errors: UsageError where `neurons` < 1 or an option is outside its range.
namespace lazygap::train {

/// Trains the two-layer network of `neurons` neurons (NN). The initial weights are
/// isotropic (Purpose::initial_weights), and a wider network starts with the neurons of a narrower one.
/// [GMMM19, sec. 2.3, 4]
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
  /// How an earlier call has ended this network; none: it has not. A network that has been ended is not
  /// trained again, but successive halving takes it into account.
  Status known = Status::none;
};

/// Trains networks of one regime (nn or nt) side by side. Each outcome is the one that run_nn or run_nt
/// gives. Where Network::known says that a network has been ended before, its outcome has this status and
/// nothing else. `options` hold for all networks, but for the width, step size and draw of each.
///
/// Networks of one draw see the same samples, which are drawn once for all of them. NT with quadratic
/// activation on other targets than qf is an exception: its samples are shared by networks of one width only.
///
/// Search::halving compares the step sizes of every width four times, at 1/16, 1/8, 1/4 and 1/2 of the steps
/// [JT16]. Each comparison asks what the risk would be if the run ended there, with the schedule's fall of
/// the step size included. The best step size has the smallest such risk, averaged over the draws. All larger
/// step sizes are given up, and of the smaller ones all but the next 3, 2, 2 and 1. What is given up ends
/// with Status::eliminated; what is left ends as it would without the search. A draw is left out of the
/// average where an earlier call has trained one of its networks to the end. docs/theory/train.md tells how
/// often the search finds the best step size of the full grid.
[[nodiscard]] std::vector<Outcome> run_networks(Regime regime, const Problem& problem,
                                                std::span<const Network> networks, const Options& options,
                                                Search search = Search::full, const GroupHooks& hooks = {});

/// The algebra that carries out the steps of a network with these options, its precision and the instruction
/// set: Outcome::path. For example "LQ, AVX-512 fp32".
[[nodiscard]] std::string path(Regime regime, const Problem& problem, Index neurons, const Options& options);

/// The steps that halving takes for a step size that it ends after `steps_done` steps (options.steps where it
/// does not end it). The steps of the comparisons are counted too, although they are taken back. A step size
/// that is the only one left is not compared any more, and takes fewer steps than this.
[[nodiscard]] std::int64_t halving_steps(Regime regime, const Options& options, std::int64_t steps_done);

}  // namespace lazygap::train
