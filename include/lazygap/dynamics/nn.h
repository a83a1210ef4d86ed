#pragma once

#include "lazygap/core/control.h"
#include "lazygap/dynamics/options.h"
#include "lazygap/problem/polynomial_target.h"

namespace lazygap::dynamics {

/// APPROXIMATE mean risk of one-pass SGD of NN with quadratic activation on qf: the discrete population
/// dynamics of W, and on top of it the fluctuations of NT linearised at the current W, to first order. The
/// error is a few per cent of R0 along most of a curve and up to a third of R0 at its worst point (unit, N =
/// 2 d). The result is mostly too low: noise also delays the escape from small weights, which is not
/// included. docs/theory/dynamics.md has a table. The result ranks schedules and step sizes well.
///
/// `W`: d x N, at the start. Errors: as in nt.h, and a free second layer.
[[nodiscard]] Curve nn(const PolynomialTarget& problem, const Matrix& W, const Options& options,
                       const Control& control = {});

}  // namespace lazygap::dynamics
