#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "lazygap/activation/activation.h"
#include "lazygap/core/control.h"
#include "lazygap/core/status.h"
#include "lazygap/data/classes.h"
#include "lazygap/data/estimate.h"
#include "lazygap/data/regression.h"
#include "lazygap/data/table.h"

/// What the regimes would reach on a table, without training: the risks of a Gaussian surrogate of it.
namespace lazygap::compare {

struct PredictOptions {
  Activation activation = activation_from_name("relu");  ///< of RF; NT and NN are predicted for u^2
  std::vector<Index> widths = {10, 40, 160};
  int draws = 400;            ///< of the bootstrap, >= 40
  double level = 0.9;         ///< of the intervals
  Index most_samples = 4000;  ///< of the statistics, whose cost grows with n^2 d
  bool leave_one_out = true;  ///< also the errors of fitted models, which assume nothing
  std::uint64_t seed = 1;
};

/// A number with an interval. The bootstrap is parametric: statistics are drawn around their estimates with
/// their jackknife errors, made possible (clipped), and sent through the same formula.
struct Interval {
  double value = std::numeric_limits<double>::quiet_NaN();
  double lower = std::numeric_limits<double>::quiet_NaN();
  double upper = std::numeric_limits<double>::quiet_NaN();
};

/// R/R0 of one regime at N neurons.
struct Predicted {
  std::string model;  ///< "linear", "RF", "NT", "NN"
  Index neurons = 0;
  Interval surrogate;  ///< infinitely many samples
  Interval at_n;       ///< RF of a regression, at this n and the best ridge; NaN elsewhere
  double leave_one_out = std::numeric_limits<double>::quiet_NaN();  ///< of the fitted model, without biases
};

struct Surrogate {
  Status status = Status::none;  ///< none: Control::stop has ended it
  bool classes = false;
  data::RegressionStatistics regression;
  data::ClassStatistics of_classes;
  data::Estimate gaussianity;  ///< data::gaussianity: 1 where the fourth moments are Gaussian
  Index visible = 0;           ///< eigenvalues of B that show above the noise; regression
  std::vector<Predicted> predicted;
  bool believable = false;
  std::string judgement;  ///< one sentence: whether to believe the surrogate, and what instead
};

/// Regression with one output, or two classes.
///
/// Regression. R0 = Var y; the surrogate has linear power t_1, traceless and radial quadratic power t_2 and
/// t_h and noise (data::clipped_powers). For n = infinity with quadratic sigma, rho = N/d:
///   linear  1 - t_1/R0;   RF  1 - t_h rho/(1 + rho) / R0 and NT  1 - [ (1 - (1-rho)_+^2) t_2 + min(rho, 1)
///   t_h ] / R0 NN      1 - 2 sum_{i <= N} b_i^2 / R0 over the visible eigenvalues of B, or, where none
///   shows, the whole
///           quadratic power for N >= d and nothing for less
/// RF at this n: curve::predict of averaged_rf, at its best ridge.
/// Two classes: R0 = 1, [GMMM19, Thm 4 to 6] with D and, for RF and linear, the mean
/// (docs/theory/surrogate.md).
///
/// Throws UsageError where the table has several outputs or more than two classes, and as the statistics do
/// (too few samples for their features).
[[nodiscard]] Surrogate predict(const data::Table& table, const PredictOptions& options = {},
                                const Control& control = {});

}  // namespace lazygap::compare
