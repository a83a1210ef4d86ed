#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "lazygap/core/control.h"
#include "lazygap/core/status.h"
#include "lazygap/data/data_set.h"
#include "lazygap/network/network.h"

/// Ridge regression on a data set in the regimes that are linear in what is trained:
///
///   linear   f(x) = c + <a, z>
///   random   f(x) = c + sum_i a_i (sigma(u_i) - lambda_0)      RF
///   tangent  f(x) = c + sum_i sigma'(u_i) <a_i, z>             NT
///
/// z is the standardised x, u_i = <w_i, z> + b_i, w_i ~ N(0, I/d), b_i ~ N(0, tau^2). a and c minimise
///
///   sum_j v_j |y_j - f(x_j)|^2 / sum_j v_j + ridge |a|^2,      v_j the weights of the samples.
namespace lazygap::data {

enum class FeatureKind { linear, random, tangent };

/// The p features of a sample: d (linear), N (random) or N d (tangent, neuron after neuron).
struct FeatureMap {
  FeatureKind kind = FeatureKind::random;
  Network network;  ///< linear: not used
  Standardisation standardisation;

  [[nodiscard]] Index size() const;
};

struct FeatureOptions {
  FeatureKind kind = FeatureKind::random;
  Activation activation = activation_from_name("relu");
  Index neurons = 100;    ///< N >= 1
  double bias_scale = 0;  ///< tau >= 0
  std::uint64_t seed = 1;
  std::uint32_t draw = 0;  ///< neuron i of a draw is the same for every N
};

/// The features for samples that are standardised as given. Throws UsageError for N < 1, a negative tau, and
/// tangent features of an activation without a derivative.
[[nodiscard]] FeatureMap make_feature_map(const FeatureOptions& options, Standardisation standardisation);

/// The features of `rows` of X, p x rows.
[[nodiscard]] Matrix features(const FeatureMap& map, const MatrixView& X, Rows rows);

/// How the ridge is chosen among the path.
///   loo         the exact weighted leave-one-out error, intercept and weights included
///   gcv         generalised cross-validation; cheaper, and biased low where features are few for the data
///   validation  the error on the validation part
///   fixed       the path has one ridge
enum class RidgeChoice { loo, gcv, validation, fixed };

/// Through which matrix the path goes: the p x p second moments of the features or the n x n matrix of their
/// inner products. `automatic` takes the smaller one.
enum class RidgeSide { automatic, primal, dual };

struct RidgeOptions {
  RidgeChoice choice = RidgeChoice::loo;
  /// >= 0. Empty: 34 ridges, three a decade, from 1e-9 to 100 of the largest eigenvalue of the features'
  /// second moments (from 1e-6 in fp32).
  std::vector<double> ridges = {};
  RidgeSide side = RidgeSide::automatic;
  bool fp32 = false;   ///< random features on the primal side: products in fp32, sums in fp64
  Index block = 1024;  ///< samples in memory at a time
};

struct RidgeModel {
  Status status = Status::none;  ///< none where Control::stop has ended the fit
  FeatureMap map;
  Matrix coefficients;  ///< p x k
  Vector intercept;     ///< k
  double ridge = std::numeric_limits<double>::quiet_NaN();
  Vector ridges;  ///< the path, increasing
  Vector errors;  ///< the error by which the ridge is chosen: the weighted mean over samples of |y - f|^2
  double degrees_of_freedom = std::numeric_limits<double>::quiet_NaN();  ///< trace of the hat matrix
  RidgeSide side = RidgeSide::automatic;                                 ///< primal or dual
};

/// Fits `train`. `validation` is read where the choice needs it. One eigen-decomposition serves the whole
/// path and all outputs. Memory: the smaller matrix and blocks of samples; on the dual side the samples, too.
/// Throws UsageError as check_data_set and check_rows (two samples at least), for a path that is empty,
/// negative or not finite, `fixed` with another number of ridges than one, and features that are not finite.
[[nodiscard]] RidgeModel fit_ridge(const DataSet& data, Rows train, Rows validation, const FeatureMap& map,
                                   const RidgeOptions& options = {}, const Control& control = {});

/// f of `rows` of X, k x rows. Throws UsageError where X has another number of features.
[[nodiscard]] Matrix predict(const RidgeModel& model, const MatrixView& X, Rows rows);

/// What a fit will take, before it is begun.
struct FitCost {
  double seconds = 0;  ///< on one processor
  double bytes = 0;
};
[[nodiscard]] FitCost ridge_cost(Index samples, Index outputs, const FeatureMap& map,
                                 const RidgeOptions& options = {});

}  // namespace lazygap::data
