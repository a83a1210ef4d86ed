#include <algorithm>
#include <cmath>
#include <limits>

#include "question/row.h"

/// The rows of [train].
namespace lazygap::question {
namespace {

const Words<train::Parameterisation> kParameterisations{{"unit", train::Parameterisation::unit},
                                                        {"mean-field", train::Parameterisation::mean_field}};
const Words<train::SecondLayer> kSecondLayers{{"fixed", train::SecondLayer::fixed},
                                              {"shared", train::SecondLayer::shared},
                                              {"free", train::SecondLayer::free}};
const Words<SecondLayerSign> kSigns{{"positive", SecondLayerSign::positive},
                                    {"negative", SecondLayerSign::negative},
                                    {"one sign", SecondLayerSign::one_sign},
                                    {"free", SecondLayerSign::free}};
const Words<train::Schedule> kSchedules{{"constant", train::Schedule::constant},
                                        {"tail-drop", train::Schedule::tail_drop},
                                        {"quadratic-decay", train::Schedule::quadratic_decay}};
const Words<train::Precision> kPrecisions{
    {"fp32", train::Precision::fp32}, {"fp64", train::Precision::fp64}, {"bf16", train::Precision::bf16}};
const Words<train::Reduction> kReductions{{"automatic", train::Reduction::automatic},
                                          {"none", train::Reduction::none}};
const Words<train::Search> kSearches{{"full", train::Search::full},
                                     {"halving", train::Search::halving},
                                     {"predicted", train::Search::predicted}};
const Words<bool> kSharing{{"step-sizes", false}, {"widths", true}};
const Words<bool> kBiases{{"fixed", false}, {"trained", true}};

/// The address of a sample has 32 bits for the step (core/random.h).
constexpr std::int64_t kMostSteps = std::numeric_limits<std::uint32_t>::max();
constexpr std::int64_t kMostBatch = 1'000'000;
constexpr std::int64_t kMostRecords = 100'000;
/// The paper's numbers of SGD steps. [GMMM19, sec. 4]
constexpr std::int64_t kPaperStepsQf = 200'000;
constexpr std::int64_t kPaperStepsMg = 140'000;

bool is_sgd(const Question& q) { return q.method == Method::train; }
/// The gradient flow and the mean dynamics follow the training in all but its samples.
bool is_training(const Question& q) {
  return q.method == Method::train || q.method == Method::flow || q.method == Method::dynamics;
}
bool is_unit(const Question& q) { return q.train.options.parameterisation == train::Parameterisation::unit; }
bool is_mean_field(const Question& q) { return is_training(q) && !is_unit(q); }
bool is_fixed(const Question& q) { return q.train.options.second_layer == train::SecondLayer::fixed; }
bool trains_nn(const Question& q) { return is_training(q) && q.network.regime == Regime::nn; }

/// NT has no bf16 and is trained in fp32.
train::Precision precision_of(const Question& q) {
  const train::Precision precision = q.train.options.precision;
  return q.network.regime == Regime::nt && precision == train::Precision::bf16 ? train::Precision::fp32
                                                                               : precision;
}

/// What exact risks and limits depend on are the signs that the second layer can reach.
bool has_sign(const Question& q) {
  return q.method == Method::exact || q.method == Method::limit || q.method == Method::state_evolution;
}

Key second_layer_key() {
  Key key = word_key(
      "train.second_layer", kSecondLayers,
      "second layer of NN: all a_i fixed; mean-field only: one shared scalar, or a free vector",
      [](auto& q) -> auto& { return q.train.options.second_layer; });
  key.is_read = [](const Question& q) {
    return q.network.regime == Regime::nn && (is_training(q) || has_sign(q));
  };
  key.in_name = [](const Question& q) -> std::vector<NamePart> {
    const std::string word(has_sign(q) ? word_of(kSigns, second_layer_sign(q))
                                       : word_of(kSecondLayers, q.train.options.second_layer));
    return {{"second_layer", word}};
  };
  // One shared scalar serves the quadratic activation where all eigenvalues have one sign.
  key.standard = [](const Question& q) -> Value {
    const bool one_sign = is_quadratic(q.network) && !is_indefinite(q.problem);
    return std::string(is_unit(q) ? "fixed" : one_sign ? "shared" : "free");
  };
  key.standard_text =
      "`\"fixed\"` (unit); mean-field: `\"shared\"` for the quadratic activation without biases where all "
      "eigenvalues have one sign, else "
      "`\"free\"`";
  key.conflict = [](const Question& q) {
    if (!is_unit(q) || is_fixed(q)) return std::string();
    return fmt::format(
        "is \"{}\", but parameterisation = \"unit\" has a fixed second layer: \"fixed\", or parameterisation "
        "= \"mean-field\", is needed",
        word_of(kSecondLayers, q.train.options.second_layer));
  };
  return key;
}

Key second_layer_value_key() {
  static const Range kNotZero{"a finite number different from 0", [](double x) { return x != 0; }};
  Key key = number_key(
      "train.second_layer_value", kNotZero, "the fixed value of a",
      [](auto& q) -> auto& { return q.train.options.second_layer_value; });
  key.is_read = [](const Question& q) { return trains_nn(q) && is_fixed(q); };
  key.place = "second_layer_value";
  key.conflict = [](const Question& q) {
    if (is_fixed(q)) return std::string();
    return fmt::format("belongs to second_layer = \"fixed\", but second_layer is \"{}\"",
                       word_of(kSecondLayers, q.train.options.second_layer));
  };
  return key;
}

Key biases_key() {
  Key key = word_key(
      "train.biases", kBiases, "first-layer biases of NN; NT keeps them",
      [](auto& q) -> auto& { return q.train.options.train_biases; });
  key.is_read = trains_nn;
  key.place = "biases";
  key.omitted_at_default = true;
  key.conflict = [](const Question& q) {
    return std::string(q.train.options.train_biases && q.network.bias_scale == 0
                           ? "is \"trained\", but activation.biases = 0 means that there are none"
                           : "");
  };
  return key;
}

Key precision_key() {
  Key key = word_key(
      "train.precision", kPrecisions,
      "of the matrix products of a step; bf16: NN with the quadratic activation, on a processor "
      "with AVX512_BF16, NT then in fp32 ([theory/train.md](theory/train.md#bf16))",
      [](auto& q) -> auto& { return q.train.options.precision; });
  key.is_read = is_sgd;
  key.in_name = [](const Question& q) -> std::vector<NamePart> {
    return {{"precision", std::string(word_of(kPrecisions, precision_of(q)))}};
  };
  return key;
}

bool is_run(const Question& q) { return q.method == Method::train || q.method == Method::flow; }

/// k of the overlaps: whole numbers.
Key overlap_ranks_key() {
  Key key{.path = "train.overlap_ranks",
          .kind = Kind::numbers,
          .accepted = "a list of integers of at least 1, with at least one entry",
          .doc = "k of the overlaps ||P_k(W) P_k(B)||_F^2 / k that the mechanism records, each at most d"};
  key.get = [](const Question& q) -> Value {
    const std::vector<Index>& ranks = q.train.options.overlap_ranks;
    return std::vector<double>(ranks.begin(), ranks.end());
  };
  key.assign = [](Question& q, const Value& value) {
    const auto& ranks = std::get<std::vector<double>>(value);
    q.train.options.overlap_ranks.assign(ranks.begin(), ranks.end());
  };
  key.in_range = [](const Value& value) {
    const auto& ranks = std::get<std::vector<double>>(value);
    return !ranks.empty() && std::all_of(ranks.begin(), ranks.end(), [](double k) {
      return k >= 1 && k <= static_cast<double>(kMostNeurons) && std::floor(k) == k;
    });
  };
  key.is_read = [](const Question& q) { return is_run(q) && q.train.options.mechanism; };
  key.place = "overlap_ranks";
  key.omitted_at_default = true;
  key.standard_text = "d/10, at least 1";
  key.conflict = [](const Question& q) -> std::string {
    if (!q.train.options.mechanism) return "belongs to train.mechanism = true, which is not given";
    for (const Index k : q.train.options.overlap_ranks)
      if (k > q.problem.d) return fmt::format("contains {}, but must be at most d = {}", k, q.problem.d);
    return {};
  };
  return key;
}

/// What training starts from, and what is kept of it beside the risk.
void add_first_layer_keys(std::vector<Key>& rows) {
  add_row(rows,
          matrix_key(
              "train.initial", Kind::rows,
              "W of NN at the start, d x N or wider (its first N columns count), instead of a draw; in the "
              "coordinates of "
              "the problem ([mechanism.md](mechanism.md#weights-out-and-in))",
              [](auto& q) -> auto& { return q.train.options.initial; }),
          trains_nn, "initial", true);
  rows.back().standard_text = "drawn";
  rows.back().conflict = [](const Question& q) { return wrong_first_layer(q, q.train.options.initial); };
  add_row(rows,
          truth_key(
              "train.keep_weights",
              "the trained W, a, b, c (NT: W, A, b, c) are kept as .npy files beside the store "
              "([mechanism.md](mechanism.md#weights-out-and-in))",
              [](auto& q) -> auto& { return q.train.options.keep_weights; }),
          is_run, "keep_weights", true);
  add_row(rows,
          truth_key(
              "train.mechanism",
              "records what happens to W along the run: eigenvalues, overlaps with the target, change, "
              "tangent kernel "
              "([mechanism.md](mechanism.md))",
              [](auto& q) -> auto& { return q.train.options.mechanism; }),
          is_run, "mechanism", true);
  rows.push_back(overlap_ranks_key());
}

std::string for_mean_field(const Question& q) {
  return is_unit(q) ? "belongs to parameterisation = \"mean-field\", but parameterisation is \"unit\"" : "";
}

/// How the training is carried out and recorded.
void add_protocol_keys(std::vector<Key>& rows) {
  rows.push_back(precision_key());
  add_row(rows,
          word_key(
              "train.reduction", kReductions, "none: NN beyond N = d without the LQ reduction",
              [](auto& q) -> auto& { return q.train.options.reduction; }),
          is_sgd, "reduction");
  add_row(rows,
          integer_key(
              "train.records", 2, kMostRecords, "points of the risk curve",
              [](auto& q) -> auto& { return q.train.options.records; }),
          is_training, "records");
  Key tests = integer_key(
      "train.test_samples", 0, kMostTestSamples, "fresh samples of the test risk, 0 (none) or at least 2",
      [](auto& q) -> auto& { return q.train.options.test_samples; });
  add_row(rows, std::move(tests), is_sgd, "test_samples");
  rows.back().conflict = [](const Question& q) {
    return std::string(q.train.options.test_samples == 1
                           ? "is 1, but must be 0 (none) or at least 2: one sample has no standard error"
                           : "");
  };
  rows.push_back(word_key(
      "train.search", kSearches,
      "full: every step size to its end; halving: losers are given up early; predicted: the one that "
      "dynamics "
      "finds best is trained alone "
      "([theory/train.md](theory/train.md#finding-the-step-size))",
      [](auto& q) -> auto& { return q.train.search; }));
  rows.push_back(word_key(
      "train.share_samples", kSharing, "for which networks samples are drawn once; no number depends on it",
      [](auto& q) -> auto& { return q.train.share_between_widths; }));
}

}  // namespace

void add_train_keys(std::vector<Key>& rows) {
  Key steps = integer_key(
      "train.steps", 1, kMostSteps, "SGD steps", [](auto& q) -> auto& { return q.train.options.steps; });
  steps.standard = [](const Question& q) -> Value {
    if (q.samples_per_d2 > 0)
      return std::clamp<std::int64_t>(samples_at(q) / q.train.options.batch, 1, kMostSteps);
    return q.is_mixture() ? kPaperStepsMg : kPaperStepsQf;
  };
  steps.standard_text = fmt::format("{} (qf) or {} (mg); with fit.samples_per_d2: n over the batch",
                                    kPaperStepsQf, kPaperStepsMg);
  add_row(rows, std::move(steps), is_training, "steps");
  add_row(rows,
          integer_key(
              "train.batch", 1, kMostBatch, "samples of a step",
              [](auto& q) -> auto& { return q.train.options.batch; }),
          is_training, "batch");
  Key step_size = number_key(
      "train.step_size", kPositive, "step size of SGD, before the schedule",
      [](auto& q) -> auto& { return q.train.options.step_size; });
  step_size.standard_text = "`train.step_sizes`";
  add_row(rows, std::move(step_size), is_training, "step_size");
  add_row(rows,
          word_key(
              "train.schedule", kSchedules,
              "step size along the run ([theory/train.md](theory/train.md#the-step))",
              [](auto& q) -> auto& { return q.train.options.schedule; }),
          is_training, "schedule");
  add_row(rows,
          word_key(
              "train.parameterisation", kParameterisations,
              "how f depends on the trained numbers ([theory/train.md](theory/train.md))",
              [](auto& q) -> auto& { return q.train.options.parameterisation; }),
          is_training, "parameterisation");
  rows.push_back(second_layer_key());
  rows.push_back(second_layer_value_key());
  rows.push_back(biases_key());
  static const Range kBelowOne{"from 0 to below 1", [](double x) { return x >= 0 && x < 1; }};
  add_row(rows,
          number_key(
              "train.momentum", kBelowOne, "heavy-ball momentum",
              [](auto& q) -> auto& { return q.train.options.momentum; }),
          is_sgd, "momentum");
  rows.back().omitted_at_default = true;
  add_row(rows,
          number_key(
              "train.alpha", kPositive, "mean-field: factor of the network",
              [](auto& q) -> auto& { return q.train.options.alpha; }),
          is_mean_field, "alpha");
  rows.back().conflict = for_mean_field;
  add_row(rows,
          number_key(
              "train.beta", kPositive, "mean-field: factor of the offset",
              [](auto& q) -> auto& { return q.train.options.beta; }),
          is_mean_field, "beta");
  rows.back().conflict = for_mean_field;
  add_protocol_keys(rows);
  add_first_layer_keys(rows);
}

}  // namespace lazygap::question
