#pragma once

#include <cstdint>
#include <limits>

#include "lazygap/core/answer.h"
#include "lazygap/core/matrix.h"

/// The route `fit`: least squares on n samples, and the risk of what it finds.
namespace lazygap::fit {

/// Arithmetic of the fit of RF; the samples are the same. NT is fp64 in both.
///   fp32   samples, features, and G = F^T F / n within a block of samples; blocks are added up in fp64
///   fp64   everything
enum class Precision { fp32, fp64 };

/// One fit of several that share their samples: Options::samples and Options::ridge for each.
struct Setting {
  std::int64_t samples = 0;  ///< n >= 1; the samples of a smaller n are the first ones of a larger n
  double ridge = 0;          ///< >= 0
  Index neurons = 0;         ///< RF: the first so many; 0: all. NT: all or 0
};

struct Options {
  double label_noise = 0;             ///< >= 0, standard deviation of N(0, .) added to the labels of the fit
  std::int64_t samples = 500000;      ///< n >= 1
  double ridge = 0;                   ///< >= 0; normalisation: see fit::rf, fit::nt
  std::int64_t test_samples = 10000;  ///< fresh samples of the test risk; 0: none, otherwise >= 2
  std::uint64_t seed = 1;
  std::uint32_t draw = 0;
  Precision precision = Precision::fp32;
  Index block = 2000;         ///< samples in memory at a time, >= 1; part of the address of a sample
  double memory_bytes = 2e9;  ///< NT: beyond this conjugate gradients, without a matrix
  double tolerance = 1e-6;    ///< NT by conjugate gradients: relative residual to reach, > 0
  int max_iterations = 2000;  ///< NT by conjugate gradients, >= 1
};

/// What a fit knows of itself beside its risk; the units are those of y^2, labels with their noise.
struct Quality {
  /// (1/n) sum_j (y_j - f(x_j))^2 on the samples of the fit
  double train = std::numeric_limits<double>::quiet_NaN();
  /// train / (1 - df/n)^2, df the degrees of freedom (NT: with the offset); where everything is interpolated
  /// the limit of small ridges. NaN where it is not known.  [GHW79]
  double gcv = std::numeric_limits<double>::quiet_NaN();
  /// Mean squared error at each sample of the fit to the n - 1 others, with the ridge n/(n - 1) times as
  /// large, so that the penalty is worth the same. Known where the n x n matrix was factorised; NaN
  /// elsewhere.
  double leave_one_out = std::numeric_limits<double>::quiet_NaN();
};

struct Fit {
  Answer answer;
  Quality quality;
};

}  // namespace lazygap::fit
