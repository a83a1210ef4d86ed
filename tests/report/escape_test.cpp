#include "lazygap/report/escape.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace lazygap::report {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

TEST(Escape, GnuplotStringsDoNotEndEarly) {
  for (const auto& [text, string] : Pairs{{"", "''"},
                                          {"plain γ", "'plain γ'"},
                                          {"it's", "'it''s'"},
                                          {"'", "''''"},
                                          {"a\\", "'a\\'"},
                                          {"`touch x`", "'`touch x`'"},
                                          {"a\n!touch x\n#", "'a !touch x #'"},
                                          {"a\r\tb", "'a  b'"},
                                          {std::string("a\0b", 3), "'a b'"},
                                          {"\x1b[31m", "' [31m'"},
                                          {"\u0085", "' '"},
                                          {"]]]>]]>", "']]] >]] >'"},
                                          {"\uffff", "'\xef\xbf\xbd'"},
                                          {"\xff", "'\xef\xbf\xbd'"},
                                          {"\xc3'", "'\xef\xbf\xbd'''"}})
    EXPECT_EQ(gnuplot_string(text), string);
  EXPECT_EQ(gnuplot_file("|touch x"), "'./|touch x'");
}

TEST(Escape, XmlHasNoMarkupLeft) {
  for (const auto& [text, xml] : Pairs{{"", ""},
                                       {"a < b & c > d", "a &lt; b &amp; c &gt; d"},
                                       {"\"'", "&quot;&#39;"},
                                       {"&amp;", "&amp;amp;"},
                                       {"]]>", "]]&gt;"},
                                       {"tab\tline\n", "tab\tline\n"},
                                       {std::string("\0\x01\x7f", 3), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
                                       {"\xff<", "\xef\xbf\xbd&lt;"},
                                       {"\uffff", "\xef\xbf\xbd"},
                                       {"γ 😀", "γ 😀"}})
    EXPECT_EQ(xml_text(text), xml);
}

TEST(Escape, CsvTextIsOneFieldAndNoFormula) {
  for (const auto& [text, field] : Pairs{{"", ""},
                                         {"RF(I) fit", "RF(I) fit"},
                                         {"a,b", "\"a,b\""},
                                         {"a;b", "\"a;b\""},
                                         {"say \"x\"", "\"say \"\"x\"\"\""},
                                         {"a\nb", "\"a\nb\""},
                                         {"=1+1", "'=1+1"},
                                         {"+1", "'+1"},
                                         {"-1", "'-1"},
                                         {"@SUM(A1)", "'@SUM(A1)"},
                                         {"\t=1", "\"'\t=1\""},
                                         {"=HYPERLINK(\"a\",\"b\")", "\"'=HYPERLINK(\"\"a\"\",\"\"b\"\")\""},
                                         {"1-1", "1-1"},
                                         {std::string("a\0", 2), "a\xef\xbf\xbd"}})
    EXPECT_EQ(csv_text(text), field);
}

TEST(Escape, ShellWordsAreOneWordAndNoOption) {
  for (const auto& [text, word] : Pairs{{"figure-1-left", "figure-1-left"},
                                        {"", "''"},
                                        {"a b", "'a b'"},
                                        {"-rf", "./-rf"},
                                        {"-r f", "'./-r f'"},
                                        {"it's", "'it'\\''s'"},
                                        {"$(touch x)", "'$(touch x)'"},
                                        {"a;b", "'a;b'"},
                                        {"a\\b", "'a\\b'"},
                                        {"a\nb", "$'a\\nb'"},
                                        {"a\\'\x1b", "$'a\\\\\\'\\x1b'"},
                                        {"γ", "'γ'"}})
    EXPECT_EQ(shell_word(text), word);
}

}  // namespace
}  // namespace lazygap::report
