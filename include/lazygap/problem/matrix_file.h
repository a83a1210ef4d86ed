#pragma once

#include <string>

#include "lazygap/core/matrix.h"

namespace lazygap {

/// The matrix in `file`:
///
///   .npy  as numpy.save writes it: fp64 or fp32 of this machine's byte order, C or Fortran order, 1-d or 2-d
///   .csv  one row a line, numbers separated by commas; blank lines, and whatever follows a #, are left out
///
/// A 1-d array of d numbers is d x 1. Throws FileError, naming the file, the line (.csv), the value and what
/// is accepted: no such file, another extension, another type, 3-d and more, empty, cut short, rows of
/// different lengths, not a number, nan or inf.
[[nodiscard]] Matrix read_matrix(const std::string& file);

}  // namespace lazygap
