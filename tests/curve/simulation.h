#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "lazygap/curve/predict.h"
#include "lazygap/fit/nt.h"
#include "lazygap/fit/rf.h"

/// Predictions against regressions on samples.
namespace lazygap::curve {

struct Simulated {
  double mean, se;
};

/// Mean over `draws` sets of samples of the risk of fit::rf or fit::nt.
template <class Fit>
Simulated simulate(const Fit& fit, const Problem& problem, const Matrix& W, const Vector& biases,
                   const Activation& activation, const Setting& setting, std::uint32_t draws) {
  const Network network{.activation = activation, .W = W, .biases = biases};
  fit::Options options{.label_noise = setting.label_noise,
                       .samples = setting.samples,
                       .ridge = setting.ridge,
                       .test_samples = 0,
                       .precision = fit::Precision::fp64};
  Vector risks(draws);
  for (options.draw = 0; options.draw < draws; ++options.draw)
    risks[options.draw] = fit(problem, network, options).risk;
  const double count = draws;
  return {risks.mean(), std::sqrt((risks.array() - risks.mean()).square().sum() / (count - 1) / count)};
}

/// Whether the prediction is within `sigmas` standard errors, or a share `of_excess` of the excess over the
/// risk with infinitely many samples.
inline testing::AssertionResult agrees(const Prediction& prediction, const Simulated& simulated,
                                       double residual_risk, double sigmas, double of_excess) {
  const double se = std::hypot(simulated.se, prediction.risk_se);
  const double allowed = std::max(sigmas * se, of_excess * (simulated.mean - residual_risk));
  if (std::abs(prediction.risk - simulated.mean) <= allowed) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "predicted " << prediction.risk << " +- " << prediction.risk_se
                                     << ", simulated " << simulated.mean << " +- " << simulated.se;
}

}  // namespace lazygap::curve
