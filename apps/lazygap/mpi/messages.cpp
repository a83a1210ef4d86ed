#include "mpi/messages.h"

#include <cblas.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

#include "lazygap/core/processor.h"
#include "lazygap/question/keys.h"
#include "lazygap/question/name.h"
#include "lazygap/route/route.h"
#include "lazygap/schedule/provenance.h"
#include "lazygap/store/json.h"

namespace lazygap::app::mpi {
namespace {

using question::Key;
using question::Kind;
using question::Value;

bool is_matrix(const Key& key) { return key.kind == Kind::matrix || key.kind == Kind::rows; }

json value_to_json(const Value& value, Matrices& matrices) {
  if (const auto* matrix = std::get_if<SharedMatrix>(&value)) {
    const std::string name = question::content_name(**matrix);
    matrices.emplace(name, *matrix);
    return name;
  }
  return std::visit(
      [](const auto& v) -> json {
        if constexpr (std::is_same_v<std::decay_t<decltype(v)>, SharedMatrix>)
          return nullptr;
        else
          return v;
      },
      value);
}

Value value_from_json(const Key& key, const json& value, const Matrices& matrices) {
  if (is_matrix(key)) return matrices.at(value.get<std::string>());
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (value.is_number()) return value.get<double>();
  if (value.is_string()) return value.get<std::string>();
  return value.get<std::vector<double>>();
}

std::string answer_key(const Question& question) { return question::identity(route::name(question)); }

template <class Number>
json optional_to_json(const std::optional<Number>& number) {
  return number ? json(*number) : json();
}
template <class Number>
std::optional<Number> optional_from_json(const json& value) {
  return value.is_null() ? std::optional<Number>() : value.get<Number>();
}

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "unknown";
}

}  // namespace

json to_json(const Question& question, Matrices& matrices) {
  json keys = json::object();
  for (const Key& key : question::keys())
    if (question::is_given(question, key)) keys[key.path] = value_to_json(key.get(question), matrices);
  return {{"method", question::to_string(question.method)},
          {"regime", lazygap::to_string(question.network.regime)},
          {"draw", question.draw},
          {"step_size", question.train.options.step_size},
          {"keys", std::move(keys)},
          {"key", answer_key(question)}};
}

Question question_from_json(const json& object, const Matrices& matrices) {
  Question question;
  question.method = route::find_route(object.at("method").get<std::string>())->method;
  question.network.regime = regime_from_string(object.at("regime").get<std::string>());
  for (const Key& key : question::keys())  // in the order in which plans are read
    if (const auto found = object.at("keys").find(key.path); found != object.at("keys").end())
      question::set(question, key, value_from_json(key, *found, matrices));
  question::complete(question);
  question.draw = object.at("draw").get<std::uint32_t>();
  question.train.options.step_size = object.at("step_size").get<double>();
  if (answer_key(question) != object.at("key").get<std::string>())
    throw std::runtime_error("a rank reads a question otherwise than rank 0: " + object.dump());
  return question;
}

json to_json(const Matrix& matrix) {
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(matrix.size()) * sizeof(double));
  std::memcpy(bytes.data(), matrix.data(), bytes.size());
  return {{"rows", matrix.rows()}, {"cols", matrix.cols()}, {"numbers", json::binary(std::move(bytes))}};
}

SharedMatrix matrix_from_json(const json& object) {
  auto matrix = std::make_shared<Matrix>(object.at("rows").get<Index>(), object.at("cols").get<Index>());
  const json::binary_t& bytes = object.at("numbers").get_binary();
  if (bytes.size() != static_cast<std::size_t>(matrix->size()) * sizeof(double))
    throw std::runtime_error("a matrix has arrived incomplete");
  std::memcpy(matrix->data(), bytes.data(), bytes.size());
  return matrix;
}

