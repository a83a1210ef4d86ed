#include "lazygap/core/quote.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace lazygap {
namespace {

using namespace std::string_literals;

TEST(Quote, LeavesOrdinaryTextAlone) {
  EXPECT_EQ(quote(""), "\"\"");
  EXPECT_EQ(quote("1,5 m"), "\"1,5 m\"");
  EXPECT_EQ(quote("Überprüfung: γ ≤ 中文 😀"), "\"Überprüfung: γ ≤ 中文 😀\"");
  EXPECT_EQ(printable("results/a b.csv"), "results/a b.csv");
}

TEST(Quote, EscapesWhatATerminalWouldObey) {
  struct Case {
    std::string text, shown;
  };
  const std::vector<Case> cases{
      {"a\nb\r\tc", R"(a\nb\r\tc)"},
      {"\x1b[31mred\x07", R"(\x1b[31mred\x07)"},
      {"a\0b"s, R"(a\x00b)"},
      {"\x7f", R"(\x7f)"},
      {"C:\\new", R"(C:\\new)"},
      {"\u009b31m", R"(\u009b31m)"},                // CSI in one character
      {"\u202etxt.exe", R"(\u202etxt.exe)"},        // right to left
      {"a\u2028b\u200bc", R"(a\u2028b\u200bc)"},    // line separator, no width
      {"\ufeff1", R"(\ufeff1)"},                    // byte-order mark
      {"\xff\xfe", R"(\xff\xfe)"},                  // never in UTF-8
      {"\xc3", R"(\xc3)"},                          // cut short
      {"\xc3(", R"(\xc3()"},                        // not continued
      {"\xc0\xaf", R"(\xc0\xaf)"},                  // a longer form of '/'
      {"\xed\xa0\x80", R"(\xed\xa0\x80)"},          // a surrogate
      {"\xf4\x90\x80\x80", R"(\xf4\x90\x80\x80)"},  // beyond the last character
  };
  for (const auto& [text, shown] : cases) {
    EXPECT_EQ(printable(text), shown);
    EXPECT_EQ(quote(text), "\"" + shown + "\"");
  }
  EXPECT_EQ(quote("say \"x\""), R"("say \"x\"")");
}

TEST(Quote, ShowsAtMostFortyCharacters) {
  const std::string forty(40, 'x');
  EXPECT_EQ(quote(forty), "\"" + forty + "\"");
  EXPECT_EQ(quote(forty + "y"), "\"" + forty + "…\"");
  EXPECT_EQ(quote(std::string(10'000'000, 'x')), "\"" + forty + "…\"");
  std::string greek;
  for (int i = 0; i < 41; ++i) greek += "γ";
  EXPECT_EQ(quote(greek), fmt::format("\"{}…\"", greek.substr(0, 40 * std::string("γ").size())));
  // The longest that a message may become.
  EXPECT_LE(quote(std::string(1000, '\x1b')).size(), 4u * 40 + 5);
}

}  // namespace
}  // namespace lazygap
