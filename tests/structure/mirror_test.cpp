#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "structure/source_tree.h"

/// tests/ mirrors src/: src/plan/cells.cpp has its tests in tests/plan/cells_test.cpp.
namespace lazygap::structure {
namespace {

/// Sources that are tested through others. The list only shrinks: a new source brings its test.
const std::set<std::string> kTestedThroughOthers{
    "question/keys_fit",   "question/keys_network", "question/keys_problem",
    "question/keys_train", "schedule/pool",
};

TEST(Mirror, SourcesOfTheExperimentHaveATestOfTheirName) {
  std::vector<std::string> missing, superfluous;
  for (const char* folder : {"question", "route", "plan", "schedule", "report"})
    for (const File& file : read_files(std::string("src/") + folder, {".cpp"})) {
      const std::string name =
          std::filesystem::path(file.path.substr(4)).replace_extension().generic_string();
      const bool tested = !read_files("tests/" + name + "_test.cpp", {".cpp"}).empty();
      if (!tested && !kTestedThroughOthers.contains(name)) missing.push_back(file.path + " has no test");
      if (tested && kTestedThroughOthers.contains(name)) superfluous.push_back(name + " has a test by now");
    }
  EXPECT_TRUE(missing.empty()) << join(missing);
  EXPECT_TRUE(superfluous.empty()) << join(superfluous);
}

}  // namespace
}  // namespace lazygap::structure
