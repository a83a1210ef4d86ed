#pragma once

#include <sqlite3.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// SQLite with exceptions: every failure is a FileError of one sentence that names the file.
namespace lazygap::store {

struct CloseConnection {
  void operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }
};
struct FinalizeStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};

/// A connection to a file that may hold anything. Its triggers and views are not run.
class Connection {
 public:
  /// `flags`: of sqlite3_open_v2, without SQLITE_OPEN_URI. Throws where there is something at `file` that is
  /// not an ordinary file, or nothing and it is not to be created.
  Connection(const std::filesystem::path& file, int flags);
  /// A database in memory.
  Connection();

  [[nodiscard]] sqlite3* handle() const { return handle_.get(); }

  [[noreturn]] void fail(std::string_view reason) const;
  [[noreturn]] void fail(int code) const;
  void check(int code) const {
    if (code != SQLITE_OK && code != SQLITE_ROW && code != SQLITE_DONE) fail(code);
  }
  void execute(const std::string& sql) const {
    check(sqlite3_exec(handle(), sql.c_str(), nullptr, nullptr, nullptr));
  }

 private:
  void open(const std::string& path, int flags);

  std::string name_;  // as messages show it
  std::unique_ptr<sqlite3, CloseConnection> handle_;
};

/// A prepared statement; parameters are bound and columns read from left to right.
class Statement {
 public:
  Statement(const Connection& connection, std::string_view sql);

  void bind(std::string_view text);
  void bind(std::span<const std::byte> bytes);
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
  bool step();
  /// Runs a statement that has to change exactly one row.
  void change_one_row();
  void reset();
  /// The same without a word of what the last step said before.
  void end() noexcept;
  /// Reads the columns of this row again from the first.
  void rewind() { read_ = 0; }

  /// Throws std::invalid_argument where the text is not UTF-8.
  std::string text();
  /// Whatever bytes there are.
  std::string raw_text();
  std::int64_t integer() { return sqlite3_column_int64(statement_.get(), read_++); }
  /// NULL becomes NaN.
  double number();
  std::optional<double> optional_number();
  std::optional<std::int64_t> optional_integer();
  std::vector<std::byte> bytes();

 private:
  void check(int code) const { connection_.check(code); }

  const Connection& connection_;
  std::unique_ptr<sqlite3_stmt, FinalizeStatement> statement_;
  int bound_ = 0;
  int read_ = 0;
};

/// Resets a statement when it goes out of scope, whatever its last step said.
class EndOfStatement {
 public:
  explicit EndOfStatement(Statement& statement) : statement_(statement) {}
  ~EndOfStatement() { statement_.end(); }
  EndOfStatement(const EndOfStatement&) = delete;
  EndOfStatement& operator=(const EndOfStatement&) = delete;

 private:
  Statement& statement_;
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

/// The number that PRAGMA `name` gives.
[[nodiscard]] std::int64_t pragma(const Connection& connection, std::string_view name);

}  // namespace lazygap::store
