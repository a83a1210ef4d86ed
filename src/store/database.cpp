#include "store/database.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cmath>
#include <stdexcept>
#include <system_error>

#include "core/utf8.h"
#include "lazygap/core/error.h"
#include "lazygap/core/quote.h"

namespace lazygap::store {
namespace {

namespace fs = std::filesystem;

/// How long a call waits while another process writes.
constexpr int kBusyMilliseconds = 60000;

/// Why SQLite should not even try; it would say no more than that it cannot, or wait at a pipe for ever.
std::string obstacle(const fs::path& file, const std::string& path, bool create) {
  if (file.empty()) return "the file must have a name";
  if (path.find('\0') != std::string::npos) return "the name has a zero byte";
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    if (errno != ENOENT) return "the file cannot be opened: " + std::generic_category().message(errno);
    if (!create) return "no such file";
  } else if (!S_ISREG(status.st_mode)) {
    return fmt::format("is {}, but must be an ordinary file",
                       S_ISDIR(status.st_mode) ? "a folder" : "a device, pipe or socket");
  }
  // SQLite adds "-journal".
  constexpr std::size_t kEnding = 8;
  const auto most = static_cast<std::size_t>(sqlite3_vfs_find(nullptr)->mxPathname) - kEnding;
  if (path.size() > most)
    return fmt::format("its full name has {} bytes, but SQLite opens at most {}", path.size(), most);
  return {};
}

}  // namespace

Connection::Connection(const fs::path& file, int flags) : name_(printable(file.string())) {
  // Debian's SQLite reads a name that begins with "file:" as a URI, whatever the flags; a full name begins
  // with a slash.
  std::error_code error;
  const std::string path = file.empty() ? std::string() : fs::absolute(file, error).string();
  if (error) fail(fmt::format("the file cannot be opened: {}", error.message()));
  if (const std::string text = obstacle(file, path, (flags & SQLITE_OPEN_CREATE) != 0); !text.empty())
    fail(text);
  open(path, flags);
}

Connection::Connection() : name_(":memory:") { open(name_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE); }

void Connection::open(const std::string& path, int flags) {
  sqlite3* handle = nullptr;
  // SQLite gives a handle, to be closed, even where it fails. The caller separates the threads.
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  handle_.reset(handle);
  if (code != SQLITE_OK) fail(code);
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, kBusyMilliseconds);
  // A trigger or view in the file could swallow what is saved, or run without end.
  sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  execute("PRAGMA temp_store = MEMORY");  // there may be no folder for temporary files
}

void Connection::fail(std::string_view reason) const {
  throw FileError(fmt::format("results store {}: {}", name_, reason));
}

void Connection::fail(int code) const {
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
    case SQLITE_ERROR:  // the words are in the connection
      fail(printable(sqlite3_errmsg(handle())));
    default:
      fail(sqlite3_errstr(code));
  }
}

Statement::Statement(const Connection& connection, std::string_view sql) : connection_(connection) {
  sqlite3_stmt* statement = nullptr;
  check(
      sqlite3_prepare_v2(connection.handle(), sql.data(), static_cast<int>(sql.size()), &statement, nullptr));
  statement_.reset(statement);
}

void Statement::bind(std::string_view text) {
  check(sqlite3_bind_text64(statement_.get(), ++bound_, text.data(), text.size(), SQLITE_TRANSIENT,
                            SQLITE_UTF8));
}
void Statement::bind(std::span<const std::byte> bytes) {
  check(sqlite3_bind_blob64(statement_.get(), ++bound_, bytes.data(), bytes.size(), SQLITE_TRANSIENT));
}

bool Statement::step() {
  const int code = sqlite3_step(statement_.get());
  check(code);
  read_ = 0;
  return code == SQLITE_ROW;
}

void Statement::change_one_row() {
  step();
  if (sqlite3_changes(connection_.handle()) != 1)
    connection_.fail("the file did not take what was to be saved; move it away to start anew");
}

void Statement::reset() {
  check(sqlite3_reset(statement_.get()));
  bound_ = 0;
}

void Statement::end() noexcept {
  static_cast<void>(sqlite3_reset(statement_.get()));
  bound_ = 0;
}

std::string Statement::raw_text() {
  const auto* characters = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), read_));
  if (characters == nullptr && sqlite3_column_type(statement_.get(), read_) != SQLITE_NULL)
    connection_.fail(SQLITE_NOMEM);
  const int size = sqlite3_column_bytes(statement_.get(), read_++);
  return characters == nullptr ? "" : std::string(characters, static_cast<std::size_t>(size));
}

std::string Statement::text() {
  std::string text = raw_text();
  for (std::string_view rest = text; !rest.empty();) {
    const Utf8Character character = first_character(rest);
    if (!character.valid) throw std::invalid_argument("text that is not UTF-8");
    rest.remove_prefix(character.bytes);
  }
  return text;
}

double Statement::number() { return optional_number().value_or(std::nan("")); }

std::optional<double> Statement::optional_number() {
  const int column = read_++;
  if (sqlite3_column_type(statement_.get(), column) == SQLITE_NULL) return {};
  return sqlite3_column_double(statement_.get(), column);
}

std::optional<std::int64_t> Statement::optional_integer() {
  const int column = read_++;
  if (sqlite3_column_type(statement_.get(), column) == SQLITE_NULL) return {};
  return sqlite3_column_int64(statement_.get(), column);
}

std::vector<std::byte> Statement::bytes() {
  const auto* data = static_cast<const std::byte*>(sqlite3_column_blob(statement_.get(), read_));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), read_++));
  return size == 0 ? std::vector<std::byte>() : std::vector<std::byte>(data, data + size);
}

std::int64_t pragma(const Connection& connection, std::string_view name) {
  Statement statement(connection, fmt::format("PRAGMA {}", name));
  return statement.step() ? statement.integer() : 0;
}

}  // namespace lazygap::store
