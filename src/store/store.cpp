#include "lazygap/store/store.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cmath>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string_view>
#include <system_error>
#include <utility>

#include "lazygap/core/error.h"

namespace lazygap::store {
namespace {

namespace fs = std::filesystem;

/// Marks a SQLite file as ours ("LGAP") and its tables as of this version.
constexpr int kApplicationId = 0x4c474150;
constexpr int kSchemaVersion = 1;
/// How long a call waits while another process writes.
constexpr int kBusyMilliseconds = 60000;

/// SQL does not tell N from n, so these two are called neurons and samples.
constexpr const char* kSchema = R"sql(
  CREATE TABLE IF NOT EXISTS results (
    key TEXT PRIMARY KEY, parameters TEXT NOT NULL,
    model TEXT NOT NULL, regime TEXT NOT NULL, method TEXT NOT NULL,
    d INTEGER NOT NULL, neurons INTEGER NOT NULL, rho REAL NOT NULL, samples INTEGER, draw INTEGER NOT NULL, step_size REAL,
    risk REAL, null_risk REAL, ratio REAL, se REAL, test_ratio REAL, test_se REAL,
    status TEXT NOT NULL, message TEXT NOT NULL, trajectory TEXT NOT NULL,
    commit_id TEXT NOT NULL, compiler TEXT NOT NULL, instruction_set TEXT NOT NULL, machine TEXT NOT NULL,
    threads INTEGER NOT NULL, seconds REAL NOT NULL, finished_at TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS checkpoints (key TEXT PRIMARY KEY, state BLOB NOT NULL) WITHOUT ROWID;
)sql";

constexpr const char* kColumns =
    "key, parameters, model, regime, method, d, neurons, rho, samples, draw, step_size, risk, null_risk, "
    "ratio, se, "
    "test_ratio, "
    "test_se, status, message, trajectory, commit_id, compiler, instruction_set, machine, threads, seconds, "
    "finished_at";
constexpr int kColumnCount = 27;

struct CloseConnection {
  void operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }
};
struct FinalizeStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};

std::string trajectory_text(const std::vector<TrajectoryPoint>& trajectory) {
  nlohmann::json list = nlohmann::json::array();
  for (const TrajectoryPoint& point : trajectory) list.push_back({point.step, point.samples, point.risk});
  return list.dump();
}

std::vector<TrajectoryPoint> trajectory_from_text(std::string_view text) {
  std::vector<TrajectoryPoint> trajectory;
  for (const auto& point : nlohmann::json::parse(text)) {
    // JSON has no NaN: a risk that was not finite was written as null.
    const double risk = point.at(2).is_null() ? std::nan("") : point.at(2).get<double>();
    trajectory.push_back({.step = point.at(0), .samples = point.at(1), .risk = risk});
  }
  return trajectory;
}

class Connection {
 public:
  Connection(std::string name, int flags) : name_(std::move(name)) {
    sqlite3* handle = nullptr;
    // SQLite gives a handle, to be closed, even where it fails.
    const int code = sqlite3_open_v2(name_.c_str(), &handle, flags, nullptr);
    handle_.reset(handle);
    if (code != SQLITE_OK) fail(code);
    sqlite3_extended_result_codes(handle, 1);
    sqlite3_busy_timeout(handle, kBusyMilliseconds);
  }

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] sqlite3* handle() const { return handle_.get(); }

  [[noreturn]] void fail(std::string_view reason) const {
    throw FileError(fmt::format("results store {}: {}", name_, reason));
  }
  [[noreturn]] void fail(int code) const {
    switch (code & 0xff) {
      case SQLITE_FULL:
        fail("the disk is full; what was saved before is kept");
      case SQLITE_IOERR:
        fail("reading or writing failed, perhaps for want of disk space; what was saved before is kept");
      case SQLITE_READONLY:
      case SQLITE_PERM:
        fail("the file or its folder cannot be written");
      case SQLITE_CANTOPEN:
        fail("the file cannot be opened, or the file or its folder cannot be written");
      case SQLITE_CORRUPT:
        fail("the file is damaged; move it away to start anew");
      case SQLITE_NOTADB:
        fail("the file is not a results store of lazygap, or is damaged; move it away to start anew");
      case SQLITE_BUSY:
      case SQLITE_LOCKED:
        fail("another process has kept the file locked for a minute");
      default:
        fail(sqlite3_errstr(code));
    }
  }
  void check(int code) const {
    if (code != SQLITE_OK && code != SQLITE_ROW && code != SQLITE_DONE) fail(code);
  }
  void execute(const char* sql) const { check(sqlite3_exec(handle(), sql, nullptr, nullptr, nullptr)); }

 private:
  std::string name_;
  std::unique_ptr<sqlite3, CloseConnection> handle_;
};

