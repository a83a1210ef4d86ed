#include "lazygap/network/regime.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "lazygap/core/error.h"

namespace lazygap {
namespace {

constexpr std::array<std::pair<Regime, std::string_view>, 6> kNames{{{Regime::rf_isotropic, "RF(I)"},
                                                                     {Regime::rf_aligned, "RF(Gamma*)"},
                                                                     {Regime::rf, "RF"},
                                                                     {Regime::nt, "NT"},
                                                                     {Regime::nn, "NN"},
                                                                     {Regime::bayes, "Bayes"}}};
}  // namespace

std::string_view to_string(Regime regime) {
  for (const auto& [value, name] : kNames)
    if (value == regime) return name;
  return "";
}

Regime regime_from_string(std::string_view word) {
  if (word == "NT(I)") return Regime::nt;
  for (const auto& [value, name] : kNames)
    if (name == word) return value;
  throw UsageError(
      fmt::format("'{}' is not a regime; accepted are RF(I), RF(Gamma*), RF, NT, NN, Bayes", word));
}

bool is_rf(Regime regime) {
  return regime == Regime::rf_isotropic || regime == Regime::rf_aligned || regime == Regime::rf;
}

FirstLayerLaw first_layer_law(Regime regime, const Problem& problem, const Matrix& given) {
  if (regime == Regime::rf_aligned) return FirstLayerLaw::aligned(problem);
  if (regime == Regime::rf)
    return given.cols() == 1 ? FirstLayerLaw::diagonal(problem, given) : FirstLayerLaw::full(problem, given);
  return FirstLayerLaw::isotropic(problem);
}

}  // namespace lazygap