json result_to_json(const store::Result& r) {
  // Does not compile once there is another field: it has to be carried, too.
  [[maybe_unused]] const auto& [key, parameters, model, regime, method, d, N, rho, n, draw, step_size, risk,
                                null_risk, ratio, se, test_ratio, test_se, train_ratio, gcv_ratio, loo_ratio,
                                status, message, trajectory, mechanism, weights, provenance] = r;
  json points = json::array();
  for (const CurvePoint& point : r.trajectory) points.push_back({point.step, point.samples, point.risk});
  const store::Provenance& p = r.provenance;
  return {{"key", r.key},
          {"parameters", r.parameters},
          {"model", r.model},
          {"regime", r.regime},
          {"method", r.method},
          {"d", r.d},
          {"N", r.N},
          {"rho", r.rho},
          {"n", optional_to_json(r.n)},
          {"draw", r.draw},
          {"step_size", optional_to_json(r.step_size)},
          {"risk", r.risk},
          {"null_risk", r.null_risk},
          {"ratio", r.ratio},
          {"se", optional_to_json(r.se)},
          {"test_ratio", optional_to_json(r.test_ratio)},
          {"test_se", optional_to_json(r.test_se)},
          {"train_ratio", optional_to_json(r.train_ratio)},
          {"gcv_ratio", optional_to_json(r.gcv_ratio)},
          {"loo_ratio", optional_to_json(r.loo_ratio)},
          {"status", lazygap::to_string(r.status)},
          {"message", r.message},
          {"trajectory", std::move(points)},
          {"mechanism", r.mechanism.empty() ? json() : store::to_json(r.mechanism)},
          {"weights", r.weights},
          {"commit", p.commit},
          {"compiler", p.compiler},
          {"instruction_set", p.instruction_set},
          {"machine", p.machine}};
}

store::Result result_from_json(const json& o) {
  store::Result r{.key = o.at("key"),
                  .parameters = o.at("parameters"),
                  .model = o.at("model"),
                  .regime = o.at("regime"),
                  .method = o.at("method"),
                  .d = o.at("d"),
                  .N = o.at("N"),
                  .rho = o.at("rho"),
                  .n = optional_from_json<std::int64_t>(o.at("n")),
                  .draw = o.at("draw"),
                  .step_size = optional_from_json<double>(o.at("step_size")),
                  .risk = o.at("risk"),
                  .null_risk = o.at("null_risk"),
                  .ratio = o.at("ratio"),
                  .se = optional_from_json<double>(o.at("se")),
                  .test_ratio = optional_from_json<double>(o.at("test_ratio")),
                  .test_se = optional_from_json<double>(o.at("test_se")),
                  .train_ratio = optional_from_json<double>(o.at("train_ratio")),
                  .gcv_ratio = optional_from_json<double>(o.at("gcv_ratio")),
                  .loo_ratio = optional_from_json<double>(o.at("loo_ratio")),
                  .status = status_from_string(o.at("status").get<std::string>()),
                  .message = o.at("message"),
                  .trajectory = {},
                  .mechanism = {},
                  .weights = o.at("weights"),
                  .provenance = {.commit = o.at("commit"),
                                 .compiler = o.at("compiler"),
                                 .instruction_set = o.at("instruction_set"),
                                 .machine = o.at("machine"),
                                 .finished_at = {}}};
  for (const json& point : o.at("trajectory"))
    r.trajectory.push_back({.step = point.at(0), .samples = point.at(1), .risk = point.at(2)});
  if (!o.at("mechanism").is_null()) r.mechanism = store::mechanism_from_json(o.at("mechanism"));
  return r;
}

json weights_to_json(const Weights& weights) {
  return {{"W", to_json(weights.W)},
          {"A", to_json(weights.A)},
          {"a", to_json(Matrix(weights.a))},
          {"b", to_json(Matrix(weights.b))},
          {"c", weights.c}};
}

Weights weights_from_json(const json& o) {
  return {.W = *matrix_from_json(o.at("W")),
          .A = *matrix_from_json(o.at("A")),
          .a = matrix_from_json(o.at("a"))->reshaped(),
          .b = matrix_from_json(o.at("b"))->reshaped(),
          .c = o.at("c")};
}

json introduction(int rank, double memory_bytes) {
  return {{"rank", rank},
          {"host", host_name()},
          {"memory", memory_bytes},
          {"program", fmt::format("lazygap {} ({})", LAZYGAP_VERSION, schedule::provenance().commit)},
          {"instruction set", instruction_set()},
          {"bf16 products", has_bf16_products() ? "yes" : "no"},
          {"OpenBLAS core", openblas_get_corename()}};
}

std::string refusal(const json& first, const json& other) {
  for (const char* fact : {"program", "instruction set", "bf16 products", "OpenBLAS core"})
    if (first.at(fact) != other.at(fact))
      return fmt::format(
          "rank {} on {} has \"{}\" where rank {} on {} has \"{}\" ({}), so that their numbers may differ: "
          "all ranks of a run need the same program on the same kind of processor",
          other.at("rank").get<int>(), other.at("host").get<std::string>(), other.at(fact).get<std::string>(),
          first.at("rank").get<int>(), first.at("host").get<std::string>(), first.at(fact).get<std::string>(),
          fact);
  return {};
}

}  // namespace lazygap::app::mpi
