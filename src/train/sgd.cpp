#include "lazygap/train/sgd.h"

#include <fmt/format.h>

#include <cmath>

#include "lazygap/core/check.h"
#include "lazygap/core/error.h"
#include "train/general_sgd.h"
#include "train/protocol.h"
#include "train/quadratic_sgd.h"

namespace lazygap::train {
namespace {

std::vector<Outcome> run(const char* function, Regime regime, const Problem& problem,
                         std::span<const Network> networks, const Options& options, Search search,
                         const GroupHooks& hooks) {
  for (const Network& network : networks) {
    Options own = options;
    own.step_size = network.step_size;
    check_options(function, regime, network.neurons, own);
    check_first_layer_options(function, problem, network.neurons, own);
  }
  return is_quadratic_form(regime, options)
             ? quadratic_networks(regime, problem, networks, options, search, hooks)
             : general_networks(regime, problem, networks, options, search, hooks);
}

Outcome run_one(const char* function, Regime regime, const Problem& problem, Index neurons,
                const Options& options, const Hooks& hooks) {
  GroupHooks group{.save_every = hooks.save_every, .stop = hooks.stop};
  if (hooks.progress)
    group.progress = [&](double fraction) {
      hooks.progress(std::llround(fraction * static_cast<double>(options.steps)));
    };
  if (hooks.save) group.save = [&](std::size_t, std::span<const std::byte> state) { hooks.save(state); };
  if (!hooks.resume.empty()) group.resume = {hooks.resume};
  const Network network{.neurons = neurons, .step_size = options.step_size, .draw = options.draw};
  return run(function, regime, problem, {&network, 1}, options, Search::full, group).front();
}

}  // namespace

Outcome run_nn(const Problem& problem, Index neurons, const Options& options, const Hooks& hooks) {
  return run_one("train::run_nn", Regime::nn, problem, neurons, options, hooks);
}

Outcome run_nt(const Problem& problem, Index neurons, const Options& options, const Hooks& hooks) {
  return run_one("train::run_nt", Regime::nt, problem, neurons, options, hooks);
}

std::vector<Outcome> run_networks(Regime regime, const Problem& problem, std::span<const Network> networks,
                                  const Options& options, Search search, const GroupHooks& hooks) {
  constexpr auto kFunction = "train::run_networks";
  if (regime != Regime::nn && regime != Regime::nt)
    throw UsageError(fmt::format("{}: regime is {}, but must be NN or NT", kFunction, to_string(regime)));
  check_not_empty(kFunction, "networks", static_cast<Index>(networks.size()));
  if (!hooks.resume.empty())
    check_size(kFunction, "hooks.resume", static_cast<Index>(hooks.resume.size()), "the number of networks",
               static_cast<Index>(networks.size()));
  return run(kFunction, regime, problem, networks, options, search, hooks);
}

std::string path(Regime regime, const Problem& problem, Index neurons, const Options& options) {
  return is_quadratic_form(regime, options) ? quadratic_path(regime, problem, neurons, options)
                                            : general_path(options);
}

std::int64_t halving_steps(Regime regime, const Options& options, std::int64_t steps_done) {
  std::int64_t steps = steps_done;
  for (const Rung& rung : rungs(options, regime))
    if (rung.step <= steps_done) steps += rung.end - rung.step;
  return steps;
}

}  // namespace lazygap::train
