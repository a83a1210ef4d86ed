#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "core/stage.h"
#include "lazygap/core/matrix.h"
#include "lazygap/problem/problem.h"

/// What the moments of RF and NT features share. In whitened coordinates x = M z (M = I on qf) and, in each
/// component of the law of z, z = C^{1/2} n with n ~ N(0, I) and C diagonal. Neuron i acts as phi_i(g_i) with
/// g_i = <w^_i, n> ~ N(0,1), w^_i the direction of C^{1/2} M^T w_i, and phi_i(g) = s(s_i g + b_i), s_i its
/// length, s = sigma (RF) or sigma' (NT). Means of products depend on the correlations r_ij = <w^_i, w^_j>
/// only, through the Hermite coefficients of phi_i.
namespace lazygap::network {

/// Checks of the public functions: W is d x N, N >= 1, finite; biases N, or empty, finite.
void check_first_layer(std::string_view function, const Problem& problem, const Matrix& W,
                       const Vector& biases = {});

/// M^T W: neurons (or the vectors a_i of NT) as they act on z.
[[nodiscard]] Matrix whiten_neurons(const Problem& problem, const Matrix& W);

/// M Z and M^{-1} X: from whitened coordinates to those of the data and back. d x b.
[[nodiscard]] Matrix mix(const Problem& problem, const Matrix& Z);
[[nodiscard]] Matrix whiten_samples(const Problem& problem, const Matrix& X);

/// E y; null_risk is Var y.
[[nodiscard]] double mean_label(const Problem& problem);

/// s: sigma or sigma' of an activation, with what the quadrature has to know of it.
struct ScalarFunction {
  std::function<double(double)> value;
  std::vector<double> kinks;  ///< where it is not smooth
  double length = 1;          ///< in u: scale of its variation between kinks, as Activation::length
};

/// One component of the law of z: qf has one, mg its two classes.
struct Component {
  double weight;
  double label;  ///< mg: the label of the class
  Vector root;   ///< diagonal of C^{1/2}
};
[[nodiscard]] std::vector<Component> components(const Problem& problem);

/// First layer as it acts on n.
struct Neurons {
  Matrix directions;  ///< d x N, unit columns; 0 where the neuron vanishes
  Vector lengths;     ///< N
  Vector biases;      ///< N
};
/// `whitened`: M^T W. `biases` empty: none.
[[nodiscard]] Neurons act_on_normals(const Component& component, const Matrix& whitened,
                                     const Vector& biases);

/// Directions closer to parallel than this, 1 - |r| below it, count as parallel: rounding in r does not allow
/// more.
constexpr double kParallel = 1e-13;
[[nodiscard]] inline bool parallel(double r) { return std::abs(r) > 1 - kParallel; }

/// Largest |r_ij| over i != j among those up to `most`.
[[nodiscard]] double largest_correlation(const Matrix& directions, double most = 1 - kParallel,
                                         const Stage& stage = {});

/// phi_i = sum_k c_ik He_k / sqrt(k!) in mean square.
struct Expansion {
  Matrix coefficients;  ///< N x (K + 1), c_ik = E[phi_i(G) He_k(G)] / sqrt(k!)
  Vector moment;        ///< N, E phi_i(G)^2
  Vector moment_g2;     ///< N, E G^2 phi_i(G)^2
  double error =
      0;  ///< bound on what truncation adds to an entry E[phi_i phi_j], over the square root of
          ///< E phi_i^2 E phi_j^2 (with derivatives: or to one of the coefficients of plane_moments)
};

/// Truncation error at the level of rounding.
constexpr double kRounding = 1e-14;

/// Raises the degree K until `error` is at most `tolerance` for correlations up to `correlation`, or K has
/// reached 2048. `derivatives`: whether the sums for NT are needed, which
/// converge more slowly.
[[nodiscard]] Expansion expand(const ScalarFunction& s, const Neurons& neurons, double correlation,
                               bool derivatives, double tolerance = kRounding, const Stage& stage = {});

/// For a parallel pair: E[phi_i(G) phi_j(sign G)] and the same with a factor G^2.
struct ParallelMoments {
  double moment;
  double moment_g2;
};
[[nodiscard]] ParallelMoments parallel_moments(const ScalarFunction& s, const Neurons& neurons, Index i,
                                               Index j, double sign);

}  // namespace lazygap::network
