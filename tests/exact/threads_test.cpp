// The numbers of exact routes do not depend on the number of threads, not even in their last bit.

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "exact/problems.h"
#include "lazygap/activation/activation.h"
#include "lazygap/exact/nt.h"
#include "lazygap/exact/rf.h"
#include "support/sanitizers.h"

namespace lazygap {
namespace {

using test::neurons;
using test::problems;

constexpr std::array kThreads{2, 3};

/// Several panels and tiles of every product, and one that is not whole. Sanitizers see two tiles.
constexpr Index kWide = kSanitized ? 450 : 1000;
constexpr Index kWideNt = kSanitized ? 100 : 300;

TEST(ExactThreads, ChangeNothingInRf) {
  const std::array widths{Index{40}, kWide / 2, kWide};
  for (const char* name : {"relu", "quadratic"})
    for (const Problem& problem : problems(12)) {
      const Network network{.activation = activation_from_name(name), .W = neurons(12, kWide, 1)};
      const std::vector<Answer> one = exact::rf(problem, network, widths);
      for (const int threads : kThreads) {
        const std::vector<Answer> several = exact::rf(problem, network, widths, {.threads = threads});
        for (std::size_t k = 0; k < widths.size(); ++k) {
          EXPECT_EQ(several[k].risk, one[k].risk) << name << " " << widths[k] << " " << threads;
          EXPECT_EQ(several[k].diagnostics.rank, one[k].diagnostics.rank);
        }
      }
    }
}

TEST(ExactThreads, ChangeNothingInNt) {
  for (const char* name : {"relu"})
    for (const Problem& problem : problems(20)) {
      const Network network{.activation = activation_from_name(name), .W = neurons(20, kWideNt, 2)};
      const Answer one = exact::nt(problem, network);
      for (const int threads : kThreads) {
        const Answer several = exact::nt(problem, network, {.threads = threads});
        EXPECT_EQ(several.risk, one.risk) << name << " " << threads;
        EXPECT_EQ(several.diagnostics.iterations, one.diagnostics.iterations);
      }
    }
}

}  // namespace
}  // namespace lazygap
