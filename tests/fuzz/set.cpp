#include <string>

#include "fuzz/small.h"
#include "fuzz/target.h"
#include "lazygap/plan/plan.h"
#include "support/small_plan.h"

/// Settings of the command line, `KEY=VALUE`, one a line.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lazygap;
  std::string_view text = fuzz::text_of(data, size);
  if (!fuzz::has_small_numbers(text)) return -1;  // not for the corpus either
  plan::Overrides overrides;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::size_t equals = line.find('=');
    if (equals == 0 || equals == std::string_view::npos) return -1;  // as the command line does
    overrides.emplace_back(line.substr(0, equals), line.substr(equals + 1));
  }
  fuzz::accept_or_refuse([&] {
    const plan::Plan plan = test::small_plan(overrides);
    const std::string written = plan::to_toml(plan);
    fuzz::require(plan::to_toml(plan::plan_from_text(written, "again.toml")) == written);
  });
  return 0;
}
