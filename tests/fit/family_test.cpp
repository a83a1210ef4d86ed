#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include "fit/least_squares.h"
#include "lazygap/core/error.h"
#include "lazygap/fit/nt.h"
#include "lazygap/fit/rf.h"
#include "lazygap/network/first_layer.h"
#include "lazygap/problem/spectrum.h"
#include "support/message.h"

/// Families of fits: each member is what it would be alone, and knows its training error, GCV and
/// leave-one-out error.
namespace lazygap::fit {
namespace {

constexpr Index kDimension = 12;
/// fp64 and condition numbers up to some thousands.
constexpr double kExact = 1e-8;

Problem qf() { return PolynomialTarget(draw_spectrum({}, kDimension, 1)); }
Problem mg() {
  const Vector delta =
      draw_spectrum({.kind = SpectrumLaw::Kind::choice, .values = {0.3, -0.5, 0.8}}, kDimension, 1);
  return GaussianMixture(Vector::LinSpaced(kDimension, 1, 2), delta);
}

Network network_of(const Problem& problem, const char* activation, Index N) {
  return {.activation = activation_from_name(activation),
          .W = FirstLayerLaw::isotropic(problem).sample(N, 1, 0),
          .biases = Vector::LinSpaced(N, -0.5, 0.5)};
}

void expect_equal(const Fit& a, const Fit& b, const std::string& what) {
  EXPECT_EQ(a.answer.status, Status::ok) << what;
  EXPECT_EQ(a.answer.risk, b.answer.risk) << what;
  EXPECT_EQ(a.answer.test->value, b.answer.test->value) << what;
  EXPECT_EQ(a.answer.message, b.answer.message) << what;
  EXPECT_EQ(a.answer.diagnostics.rank, b.answer.diagnostics.rank) << what;
  EXPECT_EQ(a.quality.train, b.quality.train) << what;
  if (!std::isnan(a.quality.gcv) || !std::isnan(b.quality.gcv)) {
    EXPECT_EQ(a.quality.gcv, b.quality.gcv) << what;
  }
  if (!std::isnan(a.quality.leave_one_out) || !std::isnan(b.quality.leave_one_out)) {
    EXPECT_EQ(a.quality.leave_one_out, b.quality.leave_one_out) << what;
  }
}

TEST(FitFamily, EveryMemberOfRfIsWhatItWouldBeAlone) {
  // Whole blocks and parts of them, on both sides of N, in no order; a second width has its own families.
  std::vector<Setting> settings;
  for (const std::int64_t n : {700, 13, 29, 30, 31, 200, 257, 400, 401})
    for (const double ridge : {0.1, 0.0}) settings.push_back({.samples = n, .ridge = ridge, .neurons = 30});
  for (const Problem& problem : {qf(), mg()}) {
    const Network network = network_of(problem, "relu", 30);
    for (const Precision precision : {Precision::fp32, Precision::fp64}) {
      const Options options{
          .label_noise = 0.3, .test_samples = 250, .seed = 3, .precision = precision, .block = 200};
      const std::vector<Fit> family = rf(problem, network, settings, options);
      for (std::size_t i = 0; i < settings.size(); ++i) {
        const Fit alone = rf(problem, network, std::span(&settings[i], 1), options).front();
        expect_equal(
            family[i], alone,
            "n = " + std::to_string(settings[i].samples) + ", ridge " + std::to_string(settings[i].ridge));
      }
    }
  }
}

TEST(FitFamily, EveryMemberOfNtIsWhatItWouldBeAlone) {
  std::vector<Setting> settings;
  for (const std::int64_t n : {500, 20, 36, 37, 200, 401, 257})
    for (const double ridge : {0.0, 0.2}) settings.push_back({.samples = n, .ridge = ridge});
  for (const Problem& problem : {qf(), mg()}) {
    const Network network = network_of(problem, "tanh", 3);
    const Options options{.label_noise = 0.3, .test_samples = 250, .seed = 3, .block = 200};
    const std::vector<Fit> family = nt(problem, network, settings, options);
    for (std::size_t i = 0; i < settings.size(); ++i) {
      const Fit alone = nt(problem, network, std::span(&settings[i], 1), options).front();
      expect_equal(family[i], alone, "n = " + std::to_string(settings[i].samples));
    }
  }
}

/// Predictions at the columns of X of the minimiser found from the columns `kept` of F^T; by an orthogonal
/// decomposition. `ridge` is that of the whole n.
struct Explicit {
  Matrix F;  ///< n x features
  Vector y;
  double ridge;
  bool offset;

