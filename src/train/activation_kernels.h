#pragma once

#include <memory>
#include <span>

#include "core/team.h"
#include "lazygap/activation/activation.h"
#include "lazygap/core/matrix.h"

/// The operations of a training step with any activation, as kernels.h has them for the quadratic one: fp32
/// is the hot path, where nothing allocates after construction; fp64 is for checks.
///
/// What is trained moves by the heavy ball: velocity = momentum velocity + direction, parameter += step_size
/// velocity.
///
/// `share(team)`: forward and update divide the neurons over the threads of `team` from now on; the numbers
/// are the same. The team must outlive the neurons' next step; null: the calling thread alone. fp64 does not
/// share.
namespace lazygap::train {

/// sum_i v_i sigma(<w_i, x> + b_i), v_i one number or, with k outputs, k of them.
template <class Real>
class TwoLayerNeurons {
 public:
  struct Parameters {
    Matrix W;  ///< d x N
    Vector b;  ///< N entries, or none
    Vector v;  ///< k N entries, neuron after neuron
  };
  struct Training {
    bool b = false, v = false;  ///< beside W
    double momentum = 0;        ///< >= 0; with 0, velocities are not kept
  };

  /// `batch` is the largest number of samples in a step.
  TwoLayerNeurons(const Activation& activation, const Parameters& start, const Training& training,
                  Index batch);
  ~TwoLayerNeurons();
  TwoLayerNeurons(TwoLayerNeurons&&) noexcept;
  TwoLayerNeurons& operator=(TwoLayerNeurons&&) noexcept;

  /// Every stored number, exactly; velocities of what is trained with momentum, otherwise empty.
  [[nodiscard]] Parameters parameters() const;
  [[nodiscard]] Parameters velocities() const;
  /// Goes on with what these two have returned.
  void resume(const Parameters& parameters, const Parameters& velocities);

  void share(Team* team);
  /// q_j = sum_i v_i sigma(u_ij), u = W^T X + b. X is d x b, q has k b entries, sample after sample.
  void forward(const Eigen::Ref<const MatrixOf<Real>>& X, std::span<Real> q);
  /// One step in the directions sum_j weight_j dq_j / dparameter, at the u of the last forward, which must
  /// have had the same samples. weight has k b entries, as q.
  void update(const Eigen::Ref<const MatrixOf<Real>>& X, std::span<const Real> weight, double step_size);

 private:
  struct Storage;
  std::unique_ptr<Storage> storage_;
};

/// sum_i sigma'(<w_i, x> + b_i) <a_i, x>, of which only A = (a_1 ... a_N) is trained.
template <class Real>
class TangentNeurons {
 public:
  /// W, A: d x N; b: N entries, or none. The rest as for TwoLayerNeurons.
  TangentNeurons(const Activation& activation, const Matrix& W, const Vector& b, const Matrix& A,
                 double momentum, Index batch);
  ~TangentNeurons();
  TangentNeurons(TangentNeurons&&) noexcept;
  TangentNeurons& operator=(TangentNeurons&&) noexcept;

  [[nodiscard]] Matrix parameters() const;
  [[nodiscard]] Matrix velocities() const;
  void resume(const Matrix& parameters, const Matrix& velocities);

  void share(Team* team);
  /// q_j = sum_i sigma'(u_ij) <a_i, x_j>.
  void forward(const Eigen::Ref<const MatrixOf<Real>>& X, std::span<Real> q);
  void update(const Eigen::Ref<const MatrixOf<Real>>& X, std::span<const Real> weight, double step_size);

 private:
  struct Storage;
  std::unique_ptr<Storage> storage_;
};

/// value_k = sigma(u_k), derivative_k = sigma'(u_k), all of one length; either may be u itself.
template <class Real>
void evaluate(const Activation& activation, std::span<const Real> u, std::span<Real> value,
              std::span<Real> derivative) {
  if constexpr (std::is_same_v<Real, float>)
    if (activation.block) return activation.block(u, value, derivative);
  for (std::size_t k = 0; k < u.size(); ++k) {
    const auto at = static_cast<double>(u[k]);
    value[k] = static_cast<Real>(activation.value(at));
    derivative[k] = static_cast<Real>(activation.derivative(at));
  }
}

}  // namespace lazygap::train
