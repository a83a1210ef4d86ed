#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <optional>
#include <regex>

#include "structure/source_tree.h"

/// The order of docs/architecture.md: an include points to the same or an earlier folder, and the routes
/// never include one another.
namespace lazygap::structure {
namespace {

// Equal levels are siblings that may not include one another.
struct Folder {
  std::string_view name;
  int level;
};
constexpr std::array<Folder, 20> kFolders{{{"core", 0},
                                           {"math", 1},
                                           {"activation", 2},
                                           {"problem", 3},
                                           {"network", 4},
                                           {"data", 5},
                                           {"limit", 6},
                                           {"exact", 6},
                                           {"curve", 6},
                                           {"dynamics", 6},
                                           {"train", 6},
                                           {"fit", 6},
                                           {"compare", 7},
                                           {"store", 8},
                                           {"question", 9},
                                           {"route", 10},
                                           {"plan", 11},
                                           {"schedule", 12},
                                           {"report", 13},
                                           {"apps", 14}}};

std::optional<int> level(std::string_view folder) {
  for (const Folder& known : kFolders)
    if (known.name == folder) return known.level;
  return std::nullopt;
}

/// "exact" for include/lazygap/exact/rf.h and src/exact/rf.cpp, "apps" below apps/.
std::string folder_of(const std::string& path) {
  static const std::regex pattern("(?:include/lazygap/|src/)?([^/]+)/.*");
  std::smatch match;
  return std::regex_match(path, match, pattern) ? match[1].str() : "";
}

std::vector<std::string> violations(const File& file) {
  static const std::regex include("\\s*#\\s*include\\s*[\"<](?:lazygap/)?([a-z_]+)/[^\">]*[\">].*");
  std::vector<std::string> found;
  const std::string from = folder_of(file.path);
  const std::optional<int> own = level(from);
  if (!own) return {file.path + ": folder '" + from + "' is not in the order of docs/architecture.md"};
  const bool is_public = file.path.starts_with("include/");
  for (std::size_t i = 0; i < file.lines.size(); ++i) {
    const std::string& line = file.lines[i];
    std::smatch match;
    if (!std::regex_match(line, match, include)) continue;
    const std::string to = match[1];
    const bool ours = line.find('"') != std::string::npos || line.find("<lazygap/") != std::string::npos;
    if (!ours) continue;
    const std::optional<int> other = level(to);
    if (!other)
      found.push_back(place(file, i) + ": includes unknown folder '" + to + "'");
    else if (*other > *own)
      found.push_back(place(file, i) + ": " + from + " includes " + to + ", which comes later");
    else if (*other == *own && from != to)
      found.push_back(place(file, i) + ": routes " + from + " and " + to + " may not include one another");
    if (is_public && line.find("\"lazygap/") == std::string::npos)
      found.push_back(place(file, i) + ": a public header includes a private one");
  }
  return found;
}

TEST(IncludeOrder, Holds) {
  std::vector<std::string> all;
  std::size_t count = 0;
  for (const char* root : {"include/lazygap", "src", "apps"})
    for (const File& file : read_files(root, {".h", ".cpp"})) {
      const std::vector<std::string> found = violations(file);
      all.insert(all.end(), found.begin(), found.end());
      ++count;
    }
  EXPECT_GT(count, 20u) << "the sources were not found";
  EXPECT_TRUE(all.empty()) << join(all);
}

TEST(IncludeOrder, IsThatOfTheArchitecturePage) {
  const std::vector<File> pages = read_files("docs/architecture.md", {".md"});
  ASSERT_EQ(pages.size(), 1u);
  std::vector<std::string> listed;
  for (const std::string& line : pages[0].lines) {
    static const std::regex row("\\| (`[a-z]+/`(?: `[a-z]+/`)*) \\|.*"), name("`([a-z]+)/`");
    std::smatch match;
    if (!std::regex_match(line, match, row)) continue;
    const std::string folders = match[1];
    for (auto it = std::sregex_iterator(folders.begin(), folders.end(), name); it != std::sregex_iterator();
         ++it)
      listed.push_back((*it)[1]);
  }
  std::vector<std::string> known;
  for (const Folder& folder : kFolders)
    if (folder.name != "apps") known.emplace_back(folder.name);
  EXPECT_EQ(listed, known);
}

TEST(IncludeOrder, ViolationsAreFound) {
  const auto message = [](std::string path, std::string line) {
    return join(violations({std::move(path), {"", std::move(line)}}));
  };
  EXPECT_EQ(message("src/exact/rf.cpp", "#include \"lazygap/fit/rf.h\""),
            "src/exact/rf.cpp:2: routes exact and fit may not include one another\n");
  EXPECT_EQ(message("include/lazygap/core/matrix.h", "#include \"lazygap/problem/problem.h\""),
            "include/lazygap/core/matrix.h:2: core includes problem, which comes later\n");
  EXPECT_EQ(message("src/problem/problem.cpp", "#include \"train/kernels.h\""),
            "src/problem/problem.cpp:2: problem includes train, which comes later\n");
  EXPECT_EQ(message("include/lazygap/train/sgd.h", "#include \"train/kernels.h\""),
            "include/lazygap/train/sgd.h:2: a public header includes a private one\n");
  EXPECT_EQ(message("src/misc/a.cpp", ""),
            "src/misc/a.cpp: folder 'misc' is not in the order of docs/architecture.md\n");
  EXPECT_EQ(message("src/report/a.cpp", "#include \"lazygap/store/result.h\""), "");
  EXPECT_EQ(message("src/core/a.cpp", "#include <fmt/format.h>"), "");
}

}  // namespace
}  // namespace lazygap::structure