  [[nodiscard]] Vector residuals(Index left_out) const {
    const Index n = F.rows();
    std::vector<Index> kept;
    for (Index j = 0; j < n; ++j)
      if (j != left_out) kept.push_back(j);
    Matrix some = F(kept, Eigen::all);
    Vector labels = y(kept);
    const Vector means = offset ? Vector(some.colwise().mean().transpose()) : Vector::Zero(F.cols());
    const double mean = offset ? labels.mean() : 0;
    some.rowwise() -= means.transpose();
    labels.array() -= mean;
    const auto whole = static_cast<double>(n), left = static_cast<double>(kept.size());
    const Vector a = least_squares(some, labels, ridge * whole / left, 1e-9);
    return (y - (F.rowwise() - means.transpose()) * a).array() - mean;
  }
  [[nodiscard]] double train() const { return residuals(-1).squaredNorm() / static_cast<double>(y.size()); }
  [[nodiscard]] double leave_one_out() const {
    double sum = 0;
    for (Index j = 0; j < y.size(); ++j) sum += std::pow(residuals(j)[j], 2);
    return sum / static_cast<double>(y.size());
  }
  /// By the trace of the hat matrix; ridge > 0.
  [[nodiscard]] double gcv() const {
    const auto n = static_cast<double>(y.size());
    double degrees = 0;
    for (Index j = 0; j < y.size(); ++j) {
      const Explicit unit{.F = F, .y = Vector::Unit(y.size(), j), .ridge = ridge, .offset = offset};
      degrees += 1 - unit.residuals(-1)[j];
    }
    return train() / std::pow(1 - degrees / n, 2);
  }
};

void expect_quality(const Quality& quality, const Explicit& truth, bool leaves_out, const std::string& what) {
  const double scale = truth.y.squaredNorm() / static_cast<double>(truth.y.size());
  EXPECT_NEAR(quality.train / scale, truth.train() / scale, kExact) << what;
  if (truth.ridge > 0) {
    EXPECT_NEAR(quality.gcv / truth.gcv(), 1, kExact) << what;
  }
  if (leaves_out) {
    EXPECT_NEAR(quality.leave_one_out / truth.leave_one_out(), 1, kExact) << what;
  } else {
    EXPECT_TRUE(std::isnan(quality.leave_one_out)) << what;
  }
}

TEST(FitFamily, QualityOfRf) {
  const Problem problem = qf();
  const Network network = network_of(problem, "relu", 30);
  for (const std::int64_t n : {20, 70})
    for (const double ridge : {0.0, 0.05}) {
      const Options options{.label_noise = 0.3, .test_samples = 0, .precision = Precision::fp64, .block = 32};
      const Setting setting{.samples = n, .ridge = ridge};
      const Fit fit = rf(problem, network, std::span(&setting, 1), options).front();
      Options drawn = options;
      drawn.samples = n;
      const Data data = draw_all(problem, drawn);
      Matrix U = data.X.transpose() * network.W;
      U.rowwise() += network.biases.transpose();
      const Matrix F = U.unaryExpr(
          [&](double u) { return network.activation.value(u) - network.activation.hermite.lambda_0; });
      expect_quality(fit.quality, {.F = F, .y = data.y, .ridge = ridge, .offset = false}, n < 30,
                     "n = " + std::to_string(n) + ", ridge " + std::to_string(ridge));
    }
}

TEST(FitFamily, QualityOfNt) {
  const Problem problem = qf();
  const Network network = network_of(problem, "tanh", 3);
  for (const std::int64_t n : {25, 90})
    for (const double ridge : {0.0, 0.05}) {
      const Options options{.label_noise = 0.3, .test_samples = 0, .block = 32};
      const Setting setting{.samples = n, .ridge = ridge};
      const Fit fit = nt(problem, network, std::span(&setting, 1), options).front();
      Options drawn = options;
      drawn.samples = n;
      const Data data = draw_all(problem, drawn);
      Matrix U = data.X.transpose() * network.W;
      U.rowwise() += network.biases.transpose();
      Matrix F(n, 3 * kDimension);
      for (Index i = 0; i < 3; ++i)
        F.middleCols(i * kDimension, kDimension) =
            U.col(i).unaryExpr([&](double u) { return network.activation.derivative(u); }).asDiagonal() *
            data.X.transpose();
      expect_quality(fit.quality, {.F = F, .y = data.y, .ridge = ridge, .offset = true}, n <= 36,
                     "n = " + std::to_string(n) + ", ridge " + std::to_string(ridge));
    }
}

TEST(FitFamily, GcvWhereFeaturesAreDependent) {
  // The same neuron twice: the matrices are singular, and what counts is the one neuron with half the ridge.
  const Problem problem = qf();
  const Network single = network_of(problem, "relu", 30);
  Network twice = single;
  twice.W = Matrix(kDimension, 60);
  twice.W << single.W, single.W;
  twice.biases = Vector(60);
  twice.biases << single.biases, single.biases;
  for (const std::int64_t n : {50, 100})  // n x n and N x N
    for (const double ridge : {0.0, 0.04}) {
      const Options options{.label_noise = 0.3, .test_samples = 0, .precision = Precision::fp64};
      const Setting setting{.samples = n, .ridge = ridge}, half{.samples = n, .ridge = ridge / 2};
      const Fit two = rf(problem, twice, std::span(&setting, 1), options).front();
      const Fit one = rf(problem, single, std::span(&half, 1), options).front();
      EXPECT_NEAR(two.quality.train / one.quality.train, 1, kExact) << n;
      EXPECT_NEAR(two.quality.gcv / one.quality.gcv, 1, kExact) << n;
      if (ridge == 0) {
        EXPECT_EQ(two.answer.diagnostics.rank, 30);
      }
    }
}

TEST(FitFamily, RefusesWhatMakesNoSense) {
  const Problem problem = qf();
  const Network network = network_of(problem, "tanh", 3);
  const auto refused = [&](const std::vector<Setting>& settings) {
    return test::message([&] { (void)rf(problem, network, settings, {}); });
  };
  EXPECT_EQ(refused({}), "fit::rf: settings is empty, but must have at least one entry");
  EXPECT_EQ(refused({{.samples = 10, .neurons = 4}}),
            "fit::rf: neurons is 4, but must be from 1 to 3, or 0 for all of them");
  EXPECT_NE(refused({{.samples = 10}, {.samples = 0}}), "no error");
  EXPECT_NE(refused({{.samples = 10, .ridge = -1}}), "no error");
  EXPECT_EQ(test::message(
                [&] { (void)nt(problem, network, std::vector<Setting>{{.samples = 10, .neurons = 2}}, {}); }),
            "fit::nt: neurons is 2, but must be 3 or 0: the ridge is one for all of them");
}

}  // namespace
}  // namespace lazygap::fit
