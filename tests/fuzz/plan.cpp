#include "lazygap/plan/plan.h"

#include "fuzz/small.h"
#include "fuzz/target.h"

/// A plan.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lazygap;
  const std::string_view text = fuzz::text_of(data, size);
  if (!fuzz::has_small_numbers(text)) return -1;  // not for the corpus either
  fuzz::accept_or_refuse([&] {
    const plan::Plan plan = plan::plan_from_text(text, "plan.toml");
    const std::string written = plan::to_toml(plan);
    fuzz::require(plan::to_toml(plan::plan_from_text(written, "again.toml")) == written);
    static_cast<void>(plan::remarks(plan));
  });
  return 0;
}
