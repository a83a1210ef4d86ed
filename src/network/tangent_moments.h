#pragma once

#include <functional>
#include <memory>

#include "core/stage.h"
#include "lazygap/activation/activation.h"
#include "lazygap/core/matrix.h"
#include "lazygap/math/conjugate_gradient.h"
#include "lazygap/problem/problem.h"

/// Second moments of the features s(<w_i,x> + b_i) x, s = sigma', of NT under the law of the problem: all
/// that the population risk of f(x) = c + sum_i s(<w_i,x> + b_i) <a_i,x> depends on. The (N d) x (N d) matrix
/// of moments is never formed. Used by exact, fit and train.
namespace lazygap {

class TangentMoments {
 public:
  /// `W` d x N in the coordinates of the data; `biases` N, or empty for none. Memory: four N x N matrices
  /// (eight on mg). Throws UsageError where the activation has no derivative.
  TangentMoments(const Problem& problem, const Activation& activation, const Matrix& W, const Vector& biases,
                 const Stage& stage = {});
  ~TangentMoments();
  TangentMoments(TangentMoments&&) noexcept;

  /// Centred second moments times A, in the whitened coordinates z of the problem (x = M z):
  /// result_i = sum_j Cov(s_i z, s_j z) a_j; A and result are d x N. O(N^2 d) operations.
  void apply(const Eigen::Ref<const Matrix>& A, Eigen::Ref<Matrix> result, const Stage& stage = {}) const;
  /// The matrix of `apply`: overwrites the lower triangle of G, (N d) x (N d); what is above the d x d blocks
  /// of the diagonal is not touched. O((N d)^2) operations.
  void gram(Matrix& G) const;

  /// Solves apply(A) = H for given H (d x N); the solution is reshaped to a vector.
  using Solver = std::function<ConjugateGradientSolution(const Matrix& H)>;
  /// Conjugate gradients on `apply`, from the best solution with a_i along w_i on, with a preconditioner of
  /// two levels, TangentPreconditioner and the exact solution within that subspace. One more N x N matrix. It
  /// refers to *this.
  [[nodiscard]] Solver solver(double tolerance, int max_iterations, const Stage& stage = {}) const;
  /// The best A in whitened coordinates: `solver` for H = projections(). `form` is the explained part of Var
  /// y.
  [[nodiscard]] ConjugateGradientSolution solve(double tolerance, int max_iterations,
                                                const Stage& stage = {}) const;

  /// Cov(y, s_i z), d x N, whitened coordinates.
  [[nodiscard]] const Matrix& projections() const;
  /// E[s_i z], d x N, whitened coordinates.
  [[nodiscard]] const Matrix& means() const;
  /// Bound on the truncation error of the series, see Diagnostics::kernel_error.
  [[nodiscard]] double error() const;

  /// E (y - c - sum_i s(<w_i,x> + b_i) <a_i,x>)^2, A = (a_1 ... a_N) d x N in the coordinates of the data.
  [[nodiscard]] double risk(const Matrix& A, double c, const Stage& stage = {}) const;

 private:
  struct Storage;
  struct Preconditioner;
  std::unique_ptr<Storage> storage_;
};

}  // namespace lazygap
