#pragma once

#include "lazygap/data/ridge_model.h"

/// The features of standardised samples Z (d x b), by pieces.
namespace lazygap::data {

/// w_i^T Z + b_i of neurons first .. first + count - 1, count x b.
[[nodiscard]] Matrix pre_activations(const Network& network, Index first, Index count, const Matrix& Z);
/// Of these neurons, sigma(u) - lambda_0 (random) or sigma'(u) (tangent).
[[nodiscard]] Matrix neuron_values(const FeatureMap& map, Index first, Index count, const Matrix& Z);
/// All p features, p x b.
[[nodiscard]] Matrix block_features(const FeatureMap& map, const Matrix& Z);

}  // namespace lazygap::data
