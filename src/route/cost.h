#pragma once

#include "lazygap/question/question.h"

/// What operations and memory the costs of several routes count alike.
namespace lazygap::route {

/// Multiplications and additions that take as long as drawing one normal number, roughly.
inline constexpr double kOperationsOfANormal = 150;
/// fp32 counts half: twice as many numbers in a register.
inline constexpr double kSingle = 0.5;
/// Products of bf16 numbers, twice as fast again.
inline constexpr double kBf16 = 0.25;
/// Factorisations run further from the peak of the processor than products.
inline constexpr double kFactorisation = 3;
/// Degree of the Hermite series behind the moments of general features: a typical one.
inline constexpr double kSeriesDegree = 48;
/// Operations that take as long as one value of an activation, with its derivative.
inline constexpr double kOperationsOfAnActivation = 60;
inline constexpr double kNumber = sizeof(double);

/// Second moments of N general features: the Gram matrix of RF, or one product with that of NT.
inline double moments_of_rf(double N, double d) { return N * N * (2 * d + 2 * kSeriesDegree); }
inline double moments_of_nt(double N, double d) { return N * N * 8 * d; }
inline double making_moments_of_nt(double N) { return N * N * 6 * kSeriesDegree; }

/// Gaussian classes of x.
inline double components(const question::Question& question) { return question.is_mixture() ? 2 : 1; }

}  // namespace lazygap::route
