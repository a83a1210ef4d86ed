#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <regex>
#include <set>

#include "lazygap/plan/plan.h"
#include "structure/source_tree.h"

namespace lazygap::structure {
namespace {

const std::filesystem::path kRoot = LAZYGAP_SOURCE_DIR;

std::vector<File> markdown() {
  std::vector<File> files = read_files("docs", {".md"});
  for (const char* page : {"README.md", "CHANGELOG.md", "CONTRIBUTING.md", "bench/competitors/README.md"})
    for (File& file : read_files(page, {".md"})) files.push_back(std::move(file));
  return files;
}

/// Tags such as GMMM19 that the line cites: a square bracket, a capital, letters, two digits, then the end or
/// a comma.
std::vector<std::string> cited_tags(const std::string& line) {
  static const std::regex tag("\\[([A-Z][A-Za-z]+[0-9]{2})[a-z]?[\\],]");
  std::vector<std::string> tags;
  for (auto it = std::sregex_iterator(line.begin(), line.end(), tag); it != std::sregex_iterator(); ++it)
    tags.push_back((*it)[1]);
  return tags;
}

TEST(Documents, SourceTagsResolve) {
  std::set<std::string> explained;
  static const std::regex entry("- \\*\\*([A-Z][A-Za-z]+[0-9]{2})\\*\\* .*");
  for (const File& file : read_files("docs/bibliography.md", {".md"}))
    for (const std::string& line : file.lines)
      if (std::smatch match; std::regex_match(line, match, entry)) explained.insert(match[1]);
  EXPECT_TRUE(explained.contains("GMMM19"));

  std::vector<std::string> unresolved;
  std::size_t cited = 0;
  for (const char* root : {"include", "src", "reference", "examples", "bench", "apps", "docs", "README.md"})
    for (const File& file : read_files(root, {".h", ".cpp", ".md"}))
      for (std::size_t i = 0; i < file.lines.size(); ++i)
        for (const std::string& tag : cited_tags(file.lines[i])) {
          ++cited;
          if (!explained.contains(tag))
            unresolved.push_back(place(file, i) + ": [" + tag + "] is not in docs/bibliography.md");
        }
  EXPECT_GT(cited, 10u) << "no citation was found";
  EXPECT_TRUE(unresolved.empty()) << join(unresolved);
}

TEST(Documents, TagsAreRecognised) {
  EXPECT_EQ(cited_tags("see [GMMM19, Thm 1], [SMDS11] and W[3,7], [A2], [Wil97], [GMMM19x]"),
            (std::vector<std::string>{"GMMM19", "SMDS11", "Wil97", "GMMM19"}));
}

/// The anchor of a heading: lower case, spaces as hyphens, anything but letters, digits, - and _ left out.
std::string anchor(const std::string& heading) {
  std::string text;
  for (const char c : heading.substr(heading.find_first_not_of("# "))) {
    const auto u = static_cast<unsigned char>(c);
    if (std::isalnum(u) || c == '-' || c == '_') text += static_cast<char>(std::tolower(u));
    if (c == ' ') text += '-';
  }
  return text;
}

std::set<std::string> anchors(const File& file) {
  std::set<std::string> found;
  bool code = false;
  for (const std::string& line : file.lines) {
    if (line.starts_with("```")) code = !code;
    if (!code && line.starts_with("#")) found.insert(anchor(line));
  }
  return found;
}

/// What is wrong with the links of one page; `path` says where its relative links start.
std::vector<std::string> broken_links(const File& file) {
  static const std::regex link("\\]\\(([^)\\s]+)(?: \"[^\"]*\")?\\)"), code("`[^`]*`");
  std::vector<std::string> broken;
  bool in_code = false;
  for (std::size_t i = 0; i < file.lines.size(); ++i) {
    if (file.lines[i].starts_with("```")) in_code = !in_code;
    if (in_code) continue;
    const std::string line = std::regex_replace(file.lines[i], code, "");
    for (auto it = std::sregex_iterator(line.begin(), line.end(), link); it != std::sregex_iterator(); ++it) {
      const std::string target = (*it)[1];
      if (target.starts_with("http://") || target.starts_with("https://") || target.starts_with("mailto:"))
        continue;
      const std::size_t hash = target.find('#');
      const std::string name = target.substr(0, hash);
      const std::filesystem::path path =
          name.empty() ? std::filesystem::path(file.path)
                       : (std::filesystem::path(file.path).parent_path() / name).lexically_normal();
      if (!name.empty() && !std::filesystem::exists(kRoot / path)) {
        broken.push_back(place(file, i) + ": " + target + " does not exist");
      } else if (hash != std::string::npos && path.extension() == ".md") {
        const std::set<std::string> there =
            name.empty() ? anchors(file) : anchors(read_files(path.generic_string(), {".md"}).at(0));
        if (!there.contains(target.substr(hash + 1)))
          broken.push_back(place(file, i) + ": " + target + " names no heading of " + path.generic_string());
      }
    }
  }
  return broken;
}

TEST(Documents, LinksResolve) {
  std::vector<std::string> broken;
  for (const File& file : markdown()) {
    const std::vector<std::string> found = broken_links(file);
    broken.insert(broken.end(), found.begin(), found.end());
  }
  EXPECT_TRUE(broken.empty()) << join(broken);
}

/// The lines of docs/plans.md between the two comments around its table of keys.
std::vector<std::string> shown_keys() {
  std::vector<std::string> rows;
  bool inside = false;
  const std::vector<File> pages = read_files("docs/plans.md", {".md"});
  for (const std::string& line : pages.at(0).lines) {
    if (line.starts_with("<!-- end of keys")) inside = false;
    if (inside && line.starts_with("| `")) rows.push_back(line);
    if (line.starts_with("<!-- keys:")) inside = true;
  }
  return rows;
}

std::string table_cell(const std::string& text) { return std::regex_replace(text, std::regex("\\|"), "\\|"); }

TEST(Documents, TheTableOfKeysIsThatOfTheProgram) {
  std::vector<std::string> expected;
  for (const plan::KeyDescription& key : plan::describe_keys())
    expected.push_back("| `" + key.path + "` | " + table_cell(key.accepted) + " | " +
                       table_cell(key.standard) + " | " + table_cell(key.doc) + " |");
  const std::vector<std::string> shown = shown_keys();
  ASSERT_EQ(shown.size(), expected.size());
  for (std::size_t i = 0; i < shown.size(); ++i) EXPECT_EQ(shown[i], expected[i]);
}

TEST(Documents, BrokenLinksAreFound) {
  const File page{"docs/page.md",
                  {"# One, two", "[a](no_such.md) [b](architecture.md) [c](#one-two)", "[d](#three) `[e](f)`",
                   "```", "[g](h)", "```", "[i](architecture.md#no-such-heading)"}};
  EXPECT_EQ(broken_links(page),
            (std::vector<std::string>{
                "docs/page.md:2: no_such.md does not exist",
                "docs/page.md:3: #three names no heading of docs/page.md",
                "docs/page.md:7: architecture.md#no-such-heading names no heading of docs/architecture.md"}));
}

}  // namespace
}  // namespace lazygap::structure
