#include "data/samples.h"

#include <fmt/format.h>

#include <Eigen/Cholesky>
#include <vector>

#include "lazygap/core/check.h"
#include "lazygap/core/error.h"
#include "math/symmetric.h"

namespace lazygap::data {

void check_features(const char* function, const Matrix& X, Whitening whitening) {
  check_at_least(function, "the number of features d", X.rows(), 1);
  check_at_least(function, "the number of samples n", X.cols(), kLeastSamples);
  if (whitening == Whitening::samples &&
      static_cast<double>(X.cols()) <= 1.1 * static_cast<double>(X.rows()) + 8)
    throw UsageError(fmt::format(
        "{}: there are {} samples of {} features, but whitening with the same samples needs n > 1.1 d + 8",
        function, X.cols(), X.rows()));
  check_finite(function, "X", X);
}

void check_samples(const char* function, const Matrix& X, const Vector& y, Whitening whitening) {
  check_features(function, X, whitening);
  check_size(function, "y", y.size(), "the number of samples n", X.cols());
  check_finite(function, "y", y);
  if (y.minCoeff() == y.maxCoeff())
    throw UsageError(fmt::format("{}: y is {} for all samples, but must not be constant", function, y[0]));
}

Matrix without_group(const Matrix& X, Index g) {
  std::vector<Index> kept;
  for (Index i = 0; i < X.cols(); ++i)
    if (i % kGroups != g) kept.push_back(i);
  return X(Eigen::all, kept);
}

Vector jackknife_errors(const Matrix& without) {
  const auto n = static_cast<double>(without.rows());
  const Matrix deviations = without.rowwise() - without.colwise().mean();
  return (deviations.colwise().squaredNorm().transpose() * ((n - 1) / n)).cwiseSqrt();
}

Matrix divide_by_root(const char* function, const Matrix& covariance, const Matrix& X) {
  constexpr double kSingular = 1e-12;  // of the variance of a feature: the rest of it is rounding
  const Eigen::LLT<Matrix> root(covariance);
  const Matrix L = root.matrixL();
  for (Index i = 0; i < L.rows(); ++i)
    if (root.info() != Eigen::Success || !(L(i, i) * L(i, i) > kSingular * covariance(i, i)))
      throw UsageError(
          fmt::format("{}: the covariance of the features is singular, but must have full rank d = {}; leave "
                      "out features that are constant or depend on others",
                      function, L.rows()));
  return root.matrixL().solve(X);
}

Matrix whitened(const char* function, const Matrix& X, Whitening whitening) {
  if (whitening == Whitening::given) return X;
  const Matrix centred = X.colwise() - X.rowwise().mean();
  const Matrix covariance = centred * centred.transpose() / static_cast<double>(X.cols());
  (void)divide_by_root(function, covariance, centred.leftCols(1));  // refuses a singular one
  const Eigenbasis basis = symmetric_eigenbasis(covariance);
  return basis.vectors * basis.values.cwiseSqrt().cwiseInverse().asDiagonal() * basis.vectors.transpose() *
         centred;
}

}  // namespace lazygap::data
