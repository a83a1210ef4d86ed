#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "lazygap/core/matrix.h"

/// A table of samples in the memory of its owner, and the two things every model does with it: it takes some
/// of the rows, and it standardises the features of these.
namespace lazygap::data {

using MatrixView = Eigen::Map<const Matrix>;
using VectorView = Eigen::Map<const Vector>;

[[nodiscard]] inline MatrixView view(const Matrix& matrix) {
  return {matrix.data(), matrix.rows(), matrix.cols()};
}
[[nodiscard]] inline VectorView view(const Vector& vector) { return {vector.data(), vector.size()}; }

/// Views: whoever makes a DataSet keeps the numbers alive. A column is a sample, so that NumPy's arrays in C
/// order, X of shape (n, d) and y of shape (n, k), are taken as they lie in memory.
struct DataSet {
  MatrixView X{nullptr, 0, 0};     ///< d x n
  MatrixView Y{nullptr, 0, 0};     ///< k x n, the k outputs of each sample
  VectorView weights{nullptr, 0};  ///< n, >= 0, or empty: all samples count alike

  [[nodiscard]] Index samples() const { return X.cols(); }
  [[nodiscard]] Index dimension() const { return X.rows(); }
  [[nodiscard]] Index outputs() const { return Y.rows(); }
  [[nodiscard]] double weight(Index i) const { return weights.size() > 0 ? weights[i] : 1; }
};

/// Numbers of samples, each from 0 to n - 1: a part of a data set, in the order in which it is visited.
using Rows = std::span<const Index>;

/// 0, 1, ..., n - 1.
[[nodiscard]] std::vector<Index> all_rows(Index n);

/// Throws UsageError in the name of `function` unless X and Y have at least one row and one column each, as
/// many columns as each other and as there are weights, everything is finite, and no weight is negative.
void check_data_set(std::string_view function, const DataSet& data);
/// Throws UsageError unless each of `rows` is a sample, there are at least `least`, and their weights are not
/// all 0. `name` is what the message calls them.
void check_rows(std::string_view function, std::string_view name, const DataSet& data, Rows rows,
                Index least);

/// z = (x - mean) / scale.
struct Standardisation {
  Vector mean, scale;  ///< d; the scale of a column that is constant is 1, so that it becomes 0

  /// z = x.
  [[nodiscard]] static Standardisation none(Index d);
};

/// The weighted mean and standard deviation (divisor: the sum of the weights) of the features of `rows`. A
/// column is constant where its deviation is below 1e-12 of its largest modulus.
[[nodiscard]] Standardisation standardisation(const DataSet& data, Rows rows);

/// The standardised features of `rows`, d x rows.
[[nodiscard]] Matrix gather(const MatrixView& X, Rows rows, const Standardisation& standardisation);

/// The weighted mean of each output over `rows`, k.
[[nodiscard]] Vector mean_outputs(const DataSet& data, Rows rows);

}  // namespace lazygap::data
