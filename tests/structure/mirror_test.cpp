#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "structure/source_tree.h"

/// tests/ mirrors src/: src/plan/cells.cpp has its tests in tests/plan/cells_test.cpp.
namespace lazygap::structure {
namespace {

TEST(Mirror, SourcesOfTheExperimentHaveATestOfTheirName) {
  std::vector<std::string> missing;
  for (const char* folder : {"question", "route", "plan", "schedule", "report"})
    for (const File& file : read_files(std::string("src/") + folder, {".cpp"})) {
      const std::string name =
          std::filesystem::path(file.path.substr(4)).replace_extension().generic_string();
      const bool tested = !read_files("tests/" + name + "_test.cpp", {".cpp"}).empty();
      if (!tested) missing.push_back(file.path + " has no test");
    }
  EXPECT_TRUE(missing.empty()) << join(missing);
}

}  // namespace
}  // namespace lazygap::structure
