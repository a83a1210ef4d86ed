#include "store/rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <span>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "lazygap/store/json.h"

namespace lazygap::store {
namespace {

/// Marks a SQLite file as ours ("LGAP") and its tables as of this version.
constexpr int kApplicationId = 0x4c474150;
constexpr int kSchemaVersion = 1;

/// SQL does not tell N from n, so these two are called neurons and samples.
constexpr const char* kSchema = R"sql(
  CREATE TABLE IF NOT EXISTS results (
    key TEXT PRIMARY KEY, parameters TEXT NOT NULL,
    model TEXT NOT NULL, regime TEXT NOT NULL, method TEXT NOT NULL,
    d INTEGER NOT NULL, neurons INTEGER NOT NULL, rho REAL NOT NULL, samples INTEGER, draw INTEGER NOT NULL, step_size REAL,
    risk REAL, null_risk REAL, ratio REAL, se REAL, test_ratio REAL, test_se REAL,
    status TEXT NOT NULL, message TEXT NOT NULL, trajectory TEXT NOT NULL,
    commit_id TEXT NOT NULL, compiler TEXT NOT NULL, instruction_set TEXT NOT NULL, machine TEXT NOT NULL,
    threads INTEGER NOT NULL, seconds REAL NOT NULL, finished_at TEXT NOT NULL,
    mechanism BLOB, weights TEXT, train_ratio REAL, gcv_ratio REAL, loo_ratio REAL
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS checkpoints (key TEXT PRIMARY KEY, state BLOB NOT NULL) WITHOUT ROWID;
)sql";

std::string trajectory_text(const std::vector<CurvePoint>& trajectory) {
  nlohmann::json list = nlohmann::json::array();
  for (const CurvePoint& point : trajectory) list.push_back({point.step, point.samples, point.risk});
  return list.dump();
}

std::vector<CurvePoint> trajectory_from_text(std::string_view text) {
  std::vector<CurvePoint> trajectory;
  for (const auto& point : nlohmann::json::parse(text)) {
    // JSON has no NaN: a risk that was not finite was written as null.
    const double risk = point.at(2).is_null() ? std::nan("") : point.at(2).get<double>();
    if (!point.at(0).is_number_integer()) throw std::invalid_argument("a step that is not an integer");
    trajectory.push_back({.step = point.at(0), .samples = point.at(1), .risk = risk});
  }
  return trajectory;
}

/// Text of the system or of a file in a message need not be UTF-8, which every reader of the store expects.
std::string valid_utf8(const std::string& text) {
  return nlohmann::json::parse(
      nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

std::set<std::string> columns_of(const Connection& connection, const char* table) {
  Statement statement(connection, fmt::format("SELECT name FROM pragma_table_info('{}')", table));
  std::set<std::string> columns;
  while (statement.step()) columns.insert(statement.raw_text());
  return columns;
}

/// Refuses tables that lack a column, and views of their names.
void check_columns(const Connection& connection, const char* table, std::string_view columns) {
  Statement kind(connection, fmt::format("SELECT type FROM sqlite_schema WHERE name = '{}'", table));
  if (!kind.step() || kind.raw_text() != "table")
    connection.fail(fmt::format("it has no table \"{}\"; another program has changed the file", table));
  const std::set<std::string> found = columns_of(connection, table);
  while (!columns.empty()) {
    const std::string_view column = columns.substr(0, columns.find(','));
    columns.remove_prefix(std::min(column.size() + 2, columns.size()));
    if (!found.contains(std::string(column)))
      connection.fail(fmt::format(
          "its table \"{}\" has no column \"{}\"; another program has changed the file", table, column));
  }
}

constexpr const char* kColumns =
    "key, parameters, model, regime, method, d, neurons, rho, samples, draw, step_size, risk, null_risk, "
    "ratio, se, "
    "test_ratio, "
    "test_se, status, message, trajectory, commit_id, compiler, instruction_set, machine, threads, seconds, "
    "finished_at";

/// Columns that are younger than the first stores, which stay valid: NULL there.
struct NewColumn {
  const char* name;
  const char* type;
};
constexpr NewColumn kNewColumns[] = {{"mechanism", "BLOB"},
                                     {"weights", "TEXT"},
                                     {"train_ratio", "REAL"},
                                     {"gcv_ratio", "REAL"},
                                     {"loo_ratio", "REAL"}};

/// CBOR: a run has thousands of eigenvalues, which take half the space of text and keep every bit.
std::vector<std::byte> mechanism_bytes(const Mechanism& mechanism) {
  if (mechanism.empty()) return {};
  nlohmann::json object = to_json(mechanism);
  const std::vector<std::uint8_t> bytes = nlohmann::json::to_cbor(object);
  const auto* first = reinterpret_cast<const std::byte*>(bytes.data());
  return {first, first + bytes.size()};
}

Mechanism mechanism_from_bytes(const std::vector<std::byte>& bytes) {
  if (bytes.empty()) return {};
  const auto* first = reinterpret_cast<const std::uint8_t*>(bytes.data());
  return mechanism_from_json(nlohmann::json::from_cbor(first, first + bytes.size()));
}
}  // namespace

void create_tables(const Connection& connection) {
  connection.execute(kSchema);
  connection.execute(
      fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}", kApplicationId, kSchemaVersion));
}

bool has_tables(const Connection& connection) {
  Statement statement(connection, "SELECT count(*) FROM sqlite_schema");
  statement.step();
  return statement.integer() > 0;
}

void check_identity(const Connection& connection) {
  if (pragma(connection, "application_id") != kApplicationId)
    connection.fail("the file is a database of another program");
  const std::int64_t version = pragma(connection, "user_version");
  if (version != kSchemaVersion)
    connection.fail(
        fmt::format("the file has format {}, but this program reads format {}; move it away to start anew",
                    version, kSchemaVersion));
  check_columns(connection, "results", kColumns);
  check_columns(connection, "checkpoints", "key, state");
}

void check_damage(const Connection& connection) {
  Statement statement(connection, "PRAGMA quick_check(1)");
  statement.step();
  if (statement.raw_text() != "ok") connection.fail(SQLITE_CORRUPT);
}

void add_new_columns(const Connection& connection) {
  const std::set<std::string> found = columns_of(connection, "results");
  for (const auto& [name, type] : kNewColumns)
    if (!found.contains(name))
      connection.execute(fmt::format("ALTER TABLE results ADD COLUMN {} {}", name, type));
}

const std::string& column_list() {
  static const std::string list = [] {
    std::string names = kColumns;
    for (const NewColumn& column : kNewColumns) names += fmt::format(", {}", column.name);
    return names;
  }();
  return list;
}

std::string selected_columns(const Connection& connection) {
  const std::set<std::string> found = columns_of(connection, "results");
  std::string names = kColumns;
  for (const NewColumn& column : kNewColumns)
    names += found.contains(column.name) ? fmt::format(", {}", column.name) : ", NULL";
  return names;
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
  r.mechanism = mechanism_from_bytes(row.bytes());
  r.weights = row.text();
  r.train_ratio = row.optional_number();
  r.gcv_ratio = row.optional_number();
  r.loo_ratio = row.optional_number();
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
  row.bind(valid_utf8(r.message));
  row.bind(trajectory_text(r.trajectory));
  row.bind(valid_utf8(r.provenance.commit));
  row.bind(valid_utf8(r.provenance.compiler));
  row.bind(valid_utf8(r.provenance.instruction_set));
  row.bind(valid_utf8(r.provenance.machine));
  row.bind(static_cast<std::int64_t>(r.provenance.threads));
  row.bind(r.provenance.seconds);
  row.bind(valid_utf8(r.provenance.finished_at));
  if (const std::vector<std::byte> bytes = mechanism_bytes(r.mechanism); bytes.empty())
    row.bind(std::optional<double>());
  else
    row.bind(std::span(bytes));
  if (r.weights.empty())
    row.bind(std::optional<double>());
  else
    row.bind(valid_utf8(r.weights));
  row.bind(r.train_ratio);
  row.bind(r.gcv_ratio);
  row.bind(r.loo_ratio);
}

}  // namespace lazygap::store
