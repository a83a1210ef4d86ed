#pragma once

#include <Eigen/Core>

/// Matrix aliases and the one layout convention of the library.
///
/// Everything is column-major and one column is one object:
///   W  d x N   first-layer weights, column i is the neuron w_i
///   X  d x b   samples, column j is the sample x_j
///   A  d x N   NT second-layer weights, column i is a_i
/// Symmetric matrices of the problem that are diagonal in the working basis are kept as the vector of
/// their d diagonal entries. Risks, limits and fits are computed in fp64; the training step has both.
namespace lazygap {

using Index = Eigen::Index;
using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;

template <class Real>
using MatrixOf = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic>;
template <class Real>
using VectorOf = Eigen::Matrix<Real, Eigen::Dynamic, 1>;

}  // namespace lazygap
