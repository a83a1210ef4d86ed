#pragma once

#include <cstdint>

#include "lazygap/activation/activation.h"
#include "lazygap/core/control.h"
#include "lazygap/dynamics/options.h"
#include "lazygap/problem/problem.h"

namespace lazygap::dynamics {

/// What is assumed of the features of a sample.
///   gaussian  they are Gaussian [PLPP21]
///   elliptic  they are Gaussian times one factor for each sample, whose law and whose correlation with the
///             residual are taken from fresh samples
enum class Closure { gaussian, elliptic };

/// What nt_closure needs besides Options.
struct ClosureOptions {
  Closure closure = Closure::elliptic;
  Index samples = 4000;    ///< > 0, fresh ones: elliptic
  std::uint64_t seed = 1;  ///< of these samples
};

/// APPROXIMATE mean risk of one-pass SGD of NT with any activation and first-layer biases on any problem: a
/// recursion in the eigenbasis of the second moments of the features, closed by an assumption about their
/// fourth moments (docs/theory/dynamics.md has its error: up to 4 % of R0 below half of the largest stable
/// step size, unreliable near it). On qf with the quadratic activation nt() is exact.
///
/// `W`: d x N; `biases`: N, or empty. The moments take (N d)^2 numbers of memory and of the order of (N d)^3
/// operations once; Control::stop is heard only between the products of this part. A step takes N d
/// operations. The status is not_converged where the Gaussian moments of sigma' are not known to 1e-6.
/// Errors: UsageError as in nt.h for W and the options, where N d is above 6000, where the activation has no
/// derivative.
[[nodiscard]] Curve nt_closure(const Problem& problem, const Activation& activation, const Matrix& W,
                               const Vector& biases, const Options& options,
                               const ClosureOptions& closure = {}, const Control& control = {});

}  // namespace lazygap::dynamics
