#include "question.h"

#include <fmt/format.h>

#include "lazygap/core/error.h"

namespace lazygap::python {
namespace {

question::Value to_value(const std::string& path, nb::handle object) {
  if (nb::isinstance<nb::bool_>(object)) return nb::cast<bool>(object);
  if (nb::isinstance<nb::int_>(object)) return nb::cast<std::int64_t>(object);
  if (nb::isinstance<nb::float_>(object)) return nb::cast<double>(object);
  if (nb::isinstance<nb::str>(object)) return nb::cast<std::string>(object);
  std::vector<double> numbers;
  if (nb::try_cast(object, numbers)) return numbers;
  throw UsageError(fmt::format("{} is {}, but must be true, false, a number, text or a list of numbers", path,
                               nb::str(nb::repr(object)).c_str()));
}

}  // namespace

question::Question to_question(const nb::dict& keys) {
  question::Question asked;
  for (const auto& [name, object] : keys) {
    const std::string path = nb::cast<std::string>(name);
    const question::Key& key = question::key_at(path);
    question::Value value = to_value(path, object);
    const auto* integer = std::get_if<std::int64_t>(&value);
    if (integer != nullptr && (key.kind == question::Kind::number || key.kind == question::Kind::positive_or_word))
      value = static_cast<double>(*integer);
    question::set(asked, key, value);
  }
  return asked;
}

}  // namespace lazygap::python
