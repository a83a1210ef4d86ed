#pragma once

#include <map>
#include <string>

#include "lazygap/plan/plan.h"
#include "plan/document.h"
#include "plan/reader.h"

namespace lazygap::plan {

/// What no single key can know. Throws UsageError that names the key at fault. `leaves`: the keys that the
/// document gives, with their nodes.
void check_plan(Plan& plan, const Document& document, const Reader& reader,
                const std::map<std::string, const toml::node*, std::less<>>& leaves);

}  // namespace lazygap::plan
