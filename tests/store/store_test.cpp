#include "lazygap/store/store.h"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "lazygap/core/error.h"
#include "lazygap/store/integrity.h"
#include "lazygap/store/json.h"

namespace lazygap::store {
namespace {

namespace fs = std::filesystem;

/// A folder of its own for every test, removed at its end.
class StoreTest : public testing::Test {
 protected:
  StoreTest() {
    std::string pattern = (fs::temp_directory_path() / "lazygap-store-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~StoreTest() override {
    fs::permissions(folder_, fs::perms::owner_all);
    fs::remove_all(folder_);
  }
  [[nodiscard]] fs::path file(const std::string& name = "results.sqlite") const { return folder_ / name; }

  fs::path folder_;
};

Result make_result(const std::string& key) {
  Result r;
  r.key = key;
  r.parameters = R"({"task":"train"})";
  r.model = "qf";
  r.regime = "NN";
  r.method = "train";
  r.d = 30;
  r.N = 15;
  r.rho = 0.5;
  r.n = 20000000000;
  r.draw = 3;
  r.step_size = 0.01;
  r.risk = 0.1 + 0.2;
  r.null_risk = 60;
  r.ratio = r.risk / 60;
  r.test_ratio = 0.0051;
  r.test_se = 1e-300;
  r.train_ratio = 0.1;
  r.gcv_ratio = 1.0 / 3;
  r.status = Status::ok;
  r.message = "a 'quoted' \"message\"\nof two lines";
  r.trajectory = {{0, 0, 60}, {100, 10000, 1.0 / 3}, {200, 20000, std::nan("")}};
  r.provenance = {"abc-dirty", "gcc 12", "AVX2", "a machine", 1, 1.5, "2026-01-02T03:04:05Z"};
  return r;
}

void expect_same(const Result& a, const Result& b) {
  // Two numbers are the same if they are equal or both NaN.
  const auto same = [](double x, double y) { return x == y || (std::isnan(x) && std::isnan(y)); };
  EXPECT_EQ(a.key, b.key);
  EXPECT_EQ(a.parameters, b.parameters);
  EXPECT_EQ(a.model, b.model);
  EXPECT_EQ(a.regime, b.regime);
  EXPECT_EQ(a.method, b.method);
  EXPECT_EQ(a.d, b.d);
  EXPECT_EQ(a.N, b.N);
  EXPECT_EQ(a.rho, b.rho);
  EXPECT_EQ(a.n, b.n);
  EXPECT_EQ(a.draw, b.draw);
  EXPECT_EQ(a.step_size, b.step_size);
  EXPECT_TRUE(same(a.risk, b.risk)) << a.risk << " " << b.risk;
  EXPECT_TRUE(same(a.null_risk, b.null_risk));
  EXPECT_TRUE(same(a.ratio, b.ratio));
  EXPECT_EQ(a.se, b.se);
  EXPECT_EQ(a.test_ratio, b.test_ratio);
  EXPECT_EQ(a.test_se, b.test_se);
  EXPECT_EQ(a.train_ratio, b.train_ratio);
  EXPECT_EQ(a.gcv_ratio, b.gcv_ratio);
  EXPECT_EQ(a.loo_ratio, b.loo_ratio);
  EXPECT_EQ(a.status, b.status);
  EXPECT_EQ(a.message, b.message);
  ASSERT_EQ(a.trajectory.size(), b.trajectory.size());
  for (std::size_t i = 0; i < a.trajectory.size(); ++i) {
    EXPECT_EQ(a.trajectory[i].step, b.trajectory[i].step);
    EXPECT_EQ(a.trajectory[i].samples, b.trajectory[i].samples);
    EXPECT_TRUE(same(a.trajectory[i].risk, b.trajectory[i].risk)) << i;
  }
  EXPECT_EQ(a.provenance.commit, b.provenance.commit);
  EXPECT_EQ(a.provenance.compiler, b.provenance.compiler);
  EXPECT_EQ(a.provenance.instruction_set, b.provenance.instruction_set);
  EXPECT_EQ(a.provenance.machine, b.provenance.machine);
  EXPECT_EQ(a.provenance.threads, b.provenance.threads);
  EXPECT_EQ(a.provenance.seconds, b.provenance.seconds);
  EXPECT_EQ(a.provenance.finished_at, b.provenance.finished_at);
}

std::vector<std::byte> bytes_of(const std::string& text) {
  std::vector<std::byte> bytes(text.size());
  std::memcpy(bytes.data(), text.data(), text.size());
  return bytes;
}

/// The sentence of the FileError that `action` throws.
template <class Action>
std::string file_error(Action action) {
  try {
    action();
  } catch (const FileError& error) {
    return error.what();
  }
  ADD_FAILURE() << "no FileError";
  return {};
}

void expect_contains(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos) << "\"" << part << "\" is not in: " << text;
}

void execute(const fs::path& file, const char* sql) {
  sqlite3* handle = nullptr;
  ASSERT_EQ(sqlite3_open(file.c_str(), &handle), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(handle, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(handle);
  sqlite3_close(handle);
}

/// Runs `action` in a process of its own; its exit code, or minus the signal that ended it.
template <class Action>
int in_child(Action action) {
  const pid_t child = fork();
  if (child == 0) {
    int code = 99;
    try {
      code = action();
    } catch (const std::exception& error) {
      std::cerr << error.what() << std::endl;
    }
    _exit(code);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/// A store of many pages, so that there is something to damage.
void fill(const fs::path& file, int count) {
  Store store = Store::open(file);
  std::vector<Result> results;
  for (int i = 0; i < count; ++i) results.push_back(make_result("key " + std::to_string(i)));
  store.save(results);
}

constexpr auto kReadOnlyFile = fs::perms::owner_read | fs::perms::group_read | fs::perms::others_read;
constexpr auto kReadOnlyFolder =
    kReadOnlyFile | fs::perms::owner_exec | fs::perms::group_exec | fs::perms::others_exec;

/// Permissions do not bind the superuser: gives up its rights in a child process.
template <class Action>
int as_ordinary_user(Action action) {
  return in_child([&] {
    constexpr uid_t kNobody = 65534;
    if (geteuid() == 0 && seteuid(kNobody) != 0) return 98;
    return action();
  });
}

TEST_F(StoreTest, GivesBackEveryFieldOfAResult) {
  const Result full = make_result("full");
  Result empty;  // NaN risks, no optional number, no trajectory
  empty.key = "empty";
  {
    Store store = Store::open(file());
    store.save(full);
    store.save(empty);
  }
  const Store store = Store::open(file());
  expect_same(full, store.find("full").value());
  expect_same(empty, store.find("empty").value());
  EXPECT_FALSE(store.find("no such key"));
}

TEST_F(StoreTest, FindsManyInTheOrderAsked) {
  Store store = Store::in_memory();
  for (const char* key : {"a", "b", "c"}) store.save(make_result(key));
  const std::vector<std::string> keys{"c", "missing", "a"};
  const auto results = store.find_all(keys);
  ASSERT_EQ(results.size(), 3u);
  EXPECT_EQ(results[0]->key, "c");
  EXPECT_FALSE(results[1]);
  EXPECT_EQ(results[2]->key, "a");
}

TEST_F(StoreTest, ASecondResultReplacesTheFirst) {
  Store store = Store::in_memory();
  Result result = make_result("key");
  result.status = Status::failed;
  store.save(result);
  result.status = Status::ok;
  store.save(result);
  EXPECT_EQ(store.find("key")->status, Status::ok);
}

TEST_F(StoreTest, CheckpointsLastUntilTheResultIsSaved) {
  Store store = Store::open(file());
  EXPECT_TRUE(store.checkpoint("key").empty());
  store.save_checkpoint("key", bytes_of("first"));
  store.save_checkpoint("key", bytes_of(std::string("sec\0nd", 6)));
  store.save_checkpoint("other", bytes_of("other"));
  EXPECT_EQ(Store::open(file()).checkpoint("key"), bytes_of(std::string("sec\0nd", 6)));
  store.save(make_result("key"));
  EXPECT_TRUE(store.checkpoint("key").empty());
  EXPECT_EQ(store.checkpoint("other"), bytes_of("other"));
}

TEST_F(StoreTest, AFailureKeepsTheCheckpoint) {
  Store store = Store::open(file());
  store.save_checkpoint("key", bytes_of("hours of work"));
  Result result = make_result("key");
  result.status = Status::failed;
  store.save(result);
  EXPECT_EQ(store.checkpoint("key"), bytes_of("hours of work"));
}

TEST_F(StoreTest, CreatesItsFolder) {
  Store::open(folder_ / "a" / "b" / "results.sqlite").save(make_result("key"));
  EXPECT_TRUE(fs::exists(folder_ / "a" / "b" / "results.sqlite"));
}

TEST_F(StoreTest, NamesTheFolderThatCannotBeCreated) {
  std::ofstream(file("plain")) << "text";
  const std::string message =
      file_error([&] { static_cast<void>(Store::open(file("plain") / "results.sqlite")); });
  expect_contains(message, "plain/results.sqlite");
  expect_contains(message, "folder cannot be created");
}

TEST_F(StoreTest, RefusesAFolderInPlaceOfTheFile) {
  for (const auto open : {&Store::open, &Store::open_read_only})
    EXPECT_EQ(file_error([&] { static_cast<void>(open(folder_)); }),
              "results store " + folder_.string() + ": is a folder, but must be an ordinary file");
}

TEST_F(StoreTest, RefusesWhatIsNotAnOrdinaryFile) {
  ASSERT_EQ(mkfifo(file("pipe").c_str(), 0600), 0);
  fs::create_symlink("/dev/zero", file("zero"));
  fs::create_symlink("loop", file("loop"));
  std::ofstream(file("plain")) << "text";
  for (const auto open : {&Store::open, &Store::open_read_only}) {
    const auto expect = [&](const fs::path& path, const std::string& cause) {
      const std::string text = file_error([&] { static_cast<void>(open(path)); });
      EXPECT_EQ(text, "results store " + path.string() + ": " + cause);
    };
    expect(file("pipe"), "is a device, pipe or socket, but must be an ordinary file");
    expect(file("zero"), "is a device, pipe or socket, but must be an ordinary file");
    expect(file("loop"), "the file cannot be opened: Too many levels of symbolic links");
    expect(file(std::string(300, 'x')), "the file cannot be opened: File name too long");
    expect("", "the file must have a name");
  }
  expect_contains(file_error([&] { static_cast<void>(Store::open(file("loop") / "results.sqlite")); }),
                  "folder cannot be created (Too many levels of symbolic links)");
  expect_contains(
      file_error([&] { static_cast<void>(Store::open_read_only(file("plain") / "results.sqlite")); }),
      "the file cannot be opened: Not a directory");
}

TEST_F(StoreTest, RefusesNamesThatAreTooLongForSqlite) {
  fs::path deep = folder_;
  for (int i = 0; i < 6; ++i) deep /= std::string(100, 'x');
  const std::string text = file_error([&] { static_cast<void>(Store::open(deep / "results.sqlite")); });
  expect_contains(text, "its full name has ");
  expect_contains(text, " bytes, but SQLite opens at most 504");
}

TEST_F(StoreTest, AFolderThatMayNotBeEnteredIsNamed) {
  fill(file(), 1);
  fs::permissions(folder_, fs::perms::none);
  EXPECT_EQ(as_ordinary_user([&] {
              for (const auto open : {&Store::open, &Store::open_read_only}) {
                const std::string text = file_error([&] { static_cast<void>(open(file())); });
                if (text.find(file().string() + ": the file cannot be opened: Permission denied") ==
                    std::string::npos)
                  return 1;
              }
              return 0;
            }),
            0);
}

TEST_F(StoreTest, NamesAreNotReadAsUris) {
  const fs::path before = fs::current_path();
  fs::current_path(folder_);
  for (const char* name :
       {"file:x?mode=ro", "file:x?mode=memory", ":memory:", "file:///etc/x", "-x", "?x#y%20"}) {
    Store::open(fs::path(name) / "results.sqlite").save(make_result("key"));
    EXPECT_TRUE(fs::exists(folder_ / name / "results.sqlite")) << name;
    EXPECT_TRUE(Store::open_read_only(fs::path(name) / "results.sqlite").find("key")) << name;
    Store::open(std::string(name) + ".sqlite").save(make_result("key"));
    EXPECT_TRUE(fs::exists(folder_ / (std::string(name) + ".sqlite"))) << name;
  }
  fs::current_path(before);
}

TEST_F(StoreTest, MessagesEscapeTheName) {
  expect_contains(file_error([&] { static_cast<void>(Store::open_read_only("no\x1b[31m\nsuch")); }),
                  "results store no\\x1b[31m\\nsuch: no such file");
}

TEST_F(StoreTest, RefusesTextInPlaceOfADatabase) {
  std::ofstream(file()) << std::string(5000, 'x');
  for (const auto open : {&Store::open, &Store::open_read_only}) {
    const std::string message = file_error([&] { static_cast<void>(open(file())); });
    expect_contains(message, file().string());
    expect_contains(message, "not a results store of lazygap, or is damaged; move it away to start anew");
  }
}

TEST_F(StoreTest, RefusesADatabaseOfAnotherProgram) {
  execute(file(), "CREATE TABLE results (name TEXT)");
  expect_contains(file_error([&] { static_cast<void>(Store::open(file())); }),
                  "a database of another program");
}

TEST_F(StoreTest, RefusesALaterFormat) {
  static_cast<void>(Store::open(file()));
  execute(file(), "PRAGMA user_version = 1000");
  expect_contains(file_error([&] { static_cast<void>(Store::open(file())); }), "format 1000");
}

TEST_F(StoreTest, NoticesATruncatedFile) {
  fill(file(), 50);
  fs::resize_file(file(), fs::file_size(file()) / 2);
  expect_contains(file_error([&] { static_cast<void>(Store::open(file())); }), "damaged; move it away");
}

TEST_F(StoreTest, NoticesAnOverwrittenPage) {
  fill(file(), 50);
  constexpr std::streamoff kPage = 4096;
  std::fstream stream(file(), std::ios::in | std::ios::out | std::ios::binary);
  stream.seekp(2 * kPage);
  stream << std::string(kPage, 'x');
  stream.close();
  expect_contains(file_error([&] { static_cast<void>(Store::open(file())); }), "damaged; move it away");
}

TEST_F(StoreTest, NoticesARowThatItDidNotWrite) {
  Store store = Store::open(file());
  store.save(make_result("key"));
  execute(file(), "UPDATE results SET trajectory = 'no JSON'");
  expect_contains(file_error([&] { static_cast<void>(store.find("key")); }), "damaged; move it away");
}

TEST_F(StoreTest, NoticesTextThatIsNotUtf8) {
  Store store = Store::open(file());
  store.save(make_result("key"));
  execute(file(), "UPDATE results SET message = CAST(x'ff' AS TEXT)");
  expect_contains(file_error([&] { static_cast<void>(store.find("key")); }), "damaged; move it away");
}

TEST_F(StoreTest, ARowThatCannotBeReadLeavesTheFileFree) {
  Store store = Store::open(file());
  store.save(make_result("bad"));
  execute(file(), "UPDATE results SET trajectory = 'no JSON'");
  EXPECT_THROW(static_cast<void>(store.find("bad")), FileError);
  EXPECT_THROW(static_cast<void>(store.find_all(std::vector<std::string>{"other", "bad"})), FileError);
  Store::open(file()).save(make_result("good"));  // takes the lock for writing
  EXPECT_EQ(store.find("good")->key, "good");
  EXPECT_FALSE(store.find("other"));
}

TEST_F(StoreTest, AnotherProcessMayAddColumnsMeanwhile) {
  fill(file(), 1);
  execute(file(), "ALTER TABLE results DROP COLUMN mechanism");
  const Store store = Store::open_read_only(file());
  const std::string key = store.keys().front();
  EXPECT_TRUE(store.find(key));
  static_cast<void>(Store::open(file()));  // adds it again
  EXPECT_TRUE(store.find(key));
}

TEST_F(StoreTest, TextOfTheSystemNeedNotBeUtf8) {
  Store store = Store::open(file());
  Result result = make_result("key");
  result.message = "caf\xe9";
  result.provenance.machine = "\xff";
  store.save(result);
  EXPECT_EQ(store.find("key")->message, "caf\xef\xbf\xbd");
  EXPECT_EQ(store.find("key")->provenance.machine, "\xef\xbf\xbd");
  static_cast<void>(to_json(*store.find("key")).dump());
}

TEST_F(StoreTest, RefusesTablesThatAnotherProgramHasChanged) {
  const auto refusal = [&](const char* sql) {
    fs::remove(file());
    fill(file(), 1);
    execute(file(), sql);
    const std::string read = file_error([&] { static_cast<void>(Store::open_read_only(file())); });
    EXPECT_EQ(read, file_error([&] { static_cast<void>(Store::open(file())); }));
    return read;
  };
  expect_contains(refusal("ALTER TABLE results RENAME COLUMN ratio TO quotient"),
                  "its table \"results\" has no column \"ratio\"; another program has changed the file");
  expect_contains(refusal("DROP TABLE checkpoints"),
                  "it has no table \"checkpoints\"; another program has changed the file");
  expect_contains(refusal("ALTER TABLE results RENAME TO r; CREATE VIEW results AS SELECT * FROM r"),
                  "it has no table \"results\"; another program has changed the file");
}

Mechanism make_mechanism() {
  return {.ranks = {1, 3},
          .points = {{.step = 0,
                      .samples = 0,
                      .eigenvalues = {2.0 / 3, 1e-300},
                      .overlaps = {0.25, 1},
                      .change = 0,
                      .kernel_cosine = 1},
                     {.step = 40,
                      .samples = 4e10,
                      .eigenvalues = {},
                      .overlaps = {0.1 + 0.2, 1},
                      .change = std::nan(""),
                      .kernel_cosine = 0.5}},
          .before = Matrix{{0.1, 0.9}, {1.0 / 3, 2.0 / 3}},
          .after = Matrix{{1, 0}, {0, 1}}};
}

TEST_F(StoreTest, TheMechanismKeepsEveryBit) {
  Result result = make_result("key");
  result.mechanism = make_mechanism();
  result.weights = "weights/key";
  {
    Store store = Store::open(file());
    store.save(result);
    store.save(make_result("plain"));
  }
  const Store store = Store::open_read_only(file());
  EXPECT_TRUE(store.find("plain")->mechanism.empty());
  EXPECT_EQ(store.find("plain")->weights, "");
  const Result found = *store.find("key");
  expect_same(found, result);
  EXPECT_EQ(found.weights, "weights/key");
  EXPECT_EQ(found.mechanism.ranks, result.mechanism.ranks);
  EXPECT_EQ(found.mechanism.before, result.mechanism.before);
  EXPECT_EQ(found.mechanism.after, result.mechanism.after);
  ASSERT_EQ(found.mechanism.points.size(), 2u);
  for (std::size_t i = 0; i < 2; ++i) {
    const MechanismPoint &a = found.mechanism.points[i], &b = result.mechanism.points[i];
    EXPECT_EQ(a.step, b.step);
    EXPECT_EQ(a.samples, b.samples);
    EXPECT_EQ(a.eigenvalues, b.eigenvalues);
    EXPECT_EQ(a.overlaps, b.overlaps);
    EXPECT_EQ(a.kernel_cosine, b.kernel_cosine);
  }
  EXPECT_EQ(found.mechanism.points[0].change, 0);
  EXPECT_TRUE(std::isnan(found.mechanism.points[1].change));
}

TEST_F(StoreTest, TheMechanismIsInTheJson) {
  Result result = make_result("key");
  EXPECT_FALSE(to_json(result).contains("mechanism"));
  EXPECT_FALSE(to_json(result).contains("weights"));
  result.mechanism = make_mechanism();
  result.weights = "weights/key";
  const nlohmann::json json = nlohmann::json::parse(to_json(result).dump());
  EXPECT_EQ(json["weights"], "weights/key");
  EXPECT_EQ(json["mechanism"]["ranks"], nlohmann::json({1, 3}));
  EXPECT_EQ(json["mechanism"]["points"][1]["n"], 4e10);
  EXPECT_TRUE(json["mechanism"]["points"][1]["change"].is_null());
  EXPECT_EQ(json["mechanism"]["points"][0]["overlaps"], nlohmann::json({0.25, 1.0}));
  EXPECT_EQ(json["mechanism"]["before"][0][1], 0.9);
  EXPECT_EQ(mechanism_from_json(json["mechanism"]).after, result.mechanism.after);
}

TEST_F(StoreTest, StoresFromBeforeTheMechanismStillAnswer) {
  fill(file(), 2);
  execute(file(), "ALTER TABLE results DROP COLUMN mechanism; ALTER TABLE results DROP COLUMN weights");
  {
    const Store store = Store::open_read_only(file());
    ASSERT_EQ(store.keys().size(), 2u);
    for (const std::string& key : store.keys()) EXPECT_TRUE(store.find(key)->mechanism.empty());
  }
  EXPECT_TRUE(check(file()).problems.empty());
  Store store = Store::open(file());
  for (const std::string& key : store.keys()) EXPECT_TRUE(store.find(key)->mechanism.empty());
  Result result = make_result("new");
  result.mechanism = make_mechanism();
  store.save(result);
  EXPECT_EQ(store.find("new")->mechanism.points.size(), 2u);
}

TEST_F(StoreTest, TriggersOfAnotherProgramSwallowNothing) {
  for (const char* when : {"BEFORE", "AFTER"}) {
    fs::remove(file());
    fill(file(), 1);
    const std::string body = std::string(when) == "BEFORE" ? "SELECT RAISE(IGNORE);" : "DELETE FROM results;";
    for (const char* table : {"results", "checkpoints"})
      execute(file(), ("CREATE TRIGGER " + std::string(table) + "_t " + when + " INSERT ON " + table +
                       " BEGIN " + body + " END")
                          .c_str());
    Store store = Store::open(file());
    store.save(make_result("new"));
    store.save_checkpoint("other", bytes_of("state"));
    EXPECT_TRUE(Store::open(file()).find("new")) << when;
    EXPECT_EQ(Store::open(file()).checkpoint("other"), bytes_of("state")) << when;
  }
}

TEST_F(StoreTest, ReadOnlyNeedsAFileAndSavesNothing) {
  expect_contains(file_error([&] { static_cast<void>(Store::open_read_only(file())); }), "no such file");
  fill(file(), 1);
  Store store = Store::open_read_only(file());
  EXPECT_TRUE(store.find("key 0"));
  expect_contains(file_error([&] { store.save(make_result("other")); }), "cannot be written");
  expect_contains(file_error([&] { store.save_checkpoint("other", bytes_of("state")); }),
                  "cannot be written");
}

TEST_F(StoreTest, ReadsFromAReadOnlyMediumAndRefusesToWriteThere) {
  fill(file(), 3);
  fs::permissions(file(), kReadOnlyFile);
  fs::permissions(folder_, kReadOnlyFolder);
  EXPECT_EQ(as_ordinary_user([&] { return Store::open_read_only(file()).find("key 2") ? 0 : 1; }), 0);
  EXPECT_EQ(as_ordinary_user([&] {
              const std::string message = file_error([&] { static_cast<void>(Store::open(file())); });
              return message.find("the file or its folder cannot be written") == std::string::npos ? 1 : 0;
            }),
            0);
}

TEST_F(StoreTest, FindsOutAtOnceThatTheFolderCannotBeWritten) {
  fill(file(), 1);
  fs::permissions(file(), fs::perms::all);
  fs::permissions(folder_, kReadOnlyFolder);
  EXPECT_EQ(as_ordinary_user([&] {
              const std::string message = file_error([&] { static_cast<void>(Store::open(file())); });
              return message.find("folder cannot be written") == std::string::npos ? 1 : 0;
            }),
            0);
}

TEST_F(StoreTest, AFullDiskLosesNothing) {
  fill(file(), 5);
  // A limit on the size of files stands in for the end of the disk.
  EXPECT_EQ(in_child([&] {
              signal(SIGXFSZ, SIG_IGN);
              const rlimit limit{fs::file_size(file()) + 8192, fs::file_size(file()) + 8192};
              setrlimit(RLIMIT_FSIZE, &limit);
              Store store = Store::open(file());
              const std::string message = file_error([&] {
                for (int i = 0; i < 10000; ++i) store.save(make_result("more " + std::to_string(i)));
              });
              const bool clear = message.find("disk") != std::string::npos &&
                                 message.find("what was saved before is kept") != std::string::npos;
              return clear && store.find("more 0") ? 0 : 1;
            }),
            0);
  Store store = Store::open(file());
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(store.find("key " + std::to_string(i))) << i;
  EXPECT_TRUE(store.find("more 0"));
  store.save(make_result("after"));
  EXPECT_TRUE(store.find("after"));
}

TEST_F(StoreTest, ProcessesTakeTurns) {
  constexpr int kProcesses = 4, kResults = 10;
  std::vector<pid_t> children;
  for (int process = 0; process < kProcesses; ++process) {
    const pid_t child = fork();
    if (child == 0) {
      int code = 1;
      try {
        Store store = Store::open(file());
        for (int i = 0; i < kResults; ++i)
          store.save(make_result(std::to_string(process) + " " + std::to_string(i)));
        code = 0;
      } catch (...) {
      }
      _exit(code);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  const Store store = Store::open(file());
  for (int process = 0; process < kProcesses; ++process)
    for (int i = 0; i < kResults; ++i)
      EXPECT_TRUE(store.find(std::to_string(process) + " " + std::to_string(i))) << process << " " << i;
}

TEST_F(StoreTest, SurvivesSigkillWhileSaving) {
  fill(file(), 1);
  for (int round = 0; round < 10; ++round) {
    const pid_t child = fork();
    if (child == 0) {
      Store store = Store::open(file());
      for (int i = 0;; ++i) store.save(make_result("round " + std::to_string(i)));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5 + 7 * round));
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    // Reading first: a journal that was left behind has to be rolled back there too.
    EXPECT_TRUE(Store::open_read_only(file()).find("key 0")) << round;
    EXPECT_TRUE(Store::open(file()).find("key 0")) << round;
  }
}

TEST_F(StoreTest, ThreadsShareOneStore) {
  Store store = Store::open(file());
  constexpr int kThreads = 4, kResults = 8;
  std::array<std::thread, kThreads> threads;
  for (int t = 0; t < kThreads; ++t)
    threads[static_cast<std::size_t>(t)] = std::thread([&store, t] {
      for (int i = 0; i < kResults; ++i) {
        const std::string key = std::to_string(t) + " " + std::to_string(i);
        store.save_checkpoint(key, bytes_of("state"));
        store.save(make_result(key));
        if (!store.find(key)) ADD_FAILURE() << key;
      }
    });
  for (std::thread& thread : threads) thread.join();
  for (int t = 0; t < kThreads; ++t)
    for (int i = 0; i < kResults; ++i) EXPECT_TRUE(store.find(std::to_string(t) + " " + std::to_string(i)));
}

TEST(ResultJson, HasEveryFieldAndNullForWhatIsNotThere) {
  const nlohmann::json full = to_json(make_result("key"));
  EXPECT_EQ(full["model"], "qf");
  EXPECT_EQ(full["regime"], "NN");
  EXPECT_EQ(full["method"], "train");
  EXPECT_EQ(full["d"], 30);
  EXPECT_EQ(full["N"], 15);
  EXPECT_EQ(full["rho"], 0.5);
  EXPECT_EQ(full["n"], 20000000000);
  EXPECT_EQ(full["draw"], 3);
  EXPECT_EQ(full["step_size"], 0.01);
  EXPECT_EQ(full["risk"], 0.1 + 0.2);
  EXPECT_EQ(full["status"], "ok");
  EXPECT_TRUE(full["se"].is_null());
  EXPECT_EQ(full["seconds"], 1.5);
  ASSERT_EQ(full["trajectory"].size(), 3u);
  EXPECT_EQ(full["trajectory"][1]["step"], 100);
  EXPECT_EQ(full["trajectory"][1]["n"], 10000);
  EXPECT_TRUE(full["trajectory"][2]["risk"].is_null());
  // One object a line: no line break may come from a message.
  EXPECT_EQ(full.dump().find('\n'), std::string::npos);

  const nlohmann::json empty = to_json(Result());
  for (const char* key : {"n", "step_size", "risk", "null_risk", "ratio", "se", "test_ratio", "test_se"})
    EXPECT_TRUE(empty.at(key).is_null()) << key;
  EXPECT_EQ(empty["status"], "none");
  EXPECT_FALSE(empty.contains("trajectory"));
}

}  // namespace
}  // namespace lazygap::store
