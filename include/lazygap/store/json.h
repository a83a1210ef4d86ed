#pragma once

#include <nlohmann/json.hpp>

#include "lazygap/network/mechanism.h"
#include "lazygap/store/result.h"

namespace lazygap::store {

/// The JSON object of `--json`: model, regime, method, d, N, rho, n, draw, step_size, risk, null_risk, ratio,
/// se, test_ratio, test_se, train_ratio, gcv_ratio, loo_ratio, status, message, key, question (the object
/// that the key is made of), the fields of Provenance and, where there is one,
/// trajectory: a list of objects with step, n (samples used so far) and risk; mechanism: see below; weights:
/// the folder of the trained numbers. Numbers that are absent or not finite are null.
[[nodiscard]] nlohmann::json to_json(const Result& result);

/// ranks (k of the overlaps), points: a list of objects with step, n, eigenvalues (a list, of W W^T),
/// overlaps (a list, one for each k), change and kernel_cosine; before and after: heat maps as lists of rows.
/// See network/mechanism.h.
[[nodiscard]] nlohmann::json to_json(const Mechanism& mechanism);
/// The inverse, where null is NaN. Throws nlohmann::json::exception where a field is missing or of another
/// type.
[[nodiscard]] Mechanism mechanism_from_json(const nlohmann::json& object);

}  // namespace lazygap::store
