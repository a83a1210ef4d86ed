#pragma once

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>

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
  /// visit(X, y) over the fresh samples of the test risk, labels without noise.
  template <class Visit>
  void for_each_test(const Stage& stage, const Visit& visit) {
    pass(Purpose::testing, options_.test_samples, 0, stage, visit);
  }

 private:
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

/// Accuracy of the second moments below which Answer::risk is given.
constexpr double kSeriesAccuracy = 1e-6;

/// Throws UsageError, in the name of `function`, for what the fits refuse.
void check_arguments(const char* function, const Problem& problem, const Network& network,
                     const Options& options);

/// a_0 and a_2 where sigma(u) = a_0 + a_2 u^2 and there are no biases: networks are then quadratic forms,
/// whose risk has a closed form.
struct SquareActivation {
  double constant, square;
};
[[nodiscard]] std::optional<SquareActivation> as_square(const Network& network);

}  // namespace lazygap::fit