/// A prepared statement; parameters are bound and columns read from left to right.
class Statement {
 public:
  Statement(const Connection& connection, std::string_view sql) : connection_(connection) {
    sqlite3_stmt* statement = nullptr;
    check(sqlite3_prepare_v2(connection.handle(), sql.data(), static_cast<int>(sql.size()), &statement,
                             nullptr));
    statement_.reset(statement);
  }

  void bind(std::string_view text) {
    check(sqlite3_bind_text64(statement_.get(), ++bound_, text.data(), text.size(), SQLITE_TRANSIENT,
                              SQLITE_UTF8));
  }
  void bind(std::span<const std::byte> bytes) {
    check(sqlite3_bind_blob64(statement_.get(), ++bound_, bytes.data(), bytes.size(), SQLITE_TRANSIENT));
  }
  void bind(std::int64_t number) { check(sqlite3_bind_int64(statement_.get(), ++bound_, number)); }
  /// NaN becomes NULL.
  void bind(double number) { check(sqlite3_bind_double(statement_.get(), ++bound_, number)); }
  template <class Number>
  void bind(const std::optional<Number>& number) {
    if (number)
      bind(*number);
    else
      check(sqlite3_bind_null(statement_.get(), ++bound_));
  }

  /// Runs to the next row; false at the end.
  bool step() {
    const int code = sqlite3_step(statement_.get());
    check(code);
    read_ = 0;
    return code == SQLITE_ROW;
  }
  void reset() {
    check(sqlite3_reset(statement_.get()));
    bound_ = 0;
  }

  std::string text() {
    const auto* characters = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), read_));
    const int size = sqlite3_column_bytes(statement_.get(), read_++);
    return characters == nullptr ? std::string() : std::string(characters, static_cast<std::size_t>(size));
  }
  std::int64_t integer() { return sqlite3_column_int64(statement_.get(), read_++); }
  /// NULL becomes NaN.
  double number() { return optional_number().value_or(std::nan("")); }
  std::optional<double> optional_number() {
    const int column = read_++;
    if (sqlite3_column_type(statement_.get(), column) == SQLITE_NULL) return {};
    return sqlite3_column_double(statement_.get(), column);
  }
  std::optional<std::int64_t> optional_integer() {
    const int column = read_++;
    if (sqlite3_column_type(statement_.get(), column) == SQLITE_NULL) return {};
    return sqlite3_column_int64(statement_.get(), column);
  }
  std::vector<std::byte> bytes() {
    const auto* data = static_cast<const std::byte*>(sqlite3_column_blob(statement_.get(), read_));
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), read_++));
    return size == 0 ? std::vector<std::byte>() : std::vector<std::byte>(data, data + size);
  }

 private:
  void check(int code) const { connection_.check(code); }

  const Connection& connection_;
  std::unique_ptr<sqlite3_stmt, FinalizeStatement> statement_;
  int bound_ = 0;
  int read_ = 0;
};

