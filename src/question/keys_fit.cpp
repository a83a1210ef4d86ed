#include "question/row.h"

/// The rows of [fit] and [curve].
namespace lazygap::question {
namespace {

const Words<fit::Precision> kPrecisions{{"fp32", fit::Precision::fp32}, {"fp64", fit::Precision::fp64}};
const Words<curve::Equivalent> kEquivalents{{"elliptic", curve::Equivalent::elliptic},
                                            {"gaussian", curve::Equivalent::gaussian}};
const Words<limit::WideEstimate> kEstimates{{"best-penalty", limit::WideEstimate::best_penalty},
                                            {"least-trace", limit::WideEstimate::least_trace},
                                            {"bayes", limit::WideEstimate::bayes}};
const Words<bool> kRidges{{"given", false}, {"best", true}};

bool is_fit(const Question& q) { return q.method == Method::fit; }
bool is_curve(const Question& q) { return q.method == Method::curve; }
/// A learning curve predicts what a fit finds.
bool is_regression(const Question& q) { return is_fit(q) || is_curve(q); }
bool is_state_evolution(const Question& q) { return q.method == Method::state_evolution; }
bool has_samples(const Question& q) { return is_regression(q) || is_state_evolution(q); }

/// Both are in the name through n, or through the steps of SGD.
Key samples_per_d2_key() {
  Key key = number_key(
      "fit.samples_per_d2", kNonnegative,
      "above 0: fit.samples, where it is not given, is the integer nearest to this times d^2, and "
      "train.steps is so "
      "many over the batch",
      [](auto& q) -> auto& { return q.samples_per_d2; });
  key.is_read = [](const Question& q) {
    return has_samples(q) ||
           (is_trained(q.network.regime) &&
            (q.method == Method::train || q.method == Method::flow || q.method == Method::dynamics));
  };
  key.in_name = [](const Question&) { return std::vector<NamePart>(); };
  key.conflict = [](const Question& q) {
    return std::string(q.samples_per_d2 > 0 && is_given(q, key_at("fit.samples"))
                           ? "is given beside fit.samples, but only one of them can be"
                           : "");
  };
  return key;
}

}  // namespace

void add_fit_keys(std::vector<Key>& rows) {
  const auto add = [&rows](Key key, std::string place) {
    key.is_read = is_fit;
    key.place = std::move(place);
    rows.push_back(std::move(key));
  };
  rows.push_back(samples_per_d2_key());
  Key samples = integer_key(
      "fit.samples", 1, kMostSamples, "training samples n, of fit, curve and state_evolution",
      [](auto& q) -> auto& { return q.fit.samples; });
  samples.standard = [](const Question& q) -> Value {
    return q.samples_per_d2 > 0 ? samples_at(q) : static_cast<std::int64_t>(fit::Options().samples);
  };
  add(std::move(samples), "samples");
  rows.back().is_read = has_samples;
  add(word_key(
          "state_evolution.estimate", kEstimates,
          "best-penalty: weight decay of the best strength; least-trace: none, the network that "
          "interpolates; bayes: "
          "no algorithm does better ([theory/state_evolution.md](theory/state_evolution.md))",
          [](auto& q) -> auto& { return q.state_evolution.estimate; }),
      "estimate");
  rows.back().is_read = is_state_evolution;
  add(number_key(
          "fit.ridge", kNonnegative, "ridge: factor of the squared norm of the coefficients",
          [](auto& q) -> auto& { return q.fit.ridge; }),
      "ridge");
  rows.back().is_read = [](const Question& q) { return is_fit(q) || (is_curve(q) && !q.curve.best_ridge); };
  Key precision = word_key(
      "fit.precision", kPrecisions,
      "of the fits of RF ([theory/fit.md](theory/fit.md#rf-how)); those of NT are fp64 in "
      "any case",
      [](auto& q) -> auto& { return q.fit.precision; });
  add(std::move(precision), "precision");
  rows.back().is_read = [](const Question& q) { return is_fit(q) && is_rf(q.network.regime); };
  rows.back().omitted_at_default = true;
  add(integer_key(
          "fit.test_samples", 0, kMostTestSamples, "fresh samples of the test risk, 0 (none) or at least 2",
          [](auto& q) -> auto& { return q.fit.test_samples; }),
      "test_samples");
  rows.back().conflict = [](const Question& q) {
    return std::string(q.fit.test_samples == 1
                           ? "is 1, but must be 0 (none) or at least 2: one sample has no standard error"
                           : "");
  };

  add(word_key(
          "curve.equivalent", kEquivalents,
          "elliptic: all features of a sample share a random factor; gaussian: features as if they were "
          "Gaussian vectors ([theory/curve.md](theory/curve.md))",
          [](auto& q) -> auto& { return q.curve.equivalent; }),
      "equivalent");
  rows.back().is_read = is_curve;
  add(word_key(
          "curve.ridge", kRidges,
          "given: that of fit.ridge; best: the ridge of least predicted risk at each n",
          [](auto& q) -> auto& { return q.curve.best_ridge; }),
      "best_ridge");
  rows.back().is_read = is_curve;
}

}  // namespace lazygap::question
