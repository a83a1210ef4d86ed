#pragma once

#include "lazygap/core/matrix.h"

/// The four operations of src/train/kernels.h by their formulas, entry by entry in fp64.
namespace lazygap::reference {

/// q_j = sum_i <w_i, x_j>^2. W d x N, X d x b.
Vector neurons_forward(const Matrix& W, const Matrix& X);
/// W + X diag(weight) X^T W.
Matrix neurons_update(const Matrix& W, const Matrix& X, const Vector& weight);
/// q_j = x_j^T E x_j. E d x d.
Vector form_forward(const Matrix& E, const Matrix& X);
/// E_jk + (l_j + l_k) sum_s weight_s X_js X_ks.
Matrix form_update(const Matrix& E, const Vector& l, const Matrix& X, const Vector& weight);

}  // namespace lazygap::reference
