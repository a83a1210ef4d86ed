// A saved state and the run that may go on from it, through the public functions.
#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "lazygap/core/error.h"
#include "lazygap/problem/spectrum.h"
#include "lazygap/train/sgd.h"

namespace lazygap::train {
namespace {

Problem exponential_qf(Index d) { return PolynomialTarget(draw_spectrum({}, d, 7)); }

Options short_run() {
  Options options;
  options.steps = 40;
  options.batch = 13;
  options.records = 12;
  options.test_samples = 0;
  return options;
}

/// A state of `run` after its first look at the hooks.
template <class RunOne>
std::vector<std::byte> state_of(const RunOne& run, const Problem& problem, Index neurons,
                                const Options& options) {
  std::vector<std::byte> state;
  Hooks hooks;
  hooks.save = [&](std::span<const std::byte> bytes) { state.assign(bytes.begin(), bytes.end()); };
  hooks.stop = [] { return true; };
  (void)run(problem, neurons, options, hooks);
  return state;
}

TEST(Fingerprint, AStateIsAcceptedOnlyByTheRunThatWroteIt) {
  constexpr Index kDimension = 6;
  const Vector sigma = Vector::LinSpaced(kDimension, 0.5, 1.5);
  const Problem mixture_1 = GaussianMixture(sigma, 0.3 * sigma),
                mixture_2 = GaussianMixture(sigma, 0.4 * sigma);
  const Problem target_1 = exponential_qf(kDimension),
                target_2 = PolynomialTarget(std::get<PolynomialTarget>(target_1).eigenvalues().reverse()),
                target_3 = PolynomialTarget(std::get<PolynomialTarget>(target_1).eigenvalues(), 1.0);
  for (const auto run : {run_nn, run_nt}) {
    const auto is_accepted = [&](const std::vector<std::byte>& state, const Problem& problem,
                                 const Options& options) {
      try {
        (void)run(problem, 3, options, {.resume = state});
      } catch (const UsageError&) {
        return false;
      }
      return true;
    };
    const Options options = short_run();
    // R0 is 1 for every mixture, and the same for a spectrum in another order or with another offset.
    const std::vector<std::byte> of_mixture = state_of(run, mixture_1, 3, options),
                                 of_target = state_of(run, target_1, 3, options);
    EXPECT_TRUE(is_accepted(of_mixture, mixture_1, options));
    EXPECT_FALSE(is_accepted(of_mixture, mixture_2, options));
    EXPECT_TRUE(is_accepted(of_target, target_1, options));
    EXPECT_FALSE(is_accepted(of_target, target_2, options));
    EXPECT_FALSE(is_accepted(of_target, target_3, options));
    EXPECT_FALSE(is_accepted(of_target, mixture_1, options));
    Options other = options;
    other.test_samples = 100;
    EXPECT_FALSE(is_accepted(of_target, target_1, other));

    // The name of an activation says nothing of what it is.
    Options mine = options, mine_too = options;
    mine.activation = activation_from_name("tanh");
    mine.activation.name = "mine";
    mine_too.activation = activation_from_name("gelu");
    mine_too.activation.name = "mine";
    const std::vector<std::byte> of_mine = state_of(run, target_1, 3, mine);
    EXPECT_TRUE(is_accepted(of_mine, target_1, mine));
    EXPECT_FALSE(is_accepted(of_mine, target_1, mine_too));
  }
}

// In the words of the previous version: the run has to start anew.
TEST(Fingerprint, AStateOfAnOldFormatIsRefused) {
  const Problem problem = exponential_qf(4);
  const Options options = short_run();
  std::vector<std::byte> state = state_of(run_nn, problem, 2, options);
  const std::string_view text(reinterpret_cast<const char*>(state.data()), state.size());
  const std::size_t version = text.find("state 5");
  ASSERT_NE(version, std::string_view::npos);
  state[version + 6] = std::byte{'4'};
  try {
    (void)run_nn(problem, 2, options, {.resume = state});
    FAIL() << "the state was accepted";
  } catch (const UsageError& error) {
    EXPECT_STREQ(
        error.what(),
        "Hooks::resume: the saved state is that of another run or of another version, but must be that "
        "of a run with the same arguments");
  }
}

}  // namespace
}  // namespace lazygap::train
