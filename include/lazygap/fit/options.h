#pragma once

#include <cstdint>

#include "lazygap/core/matrix.h"

/// The route `fit`: least squares on n samples, and the risk of what it finds.
namespace lazygap::fit {

/// Arithmetic of the fit of RF; the samples are the same. NT is fp64 in both.
///   fp32   samples, features, and G = F^T F / n within a block of samples; blocks are added up in fp64
///   fp64   everything
enum class Precision { fp32, fp64 };

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

}  // namespace lazygap::fit
