#include "core/team.h"

#include <gtest/gtest.h>

#include <atomic>
#include <numeric>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include "core/stage.h"
#include "lazygap/core/error.h"

namespace lazygap {
namespace {

TEST(Team, TakesEveryPieceOnce) {
  for (const int threads : {1, 2, 5}) {
    Team team(threads);
    EXPECT_EQ(team.size(), threads);
    for (const Index count : {0, 1, 3, 1000}) {
      std::vector<std::atomic<int>> taken(static_cast<std::size_t>(count));
      team.for_each(count, [&](Index i) { ++taken[static_cast<std::size_t>(i)]; });
      for (const auto& times : taken) EXPECT_EQ(times, 1);
    }
  }
}

TEST(Team, ManyShortRoundsAllEnd) {
  Team team(3);
  constexpr int kRounds = 20000;
  std::vector<int> sums(7, 0);
  for (int round = 0; round < kRounds; ++round)
    team.for_each(std::ssize(sums), [&](Index i) { ++sums[static_cast<std::size_t>(i)]; });
  EXPECT_EQ(sums, std::vector<int>(7, kRounds));
}

TEST(Team, RunsPiecesSideBySide) {
  Team team(2);
  // Each piece waits for the other: this ends only with two threads.
  std::atomic<int> begun{0};
  team.for_each(2, [&](Index) {
    ++begun;
    while (begun < 2) std::this_thread::yield();
  });
  EXPECT_EQ(begun, 2);
}

TEST(Team, SpeaksInTheThreadThatCalled) {
  Team team(4);
  const std::thread::id own = std::this_thread::get_id();
  std::set<std::thread::id> spoke;
  team.for_each(
      100, [](Index) {}, [&](Index) { spoke.insert(std::this_thread::get_id()); });
  // Helpers may have taken all pieces.
  EXPECT_TRUE(spoke.empty() || spoke == std::set{own});
}

TEST(Team, PassesOnWhatAPieceThrowsAndGoesOn) {
  for (const int threads : {1, 3}) {
    Team team(threads);
    std::atomic<int> begun{0};
    EXPECT_THROW(team.for_each(10000,
                               [&](Index i) {
                                 ++begun;
                                 if (i == 5) throw std::runtime_error("piece");
                               }),
                 std::runtime_error);
    EXPECT_LT(begun, 10000);
    std::atomic<int> after{0};
    team.for_each(10, [&](Index) { ++after; });
    EXPECT_EQ(after, 10);
  }
}

TEST(Team, RefusesNumbersOfThreadsThatThereAreNot) {
  for (const int threads : {-1, 0, Team::kMost + 1}) {
    try {
      const Team team(threads);
      FAIL() << threads;
    } catch (const UsageError& error) {
      EXPECT_EQ(std::string(error.what()),
                "Control: threads is " + std::to_string(threads) + ", but must be from 1 to 4096");
    }
  }
}

TEST(Stage, StopsBetweenPieces) {
  for (const int threads : {1, 2}) {
    Team team(threads);
    const Control control{.stop = [] { return true; }};
    const Stage stage(control, &team);
    EXPECT_THROW(
        stage.for_each(1000, [](Index) { std::this_thread::sleep_for(std::chrono::microseconds(100)); }),
        Stopped);
  }
}

}  // namespace
}  // namespace lazygap