/// Rolls back unless committed. "BEGIN IMMEDIATE" takes the write lock at once, so that two processes queue
/// up instead of failing half-way.
class Transaction {
 public:
  Transaction(const Connection& connection, const char* begin) : connection_(connection) {
    connection_.execute(begin);
  }
  ~Transaction() {
    if (!committed_) sqlite3_exec(connection_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
  }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit() {
    connection_.execute("COMMIT");
    committed_ = true;
  }

 private:
  const Connection& connection_;
  bool committed_ = false;
};

std::int64_t pragma(const Connection& connection, std::string_view name) {
  Statement statement(connection, fmt::format("PRAGMA {}", name));
  return statement.step() ? statement.integer() : 0;
}

/// Refuses files that are damaged, that another program wrote, or that a later lazygap wrote.
void check_file(const Connection& connection) {
  const std::int64_t tables = [&] {
    Statement statement(connection, "SELECT count(*) FROM sqlite_schema");
    statement.step();
    return statement.integer();
  }();
  if (tables == 0) return;
  if (pragma(connection, "application_id") != kApplicationId)
    connection.fail("the file is a database of another program");
  const std::int64_t version = pragma(connection, "user_version");
  if (version != kSchemaVersion)
    connection.fail(
        fmt::format("the file has format {}, but this program reads format {}; move it away to start anew",
                    version, kSchemaVersion));
  Statement statement(connection, "PRAGMA quick_check(1)");
  statement.step();
  if (statement.text() != "ok") connection.fail(SQLITE_CORRUPT);
}

Result read_result(Statement& row) {
  Result r;
  r.key = row.text();
  r.parameters = row.text();
  r.model = row.text();
  r.regime = row.text();
  r.method = row.text();
  r.d = row.integer();
  r.N = row.integer();
  r.rho = row.number();
  r.n = row.optional_integer();
  r.draw = row.integer();
  r.step_size = row.optional_number();
  r.risk = row.number();
  r.null_risk = row.number();
  r.ratio = row.number();
  r.se = row.optional_number();
  r.test_ratio = row.optional_number();
  r.test_se = row.optional_number();
  r.status = status_from_string(row.text());
  r.message = row.text();
  r.trajectory = trajectory_from_text(row.text());
  r.provenance.commit = row.text();
  r.provenance.compiler = row.text();
  r.provenance.instruction_set = row.text();
  r.provenance.machine = row.text();
  r.provenance.threads = static_cast<int>(row.integer());
  r.provenance.seconds = row.number();
  r.provenance.finished_at = row.text();
  return r;
}

void bind_result(Statement& row, const Result& r) {
  row.bind(r.key);
  row.bind(r.parameters);
  row.bind(r.model);
  row.bind(r.regime);
  row.bind(r.method);
  row.bind(r.d);
  row.bind(r.N);
  row.bind(r.rho);
  row.bind(r.n);
  row.bind(r.draw);
  row.bind(r.step_size);
  row.bind(r.risk);
  row.bind(r.null_risk);
  row.bind(r.ratio);
  row.bind(r.se);
  row.bind(r.test_ratio);
  row.bind(r.test_se);
  row.bind(to_string(r.status));
  row.bind(r.message);
  row.bind(trajectory_text(r.trajectory));
  row.bind(r.provenance.commit);
  row.bind(r.provenance.compiler);
  row.bind(r.provenance.instruction_set);
  row.bind(r.provenance.machine);
  row.bind(static_cast<std::int64_t>(r.provenance.threads));
  row.bind(r.provenance.seconds);
  row.bind(r.provenance.finished_at);
}

std::optional<Result> find_in(const Connection& connection, Statement& statement, const std::string& key) {
  statement.bind(key);
  std::optional<Result> result;
  if (statement.step()) try {
      result = read_result(statement);
    } catch (const std::exception&) {  // text that is not what save() wrote
      connection.fail(SQLITE_CORRUPT);
    }
  statement.reset();
  return result;
}

const std::string& select_sql() {
  static const std::string sql = fmt::format("SELECT {} FROM results WHERE key = ?", kColumns);
  return sql;
}

}  // namespace

