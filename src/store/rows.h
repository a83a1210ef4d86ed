#pragma once

#include <optional>
#include <string>

#include "lazygap/store/result.h"
#include "store/database.h"

/// The tables of a store, and results as their rows.
namespace lazygap::store {

/// Makes the tables of a new file, and leaves those of an old one alone.
void create_tables(const Connection& connection);

/// Whether the file has any table, of whatever program; a new one has none.
[[nodiscard]] bool has_tables(const Connection& connection);

/// Refuses files that another program wrote or changed, or that a later lazygap wrote.
void check_identity(const Connection& connection);

/// Refuses files that are damaged, as far as SQLite sees quickly.
void check_damage(const Connection& connection);

/// Adds the columns that stores from before them lack. The file must be open for writing.
void add_new_columns(const Connection& connection);

/// The columns of a result in the order of bind_result().
[[nodiscard]] const std::string& column_list();
constexpr int kColumnCount = 32;
/// What to select for read_result(): the same, with NULL for the columns that an older file lacks.
[[nodiscard]] std::string selected_columns(const Connection& connection);

/// The result in a row of all columns. Throws other exceptions than FileError where it is not what
/// bind_result() wrote.
[[nodiscard]] Result read_result(Statement& row);
void bind_result(Statement& row, const Result& result);

}  // namespace lazygap::store
