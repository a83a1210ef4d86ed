#pragma once

#include <string_view>
#include <vector>

#include "lazygap/core/matrix.h"

/// Numbers written as text, the one reader for every file that holds them.
///
/// Commas, semicolons, tabs and blanks separate numbers. A line ends with LF, CR LF or CR; blank lines, what
/// follows a #, and a byte-order mark at the beginning are left out. A number is written with a decimal point
/// and may have a sign, + too. It is rounded to fp64, subnormal numbers included; nan, inf and numbers beyond
/// the range of fp64 are refused.
///
/// All throw FileError of the form "FILE:LINE:COLUMN: ..." or "FILE: ..."; columns count characters from 1.
/// `file` is shown as it stands.
namespace lazygap {

/// A list of numbers, at least one, in any arrangement but n > 1 lines of n numbers, which may be a matrix.
/// A separator may end a line. A comma that can be a decimal comma is refused: 2,0 is 2.0 or two numbers,
/// unless another comma without a blank cannot be a decimal one (1,2,3 or 1.5,2).
[[nodiscard]] std::vector<double> parse_list(std::string_view text, std::string_view file);

/// A matrix, a row a line, all of one length and at least one. One kind of separator holds for all of it:
/// commas, semicolons (blanks may stand beside both), or tabs and blanks.
[[nodiscard]] Matrix parse_rows(std::string_view text, std::string_view file);

}  // namespace lazygap
