#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "lazygap/limit/limit.h"
#include "limit/csv.h"

namespace lazygap {
namespace {

// The accuracy the headers promise.
constexpr double kRelative = 1e-10;
// Below 1e-9 the limit (11) is the square of an angle between Gamma and B that fp64 resolves to 1e-15 or so;
// an error of 1e-15 in the angle is one of 6e-20 in a square of 1e-9.
constexpr double kAbsolute = 1e-19;

double value_of(const test::Row& row) {
  const Vector sigma = test::numbers(row[1]), target = test::numbers(row[2]), gamma = test::numbers(row[3]);
  const Vector summary = test::numbers(row[4]);
  const Problem problem =
      sigma.size() == 0 ? Problem(PolynomialTarget(target)) : Problem(GaussianMixture(sigma, target));
  const auto law = [&] { return FirstLayerLaw::diagonal(problem, gamma); };
  const auto hermite = [&] {
    return HermiteSummary{.lambda_1 = summary[0], .lambda_2 = summary[1], .lambda_tilde = summary[2]};
  };
  if (row[0] == "psi")
    return limit::rf_psi(static_cast<double>(target.size()) * law().gamma(), hermite(), std::stod(row[5]));
  if (row[0] == "rf") return limit::rf_ratio(problem, law(), hermite(), std::stod(row[5]));
  if (row[0] == "rf_wide") return limit::rf_ratio_wide(problem, law());
  if (row[0] == "nt") return limit::nt_ratio(problem, std::stod(row[5]));
  if (row[0] == "nn") return limit::nn_ratio(problem, std::stol(row[5]), SecondLayerSign::free);
  if (row[0] == "bayes") return limit::bayes_ratio(std::get<GaussianMixture>(problem));
  if (row[0] == "nt_given_weights") {
    const Vector weights = test::numbers(row[6]);
    const Matrix W = weights.reshaped(target.size(), weights.size() / target.size());
    return limit::nt_ratio_given_weights(std::get<GaussianMixture>(problem), W);
  }
  throw std::runtime_error("unknown quantity " + row[0]);
}

TEST(LimitTable, AgreesWithFiftyDigits) {
  std::map<std::string, int> count;
  std::map<std::string, double> worst;
  for (const test::Row& row : test::read_csv("limit/table.csv")) {
    const double expected = std::stod(row[7]);
    const double value = value_of(row);
    const double error = std::abs(value - expected);
    EXPECT_LE(error, std::max(kRelative * expected, kAbsolute))
        << row[0] << " sigma=" << row[1] << " target=" << row[2] << " gamma=" << row[3] << " at " << row[5]
        << ": " << value << " instead of " << expected;
    ++count[row[0]];
    if (expected > 1e-9) worst[row[0]] = std::max(worst[row[0]], error / expected);
  }
  // Every quantity has rows: an empty table would pass.
  for (const char* quantity : {"psi", "rf", "rf_wide", "nt", "nn", "nt_given_weights", "bayes"})
    EXPECT_GE(count[quantity], 10) << quantity;
  for (const auto& [quantity, error] : worst) RecordProperty(quantity, std::to_string(-std::log10(error)));
}

}  // namespace
}  // namespace lazygap
