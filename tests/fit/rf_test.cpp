#include "lazygap/fit/rf.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "../src/network/feature_moments.h"
#include "fit/least_squares.h"
#include "lazygap/core/error.h"
#include "lazygap/exact/rf.h"
#include "lazygap/network/first_layer.h"
#include "lazygap/problem/spectrum.h"
#include "reference/rf_moments.h"
#include "support/message.h"

namespace lazygap::fit {
namespace {

// Features are fp32 and are summed in fp32 within a block: a relative error of about 1e-7 in the normal
// equations, enlarged by their condition number, at most 1e3 in these tests.
constexpr double kSinglePrecision = 1e-4;
// In fp64 sums of up to 5000 terms: an error below 1e-12, enlarged by the same number.
constexpr double kDoublePrecision = 1e-9;
constexpr double kStandardErrors = 4;
constexpr double kRounding = 1e-12;
// Where the features represent y exactly only their rounding is left, squared.
constexpr double kSquaredSinglePrecision = 1e-11;

double accuracy(Precision precision) {
  return precision == Precision::fp64 ? kDoublePrecision : kSinglePrecision;
}

Problem qf(Index d) { return PolynomialTarget(draw_spectrum({}, d, 1)); }
Problem mg(Index d) {
  const Vector delta = draw_spectrum({.kind = SpectrumLaw::Kind::choice, .values = {0.3, -0.5, 0.8}}, d, 1);
  return GaussianMixture(Vector::LinSpaced(d, 1, 2), delta);
}

Vector least_squares_rf(const Problem& problem, const Network& network, const Options& options) {
  const auto& [activation, W, biases, centred] = network;
  const Data data = draw_all(problem, options);
  Matrix U = data.X.transpose() * W;
  if (biases.size() > 0) U.rowwise() += biases.transpose();
  const double centre = centred ? activation.hermite.lambda_0 : 0;
  const Matrix F = U.unaryExpr([&](double u) { return network.activation.value(u) - centre; });
  return least_squares(F, data.y, options.ridge, 1e-6);
}

double risk(const Problem& problem, const Matrix& W, const Vector& a) {
  const double no_network = population_risk(problem, Matrix::Zero(W.rows(), W.rows()), 0);
  return no_network - 2 * a.dot(reference::rf_target(problem, W)) + a.dot(reference::rf_gram(problem, W) * a);
}

double exact_risk(const Problem& problem, const Matrix& W) {
  return risk(problem, W,
              Eigen::CompleteOrthogonalDecomposition<Matrix>(reference::rf_gram(problem, W))
                  .solve(reference::rf_target(problem, W)));
}

struct Case {
  std::string name;
  Problem problem;
  Index N;
  Options options;
  Index rank;
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

class FitRf : public testing::TestWithParam<Case> {};

TEST_P(FitRf, IsTheLeastSquaresSolution) {
  const auto& [name, problem, N, given, rank] = GetParam();
  const Matrix W = FirstLayerLaw::isotropic(problem).sample(N, 3, 0);
  const double expected = risk(problem, W, least_squares_rf(problem, {.W = W}, given));
  for (const Precision precision : {Precision::fp32, Precision::fp64}) {
    SCOPED_TRACE(precision == Precision::fp64 ? "fp64" : "fp32");
    Options options = given;
    options.precision = precision;
    const Answer outcome = rf(problem, {.W = W}, options);
    EXPECT_EQ(outcome.status, Status::ok);
    EXPECT_NEAR(outcome.risk, expected, accuracy(precision) * (expected + null_risk(problem)));
    EXPECT_LT(std::abs(outcome.test->value - outcome.risk),
              kStandardErrors * outcome.test->se + kSquaredSinglePrecision * null_risk(problem));
    EXPECT_EQ(outcome.diagnostics.rank, rank);
    EXPECT_EQ(outcome.message.empty(), rank == N) << outcome.message;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Cases, FitRf,
    testing::Values(
        Case{"qf", qf(8), 12, {.samples = 5000}, 12},  // the last block is a partial one
        Case{"mg", mg(8), 12, {.samples = 5000}, 12}, Case{"qf_one_block", qf(8), 12, {.samples = 700}, 12},
        Case{"qf_ridge", qf(8), 12, {.samples = 3000, .ridge = 0.5}, 12},
        Case{"mg_ridge", mg(8), 12, {.samples = 3000, .ridge = 0.5}, 12},
        Case{"qf_offset", PolynomialTarget(Vector::LinSpaced(6, 1, 2), 3), 9, {.samples = 3000}, 9},
        Case{"qf_fewer_samples_than_neurons", qf(30), 100, {.samples = 40}, 40},
        Case{"mg_fewer_samples_than_neurons", mg(30), 100, {.samples = 40}, 40},
        Case{"qf_more_neurons_than_quadratic_forms", qf(4), 30, {.samples = 3000}, 11},
        Case{"mg_more_neurons_than_quadratic_forms", mg(4), 30, {.samples = 3000}, 11},
        Case{"qf_ridge_makes_it_regular", qf(4), 30, {.samples = 3000, .ridge = 0.01}, 30},
        Case{"qf_one_neuron", qf(8), 1, {.samples = 3000}, 1},
        Case{"mg_one_dimension", mg(1), 1, {.samples = 3000}, 1},
        Case{"qf_one_dimension_three_neurons", qf(1), 3, {.samples = 3000}, 2},
        Case{"qf_one_sample", qf(5), 3, {.samples = 1}, 1}),
    [](const auto& test) { return test.param.name; });

TEST(FitRfLimits, ApproachesTheExactRiskFromAboveLikeOneOverN) {
  for (const Problem& problem : {qf(20), mg(20)}) {
    const Matrix W = FirstLayerLaw::isotropic(problem).sample(30, 1, 0);
    const double exact = exact_risk(problem, W);
    for (const std::int64_t n : {2000, 20000, 200000}) {
      const double excess = rf(problem, {.W = W}, {.samples = n, .test_samples = 0}).risk - exact;
      // With features of Gaussian tails the mean excess would be exact N / (n - N); those of degree two have
      // heavier tails, and one draw fluctuates: within a factor of 6 either way.
      const double scale = exact * 30 / static_cast<double>(n);
      EXPECT_GT(excess, scale / 6) << n;
      EXPECT_LT(excess, scale * 6) << n;
    }
  }
}

TEST(FitRfLimits, NeverBelowTheExactRisk) {
  for (std::uint32_t draw = 0; draw < 10; ++draw) {
    const Problem problem = qf(6);
    const Matrix W = FirstLayerLaw::aligned(problem).sample(15, 1, draw);
    const Answer outcome = rf(problem, {.W = W}, {.samples = 4000, .test_samples = 0, .draw = draw});
    EXPECT_GE(outcome.risk, exact_risk(problem, W) - kRounding * null_risk(problem));
  }
}

TEST(FitRfLimits, AHugeRidgeLeavesNoNetwork) {
  const Problem problem = mg(5);
  const Answer outcome =
      rf(problem, {.W = FirstLayerLaw::isotropic(problem).sample(7, 1, 0)}, {.samples = 100, .ridge = 1e12});
  EXPECT_NEAR(outcome.risk, 1, 1e-10);  // |a| is of the order 1e-12
}

struct ActivationCase {
  std::string activation;
  double tau;
  Options options;
  bool centred = true;
};
void PrintTo(const ActivationCase& c, std::ostream* out) {
  *out << c.activation << ", tau = " << c.tau << ", ridge = " << c.options.ridge
       << ", noise = " << c.options.label_noise << (c.centred ? ", centred" : "");
}

class FitRfActivations : public testing::TestWithParam<ActivationCase> {};

TEST_P(FitRfActivations, IsTheLeastSquaresSolution) {
  ActivationCase c = GetParam();
  const Activation activation = activation_from_name(c.activation);
  for (const Problem& problem : {qf(8), mg(8)}) {
    const Matrix W = FirstLayerLaw::isotropic(problem).sample(12, 3, 0);
    const Vector biases = sample_biases(c.tau, 12, 3, 0);
    const Network network{.activation = activation, .W = W, .biases = biases, .centred = c.centred};
    const double centre = c.centred ? activation.hermite.lambda_0 : 0;
    const double expected = FeatureMoments(problem, activation, W, biases, centre)
                                .risk(least_squares_rf(problem, network, c.options), 0);
    for (const Precision precision : {Precision::fp32, Precision::fp64}) {
      SCOPED_TRACE(precision == Precision::fp64 ? "fp64" : "fp32");
      c.options.precision = precision;
      const Answer outcome = rf(problem, network, c.options);
      EXPECT_EQ(outcome.status, Status::ok);
      EXPECT_EQ(outcome.diagnostics.rank, 12);
      EXPECT_NEAR(outcome.risk, expected, accuracy(precision) * (expected + null_risk(problem)));
      EXPECT_LT(std::abs(outcome.test->value - outcome.risk), kStandardErrors * outcome.test->se);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Cases, FitRfActivations,
    testing::Values(ActivationCase{"relu", 0, {.samples = 5000}},
                    ActivationCase{"relu", 1, {.samples = 5000}},
                    ActivationCase{"relu", 0, {.samples = 5000}, false},
                    ActivationCase{"tanh", 0.5, {.samples = 5000}},
                    ActivationCase{"erf", 1, {.label_noise = 2, .samples = 5000, .ridge = 0.1}},
                    ActivationCase{"quadratic", 0, {.samples = 5000}, false},
                    ActivationCase{"quadratic", 0.5, {.label_noise = 1, .samples = 5000}}));

TEST(FitRfActivation, ApproachesTheExactRiskFromAbove) {
  const Activation relu = activation_from_name("relu");
  for (const Problem& problem : {qf(20), mg(20)}) {
    const Matrix W = FirstLayerLaw::isotropic(problem).sample(30, 1, 0);
    const Vector biases = sample_biases(0.5, 30, 1, 0);
    const double exact = exact::rf(problem, {.activation = relu, .W = W, .biases = biases}).risk;
    for (const std::int64_t n : {2000, 20000, 200000}) {
      const double excess =
          rf(problem, {.activation = relu, .W = W, .biases = biases}, {.samples = n, .test_samples = 0})
              .risk -
          exact;
      const double scale = exact * 30 / static_cast<double>(n);  // as for the quadratic activation
      EXPECT_GT(excess, scale / 6) << n;
      EXPECT_LT(excess, scale * 6) << n;
    }
  }
}

TEST(FitRfActivation, AnOddActivationWithoutBiasesSeesNothing) {
  const Problem problem = qf(10);
  const Matrix W = FirstLayerLaw::isotropic(problem).sample(20, 1, 0);
  const Answer outcome = rf(problem, {.activation = activation_from_name("tanh"), .W = W},
                            {.samples = 200000, .test_samples = 0});
  // The excess R0 N / n that fitting noise costs, and fluctuations.
  EXPECT_GE(outcome.risk, null_risk(problem));
  EXPECT_LT(outcome.risk, null_risk(problem) * (1 + 5 * 20 / 200000.0));
}

TEST(FitRfActivation, LabelNoiseCostsWhatItShould) {
  // Excess (R + noise^2) N / n on average.
  const Problem problem = qf(20);
  const Matrix W = FirstLayerLaw::isotropic(problem).sample(30, 1, 0);
  const double exact = exact_risk(problem, W);
  const double noise = 10 * std::sqrt(exact);
  const double excess =
      rf(problem, {.W = W}, {.label_noise = noise, .samples = 20000, .test_samples = 0}).risk - exact;
  const double scale = noise * noise * 30 / 20000;
  EXPECT_GT(excess, scale / 3);
  EXPECT_LT(excess, scale * 3);
}

TEST(FitRfActivation, WhereTheSeriesIsNotAccurateOnlyTheTestRiskIsGiven) {
  // Almost parallel neurons in two dimensions: relu's series converges like k^(-3/2), and one that does not
  // tell where its kink is has no other way.
  const Problem problem = qf(2);
  Network network{.activation = activation_from_name("relu"),
                  .W = Matrix{{1, 0.9999995}, {0, 1e-3}},
                  .biases = Vector{{0.1, 0.2}}};
  const Answer known = rf(problem, network, {.samples = 5000});
  EXPECT_LT(std::abs(known.test->value - known.risk), kStandardErrors * known.test->se);
  network.activation.kinks.clear();
  const Answer unknown = rf(problem, network, {.samples = 5000});
  EXPECT_EQ(unknown.status, Status::ok);
  EXPECT_TRUE(std::isnan(unknown.risk));
  EXPECT_EQ(unknown.test->value, known.test->value);
}

TEST(FitRfBehaviour, SaysOnlyWithoutRidgeThatTheSolutionIsOfLeastNorm) {
  const Problem problem = qf(4);  // eleven quadratic functions
  const Network network{.W = FirstLayerLaw::isotropic(problem).sample(30, 1, 0)};
  EXPECT_EQ(rf(problem, network, {.samples = 3000}).message,
            "minimum-norm solution: the features of 3000 samples have rank 11 of 30");
  EXPECT_EQ(rf(problem, network, {.samples = 3000, .ridge = 1e-9}).message,
            "the features of 3000 samples have rank 11 of 30");
}

TEST(FitRfPrecision, SingleSaysWhereItIsNotEnough) {
  // As many samples as neurons: the normal equations have a condition of 1e6.
  const Problem problem = qf(40);
  const Network network{.activation = activation_from_name("relu"),
                        .W = FirstLayerLaw::isotropic(problem).sample(60, 1, 0)};
  const auto message = [&](std::int64_t n, Precision precision) {
    return rf(problem, network, {.samples = n, .test_samples = 0, .precision = precision}).message;
  };
  EXPECT_EQ(message(60, Precision::fp32).substr(0, 41), "nearly singular: fp32 may change the risk");
  EXPECT_EQ(message(60, Precision::fp64), "");
  EXPECT_EQ(message(300, Precision::fp32), "");
}

TEST(FitRfBehaviour, RepeatedNeuronsGiveTheRiskOfOneCopy) {
  const Problem problem = qf(8);
  const Matrix W = FirstLayerLaw::isotropic(problem).sample(5, 1, 0);
  Matrix twice(8, 10);
  twice << W, W;
  const Answer one = rf(problem, {.W = W}, {.samples = 3000}),
               two = rf(problem, {.W = twice}, {.samples = 3000});
  EXPECT_EQ(two.diagnostics.rank, 5);
  EXPECT_NEAR(two.risk, one.risk, kSinglePrecision * one.risk);
}

void expect_the_single_fits(const Problem& problem, const Network& network, const std::vector<Index>& widths,
                            const Options& options) {
  const auto& [activation, W, biases, centred] = network;
  const std::vector<Answer> outcomes = rf(problem, network, widths, options);
  ASSERT_EQ(outcomes.size(), widths.size());
  for (std::size_t k = 0; k < widths.size(); ++k) {
    const Index N = widths[k];
    const Answer single =
        rf(problem,
           {.activation = activation, .W = W.leftCols(N), .biases = biases.head(std::min(N, biases.size()))},
           options);
    // Products in fp32 are rounded differently in matrices of another shape.
    const double allowed = kSinglePrecision * (single.risk + null_risk(problem));
    EXPECT_EQ(outcomes[k].status, Status::ok);
    EXPECT_EQ(outcomes[k].message, single.message);
    EXPECT_EQ(outcomes[k].diagnostics.rank, single.diagnostics.rank) << N;
    EXPECT_NEAR(outcomes[k].risk, single.risk, allowed) << N;
    EXPECT_NEAR(outcomes[k].test->value, single.test->value, allowed) << N;
    EXPECT_NEAR(outcomes[k].test->se, single.test->se, allowed) << N;
  }
}

TEST(FitRfNested, WidthsAreTheSingleOnes) {
  for (const Problem& problem : {qf(20), mg(20)}) {
    const Matrix W = FirstLayerLaw::isotropic(problem).sample(60, 1, 0);
    const Vector biases = Vector::LinSpaced(60, -1, 1);
    const Options options{.samples = 5000};
    expect_the_single_fits(problem, {.W = W}, {1}, options);
    expect_the_single_fits(problem, {.W = W}, {1, 17, 60}, options);
    expect_the_single_fits(problem, {.W = W}, {5, 50}, options);  // the neurons beyond are of no account
    expect_the_single_fits(problem, {.W = W, .biases = biases}, {1, 17, 60}, options);
    expect_the_single_fits(problem, {.activation = activation_from_name("relu"), .W = W, .biases = biases},
                           {1, 17, 60}, {.samples = 5000, .ridge = 0.1});
    expect_the_single_fits(problem, {.activation = activation_from_expression("max(u,0)^2"), .W = W},
                           {1, 17, 60}, {.samples = 5000});
  }
}

TEST(FitRfNested, SingularWidths) {
  // Of the quadratic forms in four dimensions there are eleven.
  for (const Problem& problem : {qf(4), mg(4)}) {
    const Matrix W = FirstLayerLaw::isotropic(problem).sample(30, 1, 0);
    expect_the_single_fits(problem, {.W = W}, {3, 8, 15, 30}, {.samples = 5000});
    expect_the_single_fits(problem, {.W = W}, {15, 30}, {.samples = 5000});
    expect_the_single_fits(problem, {.W = W}, {3, 15, 30}, {.samples = 5000, .ridge = 0.1});
  }
  // Fewer samples than neurons.
  const Problem problem = qf(30);
  const Matrix W = FirstLayerLaw::isotropic(problem).sample(100, 3, 0);
  expect_the_single_fits(problem, {.W = W}, {1, 10, 70, 100}, {.samples = 40});
  // A repeated neuron, and new ones after it.
  Matrix repeated = W.leftCols(20);
  repeated.col(9) = repeated.col(2);
  expect_the_single_fits(problem, {.W = repeated}, {5, 9, 10, 20}, {.samples = 5000});
}

TEST(FitRfPrecision, SingleAgreesWithDouble) {
  for (const Problem& problem : {qf(20), mg(20)}) {
    const Matrix W = FirstLayerLaw::isotropic(problem).sample(30, 1, 0);
    const std::vector<Index> widths{10, 30};
    for (const char* activation : {"quadratic", "relu"}) {
      SCOPED_TRACE(activation);
      const Network network{.activation = activation_from_name(activation), .W = W};
      Options options{.label_noise = 0.5, .samples = 5000};
      const std::vector<Answer> single = rf(problem, network, widths, options);
      options.precision = Precision::fp64;
      const std::vector<Answer> twice = rf(problem, network, widths, options);
      for (std::size_t k = 0; k < widths.size(); ++k) {
        const double allowed = kSinglePrecision * (twice[k].risk + null_risk(problem));
        EXPECT_NE(single[k].risk, twice[k].risk);
        EXPECT_NEAR(single[k].risk, twice[k].risk, allowed);
        EXPECT_NEAR(single[k].test->value, twice[k].test->value, allowed);
        EXPECT_NEAR(single[k].test->se, twice[k].test->se, allowed);
        EXPECT_EQ(single[k].diagnostics.rank, twice[k].diagnostics.rank);
      }
    }
  }
}

TEST(FitRfPrecision, DoubleTellsNeuronsApartThatSingleTakesForEqual) {
  // 1e-4 apart: an eigenvalue of about 1e-8 of the largest, below the noise of fp32 and above that of fp64.
  const Problem problem = qf(8);
  Matrix W = FirstLayerLaw::isotropic(problem).sample(5, 1, 0);
  W.col(4) = W.col(0);
  W(0, 4) += 1e-4;
  EXPECT_EQ(rf(problem, {.W = W}, {.samples = 3000}).diagnostics.rank, 4);
  EXPECT_EQ(rf(problem, {.W = W}, {.samples = 3000, .precision = Precision::fp64}).diagnostics.rank, 5);
}

TEST(FitRfNested, OverflowFailsFromThatWidthOn) {
  const Problem problem = qf(5);
  Matrix W = FirstLayerLaw::isotropic(problem).sample(6, 1, 0);
  const Answer single = rf(problem, {.W = W.leftCols(3)}, {.samples = 500});
  W.col(4) *= 1e15;
  const std::vector<Answer> outcomes = rf(problem, {.W = W}, std::vector<Index>{3, 6}, {.samples = 500});
  EXPECT_EQ(outcomes[0].status, Status::ok);
  EXPECT_NEAR(outcomes[0].test->value, single.test->value, kSinglePrecision * single.test->value);
  EXPECT_EQ(outcomes[1].status, Status::failed);
  EXPECT_NE(outcomes[1].message.find("overflow"), std::string::npos);
  EXPECT_FALSE(outcomes[1].test.has_value());
}

TEST(FitRfNested, RefusesWidthsThatAreNotIncreasing) {
  const auto refused = [](const std::vector<Index>& widths) {
    return test::message([&] { return rf(qf(3), {.W = Matrix::Ones(3, 4)}, widths); });
  };
  EXPECT_EQ(refused({}), "fit::rf: widths is empty, but must have at least one entry");
  EXPECT_EQ(refused({2, 5}), "fit::rf: widths has 5 after 2, but must be increasing, from 1 to 4");
  EXPECT_EQ(refused({2, 2}), "fit::rf: widths has 2 after 2, but must be increasing, from 1 to 4");
}

TEST(FitRfBehaviour, SameAddressSameNumbersOtherDrawOtherNumbers) {
  const Problem problem = qf(8);
  const Matrix W = FirstLayerLaw::isotropic(problem).sample(5, 1, 0);
  const Answer first = rf(problem, {.W = W}, {.samples = 3000}),
               again = rf(problem, {.W = W}, {.samples = 3000});
  EXPECT_EQ(first.risk, again.risk);
  EXPECT_EQ(first.test->value, again.test->value);
  EXPECT_NE(first.risk, rf(problem, {.W = W}, {.samples = 3000, .draw = 1}).risk);
  EXPECT_NE(first.risk, rf(problem, {.W = W}, {.samples = 3000, .seed = 2}).risk);
}

TEST(FitRfBehaviour, WithoutTestSamplesTheTestRiskIsEmpty) {
  const Problem problem = qf(3);
  const Answer outcome = rf(problem, {.W = FirstLayerLaw::isotropic(problem).sample(2, 1, 0)},
                            {.samples = 50, .test_samples = 0});
  EXPECT_TRUE(std::isfinite(outcome.risk));
  EXPECT_FALSE(outcome.test.has_value());
  EXPECT_EQ(Answer{}.status, Status::none);
  EXPECT_TRUE(std::isnan(Answer{}.risk));
}

TEST(FitRfBehaviour, FeaturesThatOverflowAreAFailure) {
  const Problem problem = qf(3);
  const Answer outcome = rf(problem, {.W = Matrix::Constant(3, 2, 1e15)}, {.samples = 50});
  EXPECT_EQ(outcome.status, Status::failed);
  EXPECT_TRUE(std::isnan(outcome.risk));
  EXPECT_NE(outcome.message.find("overflow"), std::string::npos) << outcome.message;
  const auto in_fp64 = [&](double entry) {
    return rf(problem, {.W = Matrix::Constant(3, 2, entry)}, {.samples = 50, .precision = Precision::fp64})
        .status;
  };
  EXPECT_EQ(in_fp64(1e15), Status::ok);
  EXPECT_EQ(in_fp64(1e160), Status::failed);
}

std::string message(const Network& network, const Options& options) {
  try {
    (void)rf(qf(3), network, options);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "no error";
}

TEST(FitRfBehaviour, RefusesBadArguments) {
  const Matrix W = Matrix::Ones(3, 2);
  Matrix bad = W;
  bad(2, 1) = std::nan("");
  EXPECT_EQ(message({.W = bad}, {}), "fit::rf: W[2,1] is nan, but must be finite");
  EXPECT_EQ(message({.W = Matrix::Ones(4, 2)}, {}),
            "fit::rf: W has size 4, but must have the dimension d = 3");
  EXPECT_EQ(message({.W = Matrix(3, 0)}, {}), "fit::rf: W is empty, but must have at least one entry");
  EXPECT_EQ(message({.W = W, .biases = Vector::Zero(3)}, {}),
            "fit::rf: biases has size 3, but must have the number of neurons = 2");
  EXPECT_EQ(message({.W = W, .biases = Vector{{0, std::nan("")}}}, {}),
            "fit::rf: biases[1] is nan, but must be finite");
  EXPECT_EQ(message({.W = W}, {.label_noise = -1}),
            "fit::rf: label_noise is -1, but must be zero or positive, and finite");
  EXPECT_EQ(message({.W = W}, {.samples = 0}), "fit::rf: samples is 0, but must be at least 1");
  EXPECT_EQ(message({.W = W}, {.ridge = -1}),
            "fit::rf: ridge is -1, but must be zero or positive, and finite");
  EXPECT_EQ(message({.W = W}, {.ridge = std::nan("")}),
            "fit::rf: ridge is nan, but must be zero or positive, and finite");
  EXPECT_EQ(message({.W = W}, {.test_samples = 1}),
            "fit::rf: test_samples (unless it is 0) is 1, but must be at least 2");
  EXPECT_EQ(message({.W = W}, {.block = 0}), "fit::rf: block is 0, but must be at least 1");
  EXPECT_EQ(message({.W = W}, {.samples = std::int64_t{1} << 40, .block = 1}),
            "fit::rf: 1099511627776 samples in blocks of 1 are more than 2^32 blocks");
}

}  // namespace
}  // namespace lazygap::fit
