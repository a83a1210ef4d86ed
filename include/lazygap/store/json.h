#pragma once

#include <nlohmann/json.hpp>

#include "lazygap/store/result.h"

namespace lazygap::store {

/// The JSON object of `--json`: model, regime, method, d, N, rho, n, draw, step_size, risk, null_risk, ratio,
/// se, test_ratio, test_se, train_ratio, gcv_ratio, loo_ratio, status, message, key, question (the object
/// that the key is made of), the fields of Provenance and, where there is one, trajectory: a list of objects
/// with step, n (samples used so far) and risk. Numbers that are absent or not finite are null.
[[nodiscard]] nlohmann::json to_json(const Result& result);

}  // namespace lazygap::store
