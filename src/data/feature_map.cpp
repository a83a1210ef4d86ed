#include <fmt/format.h>

#include <cmath>

#include "data/feature_blocks.h"
#include "lazygap/core/check.h"
#include "lazygap/core/error.h"
#include "lazygap/core/random.h"
#include "lazygap/data/ridge_model.h"
#include "lazygap/network/first_layer.h"

namespace lazygap::data {

Index FeatureMap::size() const {
  const Index d = standardisation.mean.size();
  switch (kind) {
    case FeatureKind::linear:
      return d;
    case FeatureKind::random:
      return network.W.cols();
    case FeatureKind::tangent:
      return network.W.cols() * d;
  }
  return 0;
}

FeatureMap make_feature_map(const FeatureOptions& options, Standardisation standardisation) {
  constexpr auto kFunction = "data::make_feature_map";
  const Index d = standardisation.mean.size();
  FeatureMap map{.kind = options.kind, .network = {}, .standardisation = std::move(standardisation)};
  if (options.kind == FeatureKind::linear) return map;
  check_at_least(kFunction, "neurons", options.neurons, 1);
  if (options.kind == FeatureKind::tangent && !options.activation.derivative)
    throw UsageError(fmt::format("{}: NT needs a derivative of the activation {}, but it has none", kFunction,
                                 options.activation.name));
  Matrix W(d, options.neurons);
  for (Index i = 0; i < W.cols(); ++i)
    fill_normals({.seed = options.seed,
                  .purpose = Purpose::first_layer,
                  .index = options.draw,
                  .step = static_cast<std::uint32_t>(i)},
                 std::span<double>(W.col(i).data(), static_cast<std::size_t>(d)));
  map.network = {.activation = options.activation,
                 .W = W / std::sqrt(static_cast<double>(d)),
                 .biases = sample_biases(options.bias_scale, options.neurons, options.seed, options.draw)};
  return map;
}

Matrix pre_activations(const Network& network, Index first, Index count, const Matrix& Z) {
  Matrix U(count, Z.cols());
  U.noalias() = network.W.middleCols(first, count).transpose() * Z;
  if (network.biases.size() > 0) U.colwise() += network.biases.segment(first, count);
  return U;
}

Matrix neuron_values(const FeatureMap& map, Index first, Index count, const Matrix& Z) {
  Matrix U = pre_activations(map.network, first, count, Z);
  const Activation& sigma = map.network.activation;
  if (map.kind == FeatureKind::tangent) {
    for (double& u : U.reshaped()) u = sigma.derivative(u);
  } else {
    const double centre = map.network.centred ? sigma.hermite.lambda_0 : 0;
    for (double& u : U.reshaped()) u = sigma.value(u) - centre;
  }
  return U;
}

Matrix block_features(const FeatureMap& map, const Matrix& Z) {
  if (map.kind == FeatureKind::linear) return Z;
  Matrix S = neuron_values(map, 0, map.network.W.cols(), Z);
  if (map.kind == FeatureKind::random) return S;
  const Index d = Z.rows();
  Matrix F(map.size(), Z.cols());
  for (Index j = 0; j < Z.cols(); ++j)
    for (Index i = 0; i < S.rows(); ++i) F.col(j).segment(i * d, d) = S(i, j) * Z.col(j);
  return F;
}

Matrix features(const FeatureMap& map, const MatrixView& X, Rows rows) {
  check_size("data::features", "X", X.rows(), "the number of features of the map",
             map.standardisation.mean.size());
  return block_features(map, gather(X, rows, map.standardisation));
}

}  // namespace lazygap::data
