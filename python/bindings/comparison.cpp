#include <algorithm>
#include <nlohmann/json.hpp>
#include <tuple>

#include "bindings.h"
#include "lazygap/compare/compare.h"
#include "lazygap/compare/predict.h"
#include "lazygap/report/comparison.h"

namespace lazygap::python {
namespace {

nlohmann::json to_json(const compare::Mean& mean) {
  return {{"value", mean.value}, {"se", mean.se}, {"lower", mean.lower}, {"upper", mean.upper}};
}

nlohmann::json to_json(const compare::Score& score) {
  return {{"regime", compare::to_string(score.model)},
          {"N", score.neurons},
          {"split", score.split},
          {"n", score.samples},
          {"ratio", score.ratio},
          {"accuracy", score.accuracy},
          {"auc", score.auc},
          {"status", to_string(score.status)},
          {"seconds", score.seconds}};
}

nlohmann::json to_json(const std::vector<compare::Score>& scores) {
  nlohmann::json list = nlohmann::json::array();
  for (const compare::Score& score : scores) list.push_back(to_json(score));
  return list;
}

nlohmann::json to_json(const compare::Decision& decision) {
  return {{"verdict", compare::to_string(decision.verdict)},
          {"sentence", decision.sentence},
          {"linear", to_json(decision.linear)},
          {"kernel", to_json(decision.kernel)},
          {"wide_kernel", to_json(decision.wide_kernel)},
          {"nn", to_json(decision.nn)},
          {"kernel_over_linear", to_json(decision.kernel_over_linear)},
          {"nn_over_linear", to_json(decision.nn_over_linear)},
          {"nn_over_kernel", to_json(decision.nn_over_kernel)},
          {"nn_over_wide", to_json(decision.nn_over_wide)}};
}

/// Means over splits of the scores of each model, width and number of samples, as the pictures have them.
nlohmann::json means(const compare::Comparison& comparison, const std::vector<compare::Score>& scores) {
  nlohmann::json list = nlohmann::json::array();
  std::vector<std::tuple<compare::Model, Index, Index>> seen;
  for (const compare::Score& score : scores) {
    const std::tuple place{score.model, score.neurons, score.samples};
    if (score.split != 0 || std::find(seen.begin(), seen.end(), place) != seen.end()) continue;
    seen.push_back(place);
    nlohmann::json mean = to_json(compare::mean_score(comparison, scores, score.model, score.neurons, score.samples,
                                                      &compare::Score::ratio));
    mean.update({{"regime", compare::to_string(score.model)}, {"N", score.neurons}, {"n", score.samples}});
    list.push_back(std::move(mean));
  }
  return list;
}

std::string to_text(const compare::Comparison& comparison) {
  const report::Table table = report::comparison_table(comparison);
  const compare::Learnt& learnt = comparison.learnt;
  const auto numbers = [](const auto& values) {
    return std::vector<double>(values.data(), values.data() + values.size());
  };
  return nlohmann::json{{"decision", to_json(comparison.decision)},
                        {"samples", comparison.samples},
                        {"dimension", comparison.dimension},
                        {"splits", comparison.splits},
                        {"null_risk", comparison.null_risk},
                        {"scores", to_json(comparison.scores)},
                        {"learning", to_json(comparison.learning)},
                        {"widths", means(comparison, comparison.scores)},
                        {"sizes", means(comparison, comparison.learning)},
                        {"table", {{"header", table.header}, {"lines", table.lines}}},
                        {"directions", report::direction_lines(comparison)},
                        {"remarks", comparison.remarks},
                        {"learnt",
                         {{"neurons", learnt.neurons},
                          {"eigenvalues", numbers(learnt.eigenvalues)},
                          {"edge", learnt.edge}}}}
      .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

data::Table make_table(const Matrix& X, const Matrix& Y, const std::optional<std::vector<std::string>>& labels,
                       const std::vector<std::string>& features) {
  return labels ? data::make_classes(X, *labels, features) : data::make_table(X, Y, features);
}

std::string compare_regimes(const Array2& X, const std::optional<Array2>& Y,
                            const std::optional<std::vector<std::string>>& labels,
                            const std::vector<std::string>& features, const Activation& activation,
                            const nb::dict& given, const nb::object& progress) {
  compare::Options options{.activation = activation};
  const auto get = [&]<class Type>(const char* name, Type& field) { field = nb::cast<Type>(given[name]); };
  get("bias_scale", options.bias_scale);
  get("widths", options.widths);
  get("wide", options.wide);
  get("folds", options.folds);
  get("repeats", options.repeats);
  get("validation", options.validation);
  get("groups", options.groups);
  get("margin", options.margin);
  get("level", options.level);
  get("learning_curves", options.learning_curves);
  get("epochs", options.epochs);
  get("jobs", options.jobs);
  get("seed", options.seed);
  if (nb::cast<bool>(given["ordered"])) options.kind = data::SplitKind::ordered;
  if (!options.groups.empty()) options.kind = data::SplitKind::grouped;
  Matrix outputs = Y ? to_matrix(*Y) : Matrix();
  return interruptible(progress, [X = to_matrix(X), Y = std::move(outputs), labels, features, options](Work& work) {
    return to_text(compare::compare(make_table(X, Y, labels, features), options, work.control()));
  });
}

std::string to_text(const compare::Surrogate& surrogate) {
  const auto interval = [](const compare::Interval& i) { return nlohmann::json{i.value, i.lower, i.upper}; };
  nlohmann::json predicted = nlohmann::json::array();
  for (const compare::Predicted& p : surrogate.predicted)
    predicted.push_back({{"model", p.model},
                         {"N", p.neurons},
                         {"surrogate", interval(p.surrogate)},
                         {"at_n", interval(p.at_n)},
                         {"leave_one_out", p.leave_one_out}});
  return nlohmann::json{{"believable", surrogate.believable},
                        {"judgement", surrogate.judgement},
                        {"predicted", std::move(predicted)}}
      .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string predict_regimes(const Array2& X, const std::optional<Array2>& Y,
                            const std::optional<std::vector<std::string>>& labels,
                            const std::vector<std::string>& features, const Activation& activation,
                            const nb::dict& given, const nb::object& progress) {
  compare::PredictOptions options{.activation = activation};
  const auto get = [&]<class Type>(const char* name, Type& field) { field = nb::cast<Type>(given[name]); };
  get("widths", options.widths);
  get("draws", options.draws);
  get("level", options.level);
  get("most_samples", options.most_samples);
  get("leave_one_out", options.leave_one_out);
  get("seed", options.seed);
  Matrix outputs = Y ? to_matrix(*Y) : Matrix();
  return interruptible(progress, [X = to_matrix(X), Y = std::move(outputs), labels, features, options](Work& work) {
    return to_text(compare::predict(make_table(X, Y, labels, features), options, work.control()));
  });
}

}  // namespace

void bind_comparison(nb::module_& module) {
  module.def("compare", compare_regimes, nb::arg("X"), nb::arg("Y").none(), nb::arg("labels").none(),
             nb::arg("features"), nb::arg("activation"), nb::arg("options"), nb::arg("progress").none());
  module.def("predict", predict_regimes, nb::arg("X"), nb::arg("Y").none(), nb::arg("labels").none(),
             nb::arg("features"), nb::arg("activation"), nb::arg("options"), nb::arg("progress").none());
}

}  // namespace lazygap::python
