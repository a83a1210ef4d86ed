#include "lazygap/problem/matrix_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <string>

#include "lazygap/core/error.h"
#include "lazygap/core/numbers.h"
#include "lazygap/core/ordinary_file.h"
#include "lazygap/core/quote.h"
#include "math/symmetric.h"
#include "problem/npy.h"

namespace lazygap {
namespace {

/// Nobody writes more numbers as text; where it is not text, it is found out soon enough.
constexpr std::uint64_t kMostBytesOfText = std::uint64_t{1} << 30;

std::string lower_case_extension(const std::filesystem::path& file) {
  std::string extension = file.extension().string();
  for (char& c : extension)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return extension;
}

}  // namespace

MatrixFile read_matrix_file(const std::filesystem::path& file) {
  const std::string extension = lower_case_extension(file);
  if (extension == ".npy") {
    OrdinaryFile stream(file);
    return read_npy(
        stream.size(), [&](std::span<char> bytes) { return stream.read(bytes); }, stream.name());
  }
  const std::string name = printable(file.string());
  if (extension == ".csv")
    return {.matrix = parse_rows(read_ordinary_file(file, kMostBytesOfText), name),
            .epsilon = std::numeric_limits<double>::epsilon()};
  throw FileError(fmt::format("{}: the extension is {}, but must be .npy or .csv", name, quote(extension)));
}

Matrix read_matrix(const std::filesystem::path& file) { return read_matrix_file(file).matrix; }

bool has_matrix_extension(const std::filesystem::path& file) {
  const std::string extension = lower_case_extension(file);
  return extension == ".npy" || extension == ".csv";
}

std::vector<double> read_list(const std::filesystem::path& file) {
  return parse_list(read_ordinary_file(file, kMostBytesOfText), printable(file.string()));
}

Matrix symmetrised(const MatrixFile& file) {
  const Matrix& M = file.matrix;
  // Products such as Q diag(b) Q^T in the precision of the file are off by some multiple of its epsilon.
  constexpr double kRoundings = 32;  // empirical: 10 for a random rotation, d = 450, in fp32
  const double allowed = std::max(kMatrixPrecision, kRoundings * file.epsilon) * M.cwiseAbs().maxCoeff();
  if (M.rows() != M.cols() || !((M - M.transpose()).cwiseAbs().maxCoeff() <= allowed)) return M;
  return 0.5 * M + 0.5 * M.transpose();
}

}  // namespace lazygap
