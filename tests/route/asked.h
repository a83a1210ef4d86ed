#pragma once

#include <optional>
#include <string>

#include "support/small_plan.h"

/// Questions of the small plan to one route.
namespace lazygap::route::asked {

/// At the first width; `more` changes the plan.
inline Question question(Method method, Regime regime, const plan::Overrides& more = {}) {
  return test::small_plan(more).at(method, regime, 0);
}

/// Why the route refuses the question; empty where it does not.
inline std::string refusal(const Question& question) {
  return route_of(question.method).refuses(question, question::make_instance(question)).value_or("");
}

}  // namespace lazygap::route::asked
