#include "lazygap/question/name.h"

#include <fmt/format.h>

#include <boost/uuid/name_generator_sha1.hpp>
#include <boost/uuid/uuid.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <nlohmann/json.hpp>
#include <utility>

#include "lazygap/question/keys.h"

namespace lazygap::question {
namespace {

/// The name-based UUID (SHA-1) of some bytes.
std::string name_based_uuid(const void* bytes, std::size_t size) {
  // Any fixed name space will do; this one is that of RFC 4122 for URLs.
  static const boost::uuids::name_generator_sha1 generate(boost::uuids::ns::url());
  return boost::uuids::to_string(generate(bytes, size));
}

struct ToJson {
  nlohmann::json operator()(bool value) const { return value; }
  nlohmann::json operator()(std::int64_t value) const { return value; }
  nlohmann::json operator()(double value) const { return value; }
  nlohmann::json operator()(const std::string& value) const { return value; }
  nlohmann::json operator()(const std::vector<double>& value) const { return value; }
  /// A diagonal as its numbers, a whole matrix by its name.
  nlohmann::json operator()(const SharedMatrix& value) const {
    if (!value) return nullptr;
    if (value->cols() == 1) return std::vector<double>(value->data(), value->data() + value->size());
    return content_name(*value);
  }
};

void put(nlohmann::json& name, std::string_view place, const Value& value) {
  nlohmann::json* table = &name;
  for (std::size_t dot; (dot = place.find('.')) != std::string_view::npos; place.remove_prefix(dot + 1))
    table = &(*table)[std::string(place.substr(0, dot))];
  (*table)[std::string(place)] = std::visit(ToJson(), value);
}

nlohmann::json name_json(const Question& question, int version) {
  nlohmann::json name = {{"task", to_string(question.method)}, {"version", version}};
  for (const Key& key : keys()) {
    if (key.is_read == nullptr || !key.is_read(question)) continue;
    if (key.in_name) {
      for (const NamePart& part : key.in_name(question)) put(name, part.place, part.value);
      continue;
    }
    const Value value = key.get(question);
    if (key.omitted_at_default && equal(value, standard(question, key))) continue;
    put(name, key.place, value);
  }
  // The name of an activation stands alone where nothing else is said of it.
  if (auto found = name.find("activation");
      found != name.end() && found->size() == 1 && found->contains("name"))
    *found = nlohmann::json((*found)["name"]);
  return name;
}

}  // namespace

std::string content_name(const Matrix& matrix) {
  return fmt::format(
      "{}x{} {}", matrix.rows(), matrix.cols(),
      name_based_uuid(matrix.data(), static_cast<std::size_t>(matrix.size()) * sizeof(double)));
}

std::string identity(const std::string& name) {
  const std::string text = "lazygap:" + name;
  return name_based_uuid(text.data(), text.size());
}

std::string name(const Question& question, int version) { return name_json(question, version).dump(); }

std::vector<std::string> names(const Question& question, int version,
                               std::span<const Repetition> repetitions) {
  static const Key& draw = key_at("network.draw");
  static const Key& step_size = key_at("train.step_size");
  nlohmann::json name = name_json(question, version);
  const bool has_draw = draw.is_read(question), has_step_size = step_size.is_read(question);
  std::vector<std::string> all;
  all.reserve(repetitions.size());
  for (const Repetition& repetition : repetitions) {
    if (has_draw) name[draw.place] = static_cast<std::int64_t>(repetition.draw);
    if (has_step_size && repetition.step_size > 0) name[step_size.place] = repetition.step_size;
    all.push_back(name.dump());
  }
  return all;
}

}  // namespace lazygap::question
