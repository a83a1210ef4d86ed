#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lazygap/network/regime.h"
#include "lazygap/problem/problem.h"
#include "lazygap/problem/spectrum.h"
#include "lazygap/train/options.h"

namespace lazygap::experiment {

enum class Method { limit, exact, train, fit, flow };
[[nodiscard]] std::string_view to_string(Method method);

/// [problem]
struct ProblemPlan {
  std::string model = "qf";  ///< "qf" or "mg"
  Index d = 450;
  SpectrumLaw spectrum;       ///< of B (qf) or Delta (mg); a file is read into Kind::explicit_
  std::vector<double> sigma;  ///< mg: eigenvalues of Sigma; empty: identity
  std::vector<double> gamma;  ///< eigenvalues of Gamma for the regime "RF"
};

/// [sweep]
struct SweepPlan {
  std::vector<Regime> regimes;
  std::vector<Index> neurons;  ///< widths N, increasing
  std::vector<Method> methods;
  Index draws = 10;  ///< independent draws of W
  std::uint64_t seed = 1;
};

/// [train]; the step sizes are a grid of which the best is kept. None given: train::default_step_sizes for
/// each regime and width.
struct TrainPlan {
  train::Options options;  ///< step_size, seed and draw are filled cell by cell
  std::vector<double> step_sizes;
  Index draws = 1;
};

/// [fit]
struct FitPlan {
  std::int64_t samples = 500000;
  double ridge = 0;
  Index draws = 0;  ///< 0: as [sweep]
  std::int64_t test_samples = 10000;
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
  std::string activation = "quadratic";
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

/// Whether the limit of `regime` is known: NN on qf needs B >= 0 [GMMM19, Thm 3], NT on mg Sigma = I [Thm 5].
[[nodiscard]] bool has_limit(const Problem& problem, Regime regime);
/// Sentences to tell whoever runs the plan: what it asks for that is left out, and why. Mostly none.
[[nodiscard]] std::vector<std::string> notes(const Plan& plan);

/// The problem of the plan: spectrum drawn, everything checked.
[[nodiscard]] Problem make_problem(const Plan& plan);

}  // namespace lazygap::experiment