/// SQLite's own locks separate processes; the mutex separates the threads of this one.
struct Store::Database {
  Database(const std::string& name, int flags) : connection(name, flags | SQLITE_OPEN_NOMUTEX) {}

  Connection connection;
  mutable std::mutex mutex;
};

Store::Store(std::unique_ptr<Database> database) : database_(std::move(database)) {}
Store::~Store() = default;
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;

Store Store::open(const fs::path& file) {
  std::error_code error;
  if (file.has_parent_path()) fs::create_directories(file.parent_path(), error);
  if (error)
    throw FileError(
        fmt::format("results store {}: its folder cannot be created ({})", file.string(), error.message()));
  auto database = std::make_unique<Database>(file.string(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  const Connection& connection = database->connection;
  // SQLite falls back to reading where it may not write.
  if (sqlite3_db_readonly(connection.handle(), "main") == 1) connection.fail(SQLITE_READONLY);
  check_file(connection);
  // A rollback journal, not a write-ahead log: the log needs shared memory beside the file even for reading,
  // which a read-only medium does not give. Writing at once finds out now, not after hours, that the file
  // cannot be written.
  connection.execute("PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL");
  Transaction transaction(connection, "BEGIN IMMEDIATE");
  connection.execute(kSchema);
  connection.execute(
      fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}", kApplicationId, kSchemaVersion)
          .c_str());
  transaction.commit();
  return Store(std::move(database));
}

Store Store::open_read_only(const fs::path& file) {
  std::error_code error;
  if (!fs::exists(file, error))
    throw FileError(
        fmt::format("results store {}: {}", file.string(), error ? error.message() : "no such file"));
  // Not SQLITE_OPEN_READONLY: where the file may be written, a transaction that a SIGKILL cut short has to be
  // rolled back before anything can be read.
  auto database = std::make_unique<Database>(file.string(), SQLITE_OPEN_READWRITE);
  check_file(database->connection);
  if (pragma(database->connection, "application_id") != kApplicationId)
    database->connection.fail("the file is empty");
  database->connection.execute("PRAGMA query_only = ON");
  return Store(std::move(database));
}

Store Store::in_memory() {
  auto database = std::make_unique<Database>(":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  database->connection.execute(kSchema);
  return Store(std::move(database));
}

std::optional<Result> Store::find(const std::string& key) const {
  const std::lock_guard lock(database_->mutex);
  Statement statement(database_->connection, select_sql());
  return find_in(database_->connection, statement, key);
}

std::vector<std::optional<Result>> Store::find_all(std::span<const std::string> keys) const {
  const std::lock_guard lock(database_->mutex);
  const Transaction transaction(database_->connection, "BEGIN");
  Statement statement(database_->connection, select_sql());
  std::vector<std::optional<Result>> results;
  results.reserve(keys.size());
  for (const std::string& key : keys) results.push_back(find_in(database_->connection, statement, key));
  return results;
}

void Store::save(const Result& result) { save(std::span(&result, 1)); }

void Store::save(std::span<const Result> results) {
  const std::lock_guard lock(database_->mutex);
  const Connection& connection = database_->connection;
  Transaction transaction(connection, "BEGIN IMMEDIATE");
  std::string marks = "?";
  for (int i = 1; i < kColumnCount; ++i) marks += ",?";
  Statement insert(connection,
                   fmt::format("INSERT OR REPLACE INTO results ({}) VALUES ({})", kColumns, marks));
  Statement drop(connection, "DELETE FROM checkpoints WHERE key = ?");
  for (const Result& result : results) {
    bind_result(insert, result);
    insert.step();
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
  insert.step();
  transaction.commit();
}

std::vector<std::byte> Store::checkpoint(const std::string& key) const {
  const std::lock_guard lock(database_->mutex);
  Statement statement(database_->connection, "SELECT state FROM checkpoints WHERE key = ?");
  statement.bind(key);
  return statement.step() ? statement.bytes() : std::vector<std::byte>();
}

}  // namespace lazygap::store
