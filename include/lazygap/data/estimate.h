#pragma once

#include <limits>

/// Statistics of own data: what RF, NT and NN can learn from a table (X, y), as far as a Gaussian surrogate
/// of it tells. X is d x n, a column is a sample. docs/theory/surrogate.md has the formulas and what was
/// measured.
namespace lazygap::data {

struct Estimate {
  double value = std::numeric_limits<double>::quiet_NaN();  ///< unbiased or nearly so, and possibly negative
  double error = std::numeric_limits<double>::quiet_NaN();  ///< standard error, by the jackknife
};

/// How the features come to have mean 0 and covariance I.
enum class Whitening {
  given,    ///< they have: X was whitened with a known law, or with many other samples
  samples,  ///< by the mean and covariance of these samples; n > 1.1 d + 8, and n >= 3 d to be precise
};

}  // namespace lazygap::data
