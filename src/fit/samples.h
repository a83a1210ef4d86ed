#pragma once

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "core/stage.h"
#include "lazygap/fit/options.h"
#include "lazygap/network/network.h"
#include "lazygap/problem/problem.h"

namespace lazygap::fit {

/// The samples of a fit, block by block: X (d x b) and y (b), b = Options::block except at the end. Every
/// pass sees the same samples.
template <class Real>
class SampleBlocks {
 public:
  SampleBlocks(const Problem& problem, const Options& options)
      : problem_(problem),
        options_(options),
        X_(dimension(problem),
           std::min<std::int64_t>(options.block, std::max(options.samples, options.test_samples))),
        y_(X_.cols()) {}

  [[nodiscard]] const Options& options() const { return options_; }
  /// Largest b.
  [[nodiscard]] Index block() const { return X_.cols(); }

  /// visit(X, y) over the n samples of the fit, labels with noise.
  template <class Visit>
  void for_each(const Stage& stage, const Visit& visit) {
    pass(Purpose::fitting, options_.samples, options_.label_noise, stage, visit);
  }
  /// The same for several n at once, `ends`, increasing, the last one Options::samples: whole(X, y) over the
  /// blocks that all n from there on have, and ended(k, X, y) at each n = ends[k] with what n has beyond the
  /// whole blocks so far, none or one block. Each n sees exactly the blocks that it would see alone.
  template <class Whole, class Ended>
  void for_each_prefix(std::span<const std::int64_t> ends, const Stage& stage, const Whole& whole,
                       const Ended& ended) {
    RandomAddress address{.seed = options_.seed, .purpose = Purpose::fitting, .index = options_.draw};
    std::size_t k = 0;
    for (std::int64_t first = 0; k < ends.size(); first += X_.cols(), ++address.step) {
      stage.done(first, ends.back());
      for (; k < ends.size() && ends[k] < first + X_.cols(); ++k) {
        const Index rest = ends[k] - first;
        draw(address, rest);
        ended(k, X_.leftCols(rest), y_.head(rest));
      }
      if (k == ends.size()) return;
      draw(address, X_.cols());
      whole(X_.leftCols(X_.cols()), y_.head(X_.cols()));
    }
  }
  /// visit(X, y) over the fresh samples of the test risk, labels without noise.
  template <class Visit>
  void for_each_test(const Stage& stage, const Visit& visit) {
    pass(Purpose::testing, options_.test_samples, 0, stage, visit);
  }

 private:
  /// The first b samples of a block, labels with noise.
  void draw(const RandomAddress& address, Index b) {
    if (b == 0) return;
    draw_samples<Real>(problem_, address, X_.leftCols(b), y_.head(b));
    add_label_noise<Real>(options_.label_noise, address, y_.head(b));
  }

  template <class Visit>
  void pass(Purpose purpose, std::int64_t samples, double noise, const Stage& stage, const Visit& visit) {
    RandomAddress address{.seed = options_.seed, .purpose = purpose, .index = options_.draw};
    for (std::int64_t first = 0; first < samples; first += X_.cols(), ++address.step) {
      stage.done(first, samples);
      const Index b = std::min<std::int64_t>(X_.cols(), samples - first);
      draw_samples<Real>(problem_, address, X_.leftCols(b), y_.head(b));
      add_label_noise<Real>(noise, address, y_.head(b));
      visit(X_.leftCols(b), y_.head(b));
    }
  }

  const Problem& problem_;
  const Options& options_;
  MatrixOf<Real> X_;
  VectorOf<Real> y_;
};

/// The test risk of each of `answers` that has a network: predict(X) gives the predictions of all in fp64, b
/// rows, as columns. Nothing where no test samples were asked for.
template <class Real, class Predict>
void estimate_risks(SampleBlocks<Real>& samples, const Predict& predict, std::span<Answer> answers,
                    const Stage& stage) {
  if (samples.options().test_samples == 0) return;
  // Running means and sums of squared deviations (Welford).
  const auto networks = static_cast<Index>(answers.size());
  Eigen::ArrayXd means = Eigen::ArrayXd::Zero(networks), squares = means;
  double count = 0;
  samples.for_each_test(stage, [&](const auto& X, const auto& y) {
    const Matrix predictions = predict(X);
    for (Index j = 0; j < y.size(); ++j) {
      ++count;
      for (Index k = 0; k < networks; ++k) {
        const double error = static_cast<double>(y[j]) - predictions(j, k);
        const double deviation = error * error - means[k];
        means[k] += deviation / count;
        squares[k] += deviation * (error * error - means[k]);
      }
    }
  });
  for (Index k = 0; k < networks; ++k) {
    Answer& answer = answers[static_cast<std::size_t>(k)];
    if (answer.status != Status::failed)
      answer.test = {.value = means[k], .se = std::sqrt(squares[k] / (count - 1) / count)};
  }
}

/// compute(stage), which gives a vector of fits, or `count` empty ones where Control::stop has ended it.
template <class Compute>
std::vector<Fit> fits_unless_stopped(const Control& control, std::size_t count, const Compute& compute) {
  std::vector<Quality> qualities(count);
  std::vector<Answer> answers = answers_unless_stopped(control, count, [&](const Stage& stage) {
    std::vector<Answer> found;
    std::size_t i = 0;
    for (Fit& fit : compute(stage)) {
      qualities[i++] = fit.quality;
      found.push_back(std::move(fit.answer));
    }
    return found;
  });
  std::vector<Fit> fits;
  for (std::size_t i = 0; i < count; ++i)
    fits.push_back({.answer = std::move(answers[i]), .quality = qualities[i]});
  return fits;
}

/// Accuracy of the second moments below which Answer::risk is given.
constexpr double kSeriesAccuracy = 1e-6;

/// Throws UsageError, in the name of `function`, for what the fits refuse.
void check_arguments(const char* function, const Problem& problem, const Network& network,
                     const Options& options);

/// The same for several fits, and for their settings.
void check_settings(const char* function, const Problem& problem, const Network& network,
                    std::span<const Setting> settings, const Options& options);

/// a_0 and a_2 where sigma(u) = a_0 + a_2 u^2 and there are no biases: networks are then quadratic forms,
/// whose risk has a closed form.
struct SquareActivation {
  double constant, square;
};
[[nodiscard]] std::optional<SquareActivation> as_square(const Network& network);

}  // namespace lazygap::fit
