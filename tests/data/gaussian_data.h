#pragma once

#include <cmath>
#include <cstdint>
#include <span>

#include "lazygap/core/matrix.h"
#include "lazygap/core/random.h"

/// Made data for the tests of the statistics of own data, and means of them over data sets.
namespace lazygap::test {

inline Matrix normals(Index rows, Index columns, std::uint32_t index) {
  Matrix X(rows, columns);
  fill_normals({.seed = 51, .purpose = Purpose::testing, .index = index},
               std::span<double>(X.data(), static_cast<std::size_t>(X.size())));
  return X;
}

/// Means over data sets, entry by entry.
class Means {
 public:
  void add(const Vector& values) {
    if (count_ == 0) sum_ = squares_ = Vector::Zero(values.size());
    sum_ += values;
    squares_ += values.cwiseAbs2();
    ++count_;
  }
  [[nodiscard]] Vector mean() const { return sum_ / count_; }
  /// Standard deviation of one data set.
  [[nodiscard]] Vector deviation() const {
    return ((squares_ / count_ - mean().cwiseAbs2()) * (double(count_) / (count_ - 1))).cwiseSqrt();
  }
  /// z-scores of the means against `truth`.
  [[nodiscard]] Vector z(const Vector& truth) const {
    return (mean() - truth).cwiseQuotient(deviation() / std::sqrt(double(count_)));
  }

 private:
  Vector sum_, squares_;
  int count_ = 0;
};

}  // namespace lazygap::test
