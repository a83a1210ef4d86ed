#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "lazygap/core/answer.h"
#include "lazygap/core/status.h"
#include "lazygap/network/mechanism.h"

namespace lazygap::store {

/// Where and how a number was computed.
struct Provenance {
  std::string commit;  ///< of the sources lazygap was built from, "unknown" outside git
  std::string compiler;
  std::string instruction_set;  ///< chosen at run time, for example "AVX-512"
  std::string machine;
  int threads = 0;
  double seconds = 0;       ///< spent on this cell
  std::string finished_at;  ///< UTC, ISO 8601
};

/// The answer of one route to one question: one row of the store, one JSON object of `--json`. A
/// default-constructed Result is visibly empty: it has Status::none and a risk that is NaN.
struct Result {
  std::string key;         ///< identifies the cell; equal keys mean equal numbers
  std::string parameters;  ///< canonical JSON that the key is made of
  std::string model;       ///< "qf", "mg" or "polynomial"
  std::string regime;      ///< as lazygap::to_string(Regime)
  std::string method;      ///< as question::to_string(Method)
  std::int64_t d = 0;
  std::int64_t N = 0;             ///< 0 where there is no network (Bayes)
  double rho = 0;                 ///< N / d
  std::optional<std::int64_t> n;  ///< samples used; empty when infinite
  std::int64_t draw = 0;
  std::optional<double> step_size;                         ///< train and flow
  double risk = std::numeric_limits<double>::quiet_NaN();  ///< exact population risk
  double null_risk = std::numeric_limits<double>::quiet_NaN();
  double ratio = std::numeric_limits<double>::quiet_NaN();  ///< risk / null_risk
  std::optional<double> se;  ///< standard error of `ratio` where it is an estimate on test samples
  std::optional<double> test_ratio, test_se;  ///< the paper's estimate on fresh samples, its standard error
  /// curve and fit, over null_risk, where they know them: the error on the noisy samples of the fit,
  /// generalised cross-validation, leave-one-out
  std::optional<double> train_ratio, gcv_ratio, loo_ratio;
  Status status = Status::none;
  std::string message;                 ///< why the status is not ok; the algorithm's path where it is
  std::vector<CurvePoint> trajectory;  ///< train and flow
  Mechanism mechanism = {};            ///< train and flow, where train.mechanism asks for it
  /// Folder of the trained numbers as .npy files, beside the store, where train.keep_weights asks for it;
  /// else empty.
  std::string weights = {};
  Provenance provenance;
};

}  // namespace lazygap::store
