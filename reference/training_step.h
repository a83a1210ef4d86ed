#pragma once

#include "lazygap/activation/activation.h"
#include "lazygap/core/matrix.h"

/// The operations of src/train/kernels.h and src/train/activation_kernels.h by their formulas, entry by entry
/// in fp64.
namespace lazygap::reference {

/// q_j = sum_i <w_i, x_j>^2. W d x N, X d x b.
Vector neurons_forward(const Matrix& W, const Matrix& X);
/// W + X diag(weight) X^T W.
Matrix neurons_update(const Matrix& W, const Matrix& X, const Vector& weight);
/// q_j = x_j^T E x_j. E d x d.
Vector form_forward(const Matrix& E, const Matrix& X);
/// E_jk + (l_j + l_k) sum_s weight_s X_js X_ks.
Matrix form_update(const Matrix& E, const Vector& l, const Matrix& X, const Vector& weight);

/// A two-layer network with the velocities of its parameters.
struct TwoLayerStep {
  Matrix W;  ///< d x N
  Vector b, v;
  Matrix velocity_W;
  Vector velocity_b, velocity_v;
};
struct Trained {
  bool b, v;  ///< beside W
  double momentum;
};
/// q_j = sum_i v_i sigma(<w_i, x_j> + b_i).
Vector two_layer_forward(const Activation& sigma, const TwoLayerStep& network, const Matrix& X);
/// velocity = momentum velocity + sum_j weight_j dq_j / dparameter, parameter += step_size velocity.
void two_layer_update(const Activation& sigma, TwoLayerStep& network, const Matrix& X, const Vector& weight,
                      double step_size, const Trained& trained);
/// q_j = sum_i sigma'(<w_i, x_j> + b_i) <a_i, x_j>.
Vector tangent_forward(const Activation& sigma, const Matrix& W, const Vector& b, const Matrix& A,
                       const Matrix& X);
/// The same step for A.
void tangent_update(const Activation& sigma, const Matrix& W, const Vector& b, Matrix& A, Matrix& velocity,
                    const Matrix& X, const Vector& weight, double step_size, double momentum);

}  // namespace lazygap::reference
