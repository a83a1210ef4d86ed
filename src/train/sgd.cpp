#include "lazygap/train/sgd.h"

#include "train/general_sgd.h"
#include "train/protocol.h"
#include "train/quadratic_sgd.h"

namespace lazygap::train {

Outcome run_nn(const Problem& problem, Index neurons, const Options& options, const Hooks& hooks) {
  check_options("train::run_nn", Regime::nn, neurons, options);
  return is_quadratic_form(Regime::nn, options) ? quadratic_nn(problem, neurons, options, hooks)
                                                : general_nn(problem, neurons, options, hooks);
}

Outcome run_nt(const Problem& problem, Index neurons, const Options& options, const Hooks& hooks) {
  check_options("train::run_nt", Regime::nt, neurons, options);
  return is_quadratic_form(Regime::nt, options) ? quadratic_nt(problem, neurons, options, hooks)
                                                : general_nt(problem, neurons, options, hooks);
}

}  // namespace lazygap::train
