#pragma once

#include <functional>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "lazygap/core/control.h"
#include "lazygap/core/matrix.h"
#include "lazygap/core/status.h"

namespace lazygap {

/// Linear regression on given features with every ridge of a list, from one eigen-decomposition.
///
/// Samples j = 1, ..., n have features z_j (p numbers), outputs y_j (k numbers) and weights w_j >= 0. With
/// omega_j = w_j / sum w, each ridge l asks for the minimum over A (p x k) and c (k) of
///
///   sum_j omega_j |y_j - c - A^T z_j|^2 + l |A|_F^2,
///
/// c not penalised. Where l = 0 and the minimum is not unique, A is the one of least norm.
struct RidgeSamples {
  /// Called with the samples of a block, features p x b and outputs k x b, one column each.
  using Visit =
      std::function<void(const Eigen::Ref<const Matrix>& features, const Eigen::Ref<const Matrix>& outputs)>;

  Index samples = 0;   ///< n >= 1
  Index features = 0;  ///< p >= 1
  Index outputs = 1;   ///< k >= 1
  /// Visits all samples block by block. It is called once, or twice where leave-one-out is asked for and n >
  /// p; the samples and their order must be the same then, the blocks need not.
  std::function<void(const Visit&)> for_each;
  Vector weights = {};  ///< n of them, or none: all alike
};

/// Samples that are in memory; both matrices must outlive the result. Z is p x n, Y is k x n.
[[nodiscard]] RidgeSamples ridge_samples(const Matrix& Z, const Matrix& Y, Vector weights = {});

struct RidgeOptions {
  bool intercept = true;  ///< false: c = 0
  bool coefficients = true;
  bool leave_one_out = true;
  bool predictions = false;  ///< RidgePoint::left_out; with leave_one_out
  /// Eigenvalues of the covariance of the features below this, relative to the largest, count as 0: 0 stands
  /// for the rounding of sums, max(n, p) 2.2e-16.
  double noise = 0;
};

/// The solution for one ridge. Errors are weighted means of squares, summed over the outputs.
struct RidgePoint {
  double ridge = 0;
  double train = std::numeric_limits<double>::quiet_NaN();  ///< sum_j omega_j |y_j - f(z_j)|^2
  /// train / (1 - df/n)^2, n the number of positive weights; where everything is interpolated, the limit of
  /// small ridges  [GHW79]
  double gcv = std::numeric_limits<double>::quiet_NaN();
  /// sum_j omega_j |y_j - f_{-j}(z_j)|^2, f_{-j} found without sample j at the same ridge (times sum w /
  /// (sum w - w_j), so that the penalty is worth the same): r_j / (1 - h_jj). NaN if not asked for, and
  /// without ridge where n > p and a feature is that of one sample alone.  [GHW79, (1.6)]
  double leave_one_out = std::numeric_limits<double>::quiet_NaN();
  double degrees = 0;   ///< df, the trace of the hat matrix, with 1 for the intercept
  Matrix coefficients;  ///< A; empty if not asked for
  Vector intercept;     ///< c, zeros without one; empty as A
  Matrix left_out;      ///< f_{-j}(z_j), k x n (weight 0: NaN); empty if not asked for
};

enum class RidgeCriterion { gcv, leave_one_out };

struct RidgePath {
  std::vector<RidgePoint> points;  ///< in the order of the ridges; none where stopped or failed
  Index rank = 0;                  ///< eigenvalues that count
  bool dual = false;               ///< whether the n x n matrix was decomposed
  Status status = Status::none;    ///< none: stopped; failed: see `message`
  std::string message = {};

  /// The place of the least value, the first of equal ones. Throws UsageError where no point has one.
  [[nodiscard]] std::size_t best(RidgeCriterion criterion) const;
};

/// All ridges from the eigenvalues of the p x p covariance of the features, or of the n x n matrix of their
/// inner products where that is smaller (all features are in memory then). n p^2 + 9 p^3 operations, for
/// leave-one-out 2 n p^2 more; or n^2 p + 9 n^3. Memory 24 min(n, p)^2 bytes, and 8 n p for the dual side.
///
/// With weights, leave-one-out and GCV are those of the regression on sqrt(omega_j) z_j. Throws UsageError
/// for sizes that do not agree, negative ridges or weights, and an empty list; exceptions of for_each pass
/// through.
[[nodiscard]] RidgePath ridge_path(const RidgeSamples& samples, std::span<const double> ridges,
                                   const RidgeOptions& options = {}, const Control& control = {});

}  // namespace lazygap
