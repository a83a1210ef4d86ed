#include "lazygap/store/integrity.h"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <stdlib.h>

#include <fstream>
#include <string>
#include <vector>

#include "lazygap/store/store.h"
#include "support/message.h"

namespace lazygap::store {
namespace {

namespace fs = std::filesystem;

class IntegrityTest : public testing::Test {
 protected:
  IntegrityTest() {
    std::string pattern = (fs::temp_directory_path() / "lazygap-integrity-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    file_ = folder_ / "results.sqlite";
    Store store = Store::open(file_);
    for (int i = 0; i < 40; ++i) {
      Result result;
      result.key = "key " + std::to_string(i);
      result.method = i < 30 ? "train" : "exact";
      result.status = i % 3 == 0 && i < 30 ? Status::diverged : Status::ok;
      result.message = std::string(500, 'm');  // several pages
      store.save(result);
    }
    const std::vector<std::byte> state(100);
    store.save_checkpoint("a", state);
    store.save_checkpoint("b", state);
  }
  ~IntegrityTest() override { fs::remove_all(folder_); }

  void execute(const char* sql) const {
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open(file_.c_str(), &handle), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(handle, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(handle);
    sqlite3_close(handle);
  }

  fs::path folder_, file_;
};

TEST_F(IntegrityTest, CountsWhatAWholeStoreHolds) {
  const Integrity found = check(file_);
  EXPECT_TRUE(found.problems.empty());
  EXPECT_EQ(found.results, 40);
  EXPECT_EQ(found.checkpoints, 2);
  EXPECT_EQ(found.checkpoint_bytes, 200);
  EXPECT_EQ(found.file_bytes, static_cast<std::int64_t>(fs::file_size(file_)));
  ASSERT_EQ(found.counts.size(), 3u);
  EXPECT_EQ(found.counts[0].method + " " + found.counts[0].status, "exact ok");
  EXPECT_EQ(found.counts[0].results, 10);
  EXPECT_EQ(found.counts[1].method + " " + found.counts[1].status, "train diverged");
  EXPECT_EQ(found.counts[1].results, 10);
  EXPECT_EQ(found.counts[2].results, 20);
}

TEST_F(IntegrityTest, NamesTheResultsThatCannotBeRead) {
  execute("UPDATE results SET trajectory = '[[1.5, 2, 3]]' WHERE key = 'key 1'");
  execute("UPDATE results SET status = 'splendid' WHERE key = 'key 2'");
  execute("UPDATE results SET machine = CAST(x'ff' AS TEXT) WHERE key = 'key 3'");
  const Integrity found = check(file_);
  ASSERT_EQ(found.problems.size(), 3u);
  EXPECT_EQ(found.problems[0], "the result \"key 1\" cannot be read: \"a step that is not an integer\"");
  EXPECT_TRUE(found.problems[1].starts_with("the result \"key 2\" cannot be read: ")) << found.problems[1];
  EXPECT_EQ(found.problems[2], "the result \"key 3\" cannot be read: \"text that is not UTF-8\"");
  EXPECT_EQ(found.results, 40);
}

TEST_F(IntegrityTest, ReportsDamagedPagesAndGoesOn) {
  constexpr std::streamoff kPage = 4096;
  ASSERT_GT(fs::file_size(file_), static_cast<std::uintmax_t>(4 * kPage));
  std::fstream stream(file_, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekp(3 * kPage);
  stream << std::string(kPage, 'x');
  stream.close();
  const Integrity found = check(file_);
  EXPECT_FALSE(found.problems.empty());
  EXPECT_LE(found.problems.size(), 20u);
}

TEST_F(IntegrityTest, RefusesWhatIsNotAStore) {
  const auto refusal = [](const fs::path& path) {
    return test::message<FileError>([&] { return check(path); });
  };
  EXPECT_EQ(refusal(folder_ / "none"), "results store " + (folder_ / "none").string() + ": no such file");
  std::ofstream(folder_ / "text") << std::string(5000, 'x');
  EXPECT_NE(refusal(folder_ / "text").find("is not a results store of lazygap"), std::string::npos);
  execute("PRAGMA application_id = 7");
  EXPECT_NE(refusal(file_).find("the file is a database of another program"), std::string::npos);
}

}  // namespace
}  // namespace lazygap::store
