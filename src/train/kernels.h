#pragma once

#include <memory>
#include <span>

#include "lazygap/core/matrix.h"

/// The four operations of which every training step with quadratic activation consists. fp32 is the hot path;
/// fp64 is for checks. In fp32 nothing allocates after construction; W and E may have been written in one
/// instruction set and be read in another.
namespace lazygap::train {

/// First-layer weights W (d x N) in the layout the kernels want, with the scratch space P (N x b) of a step.
template <class Real>
class Neurons {
 public:
  /// `batch` is the largest number of samples in a step.
  Neurons(const Matrix& W, Index batch);
  ~Neurons();
  Neurons(Neurons&&) noexcept;
  Neurons& operator=(Neurons&&) noexcept;

  /// W, d x N: every stored number, exactly.
  [[nodiscard]] Matrix matrix() const;

  /// P = W^T X (kept inside), q_j = sum_i P_ij^2. X is d x b, q has b entries.
  void forward(const Eigen::Ref<const MatrixOf<Real>>& X, std::span<Real> q);
  /// W += X diag(weight) P^T with the P of the last forward, which must have had the same number of samples.
  /// weight has b entries.
  void update(const Eigen::Ref<const MatrixOf<Real>>& X, std::span<const Real> weight);

 private:
  struct Storage;
  std::unique_ptr<Storage> storage_;
};

/// Symmetric E (d x d) of NT in the eigenbasis of W W^T (error form). Where the last d - m eigenvalues l of W
/// W^T vanish, the trailing (d - m) x (d - m) block of E never changes. Choose the basis of that null space
/// so that the block is diagonal, with exact zeros: then a step costs d m operations a sample, otherwise d^2.
/// Only the lower triangle of E is read.
template <class Real>
class SymmetricForm {
 public:
  /// `l` (d entries, >= 0, decreasing): update factors l_j + l_k.
  SymmetricForm(const Matrix& E, const Vector& l, Index batch);
  ~SymmetricForm();
  SymmetricForm(SymmetricForm&&) noexcept;
  SymmetricForm& operator=(SymmetricForm&&) noexcept;

  /// E, d x d, symmetric.
  [[nodiscard]] Matrix matrix() const;

  /// q_j = x_j^T E x_j.
  void forward(const Eigen::Ref<const MatrixOf<Real>>& X, std::span<Real> q);
  /// E_jk += (l_j + l_k) (X diag(weight) X^T)_jk.
  void update(const Eigen::Ref<const MatrixOf<Real>>& X, std::span<const Real> weight);

 private:
  struct Storage;
  std::unique_ptr<Storage> storage_;
};

}  // namespace lazygap::train
