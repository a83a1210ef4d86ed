#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "structure/source_tree.h"

/// The code that CONTRIBUTING.md shows is code that is compiled.
namespace lazygap::structure {
namespace {

/// The ```cpp blocks of a page.
std::vector<std::string> code_blocks(const File& page) {
  std::vector<std::string> blocks;
  bool inside = false;
  for (const std::string& line : page.lines) {
    if (line.starts_with("```")) {
      inside = line == "```cpp";
      if (inside) blocks.emplace_back();
      continue;
    }
    if (inside) blocks.back() += line + "\n";
  }
  return blocks;
}

std::string text_of(const std::string& path) {
  std::string text;
  for (const File& file : read_files(path, {".cpp"}))
    for (const std::string& line : file.lines) text += line + "\n";
  return text;
}

TEST(Contributing, ShowsTheSourcesAsTheyAre) {
  const std::vector<File> pages = read_files("CONTRIBUTING.md", {".md"});
  ASSERT_EQ(pages.size(), 1u);
  const std::vector<std::string> blocks = code_blocks(pages[0]);
  ASSERT_EQ(blocks.size(), 2u);
  EXPECT_NE(text_of("src/question/keys_train.cpp").find(blocks[0]), std::string::npos) << blocks[0];
  EXPECT_NE(text_of("src/route/limit.cpp").find(blocks[1]), std::string::npos) << blocks[1];
}

}  // namespace
}  // namespace lazygap::structure
