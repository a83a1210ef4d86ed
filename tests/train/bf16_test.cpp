#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "../src/train/kernels_bf16.h"
#include "lazygap/core/error.h"
#include "lazygap/core/processor.h"
#include "lazygap/core/random.h"
#include "lazygap/problem/spectrum.h"
#include "lazygap/train/sgd.h"
#include "reference/training_step.h"

namespace lazygap::train {
namespace {

/// Half the distance between neighbours in bf16, which has 8 significant bits, relative to the smaller one.
constexpr double kRounding = 1.0 / 256;

class Bf16 : public testing::Test {
 protected:
  void SetUp() override {
    if (!has_bf16_products()) GTEST_SKIP() << "this processor has no AVX512_BF16";
  }
};

MatrixOf<float> normals(Index rows, Index cols, std::uint32_t step) {
  MatrixOf<float> z(rows, cols);
  fill_normals({.seed = 12, .purpose = Purpose::testing, .index = 0, .step = step},
               std::span<float>(z.data(), static_cast<std::size_t>(z.size())));
  return z;
}

MatrixOf<float> rounded(MatrixOf<float> values) {
  round_to_bf16({values.data(), static_cast<std::size_t>(values.size())});
  return values;
}

TEST_F(Bf16, RoundsToTheNearestTiesToEven) {
  const float infinity = std::numeric_limits<float>::infinity();
  const float one = 1, half = 0x1p-8f;  // half the distance of the neighbours of 1
  std::vector<float> values{
      one + half, one + half * 1.001f, one + 3 * half, -one - half * 1.001f, infinity, 0x1p-130f, one,
      3.0e38f};
  const std::vector<float> expected{one, one + 2 * half, one + 4 * half, -one - 2 * half, infinity, 0,
                                    one, 0x1.c4p127f};
  round_to_bf16(values);
  EXPECT_EQ(values, expected);
  float nan = std::numeric_limits<float>::quiet_NaN();
  round_to_bf16({&nan, 1});
  EXPECT_TRUE(std::isnan(nan));
  for (const Index n : {1, 15, 16, 17, 40}) {
    const MatrixOf<float> z = normals(n, 1, 9), r = rounded(z);
    EXPECT_EQ(rounded(r), r);
    for (Index i = 0; i < n; ++i) {
      EXPECT_LE(std::abs(r(i, 0) - z(i, 0)), kRounding * std::abs(z(i, 0)));
      EXPECT_EQ(r(i, 0), rounded(z.row(i))(0, 0)) << "no number depends on its place";
    }
  }
}

TEST_F(Bf16, OneStepMatchesTheReference) {
  // Sums of n terms in fp32, as in kernels_test.cpp.
  const auto single = [](Index terms) {
    return (4 + std::sqrt(static_cast<double>(terms))) * std::numeric_limits<float>::epsilon();
  };
  struct Size {
    Index d, N, b;
  };
  std::vector<Size> sizes;
  for (const Index N : {1, 4, 9, 31, 47, 48, 49, 101})
    for (const Index d : {1, 7, 33})
      for (const Index b : {1, 3, 100}) sizes.push_back({d, N, b});
  // More features and more samples than one block of 512 has.
  sizes.push_back({1030, 50, 5});
  sizes.push_back({19, 20, 1031});
  for (const auto& [d, N, b] : sizes) {
    SCOPED_TRACE(testing::Message() << "d=" << d << " N=" << N << " b=" << b);
    const MatrixOf<float> W = normals(d, N, 1), X = rounded(normals(d, b, 2));
    const VectorOf<float> weight = normals(b, 1, 3).col(0);
    const Matrix exact_W = W.cast<double>(), used_W = rounded(W).cast<double>(), exact_X = X.cast<double>();
    const Vector exact_weight = weight.cast<double>();
    Bf16Neurons neurons(exact_W, b + 2);
    EXPECT_EQ(neurons.matrix(), exact_W);

    VectorOf<float> q(b);
    neurons.forward(X, {q.data(), static_cast<std::size_t>(b)});
    // Given the rounded W, nothing but fp32 sums.
    const Vector sum = reference::neurons_forward(used_W, exact_X),
                 largest = reference::neurons_forward(used_W.cwiseAbs(), exact_X.cwiseAbs());
    EXPECT_LE(((q.cast<double>() - sum).cwiseAbs() - single(d + N) * largest).maxCoeff(), 0);

    // Each weight_j P_ij is rounded to bf16.
    const Matrix P = used_W.transpose() * exact_X;
    const Matrix step = exact_X * exact_weight.asDiagonal() * P.transpose();
    const Matrix terms = exact_X.cwiseAbs() * exact_weight.cwiseAbs().asDiagonal();
    const Matrix allowed =
        kRounding * terms * P.cwiseAbs().transpose() +
        single(d + b) * (terms * exact_X.cwiseAbs().transpose() * used_W.cwiseAbs() + exact_W.cwiseAbs());
    neurons.update(X, {weight.data(), static_cast<std::size_t>(b)});
    EXPECT_LE(((neurons.matrix() - exact_W - step).cwiseAbs() - allowed).maxCoeff(), 0);
    // The P of the last forward survives an update.
    neurons.update(X, {weight.data(), static_cast<std::size_t>(b)});
    EXPECT_LE(((neurons.matrix() - exact_W - 2 * step).cwiseAbs() - 2 * allowed).maxCoeff(), 0);
  }
}

TEST_F(Bf16, WrongShapesAreErrors) {
  const MatrixOf<float> X = normals(30, 5, 2);
  std::vector<float> q(5), few(4);
  const Matrix W = normals(30, 7, 1).cast<double>();
  Bf16Neurons neurons(W, 5), small(W, 4), other(W.topRows(29), 5);
  EXPECT_THROW(neurons.forward(X, few), UsageError);
  EXPECT_THROW(small.forward(X, q), UsageError);
  EXPECT_THROW(other.forward(X, q), UsageError);
}

TEST_F(Bf16, NotANumberReachesTheResult) {
  MatrixOf<float> X = normals(30, 5, 2);
  X(7, 3) = std::numeric_limits<float>::quiet_NaN();
  std::vector<float> q(5);
  Bf16Neurons(normals(30, 7, 1).cast<double>(), 5).forward(X, q);
  for (std::size_t j = 0; j < 5; ++j) EXPECT_EQ(std::isnan(q[j]), j == 3) << j;
}

constexpr Index kDimension = 30;

std::vector<Problem> both_models() {
  const Vector sigma = Vector::LinSpaced(kDimension, 0.5, 1.5);
  return {PolynomialTarget(draw_spectrum({}, kDimension, 7)),
          GaussianMixture(sigma, sigma.cwiseProduct(Vector::LinSpaced(kDimension, -0.4, 0.8)))};
}

Options short_run() {
  Options options;
  options.steps = 3000;
  options.batch = 51;
  options.step_size = 0.01;
  options.records = 12;
  options.precision = Precision::bf16;
  options.test_samples = 0;
  options.seed = 5;
  return options;
}

TEST_F(Bf16, ARunEndsWhereThatInFp32Ends) {
  // Measured: at most 7e-5.
  constexpr double kOfNullRisk = 1e-3;
  for (const Problem& problem : both_models())
    for (const Index neurons : {Index{10}, 2 * kDimension}) {
      Options options = short_run();
      const Outcome bf16 = run_nn(problem, neurons, options);
      EXPECT_EQ(bf16.path, neurons > kDimension ? "LQ, AVX-512 bf16" : "direct, AVX-512 bf16");
      options.precision = Precision::fp32;
      const Outcome fp32 = run_nn(problem, neurons, options);
      EXPECT_NEAR(bf16.risk, fp32.risk, kOfNullRisk * null_risk(problem));
      EXPECT_NE(bf16.risk, fp32.risk);
      EXPECT_LT(bf16.risk, 0.9 * fp32.trajectory.front().risk) << "the run learns something";
    }
}

TEST_F(Bf16, AResumedRunIsBitwiseTheUndisturbedOne) {
  for (const Problem& problem : both_models())
    for (const Index neurons : {Index{10}, 2 * kDimension}) {
      Options options = short_run();
      options.steps = 400;
      options.label_noise = 0.1;
      const Outcome undisturbed = run_nn(problem, neurons, options);
      std::vector<std::byte> state;
      int looks = 0;
      Hooks hooks;
      hooks.save = [&](std::span<const std::byte> bytes) { state.assign(bytes.begin(), bytes.end()); };
      hooks.stop = [&] { return ++looks == 6; };
      const Outcome stopped = run_nn(problem, neurons, options, hooks);
      EXPECT_EQ(stopped.status, Status::none);
      EXPECT_GT(stopped.steps_done, 0);
      EXPECT_EQ(run_nn(problem, neurons, options, {.resume = state}).risk, undisturbed.risk);
      options.precision = Precision::fp32;
      EXPECT_THROW((void)run_nn(problem, neurons, options, {.resume = state}), UsageError);
    }
}

TEST_F(Bf16, NetworksSideBySideAreThoseAlone) {
  for (const Problem& problem : both_models()) {
    Options options = short_run();
    options.steps = 200;
    const std::vector<Network> networks{{.neurons = 10, .step_size = 0.01},
                                        {.neurons = 2 * kDimension, .step_size = 0.005}};
    const std::vector<Outcome> together = run_networks(Regime::nn, problem, networks, options);
    for (std::size_t i = 0; i < networks.size(); ++i) {
      options.step_size = networks[i].step_size;
      EXPECT_EQ(together[i].risk, run_nn(problem, networks[i].neurons, options).risk);
    }
  }
}

/// The message of the refusal, or "no error".
std::string refusal(Regime regime, const Options& options) {
  const Problem problem = both_models().front();
  try {
    (void)(regime == Regime::nn ? run_nn : run_nt)(problem, 3, options, {});
  } catch (const UsageError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Bf16Options, AreForQuadraticNnOnly) {
  const std::string ending =
      ": precision is bf16, but that is for NN with the quadratic activation without biases, momentum or a "
      "free second layer; fp32 and fp64 are accepted";
  Options momentum = short_run(), biases = short_run(), free = short_run(), relu = short_run();
  momentum.momentum = 0.5;
  biases.bias_scale = 0.5;
  free.second_layer = SecondLayer::free;
  relu.activation = activation_from_name("relu");
  for (const Options& options : {momentum, biases, free, relu})
    EXPECT_EQ(refusal(Regime::nn, options), "train::run_nn" + ending);
  EXPECT_EQ(refusal(Regime::nt, short_run()), "train::run_nt" + ending);
}

TEST(Bf16Options, NeedTheProcessor) {
  const std::string expected =
      "train::run_nn: precision is bf16, but this processor has no AVX512_BF16; fp32 and fp64 are accepted";
  if (!has_bf16_products()) {
    EXPECT_EQ(refusal(Regime::nn, short_run()), expected);
    return;
  }
  hwy::SetSupportedTargetsForTest(HWY_AVX2);
  const bool has_products = has_bf16_products();
  const std::string message = refusal(Regime::nn, short_run());
  hwy::SetSupportedTargetsForTest(0);
  EXPECT_FALSE(has_products);
  EXPECT_EQ(message, expected);
}

}  // namespace
}  // namespace lazygap::train
