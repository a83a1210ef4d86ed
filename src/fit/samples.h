#pragma once

#include <algorithm>
#include <cmath>
#include <span>

#include "lazygap/fit/options.h"

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
  void for_each(const Visit& visit) {
    pass(Purpose::fitting, options_.samples, options_.label_noise, visit);
  }
  /// visit(X, y) over the fresh samples of the test risk, labels without noise.
  template <class Visit>
  void for_each_test(const Visit& visit) {
    pass(Purpose::testing, options_.test_samples, 0, visit);
  }

 private:
  template <class Visit>
  void pass(Purpose purpose, std::int64_t samples, double noise, const Visit& visit) {
    RandomAddress address{.seed = options_.seed, .purpose = purpose, .index = options_.draw};
    for (std::int64_t first = 0; first < samples; first += X_.cols(), ++address.step) {
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

/// Mean squared error on the fresh samples, and its standard error, of one network for each of `outcomes`:
/// predict(X) gives their predictions in fp64, b rows, as columns. Nothing where no test samples were asked
/// for.
template <class Real, class Predict>
void estimate_risks(SampleBlocks<Real>& samples, const Predict& predict, std::span<Outcome> outcomes) {
  if (samples.options().test_samples == 0) return;
  // Running means and sums of squared deviations (Welford).
  const auto networks = static_cast<Index>(outcomes.size());
  Eigen::ArrayXd means = Eigen::ArrayXd::Zero(networks), squares = means;
  double count = 0;
  samples.for_each_test([&](const auto& X, const auto& y) {
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
    Outcome& outcome = outcomes[static_cast<std::size_t>(k)];
    outcome.test_risk = means[k];
    outcome.test_se = std::sqrt(squares[k] / (count - 1) / count);
  }
}

/// Accuracy of the Hermite series below which Outcome::risk is given.
constexpr double kSeriesAccuracy = 1e-6;

/// Throws UsageError, in the name of `function`, for what the fits refuse.
void check_arguments(const char* function, const Problem& problem, const Matrix& W, const Vector& biases,
                     const Options& options);

/// Whether sigma(u) = u^2 and there are no biases: networks are then quadratic forms, whose risk has a closed
/// form.
[[nodiscard]] bool is_quadratic_form(const Activation& activation, const Vector& biases);

}  // namespace lazygap::fit
