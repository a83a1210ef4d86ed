#include <gtest/gtest.h>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "lazygap/store/store.h"

namespace lazygap::store {
namespace {

Result result(const std::string& key, double ratio, Status status = Status::ok) {
  Result made;
  made.key = key;
  made.parameters = "{}";
  made.method = "exact";
  made.regime = "NN";
  made.ratio = ratio;
  made.status = status;
  return made;
}

void save_state(Store& store, const std::string& key, const std::string& text) {
  store.save_checkpoint(key, std::as_bytes(std::span(text)));
}

TEST(Merge, AddsWhatIsMissingAndReplacesFailuresOnly) {
  Store target = Store::in_memory(), source = Store::in_memory();
  target.save(result("a", 1));
  target.save(result("b", 0, Status::failed));
  target.save(result("d", 4));
  source.save(result("a", 2));
  source.save(result("b", 2));
  source.save(result("c", 3));
  source.save(result("d", 0, Status::failed));
  const Merged merged = merge(target, source);
  EXPECT_EQ(merged.added, 2u);
  EXPECT_EQ(merged.present, 2u);
  EXPECT_EQ(target.find("a")->ratio, 1);
  EXPECT_EQ(target.find("b")->ratio, 2);
  EXPECT_EQ(target.find("c")->ratio, 3);
  EXPECT_EQ(target.find("d")->ratio, 4);
  EXPECT_EQ(target.keys(), (std::vector<std::string>{"a", "b", "c", "d"}));
  EXPECT_EQ(merge(target, source).added, 0u);
}

TEST(Merge, BringsStatesOfUnfinishedComputations) {
  Store target = Store::in_memory(), source = Store::in_memory();
  target.save(result("finished", 1));
  save_state(target, "both", "ours");
  for (const char* key : {"both", "theirs", "finished"}) save_state(source, key, "theirs");
  EXPECT_EQ(merge(target, source).states, 1u);
  EXPECT_EQ(target.checkpoint("theirs").size(), std::string("theirs").size());
  EXPECT_EQ(target.checkpoint("both").size(), std::string("ours").size());
  EXPECT_TRUE(target.checkpoint("finished").empty());
}

TEST(Merge, TakesMoreThanABatch) {
  constexpr int kMany = 1201;
  Store target = Store::in_memory(), source = Store::in_memory();
  std::vector<Result> results;
  for (int i = 0; i < kMany; ++i) results.push_back(result("key " + std::to_string(i), i));
  source.save(results);
  EXPECT_EQ(merge(target, source).added, static_cast<std::size_t>(kMany));
  EXPECT_EQ(target.keys(), source.keys());
}

}  // namespace
}  // namespace lazygap::store
