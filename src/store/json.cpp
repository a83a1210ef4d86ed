#include "lazygap/store/json.h"

#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

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

nlohmann::json rows_of(const Matrix& matrix) {
  nlohmann::json rows = nlohmann::json::array();
  for (const auto& row : matrix.rowwise()) rows.push_back(std::vector<double>(row.begin(), row.end()));
  return rows;
}

double number_of(const nlohmann::json& value) { return value.is_null() ? std::nan("") : value.get<double>(); }

std::vector<double> numbers_of(const nlohmann::json& list) {
  std::vector<double> numbers;
  for (const nlohmann::json& value : list) numbers.push_back(number_of(value));
  return numbers;
}

/// Rows of one length; anything else throws.
Matrix matrix_of(const nlohmann::json& rows) {
  Matrix matrix(static_cast<Index>(rows.size()), rows.empty() ? 0 : static_cast<Index>(rows.front().size()));
  for (Index i = 0; i < matrix.rows(); ++i)
    for (Index j = 0; j < matrix.cols(); ++j)
      matrix(i, j) = number_of(rows.at(static_cast<std::size_t>(i)).at(static_cast<std::size_t>(j)));
  return matrix;
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
  if (!r.mechanism.empty()) object["mechanism"] = to_json(r.mechanism);
  if (!r.weights.empty()) object["weights"] = r.weights;
  return object;
}

nlohmann::json to_json(const Mechanism& mechanism) {
  nlohmann::json points = nlohmann::json::array();
  for (const MechanismPoint& point : mechanism.points)
    points.push_back({{"step", point.step},
                      {"n", point.samples},
                      {"eigenvalues", point.eigenvalues},
                      {"overlaps", point.overlaps},
                      {"change", finite_or_null(point.change)},
                      {"kernel_cosine", finite_or_null(point.kernel_cosine)}});
  return {{"ranks", mechanism.ranks},
          {"points", std::move(points)},
          {"before", rows_of(mechanism.before)},
          {"after", rows_of(mechanism.after)}};
}

Mechanism mechanism_from_json(const nlohmann::json& object) {
  Mechanism mechanism{.ranks = object.at("ranks"),
                      .points = {},
                      .before = matrix_of(object.at("before")),
                      .after = matrix_of(object.at("after"))};
  for (const nlohmann::json& point : object.at("points"))
    mechanism.points.push_back({.step = point.at("step"),
                                .samples = point.at("n"),
                                .eigenvalues = numbers_of(point.at("eigenvalues")),
                                .overlaps = numbers_of(point.at("overlaps")),
                                .change = number_of(point.at("change")),
                                .kernel_cosine = number_of(point.at("kernel_cosine"))});
  return mechanism;
}

}  // namespace lazygap::store
