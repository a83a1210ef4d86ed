// Trained networks do not depend on the number of threads, not even in their last bit.

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <vector>

#include "lazygap/activation/activation.h"
#include "lazygap/train/sgd.h"

namespace lazygap::train {
namespace {

const Problem kProblem = PolynomialTarget(Vector::LinSpaced(16, 0.1, 1.0));

void expect_same(const std::vector<Outcome>& a, const std::vector<Outcome>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].status, b[i].status) << i;
    EXPECT_EQ(a[i].risk, b[i].risk) << i;
    EXPECT_EQ(a[i].test_risk, b[i].test_risk) << i;
    ASSERT_EQ(a[i].trajectory.size(), b[i].trajectory.size());
    for (std::size_t k = 0; k < a[i].trajectory.size(); ++k)
      EXPECT_EQ(a[i].trajectory[k].risk, b[i].trajectory[k].risk);
  }
}

struct Case {
  Regime regime;
  const char* activation;
  std::vector<Network> networks;
  Search search = Search::full;
};

/// One network, whose steps are shared; fewer networks than threads; as many; a search.
std::vector<Case> cases() {
  const Network wide{.neurons = 200, .step_size = 0.01}, other{.neurons = 200, .step_size = 0.02},
      narrow{.neurons = 3, .step_size = 0.01};
  std::vector<Network> grid;
  for (const double step_size : {0.001, 0.003, 0.01, 0.03, 0.1})
    grid.push_back({.neurons = 50, .step_size = step_size});
  return {{Regime::nn, "relu", {wide}},
          {Regime::nt, "relu", {wide}},
          {Regime::nn, "tanh", {wide, narrow}},
          {Regime::nt, "tanh", {wide, other}},
          {Regime::nn, "quadratic", {wide, other}},
          {Regime::nt, "quadratic", {wide, other}},
          {Regime::nn, "relu", grid, Search::halving}};
}

TEST(TrainThreads, ChangeNothing) {
  for (const Case& c : cases()) {
    SCOPED_TRACE(c.activation);
    const Options options{
        .activation = activation_from_name(c.activation), .steps = 200, .batch = 16, .test_samples = 100};
    const std::vector<Outcome> one = run_networks(c.regime, kProblem, c.networks, options, c.search);
    for (const int threads : {2, 3}) {
      std::map<std::size_t, int> finished;
      const GroupHooks hooks{.finished = [&](std::size_t i, const Outcome&) { ++finished[i]; },
                             .threads = threads};
      expect_same(run_networks(c.regime, kProblem, c.networks, options, c.search, hooks), one);
      EXPECT_EQ(finished.size(), c.networks.size());
      for (const auto& [i, times] : finished) EXPECT_EQ(times, 1);
    }
  }
}

TEST(TrainThreads, AStateGoesOnWithAnotherNumberOfThem) {
  const Options options{.activation = activation_from_name("relu"), .steps = 200, .batch = 16};
  const std::vector<Network> networks{{.neurons = 200, .step_size = 0.01}};
  std::vector<std::byte> state;
  int polls = 0;
  (void)run_networks(
      Regime::nn, kProblem, networks, options, Search::full,
      {.save = [&](std::size_t,
                   std::span<const std::byte> bytes) { state.assign(bytes.begin(), bytes.end()); },
       .stop = [&] { return ++polls > 2; },
       .threads = 3});
  ASSERT_FALSE(state.empty());
  expect_same(
      run_networks(Regime::nn, kProblem, networks, options, Search::full, {.resume = {state}, .threads = 2}),
      run_networks(Regime::nn, kProblem, networks, options));
}

}  // namespace
}  // namespace lazygap::train
