#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <numeric>

#include "lazygap/compare/compare.h"
#include "lazygap/core/error.h"

namespace lazygap::compare {
namespace {

std::vector<double> difference(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> result(a.size());
  std::transform(a.begin(), a.end(), b.begin(), result.begin(), std::minus<>());
  return result;
}

/// What a sentence says of a mean: "0.267 ± 0.012".
std::string shown(const Mean& mean) { return fmt::format("{:.3f} ± {:.3f}", mean.value, mean.se); }

/// Surely more than 0, and at least a margin in the mean: a gain that is real and matters.
bool gains(const Mean& gain, double margin) { return gain.lower > 0 && gain.value >= margin; }
/// Surely less than the margin.
bool is_small(const Mean& gain, double margin) { return gain.upper < margin; }

Verdict verdict_of(const Decision& d, double margin) {
  if (is_small(d.over_mean, margin)) return Verdict::nothing_to_learn;
  if (!(d.over_mean.lower > 0)) return Verdict::undecided;
  if (is_small(d.kernel_over_linear, margin) && is_small(d.nn_over_linear, margin))
    return Verdict::linear_is_enough;
  const bool better_than_linear = d.kernel_over_linear.lower > 0;
  if (is_small(d.nn_over_kernel, margin) && better_than_linear) return Verdict::kernel_is_enough;
  if (is_small(d.nn_over_wide, margin) && better_than_linear) return Verdict::wider_kernel;
  if (gains(d.nn_over_kernel, margin) && gains(d.nn_over_wide, margin)) return Verdict::feature_learning;
  return Verdict::undecided;
}

std::string sentence_of(const Decision& d, double margin) {
  switch (d.verdict) {
    case Verdict::nothing_to_learn:
      return fmt::format(
          "Nothing to learn: no model is better than the mean of y by {} of R0 (best R/R0 {}).", margin,
          shown({.value = 1 - d.over_mean.value, .se = d.over_mean.se}));
    case Verdict::linear_is_enough:
      return fmt::format(
          "Linear is enough: R/R0 {}, and neither kernels (gain {}) nor a trained network (gain {}) gain {} "
          "of R0.",
          shown(d.linear), shown(d.kernel_over_linear), shown(d.nn_over_linear), margin);
    case Verdict::kernel_is_enough:
      return fmt::format(
          "A kernel is enough: R/R0 {} against {} of linear, and training the features gains less than {} of "
          "R0 "
          "(gain {}).",
          shown(d.kernel), shown(d.linear), margin, shown(d.nn_over_kernel));
    case Verdict::wider_kernel:
      return fmt::format(
          "A wider kernel would do: RF or NT of any width {} against NN {} (gain of NN {}); at the widths of "
          "NN they "
          "have {}.",
          shown(d.wide_kernel), shown(d.nn), shown(d.nn_over_wide), shown(d.kernel));
    case Verdict::feature_learning:
      return fmt::format(
          "Feature learning helps: NN {} against {} of the best kernel of any width (gain {}, paired over "
          "the "
          "splits).",
          shown(d.nn), shown(d.wide_kernel), shown(d.nn_over_wide));
    case Verdict::undecided:
      break;
  }
  return fmt::format(
      "Undecided: linear {}, kernel {}, NN {}; the gain of NN over the kernel is {}. More splits (--repeats) "
      "or more "
      "samples may decide.",
      shown(d.linear), shown(d.kernel), shown(d.nn), shown(d.nn_over_kernel));
}

}  // namespace

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::nothing_to_learn:
      return "nothing to learn";
    case Verdict::linear_is_enough:
      return "linear is enough";
    case Verdict::kernel_is_enough:
      return "a kernel is enough";
    case Verdict::wider_kernel:
      return "a wider kernel would do";
    case Verdict::feature_learning:
      return "feature learning helps";
    case Verdict::undecided:
      break;
  }
  return "undecided";
}

Mean corrected_mean(const std::vector<double>& values, double test_over_train, double level) {
  if (values.size() < 2)
    throw UsageError(fmt::format("compare::corrected_mean: there are {} values, but at least 2 are needed",
                                 values.size()));
  const auto J = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / J;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  const double se = std::sqrt((1 / J + test_over_train) * squares / (J - 1));
  const double t = boost::math::quantile(boost::math::students_t(J - 1), level);
  return {.value = mean, .se = se, .lower = mean - t * se, .upper = mean + t * se};
}

Decision decide(const Chosen& chosen, double test_over_train, double margin, double level) {
  const auto mean = [&](const std::vector<double>& values) {
    return corrected_mean(values, test_over_train, level);
  };
  const auto gain = [&](const std::vector<double>& from, const std::vector<double>& to) {
    return mean(difference(from, to));
  };
  Decision d{.linear = mean(chosen.linear),
             .kernel = mean(chosen.kernel),
             .wide_kernel = mean(chosen.wide_kernel),
             .nn = mean(chosen.nn)};
  // The model that is best in the mean, not the best of each split, which would be biased.
  const std::vector<double>* best = &chosen.linear;
  double least = d.linear.value;
  for (const auto& [values, value] :
       {std::pair{&chosen.wide_kernel, d.wide_kernel.value}, {&chosen.nn, d.nn.value}})
    if (value < least) {
      best = values;
      least = value;
    }
  d.over_mean = gain(std::vector<double>(best->size(), 1.0), *best);
  d.kernel_over_linear = gain(chosen.linear, chosen.wide_kernel);
  d.nn_over_linear = gain(chosen.linear, chosen.nn);
  d.nn_over_kernel = gain(chosen.kernel, chosen.nn);
  d.nn_over_wide = gain(chosen.wide_kernel, chosen.nn);
  d.verdict = verdict_of(d, margin);
  d.sentence = sentence_of(d, margin);
  return d;
}

}  // namespace lazygap::compare
