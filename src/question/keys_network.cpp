#include <array>

#include "question/row.h"

/// The rows of [activation] and of the network.
namespace lazygap::question {
namespace {

const Words<Regime> kRegimes{{"RF(I)", Regime::rf_isotropic},
                             {"RF(Gamma*)", Regime::rf_aligned},
                             {"RF", Regime::rf},
                             {"NT", Regime::nt},
                             {"NN", Regime::nn},
                             {"Bayes", Regime::bayes}};

bool has_network(const Question& q) { return q.network.regime != Regime::bayes; }
bool reads_draw(const Question& q) {
  if (q.method == Method::exact) return draws_first_layer(q.network.regime);
  return q.method != Method::limit && q.method != Method::state_evolution;
}

const Words<bool> kStarts{{"kept", false}, {"subtracted", true}};

/// NN that is trained from its start; NT does not depend on the scale of its output.
bool has_output_scale(const Question& q) {
  return q.network.regime == Regime::nn && (q.method == Method::train || q.method == Method::flow);
}

/// RF is fitted on the layer after the step.
bool is_stepped(const Question& q) { return is_rf(q.network.regime) && q.network.one_step != 0; }

constexpr std::string_view kInfinity = "infinity";

Key one_step_samples_key() {
  Key key{.path = "network.one_step_samples",
          .kind = Kind::positive_or_word,
          .accepted = "a whole number of at least 1, or \"infinity\"",
          .doc = "fresh samples n1 of the giant step; infinity: the population step",
          .words = {kInfinity}};
  key.get = [](const Question& q) -> Value {
    if (q.network.one_step_samples == 0) return std::string(kInfinity);
    return static_cast<double>(q.network.one_step_samples);
  };
  key.assign = [](Question& q, const Value& value) {
    const auto* number = std::get_if<double>(&value);
    q.network.one_step_samples = number == nullptr ? 0 : static_cast<Index>(*number);
  };
  key.in_range = [](const Value& value) {
    const auto* number = std::get_if<double>(&value);
    return number == nullptr ||
           (*number >= 1 && *number <= static_cast<double>(kMostNeurons) && std::floor(*number) == *number);
  };
  key.is_read = is_stepped;
  key.place = "one_step_samples";
  key.conflict = [](const Question& q) {
    return std::string(q.network.one_step != 0 ? "" : "belongs to network.one_step, which is not given");
  };
  return key;
}

void add_activation_keys(std::vector<Key>& rows) {
  add_row(rows,
          text_key(
              "activation.name",
              "a name of [theory/activations.md](theory/activations.md), as \"relu\" or "
              "\"hermite(3)\"",
              [](auto& q) -> auto& { return q.network.activation.name; }),
          has_network, "activation.name");
  rows.back().assign = [](Question& q, const Value& value) {
    q.network.activation = {.name = std::get<std::string>(value)};
  };
  rows.back().in_name = [](const Question& q) -> std::vector<NamePart> {
    if (q.network.activation.name.empty()) return {};
    return {{"activation.name", q.network.activation.name}};
  };
  add_row(rows,
          text_key(
              "activation.expression", "instead of a name: sigma as an expression in u, as \"max(u,0)^2\"",
              [](auto& q) -> auto& { return q.network.activation.expression; }),
          has_network, "activation.expression", true);
  rows.back().assign = [](Question& q, const Value& value) {
    q.network.activation.name.clear();
    q.network.activation.expression = std::get<std::string>(value);
  };
  add_row(rows,
          text_key(
              "activation.derivative", "beside an expression: sigma'; without it RF only",
              [](auto& q) -> auto& { return q.network.activation.derivative; }),
          has_network, "activation.derivative", true);
  rows.back().conflict = [](const Question& q) {
    return std::string(q.network.activation.expression.empty()
                           ? "belongs to activation.expression, which is not given"
                           : "");
  };
  add_row(rows,
          numbers_key(
              "activation.hermite", "instead of a name: the list lambda_0, lambda_1, ...",
              [](auto& q) -> auto& { return q.network.activation.hermite; }),
          has_network, "activation.hermite", true);
  rows.back().assign = [](Question& q, const Value& value) {
    q.network.activation = {.name = {}, .hermite = std::get<std::vector<double>>(value)};
  };
  add_row(rows,
          number_key(
              "activation.biases", kNonnegative, "tau: first-layer biases b_i ~ N(0, tau^2)",
              [](auto& q) -> auto& { return q.network.bias_scale; }),
          has_network, "activation.biases", true);
  add_row(
      rows,
      truth_key(
          "activation.centred", "RF uses sigma - lambda_0",
          [](auto& q) -> auto& { return q.network.centred; }),
      [](const Question& q) { return is_rf(q.network.regime); }, "activation.centred", true);
}

/// One giant step, and the scale of the output.
void add_feature_learning_keys(std::vector<Key>& rows) {
  static const Range kStep{"a finite number", [](double) { return true; }};
  add_row(
      rows,
      number_key(
          "network.one_step", kStep,
          "RF: size eta of one giant gradient step on the first layer before the fit; 0: none "
          "([theory/one_step.md](theory/one_step.md))",
          [](auto& q) -> auto& { return q.network.one_step; }),
      [](const Question& q) { return is_rf(q.network.regime); }, "one_step", true);
  rows.push_back(one_step_samples_key());
  Key scale = number_key(
      "network.output_scale", kPositive,
      "NN by lazy_rich, train and flow: factor alpha of the output of the network, whose loss is divided by "
      "alpha^2 ([theory/lazy_rich.md](theory/lazy_rich.md))",
      [](auto& q) -> auto& { return q.network.output_scale; });
  scale.is_read = [](const Question& q) { return q.method == Method::lazy_rich || has_output_scale(q); };
  // lazy_rich has always named it; trainings from before it had none.
  scale.in_name = [](const Question& q) -> std::vector<NamePart> {
    if (q.method != Method::lazy_rich && q.network.output_scale == 1) return {};
    return {{"output_scale", q.network.output_scale}};
  };
  rows.push_back(std::move(scale));
  Key start = word_key(
      "network.start", kStarts,
      "NN by train and flow: whether the network of the start is subtracted, as lazy_rich always does; "
      "subtracted: "
      "f = alpha (g - g_start), and W starts from that of NT",
      [](auto& q) -> auto& { return q.network.subtract_start; });
  start.is_read = has_output_scale;
  start.in_name = [](const Question& q) -> std::vector<NamePart> {
    if (!q.network.subtract_start) return {};
    return {{"start", std::string("subtracted")}};
  };
  start.standard = [](const Question& q) -> Value {
    return std::string(word_of(kStarts, is_given(q, key_at("network.output_scale"))));
  };
  start.standard_text = "`\"subtracted\"` where network.output_scale is given or swept, else `\"kept\"`";
  rows.push_back(std::move(start));
}

Key first_layer_key() {
  Key key = matrix_key(
      "sweep.first_layer", Kind::rows,
      "W of RF and NT in exact, curve, dynamics, fit, train and flow, d x N or wider (its first N columns "
      "count), instead of "
      "a draw; in the coordinates of the problem ([mechanism.md](mechanism.md#weights-out-and-in))",
      [](auto& q) -> auto& { return q.network.first_layer; });
  key.is_read = [](const Question& q) {
    return q.method != Method::limit && q.method != Method::lazy_rich && draws_first_layer(q.network.regime);
  };
  key.place = "first_layer";
  key.omitted_at_default = true;
  key.standard_text = "drawn";
  key.conflict = [](const Question& q) { return wrong_first_layer(q, q.network.first_layer); };
  return key;
}

}  // namespace

std::string wrong_first_layer(const Question& q, const SharedMatrix& W) {
  if (!W || (W->rows() == q.problem.d && W->cols() >= q.neurons())) return {};
  return fmt::format(
      "is a {} x {} matrix, but must have d = {} rows, and a column for each of the N = {} neurons",
      W->rows(), W->cols(), q.problem.d, q.neurons());
}

void add_network_keys(std::vector<Key>& rows) {
  add_row(
      rows,
      word_key(
          "network.regime", kRegimes, "which functions may be learnt",
          [](auto& q) -> auto& { return q.network.regime; }),
      [](const Question&) { return true; }, "regime");
  rows.back().standard_text = "`sweep.regimes`";

  Key width = integer_key(
      "network.width", 1, kMostNeurons, "number of neurons N",
      [](auto& q) -> auto& { return q.network.width; });
  width.is_read = [](const Question&) { return true; };
  width.in_name = [](const Question& q) -> std::vector<NamePart> {
    return {{"N", static_cast<std::int64_t>(q.neurons())}};
  };
  width.standard_text = "`sweep.neurons`";
  rows.push_back(std::move(width));

  // These two are in the name through N.
  Key rho = number_key(
      "network.rho", kNonnegative,
      "above 0: N is the integer nearest to rho d, at least 1, whatever the width",
      [](auto& q) -> auto& { return q.network.rho; });
  rho.is_read = has_network;
  rho.in_name = [](const Question&) { return std::vector<NamePart>(); };
  rows.push_back(std::move(rho));
  Key equal = truth_key(
      "sweep.equal_parameters", "RF gets N(d+1) neurons where NT and NN get N",
      [](auto& q) -> auto& { return q.network.equal_parameters; });
  equal.is_read = [](const Question& q) { return is_rf(q.network.regime); };
  equal.in_name = [](const Question&) { return std::vector<NamePart>(); };
  rows.push_back(std::move(equal));

  rows.push_back(first_layer_key());

  Key draw = integer_key(
      "network.draw", 0, std::numeric_limits<std::uint32_t>::max(),
      "which of the independent draws of W and, for train and fit, of the samples",
      [](auto& q) -> auto& { return q.draw; });
  draw.standard_text = "0, 1, ... as `sweep.draws` says";
  add_row(rows, std::move(draw), reads_draw, "draw");

  add_feature_learning_keys(rows);
  add_activation_keys(rows);
}

}  // namespace lazygap::question
