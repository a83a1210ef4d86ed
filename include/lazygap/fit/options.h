#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "lazygap/activation/activation.h"
#include "lazygap/core/status.h"
#include "lazygap/problem/problem.h"

/// The route `fit`: least squares on n samples, and the risk of what it finds.
namespace lazygap::fit {

/// Arithmetic of the fit of RF; the samples are the same. NT is fp64 in both.
///   fp32   samples, features, and G = F^T F / n within a block of samples; blocks are added up in fp64
///   fp64   everything
enum class Precision { fp32, fp64 };

struct Options {
  Activation activation = Activation::quadratic();
  bool centred = true;                ///< RF: sigma - lambda_0 instead of sigma
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

/// What a fit gives. Risks are in units of y, not divided by R0. Default-constructed: visibly empty.
struct Outcome {
  /// Population risk of the fitted network, without sampling. NaN where the Hermite series behind it is not
  /// accurate to 1e-6 (almost parallel neurons of an activation with kinks); the test risk remains.
  double risk = std::numeric_limits<double>::quiet_NaN();
  double test_risk = std::numeric_limits<double>::quiet_NaN();  ///< mean squared error on fresh samples
  double test_se = std::numeric_limits<double>::quiet_NaN();    ///< its standard error
  Status status = Status::none;
  std::string message;  ///< RF: empty unless the solution is a minimum-norm one; NT: also how it was solved
  Index rank = 0;       ///< independent features among the samples; 0 where conjugate gradients leave it open
  int iterations = 0;   ///< of conjugate gradients; 0 where the solution is direct
  double residual = 0;  ///< relative residual of the normal equations; 0 where the solution is direct
};

}  // namespace lazygap::fit
