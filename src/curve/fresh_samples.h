#pragma once

#include <functional>

#include "lazygap/core/control.h"
#include "lazygap/curve/model.h"
#include "lazygap/curve/options.h"
#include "lazygap/problem/problem.h"

/// What the ways to a model share.
namespace lazygap::curve {

/// Throws UsageError in the name of `function` for what rf and nt both refuse.
void check_arguments(const char* function, const Problem& problem, const Matrix& W, const Vector& biases,
                     const Options& options);
/// Throws UsageError where `cost` is beyond Options::memory_bytes.
void check_memory(const char* function, const Cost& cost, const Options& options);

/// Eigenvalues that are not 0, one density, with the powers of the target: for the dense ways.
/// `projections`: U_k^T v. Sets densities, power_values, powers, and residual_risk from `second_moment` = E
/// y^2 or Var y.
void set_spectrum(const Vector& values, const Vector& projections, double second_moment, Model& model);

/// The part of one way in the loop over fresh samples: X is d x b; fills `leverage` (up to a factor) and
/// `fitted`, the predictions of the best network, both of size b.
using Visit = std::function<void(const Matrix& X, Vector& leverage, Vector& fitted)>;

/// Fills leverage and squared_residuals of `model` with `samples` fresh samples, normalised; returns false
/// where `control` says to stop.
[[nodiscard]] bool add_fresh_samples(const Problem& problem, const Options& options, Index samples,
                                     const Control& control, const Visit& visit, Model& model);

/// Whether to stop; tells the progress first.
[[nodiscard]] bool stopped(const Control& control, double fraction);

/// `control` from `from` on: fractions 0..1 of the rest of the work.
[[nodiscard]] Control after(double from, const Control& control);

}  // namespace lazygap::curve
