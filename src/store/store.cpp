#include "lazygap/store/store.h"

#include <fmt/format.h>

#include <mutex>
#include <new>
#include <optional>
#include <system_error>
#include <utility>

#include "lazygap/core/error.h"
#include "lazygap/core/quote.h"
#include "store/rows.h"

namespace lazygap::store {
namespace {

namespace fs = std::filesystem;

std::optional<Result> find_in(const Connection& connection, Statement& statement, const std::string& key) {
  const EndOfStatement end(statement);  // a row that is read no further would keep the file locked
  statement.bind(key);
  std::optional<Result> result;
  if (statement.step()) try {
      result = read_result(statement);
    } catch (const FileError&) {
      throw;
    } catch (const std::bad_alloc&) {
      throw;
    } catch (const std::exception&) {  // text that is not what save() wrote
      connection.fail(SQLITE_CORRUPT);
    }
  return result;
}

void create_folder(const fs::path& file) {
  std::error_code error;
  if (file.has_parent_path()) fs::create_directories(file.parent_path(), error);
  if (error)
    throw FileError(fmt::format("results store {}: its folder cannot be created ({})",
                                printable(file.string()), error.message()));
}

}  // namespace

/// SQLite's own locks separate processes; the mutex separates the threads of this one.
struct Store::Database {
  Database() = default;
  Database(const fs::path& file, int flags) : connection(file, flags) {}

  /// Finds a result by its key. It is prepared once, because that takes longer than to find a result.
  Statement& find() {
    if (!find_)
      find_.emplace(connection,
                    fmt::format("SELECT {} FROM results WHERE key = ?", selected_columns(connection)));
    return *find_;
  }

  Connection connection;
  std::mutex mutex;

 private:
  std::optional<Statement> find_;
};

Store::Store(std::unique_ptr<Database> database) : database_(std::move(database)) {}
Store::~Store() = default;
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;

Store Store::open(const fs::path& file) {
  create_folder(file);
  auto database = std::make_unique<Database>(file, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  const Connection& connection = database->connection;
  // SQLite falls back to reading where it may not write.
  if (sqlite3_db_readonly(connection.handle(), "main") == 1) connection.fail(SQLITE_READONLY);
  if (has_tables(connection)) {
    check_identity(connection);
    check_damage(connection);
  }
  // A rollback journal, not a write-ahead log: the log needs shared memory beside the file even for reading,
  // which a read-only medium does not give. Writing at once finds out now, not after hours, that the file
  // cannot be written.
  connection.execute("PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL");
  Transaction transaction(connection, "BEGIN IMMEDIATE");
  create_tables(connection);
  add_new_columns(connection);
  transaction.commit();
  return Store(std::move(database));
}

Store Store::open_read_only(const fs::path& file) {
  // Not SQLITE_OPEN_READONLY: where the file may be written, a transaction that a SIGKILL cut short has to be
  // rolled back before anything can be read.
  auto database = std::make_unique<Database>(file, SQLITE_OPEN_READWRITE);
  if (!has_tables(database->connection)) database->connection.fail("the file is empty");
  check_identity(database->connection);
  check_damage(database->connection);
  database->connection.execute("PRAGMA query_only = ON");
  return Store(std::move(database));
}

Store Store::in_memory() {
  auto database = std::make_unique<Database>();
  create_tables(database->connection);
  return Store(std::move(database));
}

std::optional<Result> Store::find(const std::string& key) const {
  const std::lock_guard lock(database_->mutex);
  return find_in(database_->connection, database_->find(), key);
}

std::vector<std::optional<Result>> Store::find_all(std::span<const std::string> keys) const {
  const std::lock_guard lock(database_->mutex);
  const Transaction transaction(database_->connection, "BEGIN");
  std::vector<std::optional<Result>> results;
  results.reserve(keys.size());
  for (const std::string& key : keys)
    results.push_back(find_in(database_->connection, database_->find(), key));
  return results;
}

namespace {

std::vector<std::string> column_of_text(const Connection& connection, const char* sql) {
  Statement statement(connection, sql);
  std::vector<std::string> values;
  while (statement.step()) {
    values.push_back(statement.text());
    statement.rewind();
  }
  return values;
}

}  // namespace

std::vector<std::string> Store::keys() const {
  const std::lock_guard lock(database_->mutex);
  return column_of_text(database_->connection, "SELECT key FROM results ORDER BY key");
}

std::vector<std::string> Store::checkpoint_keys() const {
  const std::lock_guard lock(database_->mutex);
  return column_of_text(database_->connection, "SELECT key FROM checkpoints ORDER BY key");
}

void Store::save(const Result& result) { save(std::span(&result, 1)); }

void Store::save(std::span<const Result> results) {
  const std::lock_guard lock(database_->mutex);
  const Connection& connection = database_->connection;
  Transaction transaction(connection, "BEGIN IMMEDIATE");
  std::string marks = "?";
  for (int i = 1; i < kColumnCount; ++i) marks += ",?";
  Statement insert(connection,
                   fmt::format("INSERT OR REPLACE INTO results ({}) VALUES ({})", column_list(), marks));
  Statement drop(connection, "DELETE FROM checkpoints WHERE key = ?");
  for (const Result& result : results) {
    bind_result(insert, result);
    insert.change_one_row();
    insert.reset();
    if (result.status == Status::failed) continue;  // the next run goes on from the state that there is
    drop.bind(result.key);
    drop.step();
    drop.reset();
  }
  transaction.commit();
}

void Store::save_checkpoint(const std::string& key, std::span<const std::byte> state) {
  const std::lock_guard lock(database_->mutex);
  const Connection& connection = database_->connection;
  Transaction transaction(connection, "BEGIN IMMEDIATE");
  Statement insert(connection, "INSERT OR REPLACE INTO checkpoints (key, state) VALUES (?, ?)");
  insert.bind(key);
  insert.bind(state);
  insert.change_one_row();
  transaction.commit();
}

std::vector<std::byte> Store::checkpoint(const std::string& key) const {
  const std::lock_guard lock(database_->mutex);
  Statement statement(database_->connection, "SELECT state FROM checkpoints WHERE key = ?");
  statement.bind(key);
  return statement.step() ? statement.bytes() : std::vector<std::byte>();
}

}  // namespace lazygap::store
