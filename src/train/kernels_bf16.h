#pragma once

#include <memory>
#include <span>

#include "lazygap/core/matrix.h"

/// The kernels of NN with quadratic activation in bf16 (8 significant bits, the range of fp32). They need a
/// processor with bf16 products (core/processor.h); elsewhere they throw UsageError.
namespace lazygap::train {

/// Rounds every number to the nearest of bf16, ties to even. Numbers below the range of normal ones (1.2e-38)
/// become 0.
void round_to_bf16(std::span<float> values);

/// As Neurons<float>, with products of bf16 numbers added up in fp32. W itself is kept and updated in fp32;
/// what is rounded to bf16 is X (nothing is lost where round_to_bf16 has been there), W in the forward pass
/// and P diag(weight) in the update.
class Bf16Neurons {
 public:
  /// `batch` is the largest number of samples in a step.
  Bf16Neurons(const Matrix& W, Index batch);
  ~Bf16Neurons();
  Bf16Neurons(Bf16Neurons&&) noexcept;
  Bf16Neurons& operator=(Bf16Neurons&&) noexcept;

  /// W, d x N: every stored number, exactly.
  [[nodiscard]] Matrix matrix() const;

  /// P = W^T X (kept inside), q_j = sum_i P_ij^2. X is d x b, q has b entries.
  void forward(const Eigen::Ref<const MatrixOf<float>>& X, std::span<float> q);
  /// W += X diag(weight) P^T with the P of the last forward, which must have had the same number of samples.
  /// weight has b entries.
  void update(const Eigen::Ref<const MatrixOf<float>>& X, std::span<const float> weight);

 private:
  struct Storage;
  std::unique_ptr<Storage> storage_;
};

}  // namespace lazygap::train
