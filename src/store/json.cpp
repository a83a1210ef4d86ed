#include "lazygap/store/json.h"

#include <cmath>

namespace lazygap::store {
namespace {

nlohmann::json finite_or_null(double number) {
  return std::isfinite(number) ? nlohmann::json(number) : nlohmann::json();
}
template <class Number>
nlohmann::json number_or_null(const std::optional<Number>& number) {
  if (!number) return {};
  if constexpr (std::is_floating_point_v<Number>)
    return finite_or_null(*number);
  else
    return *number;
}

}  // namespace

nlohmann::json to_json(const Result& r) {
  nlohmann::json object = {
      {"model", r.model},
      {"regime", r.regime},
      {"method", r.method},
      {"d", r.d},
      {"N", r.N},
      {"rho", finite_or_null(r.rho)},
      {"n", number_or_null(r.n)},
      {"draw", r.draw},
      {"step_size", number_or_null(r.step_size)},
      {"risk", finite_or_null(r.risk)},
      {"null_risk", finite_or_null(r.null_risk)},
      {"ratio", finite_or_null(r.ratio)},
      {"se", number_or_null(r.se)},
      {"test_ratio", number_or_null(r.test_ratio)},
      {"test_se", number_or_null(r.test_se)},
      {"train_ratio", number_or_null(r.train_ratio)},
      {"gcv_ratio", number_or_null(r.gcv_ratio)},
      {"loo_ratio", number_or_null(r.loo_ratio)},
      {"status", to_string(r.status)},
      {"message", r.message},
      {"key", r.key},
      {"commit", r.provenance.commit},
      {"compiler", r.provenance.compiler},
      {"instruction_set", r.provenance.instruction_set},
      {"machine", r.provenance.machine},
      {"threads", r.provenance.threads},
      {"seconds", finite_or_null(r.provenance.seconds)},
      {"finished_at", r.provenance.finished_at},
  };
  if (auto question = nlohmann::json::parse(r.parameters, nullptr, false); question.is_object())
    object["question"] = std::move(question);
  if (!r.trajectory.empty()) {
    nlohmann::json points = nlohmann::json::array();
    for (const CurvePoint& point : r.trajectory)
      points.push_back({{"step", point.step}, {"n", point.samples}, {"risk", finite_or_null(point.risk)}});
    object["trajectory"] = std::move(points);
  }
  return object;
}

}  // namespace lazygap::store
