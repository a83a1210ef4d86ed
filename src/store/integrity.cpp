#include "lazygap/store/integrity.h"

#include <fmt/format.h>

#include <exception>
#include <system_error>
#include <utility>

#include "lazygap/core/error.h"
#include "lazygap/core/quote.h"
#include "store/rows.h"

namespace lazygap::store {
namespace {

constexpr std::size_t kMostProblems = 20;

void add(std::string problem, Integrity& found) {
  if (found.problems.size() < kMostProblems) found.problems.push_back(std::move(problem));
}

void check_pages(const Connection& connection, Integrity& found) {
  Statement statement(connection, fmt::format("PRAGMA integrity_check({})", kMostProblems));
  while (statement.step())
    if (const std::string line = printable(statement.raw_text()); line != "ok") add(line, found);
}

void check_results(const Connection& connection, Integrity& found) {
  Statement statement(connection, fmt::format("SELECT {} FROM results ORDER BY key", column_list(connection)));
  while (statement.step()) {
    ++found.results;
    std::string key = "?";
    try {
      key = statement.text();
      statement.rewind();
      static_cast<void>(read_result(statement));
    } catch (const std::exception& error) {
      add(fmt::format("the result {} cannot be read: {}", quote(key), quote(error.what())), found);
    }
  }
}

void count(const Connection& connection, Integrity& found) {
  Statement groups(
      connection,
      "SELECT method, status, count(*) FROM results GROUP BY method, status ORDER BY method, status");
  while (groups.step()) {
    Integrity::Count entry{
        .method = printable(groups.raw_text()), .status = printable(groups.raw_text()), .results = 0};
    entry.results = groups.integer();
    found.counts.push_back(std::move(entry));
  }
  Statement states(connection, "SELECT count(*), coalesce(sum(length(state)), 0) FROM checkpoints");
  if (states.step()) {
    found.checkpoints = states.integer();
    found.checkpoint_bytes = states.integer();
  }
}

}  // namespace

Integrity check(const std::filesystem::path& file) {
  const Connection connection(file, SQLITE_OPEN_READWRITE);
  Integrity found;
  std::error_code ignored;
  found.file_bytes = static_cast<std::int64_t>(std::filesystem::file_size(file, ignored));
  check_identity(connection);
  connection.execute("PRAGMA query_only = ON");
  // What is damaged shows in one or several of them.
  for (const auto part : {&check_pages, &check_results, &count}) try {
      part(connection, found);
    } catch (const std::exception& error) {
      add(error.what(), found);
    }
  return found;
}

}  // namespace lazygap::store
