#include "../src/train/activation_kernels.h"

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "lazygap/core/error.h"
#include "lazygap/core/random.h"
#include "reference/training_step.h"

namespace lazygap::train {
namespace {

/// Numbers that fp32 holds exactly, so that both precisions start from the same ones.
Matrix normals(Index rows, Index cols, std::uint32_t step, double scale = 1) {
  MatrixOf<float> z(rows, cols);
  fill_normals({.seed = 12, .purpose = Purpose::testing, .index = 0, .step = step},
               std::span<float>(z.data(), static_cast<std::size_t>(z.size())));
  return (static_cast<float>(scale) * z).cast<double>();
}

struct Size {
  Index d, N, b;
};

/// Around every width of vectors and panels, b around the row tiles and past the 512 of one block, d past it.
std::vector<Size> sizes() {
  std::vector<Size> list;
  for (const Index N : {1, 47, 48, 49})
    for (const Index d : {1, 7, 450})
      for (const Index b : {1, 3, 100}) list.push_back({d, N, b});
  for (const Index N : {3, 4, 5, 8, 9, 16, 17, 20, 24, 33, 97, 101}) list.push_back({19, N, 9});
  list.push_back({570, 20, 2});
  list.push_back({5, 19, 1030});
  return list;
}

/// Errors of sums of n terms behave like a random walk: eps sqrt(n) times the size of the terms, here that of
/// the largest result, and some tens of eps for sigma and for the number of sums one after the other.
template <class Real>
void expect_close(const Matrix& result, const Matrix& expected, Index terms, const char* what) {
  ASSERT_EQ(result.rows(), expected.rows()) << what;
  ASSERT_EQ(result.cols(), expected.cols()) << what;
  const double tolerance =
      (30 + 2 * std::sqrt(static_cast<double>(terms))) * std::numeric_limits<Real>::epsilon();
  EXPECT_LE((result - expected).cwiseAbs().maxCoeff(), tolerance * (1 + expected.cwiseAbs().maxCoeff()))
      << what;
}

template <class Real>
std::span<const Real> span(const VectorOf<Real>& vector) {
  return {vector.data(), static_cast<std::size_t>(vector.size())};
}

struct Case {
  const char* activation;
  bool has_biases, trains_biases, trains_v;
  double momentum;
};

const std::vector<Case>& cases() {
  static const std::vector<Case> list{{"tanh", false, false, false, 0},   {"relu", false, false, true, 0},
                                      {"tanh", true, false, false, 0},    {"softplus", true, true, false, 0},
                                      {"sigmoid", true, true, true, 0},   {"tanh", true, true, true, 0.7},
                                      {"gelu", false, false, false, 0.5}, {"cos", true, false, true, 0.9}};
  return list;
}

/// u is of order 1 whatever d, and with this its change in a step is, too.
double step_size(Index d) { return 0.5 / static_cast<double>(d); }

template <class Real>
void expect_two_layers_match(const Size& size, const Case& variant) {
  SCOPED_TRACE(testing::Message() << variant.activation << " d=" << size.d << " N=" << size.N
                                  << " b=" << size.b);
  const Activation sigma = activation_from_name(variant.activation);
  const double root = 1 / std::sqrt(static_cast<double>(size.d));
  typename TwoLayerNeurons<Real>::Parameters start{
      normals(size.d, size.N, 1, root), {}, normals(size.N, 1, 3)};
  if (variant.has_biases) start.b = normals(size.N, 1, 2);
  reference::TwoLayerStep expected{start.W,
                                   variant.has_biases ? start.b : Vector(Vector::Zero(size.N)),
                                   start.v,
                                   Matrix::Zero(size.d, size.N),
                                   Vector::Zero(size.N),
                                   Vector::Zero(size.N)};
  // Room for more samples than a step brings.
  TwoLayerNeurons<Real> neurons(
      sigma, start, {.b = variant.trains_biases, .v = variant.trains_v, .momentum = variant.momentum},
      size.b + 2);
  EXPECT_EQ(neurons.parameters().W, start.W);
  EXPECT_EQ(neurons.parameters().b, start.b);
  EXPECT_EQ(neurons.parameters().v, start.v);

  VectorOf<Real> q(size.b);
  for (std::uint32_t step = 0; step < 3; ++step) {
    const Matrix X = normals(size.d, size.b, 10 + step);
    const MatrixOf<Real> x = X.cast<Real>();
    const Vector weight = normals(size.b, 1, 20 + step, 1 / static_cast<double>(size.b)).col(0);
    const VectorOf<Real> w = weight.cast<Real>();
    neurons.forward(x, {q.data(), static_cast<std::size_t>(size.b)});
    // Relative to what sums of independent signs reach.
    const double spread = std::sqrt(static_cast<double>(size.N));
    expect_close<Real>(q.template cast<double>() / spread,
                       reference::two_layer_forward(sigma, expected, X) / spread, size.d + size.N, "q");
    reference::two_layer_update(sigma, expected, X, weight, step_size(size.d),
                                {variant.trains_biases, variant.trains_v, variant.momentum});
    neurons.update(x, span(w), step_size(size.d));
    const auto result = neurons.parameters();
    expect_close<Real>(result.W / root, expected.W / root, size.d + size.b, "W");
    if (variant.has_biases) expect_close<Real>(result.b, expected.b, size.d + size.b, "b");
    expect_close<Real>(result.v, expected.v, size.d + size.b, "v");
    const auto velocities = neurons.velocities();
    EXPECT_EQ(velocities.W.size() > 0, variant.momentum > 0);
    EXPECT_EQ(velocities.b.size() > 0, variant.momentum > 0 && variant.trains_biases);
    EXPECT_EQ(velocities.v.size() > 0, variant.momentum > 0 && variant.trains_v);
  }
  EXPECT_GT((expected.W - start.W).cwiseAbs().maxCoeff(), 0) << "nothing was trained";

  // One that goes on with these numbers is the same.
  TwoLayerNeurons<Real> other(
      sigma, start, {.b = variant.trains_biases, .v = variant.trains_v, .momentum = variant.momentum},
      size.b);
  other.resume(neurons.parameters(), neurons.velocities());
  const MatrixOf<Real> x = normals(size.d, size.b, 30).cast<Real>();
  VectorOf<Real> again(size.b);
  for (int step = 0; step < 2; ++step) {
    neurons.forward(x, {q.data(), static_cast<std::size_t>(size.b)});
    other.forward(x, {again.data(), static_cast<std::size_t>(size.b)});
    EXPECT_EQ(q, again);
    neurons.update(x, span(q), 1e-3);
    other.update(x, span(q), 1e-3);
  }
}

template <class Real>
void expect_tangents_match(const Size& size, const Case& variant) {
  SCOPED_TRACE(testing::Message() << "NT " << variant.activation << " d=" << size.d << " N=" << size.N
                                  << " b=" << size.b);
  const Activation sigma = activation_from_name(variant.activation);
  const double root = 1 / std::sqrt(static_cast<double>(size.d));
  const Matrix W = normals(size.d, size.N, 1, root), start = normals(size.d, size.N, 4, root);
  const Vector b = variant.has_biases ? Vector(normals(size.N, 1, 2)) : Vector();
  const Vector biases = variant.has_biases ? b : Vector(Vector::Zero(size.N));
  Matrix A = start, velocity = Matrix::Zero(size.d, size.N);
  TangentNeurons<Real> neurons(sigma, W, b, A, variant.momentum, size.b + 2);
  EXPECT_EQ(neurons.parameters(), A);
  VectorOf<Real> q(size.b);
  for (std::uint32_t step = 0; step < 3; ++step) {
    const Matrix X = normals(size.d, size.b, 10 + step);
    const MatrixOf<Real> x = X.cast<Real>();
    const Vector weight = normals(size.b, 1, 20 + step, 1 / static_cast<double>(size.b)).col(0);
    const VectorOf<Real> w = weight.cast<Real>();
    neurons.forward(x, {q.data(), static_cast<std::size_t>(size.b)});
    const double spread = std::sqrt(static_cast<double>(size.N));
    expect_close<Real>(q.template cast<double>() / spread,
                       reference::tangent_forward(sigma, W, biases, A, X) / spread, size.d + size.N, "q");
    reference::tangent_update(sigma, W, biases, A, velocity, X, weight, step_size(size.d), variant.momentum);
    neurons.update(x, span(w), step_size(size.d));
    expect_close<Real>(neurons.parameters() / root, A / root, size.d + size.b, "A");
    EXPECT_EQ(neurons.velocities().size() > 0, variant.momentum > 0);
  }
  EXPECT_GT((A - start).cwiseAbs().maxCoeff(), 0) << "nothing was trained";

  TangentNeurons<Real> other(sigma, W, b, start, variant.momentum, size.b);
  other.resume(neurons.parameters(), neurons.velocities());
  const MatrixOf<Real> x = normals(size.d, size.b, 30).cast<Real>();
  VectorOf<Real> again(size.b);
  for (int step = 0; step < 2; ++step) {
    neurons.forward(x, {q.data(), static_cast<std::size_t>(size.b)});
    other.forward(x, {again.data(), static_cast<std::size_t>(size.b)});
    EXPECT_EQ(q, again);
    neurons.update(x, span(q), 1e-3);
    other.update(x, span(q), 1e-3);
  }
}

/// Every instruction set compiled in that this processor has.
class ActivationKernels : public testing::TestWithParam<std::int64_t> {
 protected:
  void SetUp() override { hwy::SetSupportedTargetsForTest(GetParam()); }
  void TearDown() override { hwy::SetSupportedTargetsForTest(0); }
};

TEST_P(ActivationKernels, TwoLayersMatchTheReference) {
  for (const Size& size : sizes())
    for (const Case& variant : cases()) expect_two_layers_match<float>(size, variant);
}

TEST_P(ActivationKernels, TangentsMatchTheReference) {
  for (const Size& size : sizes())
    for (const Case& variant : {cases()[0], cases()[1], cases()[5]})
      expect_tangents_match<float>(size, variant);
}

INSTANTIATE_TEST_SUITE_P(Kernels, ActivationKernels, testing::ValuesIn(hwy::SupportedAndGeneratedTargets()),
                         [](const auto& parameter) { return std::string(hwy::TargetName(parameter.param)); });

TEST(ActivationKernelsFp64, MatchTheReference) {
  for (const Size& size : sizes())
    for (const Case& variant : cases()) {
      expect_two_layers_match<double>(size, variant);
      expect_tangents_match<double>(size, variant);
    }
}

// sigma(0) and sigma'(0) of the columns that only fill a panel up are not finite here.
TEST(ActivationKernelsFp32, PaddingIsSeenByNobody) {
  Activation pole = activation_from_name("relu");
  pole.block = {};
  pole.value = [](double u) { return 1 / u; };
  pole.derivative = [](double u) { return -1 / (u * u); };
  const Matrix W = Matrix::Ones(3, 5);
  const MatrixOf<float> X = MatrixOf<float>::Ones(3, 2);
  const std::vector<float> weight{0.5f, 0.25f};
  std::vector<float> q(2);
  TwoLayerNeurons<float> network(pole, {W, {}, Vector::Ones(5)}, {.v = true}, 2);
  TangentNeurons<float> tangent(pole, W, {}, W, 0, 2);
  for (int step = 0; step < 2; ++step) {
    network.forward(X, q);
    EXPECT_TRUE(std::isfinite(q[0]));
    network.update(X, weight, 0.1);
    tangent.forward(X, q);
    EXPECT_TRUE(std::isfinite(q[0]));
    tangent.update(X, weight, 0.1);
  }
  EXPECT_TRUE(network.parameters().W.allFinite() && network.parameters().v.allFinite());
  EXPECT_TRUE(tangent.parameters().allFinite());
}

TEST(ActivationKernelsFp32, NotANumberReachesTheResult) {
  const Activation tanh = activation_from_name("tanh");
  MatrixOf<float> X = normals(30, 5, 2).cast<float>();
  X(7, 3) = std::numeric_limits<float>::quiet_NaN();
  std::vector<float> q(5);
  TwoLayerNeurons<float>(tanh, {normals(30, 7, 1), {}, Vector::Ones(7)}, {}, 5).forward(X, q);
  for (std::size_t j = 0; j < 5; ++j) EXPECT_EQ(std::isnan(q[j]), j == 3) << j;
  TangentNeurons<float>(tanh, normals(30, 7, 1), {}, normals(30, 7, 2), 0, 5).forward(X, q);
  for (std::size_t j = 0; j < 5; ++j) EXPECT_EQ(std::isnan(q[j]), j == 3) << j;
}

TEST(ActivationKernelsFp32, WrongShapesAreErrors) {
  const Activation relu = activation_from_name("relu");
  const MatrixOf<float> X = normals(30, 5, 2).cast<float>();
  const Matrix W = normals(30, 7, 1);
  std::vector<float> q(5), few(4);
  TwoLayerNeurons<float> network(relu, {W, {}, Vector::Ones(7)}, {}, 5),
      small(relu, {W, {}, Vector::Ones(7)}, {}, 4);
  EXPECT_THROW(network.forward(X, few), UsageError);
  EXPECT_THROW(small.forward(X, q), UsageError);
  EXPECT_THROW(TwoLayerNeurons<float>(relu, {W, {}, Vector::Ones(6)}, {}, 5), UsageError);
  EXPECT_THROW(TwoLayerNeurons<float>(relu, {W, {}, Vector::Ones(7)}, {.b = true}, 5), UsageError);
  TangentNeurons<float> tangent(relu, W, {}, W, 0, 5);
  EXPECT_THROW(tangent.forward(X, few), UsageError);
  EXPECT_THROW(TangentNeurons<float>(relu, W, Vector::Ones(6), W, 0, 5), UsageError);
  EXPECT_THROW(TangentNeurons<float>(relu, W, {}, W.leftCols(6), 0, 5), UsageError);
}

}  // namespace
}  // namespace lazygap::train
