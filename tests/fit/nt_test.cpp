#include "lazygap/fit/nt.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <string>

#include "../src/fit/nt_systems.h"
#include "fit/least_squares.h"
#include "lazygap/core/error.h"
#include "lazygap/exact/nt.h"
#include "lazygap/network/first_layer.h"
#include "lazygap/problem/spectrum.h"

namespace lazygap::fit {
namespace {

NtSolution by_kernel(SampleBlocks<double>& samples, Gates& gates) {
  return solve_by_kernel(samples, gates, std::array{samples.options().ridge}).front();
}
NtSolution by_moments(SampleBlocks<double>& samples, Gates& gates) {
  const Options& options = samples.options();
  return solve_by_moments(samples, gates,
                          std::array{NtRidges{.samples = options.samples, .ridges = {options.ridge}}})
      .front()
      .front();
}

constexpr double kStandardErrors = 4;
// Normal equations square the condition number of the features, below 1e3 here: 1e6 times rounding, and room.
constexpr double kNormalEquations = 1e-8;
// Conjugate gradients down to a residual of kResidual, enlarged by the condition number of the equations.
constexpr double kResidual = 1e-13;
constexpr double kConjugateGradients = 1e-7;
// An exact fit up to rounding, squared.
constexpr double kSquaredRounding = 1e-16;

Problem qf(Index d) { return PolynomialTarget(draw_spectrum({}, d, 1)); }
Problem mg(Index d) {
  const Vector delta = draw_spectrum({.kind = SpectrumLaw::Kind::choice, .values = {0.3, -0.5, 0.8}}, d, 1);
  return GaussianMixture(Vector::LinSpaced(d, 1, 2), delta);
}
Matrix neurons(const Problem& problem, Index N) { return FirstLayerLaw::isotropic(problem).sample(N, 3, 0); }

struct Case {
  std::string name;
  Problem problem;
  std::string activation;
  double tau;
  Index N;
  Options options;
  Index rank;
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

class FitNt : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override { options_.tolerance = kResidual; }
  Options options_ = GetParam().options;
  Network network_{.activation = activation_from_name(GetParam().activation),
                   .W = neurons(GetParam().problem, GetParam().N),
                   .biases = sample_biases(GetParam().tau, GetParam().N, 3, 0)};
};

Network relu_network(const Problem& problem, Index N) {
  return {.activation = activation_from_name("relu"), .W = neurons(problem, N)};
}

/// Features of all samples, n x (N d); column i d + k is s(u_i) x_k.
Matrix features(const Data& data, const Network& network) {
  const auto& [activation, W, biases, centred] = network;
  const Index d = W.rows(), N = W.cols();
  Matrix U = data.X.transpose() * W;
  if (biases.size() > 0) U.rowwise() += biases.transpose();
  Matrix F(U.rows(), d * N);
  for (Index i = 0; i < N; ++i)
    F.middleCols(i * d, d) = U.col(i).unaryExpr(activation.derivative).asDiagonal() * data.X.transpose();
  return F;
}

TEST_P(FitNt, ThreeWaysToTheLeastSquaresSolution) {
  const Problem& problem = GetParam().problem;
  const Data data = draw_all(problem, options_);
  Matrix F = features(data, network_);
  const Vector means = F.colwise().mean();
  F.rowwise() -= means.transpose();
  const Vector y = data.y.array() - data.y.mean();
  const Vector expected = least_squares(F, y, options_.ridge, 1e-6);
  const double c = data.y.mean() - means.dot(expected);
  const double scale = expected.norm() + std::abs(c);

  SampleBlocks<double> samples(problem, options_);
  Gates gates(network_, samples.block());
  const NtSolution kernel = by_kernel(samples, gates), moments = by_moments(samples, gates),
                   iterative = solve_by_conjugate_gradients(samples, gates);
  EXPECT_EQ(kernel.status, Status::ok);
  EXPECT_EQ(moments.status, Status::ok);
  EXPECT_EQ(iterative.status, Status::ok);
  EXPECT_LT((kernel.A.reshaped() - expected).norm(), kNormalEquations * scale);
  EXPECT_LT((moments.A.reshaped() - expected).norm(), kNormalEquations * scale);
  EXPECT_LT((iterative.A.reshaped() - expected).norm(), kConjugateGradients * scale);
  EXPECT_NEAR(kernel.c, c, kNormalEquations * scale);
  EXPECT_NEAR(moments.c, c, kNormalEquations * scale);
  EXPECT_NEAR(iterative.c, c, kConjugateGradients * scale);
  if (options_.ridge == 0) {
    EXPECT_EQ(kernel.rank, GetParam().rank);
    EXPECT_EQ(moments.rank, GetParam().rank);
  }
}

TEST_P(FitNt, PopulationRiskIsWhatFreshSamplesSay) {
  options_.test_samples = 50000;
  const Answer outcome = nt(GetParam().problem, network_, options_);
  EXPECT_EQ(outcome.status, Status::ok);
  EXPECT_LT(std::abs(outcome.test->value - outcome.risk),
            kStandardErrors * outcome.test->se + kSquaredRounding * null_risk(GetParam().problem));
}

INSTANTIATE_TEST_SUITE_P(
    Cases, FitNt,
    testing::Values(
        Case{"qf_relu", qf(6), "relu", 0, 5, {.samples = 2500}, 30},  // the last block is a partial one
        Case{"mg_relu", mg(6), "relu", 0, 5, {.samples = 700}, 30},
        Case{"qf_tanh_biases", qf(6), "tanh", 1, 4, {.samples = 500}, 24},
        Case{"mg_tanh_biases_noise", mg(6), "tanh", 1, 4, {.label_noise = 1, .samples = 500}, 24},
        Case{"qf_ridge", qf(6), "relu", 0, 5, {.samples = 500, .ridge = 0.3}, 30},
        Case{"mg_ridge", mg(6), "tanh", 0.5, 5, {.samples = 20, .ridge = 0.3}, 19},
        Case{
            "qf_offset", PolynomialTarget(Vector::LinSpaced(6, 1, 2), 3), "relu", 0, 4, {.samples = 300}, 24},
        Case{"qf_interpolates", qf(10), "relu", 0, 20, {.samples = 60}, 59},
        Case{"mg_interpolates", mg(10), "tanh", 1, 20, {.samples = 60}, 59},
        // N d - N (N - 1) / 2 independent features <w_i,x> x_k.
        Case{"qf_quadratic", qf(8), "quadratic", 0, 3, {.samples = 600}, 21},
        Case{"mg_quadratic_wide", mg(4), "quadratic", 0, 9, {.samples = 600}, 10},
        Case{"qf_one_neuron", qf(8), "relu", 0, 1, {.samples = 300}, 8},
        Case{"mg_one_dimension", mg(1), "tanh", 1, 1, {.samples = 300}, 1},
        Case{"qf_one_dimension_three_neurons", qf(1), "relu", 1, 3, {.samples = 300}, 3},
        Case{"qf_two_samples", qf(5), "relu", 0, 3, {.samples = 2}, 1}),
    [](const auto& test) { return test.param.name; });

TEST(FitNtLimits, ApproachesTheExactRiskFromAboveLikeOneOverN) {
  const Activation relu = activation_from_name("relu");
  for (const Problem& problem : {qf(20), mg(20)}) {
    const Matrix W = neurons(problem, 5);
    const double exact = exact::nt(problem, {.activation = relu, .W = W}).risk;
    for (const std::int64_t n : {2000, 20000}) {
      const double excess =
          nt(problem, {.activation = relu, .W = W}, {.samples = n, .test_samples = 0}).risk - exact;
      // For Gaussian features and noise the mean excess would be exact N d / (n - N d).
      const double scale = exact * 100 / static_cast<double>(n - 100);
      EXPECT_GT(excess, scale / 2) << n;
      EXPECT_LT(excess, scale * 2) << n;
    }
  }
}

TEST(FitNtLimits, ATargetInTheClassIsFoundExactly) {
  // N >= d: every quadratic form. More samples than d (d + 1) / 2 + 1.
  const Problem problem = qf(8);
  const Answer outcome = nt(problem, {.W = neurons(problem, 10)}, {.samples = 200, .test_samples = 100});
  EXPECT_EQ(outcome.diagnostics.rank, 36);
  EXPECT_LT(outcome.risk, kSquaredRounding * null_risk(problem));
  EXPECT_LT(outcome.test->value, kSquaredRounding * null_risk(problem));
}

TEST(FitNtLimits, AHugeRidgeLeavesTheOffset) {
  const Problem problem = PolynomialTarget(Vector::LinSpaced(6, 1, 2), 3);
  const Options options{.samples = 400, .ridge = 1e12, .test_samples = 0};
  const double mean = draw_all(problem, options).y.mean();
  const double bias = std::get<PolynomialTarget>(problem).mean() - mean;
  EXPECT_NEAR(nt(problem, relu_network(problem, 4), options).risk, null_risk(problem) + bias * bias,
              1e-9 * null_risk(problem));  // ||A|| is of the order 1e-12 null_risk
}

TEST(FitNtLimits, RidgeShrinks) {
  const Problem problem = qf(10);
  const Network network = relu_network(problem, 4);
  double previous = std::numeric_limits<double>::infinity();
  for (const double ridge : {0.0, 0.01, 0.1, 1.0, 10.0}) {
    const Options options{.samples = 500, .ridge = ridge};
    SampleBlocks<double> samples(problem, options);
    Gates gates(network, samples.block());
    const double norm = by_moments(samples, gates).A.norm();
    EXPECT_LT(norm, previous);
    previous = norm;
  }
}

TEST(FitNtLimits, WithFewSamplesItInterpolatesThem) {
  const Problem problem = mg(10);
  const Network network = relu_network(problem, 20);
  const Options options{.label_noise = 1, .samples = 100};
  SampleBlocks<double> samples(problem, options);
  Gates gates(network, samples.block());
  const NtSolution solution = by_kernel(samples, gates);
  const Data data = draw_all(problem, options);
  const Vector f = (features(data, network) * solution.A.reshaped()).array() + solution.c;
  EXPECT_LT((data.y - f).norm(), kNormalEquations * data.y.norm());
}

TEST(FitNtBehaviour, OneSampleGivesItsLabel) {
  const Problem problem = qf(3);
  const Options options{.samples = 1, .test_samples = 0};
  const double y = draw_all(problem, options).y[0];
  for (const double memory : {2e9, 0.0}) {
    Options with = options;
    with.memory_bytes = memory;
    const Answer outcome = nt(problem, relu_network(problem, 2), with);
    EXPECT_EQ(outcome.status, Status::ok);
    EXPECT_EQ(outcome.diagnostics.rank, 0);
    EXPECT_NEAR(outcome.risk, null_risk(problem) + y * y, 1e-12 * (null_risk(problem) + y * y));
  }
}

TEST(FitNtBehaviour, ChoosesTheSmallerSystemThatFits) {
  const Problem problem = qf(5);
  const Network network = relu_network(problem, 4);
  Options options{.samples = 300, .test_samples = 0, .tolerance = 1e-10};
  const Answer moments = nt(problem, network, options);
  EXPECT_EQ(moments.message, "(N d) x (N d) system");
  EXPECT_EQ(moments.diagnostics.iterations, 0);
  options.memory_bytes = 1000;
  const Answer iterative = nt(problem, network, options);
  EXPECT_EQ(iterative.message.substr(0, 20), "conjugate gradients:");
  EXPECT_GT(iterative.diagnostics.iterations, 0);
  EXPECT_NEAR(iterative.risk, moments.risk, kConjugateGradients * moments.risk);
  options = {.samples = 15, .test_samples = 0};
  EXPECT_EQ(nt(problem, network, options).message, "n x n system");
  EXPECT_EQ(nt(problem, {.W = Matrix::Ones(5, 2)}, {.samples = 300, .test_samples = 0}).message,
            "(N d) x (N d) system; minimum-norm solution: rank 5 of 10");
  EXPECT_EQ(
      nt(problem, {.W = Matrix::Ones(5, 2)}, {.samples = 300, .ridge = 1e-15, .test_samples = 0}).message,
      "(N d) x (N d) system; rank 5 of 10");
}

TEST(FitNtBehaviour, SaysWhereConjugateGradientsDidNotConverge) {
  const Problem problem = qf(5);
  const Answer outcome = nt(problem, {.activation = activation_from_name("relu"), .W = neurons(problem, 4)},
                            {.samples = 300, .memory_bytes = 0, .max_iterations = 2});
  EXPECT_EQ(outcome.status, Status::not_converged);
  EXPECT_EQ(outcome.diagnostics.iterations, 2);
  EXPECT_GT(outcome.diagnostics.residual, 1e-6);
  EXPECT_TRUE(std::isfinite(outcome.risk));
}

TEST(FitNtBehaviour, SameAddressSameNumbersOtherDrawOtherNumbers) {
  const Problem problem = qf(5);
  const Matrix W = neurons(problem, 4);
  const Answer first = nt(problem, {.W = W}, {.samples = 300}),
               again = nt(problem, {.W = W}, {.samples = 300});
  EXPECT_EQ(first.risk, again.risk);
  EXPECT_EQ(first.test->value, again.test->value);
  EXPECT_NE(first.risk, nt(problem, {.W = W}, {.samples = 300, .draw = 1}).risk);
}

TEST(FitNtBehaviour, FeaturesThatOverflowAreAFailure) {
  const Problem problem = qf(3);
  for (const std::int64_t n : {5, 50}) {
    const Answer outcome = nt(problem, {.W = Matrix::Constant(3, 2, 1e200)}, {.samples = n});
    EXPECT_EQ(outcome.status, Status::failed);
    EXPECT_TRUE(std::isnan(outcome.risk));
  }
}

TEST(FitNtBehaviour, CostFollowsTheWayTaken) {
  const NtCost kernel = nt_cost(100, 50, {.samples = 1000});
  EXPECT_GT(kernel.bytes, 8e6);
  EXPECT_LT(kernel.bytes, 40e6);
  const NtCost moments = nt_cost(100, 10, {.samples = 50000});
  EXPECT_GT(moments.operations, 5e10);
  EXPECT_LT(moments.operations, 1e11);
  const NtCost iterative = nt_cost(450, 450, {.samples = 100000});
  EXPECT_LT(iterative.bytes, 1e8);
  EXPECT_GT(iterative.operations, 1e13);
}

std::string message(const Network& network, const Options& options) {
  try {
    (void)nt(qf(3), network, options);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "no error";
}

TEST(FitNtBehaviour, RefusesBadArguments) {
  const Matrix W = Matrix::Ones(3, 2);
  Matrix bad = W;
  bad(2, 1) = std::nan("");
  EXPECT_EQ(message({.W = bad}, {}), "fit::nt: W[2,1] is nan, but must be finite");
  EXPECT_EQ(message({.W = W, .biases = Vector{{0, std::nan("")}}}, {}),
            "fit::nt: biases[1] is nan, but must be finite");
  EXPECT_EQ(message({.W = W}, {.tolerance = 0}), "fit::nt: tolerance is 0, but must be positive and finite");
  EXPECT_EQ(message({.W = W}, {.memory_bytes = -1}),
            "fit::nt: memory_bytes is -1, but must be zero or positive, and finite");
  EXPECT_EQ(message({.W = W}, {.max_iterations = 0}), "fit::nt: max_iterations is 0, but must be at least 1");
  EXPECT_EQ(message({.activation = activation_from_name("sign"), .W = W}, {}),
            "fit::nt: activation 'sign' has no derivative, but NT needs one");
}

}  // namespace
}  // namespace lazygap::fit
