#include "../src/schedule/pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "lazygap/core/error.h"
#include "schedule/runs.h"

namespace lazygap::schedule {
namespace {

using namespace test;

constexpr double kMuchMemory = 1e12;

/// Exact risks of three regimes at three widths: groups of RF, which share a draw, and single cells.
Plan exact_plan() { return small_plan({{"sweep.methods", "[exact]"}}); }

/// A place that answers through the route and keeps book of what it was given.
class Book {
 public:
  [[nodiscard]] Place place(int cores, double memory = kMuchMemory, const std::string& host = "here") {
    return {.answer =
                [this](std::span<const Question> questions, const route::Control& control) {
                  const int running = ++running_;
                  {
                    const std::lock_guard lock(mutex_);
                    most_ = std::max(most_, running);
                    order_.push_back(route::route_of(questions[0].method).cost(questions).operations);
                  }
                  const question::Instance instance = question::make_instance(questions[0]);
                  route::route_of(questions[0].method).answer(instance, questions, control);
                  --running_;
                },
            .cores = cores,
            .host = host,
            .memory_bytes = memory};
  }
  [[nodiscard]] int most_at_once() const { return most_; }
  [[nodiscard]] const std::vector<double>& order() const { return order_; }

 private:
  std::mutex mutex_;
  std::atomic<int> running_ = 0;
  int most_ = 0;
  std::vector<double> order_;  ///< operations of the groups as they were started
};

/// A plan that a pool works through.
struct Trial {
  explicit Trial(Plan of) : plan(std::move(of)) {}

  Plan plan;
  Store store = Store::in_memory();
  RunOptions options = {};

  /// Works through the plan at the places.
  Pool& at(const std::vector<Place>& places) {
    places_ = places;
    pool_ = std::make_unique<Pool>(plan, store, options, places_);
    const std::vector<Cell> cells = make_cells(plan);
    pool_->run(make_tasks(plan, store, cells), {}, 0, cells.size());
    return *pool_;
  }

 private:
  std::vector<Place> places_;
  std::unique_ptr<Pool> pool_;
};

TEST(Pool, ComputesEachCellOnceTheLongestGroupFirst) {
  Trial run{exact_plan()};
  Book book;
  const Pool& pool = run.at({book.place(1)});
  EXPECT_EQ(pool.computed(), make_cells(run.plan).size());
  EXPECT_FALSE(pool.stopped());
  EXPECT_EQ(pool.found(), 0u);
  EXPECT_TRUE(std::is_sorted(book.order().rbegin(), book.order().rend()));
  EXPECT_EQ(book.most_at_once(), 1);
  for (const Cell& cell : make_cells(run.plan)) EXPECT_TRUE(run.store.find(cell_key(run.plan, cell)));
}

TEST(Pool, GroupsThatDoNotFitSideBySideFollowEachOther) {
  const Plan same =
      small_plan({{"sweep.methods", "[exact]"}, {"sweep.regimes", "[NT]"}, {"sweep.neurons", "[24]"}});
  Trial alike{same};
  const double each = make_tasks(same, alike.store, make_cells(same))[0].cost.bytes;
  Book book;
  EXPECT_EQ(alike.at({book.place(4, 1.5 * each)}).computed(), 3u);
  EXPECT_EQ(book.most_at_once(), 1);
  // The memory is that of the host, not of the place.
  Trial shared{same};
  Book second;
  EXPECT_EQ(shared.at({second.place(2, 1.5 * each), second.place(2, 1.5 * each)}).computed(), 3u);
  EXPECT_EQ(second.most_at_once(), 1);
}

TEST(Pool, AFailureIsThatOfItsCell) {
  Trial run{exact_plan()};
  std::size_t messages = 0;
  run.options.progress = [&](const Progress& progress) { messages += progress.message.empty() ? 0 : 1; };
  Book book;
  Place place = book.place(2);
  const auto answer = place.answer;
  place.answer = [answer](std::span<const Question> questions, const route::Control& control) {
    for (const Question& question : questions)
      if (question.network.regime == Regime::nt && question.draw == 1)
        throw std::runtime_error("a failure made by the test");
    answer(questions, control);
  };
  const Pool& pool = run.at({place});
  EXPECT_EQ(messages, 3u);  // NT at three widths
  EXPECT_EQ(pool.computed(), make_cells(run.plan).size() - 3);
  std::size_t failed = 0;
  for (const Cell& cell : make_cells(run.plan)) {
    const auto result = run.store.find(cell_key(run.plan, cell));
    ASSERT_TRUE(result);
    if (result->status != Status::failed) continue;
    ++failed;
    EXPECT_EQ(result->message, "a failure made by the test");
  }
  EXPECT_EQ(failed, 3u);
}

TEST(Pool, AfterAnErrorOfFilesNothingGoesOnAndTheCallerHasIt) {
  Trial run{exact_plan()};
  Book book;
  Place place = book.place(1);
  const auto answer = place.answer;
  int calls = 0;
  place.answer = [&](std::span<const Question> questions, const route::Control& control) {
    if (++calls == 3) throw FileError("the disk is full");
    answer(questions, control);
  };
  EXPECT_THROW(static_cast<void>(run.at({place})), FileError);
  EXPECT_EQ(calls, 3);
  // What was finished before is kept.
  std::size_t kept = 0;
  for (const Cell& cell : make_cells(run.plan)) kept += run.store.find(cell_key(run.plan, cell)) ? 1 : 0;
  EXPECT_GE(kept, 2u);
}

TEST(Pool, WhatTheCallerThrowsEndsTheRun) {
  for (const bool in_stop : {false, true}) {
    Trial run{exact_plan()};
    const auto raise = []() -> bool { throw std::logic_error("made by the caller"); };
    if (in_stop)
      run.options.stop = raise;
    else
      run.options.progress = [raise](const Progress&) { raise(); };
    Book book;
    EXPECT_THROW(static_cast<void>(run.at({book.place(2)})), std::logic_error);
    EXPECT_LT(book.order().size(), make_tasks(run.plan, Store::in_memory(), make_cells(run.plan)).size());
  }
}

TEST(Pool, StopsBetweenGroups) {
  Trial run{exact_plan()};
  Book book;
  run.options.stop = [&book] { return book.order().size() >= 2; };
  const Pool& pool = run.at({book.place(1)});
  EXPECT_TRUE(pool.stopped());
  EXPECT_LE(book.order().size(), 3u);
  EXPECT_LT(pool.computed(), make_cells(run.plan).size());
}

TEST(StepsOf, AreThoseOfSgdOnly) {
  Question question;
  question.train.options.batch = 20;
  Result result;
  result.n = 200;
  question.method = Method::train;
  EXPECT_EQ(steps_of(question, result), 10);
  question.method = Method::fit;
  EXPECT_EQ(steps_of(question, result), 0);
}

}  // namespace
}  // namespace lazygap::schedule
