#include "lazygap/core/status.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "lazygap/core/error.h"
#include "lazygap/core/quote.h"

namespace lazygap {
namespace {

constexpr std::array<std::pair<Status, std::string_view>, 6> kWords{{{Status::none, "none"},
                                                                     {Status::ok, "ok"},
                                                                     {Status::diverged, "diverged"},
                                                                     {Status::not_converged, "not_converged"},
                                                                     {Status::failed, "failed"},
                                                                     {Status::eliminated, "eliminated"}}};
}  // namespace

std::string_view to_string(Status status) {
  for (const auto& [value, word] : kWords)
    if (value == status) return word;
  return "none";
}

Status status_from_string(std::string_view word) {
  for (const auto& [value, known] : kWords)
    if (known == word) return value;
  throw UsageError(fmt::format(
      "status_from_string: {} is not one of none, ok, diverged, not_converged, failed, eliminated",
      quote(word)));
}

}  // namespace lazygap
