#pragma once

#include <functional>

#include "core/stage.h"
#include "lazygap/data/ridge_model.h"

/// The two sides of a ridge regression. With G (n x p) the rows sqrt(v_j / V) (f_j - mean f), t (n x k) the
/// rows sqrt(v_j / V) (y_j - mean y), v the weights and V their sum, a = (G^T G + ridge)^{-1} G^T t. Both
/// sides give G = U diag(sqrt s) W^T: primal through G^T G = W diag(s) W^T, dual through G G^T = U diag(s)
/// U^T.
namespace lazygap::data {

/// What a fit has of its training part.
struct Training {
  const DataSet& data;
  Rows rows;
  const FeatureMap& map;
  const RidgeOptions& options;
  Vector root_weights;  ///< sqrt(v_j / V), in the order of rows
  Vector mean_y;        ///< k
  Matrix t;             ///< n x k

  Training(const DataSet& set, Rows train, const FeatureMap& features, const RidgeOptions& choice);
  [[nodiscard]] Index samples() const { return static_cast<Index>(rows.size()); }
};

/// One side after its eigen-decomposition; the s_k > 0 only, r of them.
struct Decomposition {
  RidgeSide side = RidgeSide::primal;
  Vector values;       ///< s, increasing
  Matrix vectors;      ///< W, p x r, or U, n x r
  Matrix projected;    ///< U^T t, r x k
  double outside = 0;  ///< |t|^2 - |U^T t|^2, what no ridge reaches
  Vector mean;         ///< of the features, p; primal
};

[[nodiscard]] Decomposition decompose_primal(const Training& training, const Stage& stage);
[[nodiscard]] Decomposition decompose_dual(const Training& training, const Stage& stage);

/// The rows of U of the training samples, block after block: visit(first, U^T of the block (r x b)).
void for_each_row_block(const Training& training, const Decomposition& side, const Stage& stage,
                        const std::function<void(Index first, const Matrix& U)>& visit);

struct Coefficients {
  Matrix a;           ///< p x columns
  Vector mean_value;  ///< mean f^T a, columns
};
/// a = G^T U m for m = `modes`, r x columns.
[[nodiscard]] Coefficients coefficients(const Training& training, const Decomposition& side,
                                        const Matrix& modes, const Stage& stage);

}  // namespace lazygap::data
