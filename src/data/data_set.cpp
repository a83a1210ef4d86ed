#include "lazygap/data/data_set.h"

#include <fmt/format.h>

#include <cmath>
#include <numeric>

#include "lazygap/core/check.h"
#include "lazygap/core/error.h"

namespace lazygap::data {
namespace {

/// A column whose deviation is this small beside its largest modulus holds one number and its rounding.
constexpr double kConstant = 1e-12;

void check_numbers(std::string_view function, std::string_view name, const MatrixView& values) {
  for (Index j = 0; j < values.cols(); ++j)
    for (Index i = 0; i < values.rows(); ++i)
      if (!std::isfinite(values(i, j)))
        throw UsageError(fmt::format("{}: feature {} of sample {} of {} is {}, but must be finite", function,
                                     i, j, name, values(i, j)));
}

}  // namespace

std::vector<Index> all_rows(Index n) {
  std::vector<Index> rows(static_cast<std::size_t>(n));
  std::iota(rows.begin(), rows.end(), Index{0});
  return rows;
}

void check_data_set(std::string_view function, const DataSet& data) {
  check_not_empty(function, "X", data.X.size());
  check_not_empty(function, "Y", data.Y.size());
  check_size(function, "Y", data.Y.cols(), "the number of samples n", data.samples());
  if (data.weights.size() > 0)
    check_size(function, "weights", data.weights.size(), "the number of samples n", data.samples());
  check_numbers(function, "X", data.X);
  for (Index j = 0; j < data.samples(); ++j) {
    if (!data.Y.col(j).allFinite())
      throw UsageError(fmt::format("{}: y of sample {} is not finite, but must be", function, j));
    if (!std::isfinite(data.weight(j)) || data.weight(j) < 0)
      throw UsageError(fmt::format("{}: the weight of sample {} is {}, but must be zero or positive",
                                   function, j, data.weight(j)));
  }
}

void check_rows(std::string_view function, std::string_view name, const DataSet& data, Rows rows,
                Index least) {
  check_at_least(function, fmt::format("the number of samples of {}", name), static_cast<Index>(rows.size()),
                 least);
  double sum = 0;
  for (const Index row : rows) {
    if (row < 0 || row >= data.samples())
      throw UsageError(fmt::format("{}: {} names sample {}, but there are the samples 0 to {}", function,
                                   name, row, data.samples() - 1));
    sum += data.weight(row);
  }
  if (sum == 0 && least > 0)
    throw UsageError(
        fmt::format("{}: the weights of {} are all 0, but one must be positive", function, name));
}

Standardisation Standardisation::none(Index d) { return {Vector::Zero(d), Vector::Ones(d)}; }

Standardisation standardisation(const DataSet& data, Rows rows) {
  Standardisation s{Vector::Zero(data.dimension()), Vector::Zero(data.dimension())};
  Vector largest = Vector::Zero(data.dimension());
  double sum = 0;
  for (const Index row : rows) {
    s.mean += data.weight(row) * data.X.col(row);
    sum += data.weight(row);
    largest = largest.cwiseMax(data.X.col(row).cwiseAbs());
  }
  s.mean /= sum;
  for (const Index row : rows) s.scale += data.weight(row) * (data.X.col(row) - s.mean).cwiseAbs2();
  s.scale = (s.scale / sum).cwiseSqrt();
  for (Index i = 0; i < s.scale.size(); ++i)
    if (!(s.scale[i] > kConstant * largest[i])) s.scale[i] = 1;
  return s;
}

Matrix gather(const MatrixView& X, Rows rows, const Standardisation& standardisation) {
  Matrix Z(X.rows(), static_cast<Index>(rows.size()));
  for (Index j = 0; j < Z.cols(); ++j)
    Z.col(j) = (X.col(rows[static_cast<std::size_t>(j)]) - standardisation.mean)
                   .cwiseQuotient(standardisation.scale);
  return Z;
}

Vector mean_outputs(const DataSet& data, Rows rows) {
  Vector mean = Vector::Zero(data.outputs());
  double sum = 0;
  for (const Index row : rows) {
    mean += data.weight(row) * data.Y.col(row);
    sum += data.weight(row);
  }
  return mean / sum;
}

}  // namespace lazygap::data
