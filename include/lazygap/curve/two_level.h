#pragma once

#include "lazygap/activation/activation.h"
#include "lazygap/curve/predict.h"
#include "lazygap/network/first_layer.h"
#include "lazygap/problem/polynomial_target.h"

namespace lazygap::curve {

/// The kernel E_w[phi_w(x) phi_w(x')] to which RF tends as N -> infinity. The mean of the risk over W depends
/// on nothing else. The features are centred and have no biases, and w ~ N(0, Gamma).
struct AveragedModel {
  Vector values;              ///< eigenvalues e_k > 0
  Vector counts;              ///< multiplicities m_k
  Vector powers;              ///< t_k, power of f* in each of them
  double tail = 0;            ///< T_r, trace of the degrees >= 3
  double residual_power = 0;  ///< power of f* that no eigenfunction has: degrees >= 3
};

/// In the eigenbasis of Gamma = V diag(g) V^T, with B~ = V^T B V and h_j = (x_j^2 - 1)/sqrt(2), to leading
/// order in 1/d (exact for the quadratic activation):
///
///   degree 1      e_j = lambda_1^2 g_j,              t_j = power of He_1(x_j),
///   x_j x_k, j<k  e_jk = lambda_2^2 g_j g_k,         t_jk = 4 B~_jk^2,
///   {1, h_j}      the (d + 1) x (d + 1) matrix (lambda_2^2/2) [ sum_j g_j^2 p_j p_j^T + (0, g)(0, g)^T ],
///                 p_j = e_0 + sqrt(2) e_j; f* has the coordinates (E f*, sqrt(2) B~_jj) there,
///   degrees >= 3  T_r = lambda_tilde - (lambda_2^2/2) (sum_j g_j)^2, spread over many more than n and N
///                 functions; the part of f* of these degrees acts as noise.
///
/// Throws UsageError where `law` was made for another dimension.
[[nodiscard]] AveragedModel averaged_rf(const PolynomialTarget& target, const FirstLayerLaw& law,
                                        const HermiteSummary& hermite);

/// The mean over W of the risk of RF with N neurons, without drawing W: with nu > 0 the solution of
///
///   n ridge = nu (N - df)(n - df),   df = sum_k m_k e_k/(e_k + nu) + T_r/nu < min(n, N)
///   (ridge = 0: df = min(n, N), or nu = 0 where there are fewer functions than that),
///   s1 = sum_k m_k e_k^2/(e_k + nu)^2,   chi = [ sum_k m_k e_k/(e_k + nu)^2 + T_r/nu^2 ]/(N - s1),
///   Y = [ df^2/N + (1 - df/N)^2 N s1/(N - s1) ]/n,
///   risk = { nu^2 sum_k t_k (1 + chi e_k)/(e_k + nu)^2 + rest + tau^2 }/(1 - Y) - tau^2.
///
/// [DLM24, sec. 3], in a form that is symmetric in n and N. It is a Gaussian equivalent and has no elliptic
/// correction. Of the prediction, train and gcv are not given. N >= 1; errors as predict.
[[nodiscard]] Prediction predict(const AveragedModel& model, Index neurons, const Setting& setting);

}  // namespace lazygap::curve
