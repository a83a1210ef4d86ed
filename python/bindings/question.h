#pragma once

#include "bindings.h"
#include "lazygap/question/keys.h"

namespace lazygap::python {

/// A question with the given keys set, {"train.steps": 100, ...}: their ranges, defaults and the sentences that refuse
/// a value are those of the table of keys.
[[nodiscard]] question::Question to_question(const nb::dict& keys);

}  // namespace lazygap::python
