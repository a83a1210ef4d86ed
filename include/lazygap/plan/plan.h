#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lazygap/question/instance.h"
#include "lazygap/question/keys.h"
#include "lazygap/question/question.h"

namespace lazygap::plan {

using question::Key;
using question::Method;
using question::Question;
using question::Value;

/// Values that a plan lets some keys take. Several keys are tied: they take their values together, point by
/// point.
struct Axis {
  std::vector<const Key*> keys;
  std::vector<std::vector<Value>> points;  ///< points[i][k]: of keys[k] at point i

  [[nodiscard]] bool has(const Key& key) const;
};

/// [figure]
struct FigureSpec {
  std::string frame = "left";  ///< "left": R/R0 against N; "right": along training; "axes": against `x`
  std::string title = {};
  const Key* x = nullptr;               ///< frame "axes"
  std::vector<const Key*> series = {};  ///< keys that tell its lines apart, beside the regime
  const Key* facet = nullptr;           ///< one frame for each of its values
  std::string x_scale = "automatic";    ///< "linear", "log", "automatic": log where x spans a factor of 10
  std::string y_scale = "linear";
  std::string size = "page";  ///< "column", "page" or "slide"
  bool latex = false;         ///< draws it for LaTeX, too
};

/// A plan: a question with every default filled in, and what is asked of it. Its questions are the product of
/// methods, regimes, axes and draws.
struct Plan {
  std::string name;
  std::string source;  ///< file or "built-in"
  Question base;
  std::vector<Method> methods;
  std::vector<Regime> regimes;
  std::vector<Axis> axes;          ///< the last one varies fastest
  std::vector<double> step_sizes;  ///< of train, increasing; none: a grid for each question
  Index draws = 10;                ///< of W
  std::map<Method, Index> own_draws{{Method::train, 1}};  ///< of routes that do not follow `draws`
  std::vector<Regime> fit_regimes;  ///< which of `regimes` are fitted: RF, unless the plan says otherwise
  std::vector<const Key*> best;     ///< axes of which the best value is kept, beside the step size
  std::string best_by = "risk";     ///< or "gcv", "leave-one-out": what decides which value is best
  FigureSpec figure;
  /// Problems and activations of its questions, made when they are needed.
  std::shared_ptr<question::Instances> instances = std::make_shared<question::Instances>();

  [[nodiscard]] bool asks(Method method) const;
  /// Points of the product of the axes.
  [[nodiscard]] std::size_t points() const;
  /// The question to `method` at a point of the product, draw 0, with its defaults filled in.
  [[nodiscard]] Question at(Method method, Regime regime, std::size_t point) const;
  /// Place of a point on one axis.
  [[nodiscard]] std::size_t place_on(std::size_t axis, std::size_t point) const;
  /// The axis of a key; null where the key is not swept.
  [[nodiscard]] const Axis* axis_of(const Key& key) const;
  /// How often a question is asked with other random numbers; 1 where its answer does not depend on the draw.
  [[nodiscard]] Index draws_of(Method method, Regime regime) const;
};

using Overrides = std::vector<std::pair<std::string, std::string>>;

/// Reads a plan from a file or, where no such file exists, from the built-in plans; applies `overrides`
/// ("sweep.draws", "3"). `only`: the one method to ask, whatever the plan's methods, which must exist all the
/// same. Throws UsageError naming file, line, key, value and what is accepted; FileError where the file
/// cannot be read.
[[nodiscard]] Plan load_plan(const std::string& file_or_name, const Overrides& overrides = {},
                             std::optional<Method> only = {});
/// Likewise from text; `label` names it in messages.
[[nodiscard]] Plan plan_from_text(std::string_view text, const std::string& label,
                                  const Overrides& overrides = {}, std::optional<Method> only = {});

/// The resolved plan as TOML: loading it again gives the same plan.
[[nodiscard]] std::string to_toml(const Plan& plan);

[[nodiscard]] std::vector<std::string> built_in_plans();
/// The TOML text of a built-in plan, comments included; FileError where there is none of this name.
[[nodiscard]] std::string built_in_plan(std::string_view name);

/// Sentences to tell whoever runs the plan: what it asks for that is left out, and why; what cannot work.
/// Mostly none.
[[nodiscard]] std::vector<std::string> remarks(const Plan& plan);

/// One key of a plan, for tables of keys.
struct KeyDescription {
  std::string path, accepted, standard, doc;
};
/// All of them, those of questions and those of plans, by table.
[[nodiscard]] std::vector<KeyDescription> describe_keys();

}  // namespace lazygap::plan
