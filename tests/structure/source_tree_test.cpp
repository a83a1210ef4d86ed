#include "structure/source_tree.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

namespace lazygap::structure {
namespace {

bool has_ending(const std::string& path, const std::vector<std::string>& endings) {
  return std::any_of(endings.begin(), endings.end(), [&](const std::string& e) { return path.ends_with(e); });
}

File read(const std::filesystem::path& root, const std::filesystem::path& path) {
  File file{std::filesystem::relative(path, root).generic_string(), {}};
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) file.lines.push_back(line);
  return file;
}

}  // namespace

std::vector<File> read_files(const std::string& folder, const std::vector<std::string>& endings) {
  namespace fs = std::filesystem;
  const fs::path root = LAZYGAP_SOURCE_DIR, start = root / folder;
  std::vector<File> files;
  if (fs::is_regular_file(start)) files.push_back(read(root, start));
  if (fs::is_directory(start))
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(start))
      if (entry.is_regular_file() && has_ending(entry.path().string(), endings))
        files.push_back(read(root, entry.path()));
  std::sort(files.begin(), files.end(), [](const File& a, const File& b) { return a.path < b.path; });
  return files;
}

std::string place(const File& file, std::size_t line_index) {
  return file.path + ":" + std::to_string(line_index + 1);
}

std::string join(const std::vector<std::string>& problems) {
  std::string text;
  for (const std::string& problem : problems) text += problem + "\n";
  return text;
}

TEST(SourceTree, ReadsThisFile) {
  const std::vector<File> files = read_files("tests/structure", {".cpp"});
  const auto here = std::find_if(files.begin(), files.end(), [](const File& f) {
    return f.path == "tests/structure/source_tree_test.cpp";
  });
  ASSERT_NE(here, files.end());
  EXPECT_EQ(here->lines.at(0), "#include \"structure/source_tree.h\"");
  EXPECT_TRUE(read_files("no/such/folder", {".cpp"}).empty());
}

}  // namespace lazygap::structure
