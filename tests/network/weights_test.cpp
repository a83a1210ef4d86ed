// Trained networks by themselves: their values, risks and files. tests/train/weights_test.cpp trains some.
#include "lazygap/network/weights.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "lazygap/core/error.h"
#include "lazygap/problem/matrix_file.h"
#include "lazygap/problem/spectrum.h"
#include "support/message.h"
#include "support/temporary_folder.h"

namespace lazygap {
namespace {

/// Sums in another order.
constexpr double kRounding = 1e-12;

Weights nn() {
  return {.W = Matrix{{1, 0.5, -1}, {0, 2, 0.25}},
          .a = Vector{{0.5, -1, 2}},
          .b = Vector{{0.1, 0, -0.3}},
          .c = 0.7};
}
Weights nt() {
  Weights weights = nn();
  weights.A = Matrix{{0.3, -0.2, 1}, {1, 0, 0.5}};
  weights.a.resize(0);
  return weights;
}

TEST(TrainedWeights, ValuesAreThoseOfTheDefinition) {
  const Activation tanh = activation_from_name("tanh");
  const Matrix X{{0.3, -1}, {0.5, 2}};
  for (const Weights& w : {nn(), nt()})
    for (Index j = 0; j < X.cols(); ++j) {
      double f = w.c;
      for (Index i = 0; i < 3; ++i) {
        const double u = w.W.col(i).dot(X.col(j)) + w.b[i];
        f += w.A.size() > 0 ? tanh.derivative(u) * w.A.col(i).dot(X.col(j)) : w.a[i] * tanh.value(u);
      }
      EXPECT_NEAR(evaluate(w, tanh, X)[j], f, kRounding);
    }
}

TEST(TrainedWeights, RisksAreThoseOfFreshSamples) {
  const Problem problem = GaussianMixture(Vector{{-0.3, 0.6}});
  Matrix X(2, 200000);
  Vector y(X.cols());
  draw_samples<double>(problem, {.seed = 1, .purpose = Purpose::testing}, X, y);
  for (Weights w : {nn(), nt()})
    for (const char* name : {"quadratic", "relu", "tanh"})
      for (const bool biases : {true, false}) {
        if (!biases) w.b.resize(0);
        const Activation activation = activation_from_name(name);
        const Vector losses = (y - evaluate(w, activation, X)).cwiseAbs2();
        const double n = static_cast<double>(losses.size()), mean = losses.mean();
        const double se = std::sqrt((losses.array() - mean).square().sum() / (n * (n - 1)));
        constexpr double kMostErrors = 4;  // a fixed seed
        EXPECT_NEAR(population_risk(problem, activation, w), mean, kMostErrors * se) << name;
      }
}

TEST(TrainedWeights, AreReadBackFromTheirFiles) {
  const test::TemporaryFolder folder;
  for (Weights w : {nn(), nt()})
    for (const bool biases : {true, false}) {
      if (!biases) w.b.resize(0);
      const auto place = folder / std::to_string(w.A.size()) / std::to_string(biases);
      write_weights(place, w);
      const Weights found = read_weights(place);
      EXPECT_EQ(found.W, w.W);
      EXPECT_EQ(found.A, w.A);
      EXPECT_EQ(found.a, w.a);
      EXPECT_EQ(found.b, w.b);
      EXPECT_EQ(found.c, w.c);
    }
}

TEST(TrainedWeights, WhatDoesNotFitIsRefused) {
  const test::TemporaryFolder folder;
  Weights w = nn();
  w.a.conservativeResize(2);
  EXPECT_EQ(
      test::message<UsageError>([&] { return evaluate(w, Activation::quadratic(), Matrix::Zero(2, 1))[0]; }),
      "evaluate: a has size 2, but must have the number of neurons = 3");
  EXPECT_EQ(test::message<UsageError>([&] {
              return population_risk(PolynomialTarget(draw_spectrum({}, 5, 1)), Activation::quadratic(),
                                     nn());
            }),
            "population_risk: a column of W has size 2, but must have the dimension d = 5");
  write_weights(folder / "nn", nn());
  write_npy(folder / "nn" / "a.npy", Vector{{1, 2}});
  EXPECT_EQ(test::message<FileError>([&] { return read_weights(folder / "nn").c; }),
            (folder / "nn" / "a.npy").string() + ": is a 2 x 1 array, but must be a list of 3 numbers");
  std::filesystem::remove(folder / "nn" / "W.npy");
  EXPECT_NE(test::message<FileError>([&] { return read_weights(folder / "nn").c; }).find("W.npy"),
            std::string::npos);
}

}  // namespace
}  // namespace lazygap
