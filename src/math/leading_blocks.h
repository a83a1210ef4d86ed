#pragma once

#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "core/stage.h"
#include "lazygap/core/matrix.h"
#include "lazygap/math/pivoted_cholesky.h"

/// One Cholesky factorisation for several leading blocks: with K = L L^T, the factor of the leading N x N
/// block of K is that of L.
namespace lazygap {

/// Throws UsageError in the name of `function` unless `widths` are increasing, from 1 to `most`, at least
/// one.
void check_widths(std::string_view function, std::span<const Index> widths, Index most);

/// Factorises, in place of the lower triangle of K, the largest of the leading blocks of orders `widths`
/// (increasing) that is positive definite in fp64, and returns its order; 0 if none is. `fill(N)` writes the
/// lower triangle of the leading N x N block into K, whose size it may change; it is called once for each
/// attempt, the widest first.
[[nodiscard]] Index factorise_leading(Matrix& K, std::span<const Index> widths,
                                      const std::function<void(Index N)>& fill, const Stage& stage = {});

/// Features closer than 1e-6 (relative) to the span of others are dependent, see solve_semidefinite.
constexpr double kDependent = 1e-12;

/// Writes the lower triangle of K, of the size that K has.
using FillMatrix = std::function<void(Matrix& K, const Stage& stage)>;

/// The solutions of solve_semidefinite for those widths, the first so many, where K is safely regular: they
/// share one factorisation.
[[nodiscard]] std::vector<SemidefiniteSolution> solve_regular(const FillMatrix& fill, const Vector& v,
                                                              std::span<const Index> widths,
                                                              const Stage& stage);
/// The solution for a K, of the size of v, that may be singular.
[[nodiscard]] SemidefiniteSolution solve_dependent(const FillMatrix& fill, const Vector& v, double tolerance,
                                                   const Stage& stage);

}  // namespace lazygap
