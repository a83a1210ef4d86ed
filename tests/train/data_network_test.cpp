#include "lazygap/train/data_network.h"

#include <gtest/gtest.h>

#include <cmath>

#include "data/shuffle.h"
#include "lazygap/core/random.h"
#include "support/message.h"

/// SGD over epochs against the same steps written out.
namespace lazygap::train {
namespace {

using data::view;

/// fp64 rounding over some hundred steps; fp32 the same.
constexpr double kRounding = 1e-10, kSingle = 2e-3;

Matrix normals(Index rows, Index columns, std::uint32_t index) {
  Matrix M(rows, columns);
  fill_normals({.seed = 3, .purpose = Purpose::testing, .index = index},
               {M.data(), static_cast<std::size_t>(M.size())});
  return M;
}

struct Sample {
  Matrix X, Y;
  Vector weights;
  explicit Sample(Index outputs, bool weighted = false)
      : X(2 * normals(5, 90, 1)),
        Y(0.1 * normals(outputs, 90, 2)),
        weights(weighted ? Vector(normals(90, 1, 4).cwiseAbs()) : Vector()) {
    for (Index c = 0; c < outputs; ++c) Y.row(c) += X.row(c).array().square().matrix() + X.row(c + 1);
  }
  [[nodiscard]] data::DataSet set() const { return {view(X), view(Y), view(weights)}; }
};

/// The weights after `epochs` epochs, in the units of y.
struct Plain {
  Matrix W, V;
  Vector b, c;
};

Plain plain_sgd(const Sample& sample, const std::vector<Index>& train, const DataOptions& options) {
  const data::DataSet set = sample.set();
  const auto standard = data::standardisation(set, train);
  const Index d = set.dimension(), k = set.outputs(), N = options.neurons;
  const double alpha = options.alpha, momentum = options.momentum;
  // The weights at the start are those of the library after no training worth speaking of.
  DataOptions still = options;
  still.epochs = 1;
  still.step_size = 1e-300;
  const DataNetwork start = train_network(set, train, {}, still);
  Vector mean = data::mean_outputs(set, train);
  double variance = 0, total = 0;
  for (const Index i : train) {
    variance += set.weight(i) * (set.Y.col(i) - mean).squaredNorm();
    total += set.weight(i);
  }
  const double scale = std::sqrt(variance / total / static_cast<double>(k));
  const double unit = scale * alpha / static_cast<double>(N);
  Matrix W = start.W, V = start.second_layer / unit, vW = Matrix::Zero(d, N), vV = Matrix::Zero(k, N);
  Vector b = start.biases, vb = Vector::Zero(N), c = Vector::Zero(k), vc = c;
  for (std::int64_t epoch = 1; epoch <= options.epochs; ++epoch) {
    const auto order = data::permutation({.seed = options.seed,
                                          .purpose = Purpose::training,
                                          .index = options.draw,
                                          .step = static_cast<std::uint32_t>(epoch)},
                                         static_cast<Index>(train.size()));
    for (std::size_t first = 0; first < order.size(); first += static_cast<std::size_t>(options.batch)) {
      Matrix gW = Matrix::Zero(d, N), gV = Matrix::Zero(k, N);
      Vector gb = Vector::Zero(N), gc = Vector::Zero(k);
      const std::size_t end = std::min(order.size(), first + static_cast<std::size_t>(options.batch));
      for (std::size_t j = first; j < end; ++j) {
        const Index i = train[static_cast<std::size_t>(order[j])];
        const Vector z = (set.X.col(i) - standard.mean).cwiseQuotient(standard.scale);
        const Vector u = W.transpose() * z + b;
        const Vector s = u.unaryExpr(options.activation.value),
                     ds = u.unaryExpr(options.activation.derivative);
        const Vector f = alpha / static_cast<double>(N) * (V * s) + c;
        const double v =
            set.weight(i) * static_cast<double>(train.size()) / total / static_cast<double>(end - first);
        const Vector r = v * ((set.Y.col(i) - mean) / scale - f);
        const Vector back = (V.transpose() * r).cwiseProduct(ds) * (2 / alpha);
        gW += z * back.transpose();
        gb += back;
        gV += 2 / alpha * r * s.transpose();
        gc += 2 * r;
      }
      W += options.step_size * (vW = momentum * vW + gW);
      b += options.step_size * (vb = momentum * vb + gb);
      V += options.step_size * (vV = momentum * vV + gV);
      c += options.step_size * (vc = momentum * vc + gc);
    }
  }
  return {W, unit * V, b, mean + scale * c};
}

struct Case {
  Index outputs;
  double momentum, alpha;
  bool weighted;
};
void PrintTo(const Case& c, std::ostream* out) {
  *out << c.outputs << " outputs, momentum " << c.momentum << ", alpha " << c.alpha
       << (c.weighted ? ", weighted" : "");
}
class DataNetworks : public testing::TestWithParam<Case> {};

TEST_P(DataNetworks, StepByStepAsWrittenOut) {
  const auto [outputs, momentum, alpha, weighted] = GetParam();
  const Sample sample(outputs, weighted);
  const std::vector<Index> train = data::all_rows(70);
  DataOptions options{.activation = activation_from_name("tanh"),
                      .neurons = 53,
                      .alpha = alpha,
                      .momentum = momentum,
                      .batch = 16,
                      .step_size = 0.05,
                      .epochs = 4,
                      .precision = Precision::fp64};
  const Plain plain = plain_sgd(sample, train, options);
  const DataNetwork full = train_network(sample.set(), train, {}, options);
  ASSERT_EQ(full.status, Status::ok);
  EXPECT_LT((full.W - plain.W).cwiseAbs().maxCoeff(), kRounding);
  EXPECT_LT((full.biases - plain.b).cwiseAbs().maxCoeff(), kRounding);
  EXPECT_LT((full.second_layer - plain.V).cwiseAbs().maxCoeff(), kRounding);
  EXPECT_LT((full.offset - plain.c).cwiseAbs().maxCoeff(), kRounding);
  options.precision = Precision::fp32;
  const DataNetwork single = train_network(sample.set(), train, {}, options);
  EXPECT_LT((single.W - plain.W).cwiseAbs().maxCoeff(), kSingle);
  EXPECT_LT((single.biases - plain.b).cwiseAbs().maxCoeff(), kSingle);
  EXPECT_LT((single.second_layer - plain.V).cwiseAbs().maxCoeff(), kSingle);
}

INSTANTIATE_TEST_SUITE_P(All, DataNetworks,
                         testing::Values(Case{1, 0, 1, false}, Case{1, 0.9, 2, true}, Case{3, 0, 0.5, false},
                                         Case{3, 0.9, 1, true}));

TEST(DataNetwork, KeepsTheBestWeightsOfTheValidationPart) {
  const Sample sample(2);
  const std::vector<Index> train = data::all_rows(60);
  std::vector<Index> validation;
  for (Index i = 60; i < 90; ++i) validation.push_back(i);
  const DataNetwork network =
      train_network(sample.set(), train, validation, {.neurons = 20, .epochs = 60, .patience = 5});
  ASSERT_EQ(network.status, Status::ok);
  ASSERT_GE(network.best, 1);
  double least = network.curve.front().validation;
  for (const Epoch& epoch : network.curve) least = std::min(least, epoch.validation);
  EXPECT_EQ(network.curve[static_cast<std::size_t>(network.best - 1)].validation, least);
  const Matrix values = predict(network, sample.set().X, validation);
  EXPECT_NEAR((sample.Y.rightCols(30) - values).squaredNorm() / 30, least, kSingle * least);
  EXPECT_LT(least, network.curve.front().validation);
}

TEST(DataNetwork, GoesOnFromWeights) {
  const Sample sample(1);
  const std::vector<Index> train = data::all_rows(90);
  DataOptions options{
      .neurons = 20, .momentum = 0, .step_size = 0.05, .epochs = 6, .precision = Precision::fp64};
  const DataNetwork whole = train_network(sample.set(), train, {}, options);
  options.epochs = 2;
  const DataNetwork part = train_network(sample.set(), train, {}, options);
  options.epochs = 4;
  options.step_size = 0;
  const DataNetwork rest = train_network(sample.set(), train, {}, options, {}, &part);
  EXPECT_EQ(rest.epochs, 6);
  EXPECT_LT((rest.W - whole.W).cwiseAbs().maxCoeff(), kRounding);
}

TEST(DataNetwork, StopsAndKeepsWhatItHas) {
  const Sample sample(1);
  int asked = 0;
  const DataNetwork network = train_network(sample.set(), data::all_rows(90), {}, {.neurons = 20},
                                            {.stop = [&] { return ++asked > 40; }});
  EXPECT_EQ(network.status, Status::none);
  EXPECT_EQ(network.W.cols(), 20);
}

TEST(DataNetwork, DivergesWithAStatus) {
  const Sample sample(1);
  EXPECT_EQ(train_network(sample.set(), data::all_rows(90), {}, {.neurons = 20, .step_size = 100}).status,
            Status::diverged);
}

/// Small samples of targets of several kinds, where the whole training part is one batch: a large step size
/// is ahead after the first epochs, and diverges later.
TEST(DataNetwork, TheSearchFindsAStepSizeWhereOneWorks) {
  for (const Index n : {6, 20, 30})
    for (const Index d : {1, 3, 10})
      for (std::uint32_t kind = 0; kind < 3; ++kind) {
        const Matrix X = normals(d, n, 10 + kind);
        const Matrix Y = kind == 0   ? Matrix(normals(1, n, 20))
                         : kind == 1 ? Matrix(X.topRows(1).array().square())
                                     : Matrix(X.topRows(1).array().sign());
        const DataNetwork network =
            train_network({view(X), view(Y), {nullptr, 0}}, data::all_rows(n), {}, {.neurons = 100});
        EXPECT_EQ(network.status, Status::ok) << n << " samples, " << d << " features, target " << kind;
        ASSERT_EQ(network.curve.size(), 500u);
        EXPECT_LT(network.curve.back().training, network.curve.front().training);
      }
}

TEST(DataNetwork, RefusesWithASentence) {
  const Sample sample(1);
  const auto refusal = [&](const DataOptions& options) {
    return test::message<UsageError>(
        [&] { (void)train_network(sample.set(), data::all_rows(90), {}, options); });
  };
  EXPECT_EQ(refusal({.neurons = 0}), "train::train_network: neurons is 0, but must be at least 1");
  EXPECT_EQ(refusal({.momentum = 1}),
            "train::train_network: momentum is 1, but must be at least 0 and below 1");
  EXPECT_EQ(refusal({.precision = Precision::bf16}),
            "train::train_network: precision is bf16, but must be fp32 or fp64");
}

}  // namespace
}  // namespace lazygap::train
