#include <gtest/gtest.h>

#include <string>

#include "plan/full_plan.h"
#include "support/contains.h"
#include "support/small_plan.h"
#include "support/temporary_folder.h"

namespace lazygap::plan {
namespace {

using namespace test;

TEST(Document, RefusedOverridesNameThemselves) {
  const auto message = [](const char* key, const char* value) { return refusal(kSmallPlan, {{key, value}}); };
  EXPECT_TRUE(message("sweep.draws", "x")
                  .starts_with("--set sweep.draws: sweep.draws is \"x\", but must be an integer"));
  EXPECT_TRUE(message("sweep.drows", "3")
                  .starts_with("--set sweep.drows: unknown key \"sweep.drows\"; did you mean \"draws\"?"));
  EXPECT_TRUE(message("swep.draws", "3")
                  .starts_with("--set swep.draws: unknown key \"swep\"; did you mean \"sweep\"?"));
  EXPECT_TRUE(message("sweep.neurons", "[3, 1]").starts_with("--set sweep.neurons: sweep.neurons[1] is 1"));
  EXPECT_TRUE(
      message("sweep.neurons", "[3,").starts_with("--set sweep.neurons: \"[3,\" is not a TOML value"));
  EXPECT_TRUE(message("sweep.draws", "").starts_with("--set sweep.draws: \"\" is not a TOML value"));
  EXPECT_TRUE(message("sweep.draws", "1\nx = 2")
                  .starts_with("--set sweep.draws: \"1\\nx = 2\" is more than one value"));
  EXPECT_TRUE(message("sweep", "3").starts_with("--set sweep: sweep is 3, but must be a table"));
  EXPECT_TRUE(message("name.x", "3").starts_with("--set name.x: \"name\" is not a table in plan.toml"));
  EXPECT_TRUE(message("sweep.", "3").starts_with("--set sweep.: the key is empty"));
  EXPECT_TRUE(message("\x1b[31m", "1").starts_with(R"(--set "\x1b[31m": is no key)"));
  const std::string far_too_long(5000, 'x');
  EXPECT_LT(message(far_too_long.c_str(), "1").size(), 200);
  EXPECT_TRUE(message("problem.spectrum.values", "[1]")
                  .starts_with("--set problem.spectrum.values: problem.spectrum.values belongs to"));
}

}  // namespace
}  // namespace lazygap::plan
