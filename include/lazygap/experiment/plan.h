#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lazygap/activation/activation.h"
#include "lazygap/core/matrix.h"
#include "lazygap/fit/options.h"
#include "lazygap/network/regime.h"
#include "lazygap/problem/problem.h"
#include "lazygap/problem/spectrum.h"
#include "lazygap/train/options.h"

namespace lazygap::experiment {

enum class Method { limit, exact, train, fit, flow };
[[nodiscard]] std::string_view to_string(Method method);

/// [problem]
struct ProblemPlan {
  std::string model = "qf";  ///< "qf", "mg" or "polynomial"
  Index d = 450;
  SpectrumLaw spectrum;  ///< of B (qf) or Delta (mg); numbers from a file are read into Kind::explicit_
  std::map<Index, SpectrumLaw> hermite;  ///< polynomial: the coefficients of He_k, by k
  Matrix matrix;  ///< given whole: B (qf) or Delta (mg), d x d; beta (polynomial), d x K; empty: by spectrum
  bool haar_rotated = false;  ///< B or Delta = Q diag(spectrum) Q^T with Q Haar distributed
  Matrix sigma;               ///< mg: Sigma, d x d, or d x 1 for its diagonal; empty: identity
  Matrix gamma;               ///< Gamma for the regime "RF", likewise; empty: none
  double label_noise = 0;     ///< standard deviation of the noise in the labels of train and fit
};

/// [activation]: by name, by expression or by Hermite coefficients.
struct ActivationPlan {
  std::string name = "quadratic";  ///< empty where one of the others is given
  std::string expression, derivative;
  std::vector<double> hermite;  ///< lambda_0, lambda_1, ...
  double bias_scale = 0;        ///< tau: first-layer biases b_i ~ N(0, tau^2)
  bool centred = true;          ///< RF: sigma - lambda_0 instead of sigma

  friend bool operator==(const ActivationPlan&, const ActivationPlan&) = default;
};

/// [sweep]
struct SweepPlan {
  std::vector<Regime> regimes;
  std::vector<Index> neurons;  ///< widths N, increasing
  std::vector<Method> methods;
  Index draws = 10;  ///< independent draws of W
  std::uint64_t seed = 1;
  /// RF gets N (d + 1) neurons where NT and NN get N: the same number of parameters, about.
  bool equal_parameters = false;
};

/// [train]; the step sizes are a grid of which the best is kept. None given: train::default_step_sizes for
/// each regime and width.
struct TrainPlan {
  train::Options options;  ///< step_size, seed and draw are filled cell by cell
  std::vector<double> step_sizes;
  Index draws = 1;
  train::Search search = train::Search::full;
  bool share_between_widths = false;  ///< samples are drawn once for all widths, not for all step sizes only
};

/// [fit]
struct FitPlan {
  std::int64_t samples = 500000;
  double ridge = 0;
  fit::Precision precision = fit::Precision::fp32;
  Index draws = 0;  ///< 0: as [sweep]
  std::int64_t test_samples = 10000;
  std::vector<Regime> regimes;  ///< which of sweep.regimes are fitted: RF, unless the plan says otherwise
};

/// [figure]
struct FigurePlan {
  std::string frame = "left";  ///< "left": R/R0 against N; "right": R/R0 against n/d along training
  std::string title;
};

/// A whole plan with every default filled in.
struct Plan {
  std::string name;
  std::string source;  ///< file or "built-in"
  ProblemPlan problem;
  SweepPlan sweep;
  ActivationPlan activation;
  TrainPlan train;
  FitPlan fit;
  FigurePlan figure;
};

/// Reads a plan from a file or, where no such file exists, from the built-in plans; applies `overrides`
/// ("sweep.draws", "3"). Throws UsageError naming file, line, key, value and what is accepted; FileError
/// where the file cannot be read.
[[nodiscard]] Plan load_plan(const std::string& file_or_name,
                             const std::vector<std::pair<std::string, std::string>>& overrides = {});
/// The resolved plan as TOML: loading it again gives the same plan.
[[nodiscard]] std::string to_toml(const Plan& plan);
[[nodiscard]] std::vector<std::string> built_in_plans();

/// The problem of the plan: spectrum drawn, everything checked.
[[nodiscard]] Problem make_problem(const Plan& plan);
[[nodiscard]] Activation make_activation(const Plan& plan);

/// What every cell of a plan shares, made once.
struct Setting {
  Problem problem;
  Activation activation;
  Matrix gamma;  ///< of the plan, in the coordinates of `problem`; d x d, d x 1 (diagonal) or empty
};
[[nodiscard]] Setting make_setting(const Plan& plan);
/// Law of the first layer of `regime` in the plan.
[[nodiscard]] FirstLayerLaw first_layer(const Setting& setting, Regime regime);

/// Whether sigma(u) = u^2 without biases, the case of the paper's theorems on NT and NN.
[[nodiscard]] bool is_quadratic(const Plan& plan);
/// Whether it is also trained by the algebra of the quadratic activation (train/sgd.h): no momentum, no free
/// second layer. The gradient flow needs that.
[[nodiscard]] bool trains_quadratic(const Plan& plan);
/// Whether the limit of `regime` is known: quadratic targets only. RF: any centred activation [GMMM19, Thm 1,
/// 4; limit/rf_biases.h]. NT and NN: quadratic activation; NN on qf needs B >= 0 [Thm 3], NT on mg Sigma = I
/// [Thm 5].
[[nodiscard]] bool has_limit(const Plan& plan, const Problem& problem, Regime regime);
/// Whether there is an exact risk: always but for NN with an activation other than the quadratic one.
[[nodiscard]] bool has_exact(const Plan& plan, Regime regime);
/// Sentences to tell whoever runs the plan: what it asks for that is left out, and why; what cannot work.
/// Mostly none.
[[nodiscard]] std::vector<std::string> notes(const Plan& plan);

}  // namespace lazygap::experiment
