#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "lazygap/activation/activation.h"
#include "lazygap/core/control.h"
#include "lazygap/core/status.h"
#include "lazygap/data/split.h"
#include "lazygap/data/table.h"

/// Does a table need feature learning, or is a kernel enough? The three regimes and ridge regression on the
/// features themselves, on the same splits of the same data.
namespace lazygap::compare {

enum class Model { linear, rf, nt, nn };
/// "linear", "RF", "NT", "NN".
[[nodiscard]] std::string_view to_string(Model model);

struct Options {
  Activation activation = activation_from_name("relu");
  double bias_scale = 1;                      ///< tau of the first-layer biases
  std::vector<Index> widths = {10, 40, 160};  ///< N of all regimes, increasing
  /// A width for RF and NT alone, which stands for kernels of any width; 0: none.
  Index wide = 2560;
  data::SplitKind kind = data::SplitKind::shuffled;
  Index folds = 5, repeats = 1;
  double validation = 0.15;  ///< NN: the part of the training samples for early stopping
  std::vector<Index> groups = {};
  /// Differences of R/R0 below this do not matter: two models are equivalent where their difference is surely
  /// smaller.
  double margin = 0.02;
  double level = 0.95;          ///< of each one-sided bound
  bool learning_curves = true;  ///< also on 1/8, 1/4 and 1/2 of the training samples
  std::int64_t epochs = 500;    ///< NN, most
  /// NT fits beyond this order of the matrix to be decomposed, min(n, N d), are left out, with a remark.
  Index most_order = 4000;
  int jobs = 1;  ///< threads; the numbers do not depend on it
  std::uint64_t seed = 1;
};

/// One model on one split.
struct Score {
  Model model = Model::linear;
  Index neurons = 0;  ///< 0: linear
  std::size_t split = 0;
  Index samples = 0;                                        ///< it was fitted on, validation part included
  double ratio = std::numeric_limits<double>::quiet_NaN();  ///< R/R0 on the test part; R0: of the mean of the
                                                            ///< training part
  double accuracy = std::numeric_limits<double>::quiet_NaN();  ///< classes
  double auc =
      std::numeric_limits<double>::quiet_NaN();  ///< classes; more than two: mean of one against the rest
  /// What widths are chosen by, without the test part: leave-one-out (linear, RF, NT) or validation (NN)
  /// error.
  double criterion = std::numeric_limits<double>::quiet_NaN();
  Status status = Status::none;
  double seconds = 0;
};

/// A mean over splits with the standard error and the bounds of the corrected resampled t test: the variance
/// of the mean of J values is (1/J + n_test/n_train) s^2 [NB03].
struct Mean {
  double value = std::numeric_limits<double>::quiet_NaN();
  double se = std::numeric_limits<double>::quiet_NaN();
  double lower = std::numeric_limits<double>::quiet_NaN();  ///< one-sided, at Options::level
  double upper = std::numeric_limits<double>::quiet_NaN();
};
/// `values`: one for each split, at least 2. `test_over_train`: n_test / n_train.
[[nodiscard]] Mean corrected_mean(const std::vector<double>& values, double test_over_train, double level);

enum class Verdict {
  nothing_to_learn,  ///< no model is better than the mean by the margin
  linear_is_enough,  ///< no other model gains the margin over linear
  kernel_is_enough,  ///< better than linear, and NN gains less than the margin over RF or NT of the same
                     ///< widths
  wider_kernel,      ///< NN is better than RF and NT of the same widths, but not than wide ones
  feature_learning,  ///< NN is better than RF and NT of any width
  undecided,
};
[[nodiscard]] std::string_view to_string(Verdict verdict);

/// R/R0 on each split: linear, the better of RF and NT at the widths of NN and at any width, and NN, each at
/// the width that its own criterion chooses.
struct Chosen {
  std::vector<double> linear, kernel, wide_kernel, nn;
};

struct Decision {
  Verdict verdict = Verdict::undecided;
  Mean linear, kernel, wide_kernel, nn;  ///< R/R0
  Mean over_mean;                        ///< 1 - the least of them, and so on: gains in R/R0
  Mean kernel_over_linear, nn_over_linear, nn_over_kernel, nn_over_wide;
  std::string sentence;
};
/// The rule: docs/theory/compare.md.
[[nodiscard]] Decision decide(const Chosen& chosen, double test_over_train, double margin, double level);

/// The spectrum of the first layer that NN has learnt on the first split, at its widest.
struct Learnt {
  Index neurons = 0;
  Vector eigenvalues;  ///< of (d/N) W W^T, decreasing; around 1 before training
  double edge = 0;     ///< (1 + sqrt(d/N))^2, the largest before training
  Matrix directions;   ///< d x d, columns: eigenvectors, in the standardised features
};

struct Comparison {
  Status status = Status::none;  ///< none: Control::stop has ended it
  data::Table table;             ///< without its numbers: names, classes, hash
  Index samples = 0, dimension = 0;
  std::size_t splits = 0;
  double test_over_train = 0;
  double null_risk = 0;         ///< variance of y, summed over outputs
  std::vector<Score> scores;    ///< on all training samples, by split, model and width
  std::vector<Score> learning;  ///< on subsets of them, at the widest width; by size, split and model
  Decision decision;
  Learnt learnt;
  std::vector<std::string> remarks;  ///< what weakens the verdict, as sentences
};

/// Compares. With several jobs, Control::stop and Control::progress are called from their threads, progress
/// by one at a time. Throws UsageError for an option outside its range and as data::make_splits does.
[[nodiscard]] Comparison compare(const data::Table& table, const Options& options = {},
                                 const Control& control = {});

/// The mean over splits of the scores of one model and width; `value` is a member of Score.
[[nodiscard]] Mean mean_score(const Comparison& comparison, const std::vector<Score>& scores, Model model,
                              Index neurons, Index samples, double Score::*value, double level = 0.95);

}  // namespace lazygap::compare
