#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "lazygap/core/matrix.h"

namespace lazygap {

/// What a file holds.
struct MatrixFile {
  Matrix matrix;
  double epsilon = 0;  ///< of the numbers in the file: 2^-10 fp16, 2^-23 fp32, 2^-52 fp64, integers, text
};

/// The matrix in `file`; the extension counts without case:
///
///   .npy  one array as numpy.save writes it (format versions 1 to 3): integers, fp16, fp32 or fp64 of either
///         byte order, C or Fortran order, 1-d or 2-d; integers beyond 2^53 are rounded to fp64
///   .csv  one row a line, see parse_rows in core/numbers.h
///
/// A 1-d array of d numbers is d x 1. Throws FileError, naming the file, the place, the value and what is
/// accepted: not an ordinary file, another extension, another type (truth values, complex numbers, records,
/// Python objects, archives), 3-d and more, empty, cut short, longer than its array, rows of different
/// lengths, not a number, nan or inf. A header is believed only as far as the size of the file bears it out.
[[nodiscard]] MatrixFile read_matrix_file(const std::filesystem::path& file);

/// The same without its precision.
[[nodiscard]] Matrix read_matrix(const std::filesystem::path& file);

/// Whether the extension of `file` is one that read_matrix reads.
[[nodiscard]] bool has_matrix_extension(const std::filesystem::path& file);

/// The numbers in a file of any extension, see parse_list in core/numbers.h. Throws FileError.
[[nodiscard]] std::vector<double> read_list(const std::filesystem::path& file);

/// Writes the d x N matrix as numpy.load reads it: format 1.0, fp64, Fortran order, 2-d. The file is written
/// beside and renamed; missing folders are created. Throws FileError.
void write_npy(const std::filesystem::path& file, const Matrix& matrix);
/// The same, 1-d.
void write_npy(const std::filesystem::path& file, std::span<const double> numbers);

/// (M + M^T) / 2 where M is square and symmetric up to the rounding of its file: |M_ij - M_ji| at most
/// max(1e-12, 32 epsilon) of the largest entry. Any other matrix as it is: who needs symmetry refuses it.
[[nodiscard]] Matrix symmetrised(const MatrixFile& file);

}  // namespace lazygap
