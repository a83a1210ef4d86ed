#include "lazygap/core/numbers.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "support/message.h"

namespace lazygap {
namespace {

using List = std::vector<double>;

std::string list_refusal(const std::string& text) {
  return test::message<FileError>([&] { return parse_list(text, "f"); });
}
std::string rows_refusal(const std::string& text) {
  return test::message<FileError>([&] { return parse_rows(text, "f"); });
}

TEST(Numbers, AreReadAlikeInListsAndRows) {
  constexpr double kSmallest = std::numeric_limits<double>::denorm_min();
  struct Case {
    std::string text;
    double value;
  };
  const std::vector<Case> cases{{"1", 1},
                                {"+1.5", 1.5},
                                {"-0.25", -0.25},
                                {".5", 0.5},
                                {"5.", 5},
                                {"007", 7},
                                {"1e3", 1000},
                                {"-1E-3", -1e-3},
                                {"+2e+2", 200},
                                {"0.1", 0.1},
                                {"1.7976931348623157e308", std::numeric_limits<double>::max()},
                                {"4.9e-324", kSmallest},
                                {"-1e-310", -1e-310},
                                {"\xef\xbb\xbf"
                                 "3",
                                 3},
                                {"  7 \t", 7},
                                {"7 # seven", 7},
                                {"7#8", 7},
                                {"# 6\n7", 7},
                                {"\r\n\r\n7\r\n", 7},
                                {"7\r", 7}};
  for (const auto& [text, value] : cases) {
    EXPECT_EQ(parse_list(text, "f"), List{value}) << text;
    EXPECT_EQ(parse_rows(text, "f"), Matrix{{value}}) << text;
  }
}

TEST(Numbers, RefusesAnythingElse) {
  for (const auto& [text, shown] : std::vector<std::pair<std::string, std::string>>{
           {"four", "1:1: \"four\" is not a finite number"},
           {"1, 2x", "1:4: \"2x\" is not a finite number"},
           {"1, nan", "1:4: \"nan\" is not a finite number"},
           {"\n\n -inf", "3:2: \"-inf\" is not a finite number"},
           {"+nan", "1:1: \"+nan\" is not a finite number"},
           {"infinity", "1:1: \"infinity\" is not a finite number"},
           {"0x10", "1:1: \"0x10\" is not a finite number"},
           {"1_000", "1:1: \"1_000\" is not a finite number"},
           {"1e", "1:1: \"1e\" is not a finite number"},
           {"-", "1:1: \"-\" is not a finite number"},
           {"+", "1:1: \"+\" is not a finite number"},
           {"+-1", "1:1: \"+-1\" is not a finite number"},
           {"++1", "1:1: \"++1\" is not a finite number"},
           {"- 1", "1:1: \"-\" is not a finite number"},
           {"−1", "1:1: \"−1\" is not a finite number"},  // a minus of typography
           {"1e999", "1:1: \"1e999\" is beyond the range of fp64 numbers"},
           {"1e-400", "1:1: \"1e-400\" is beyond the range of fp64 numbers"},
           {"1, ,2", "1:4: a number is missing before this separator"},
           {",1", "1:1: a number is missing before this separator"},
           {"1;;2", "1:3: a number is missing before this separator"},
           {";", "1:1: a number is missing before this separator"},
           {"γγ# x\n1, 2", "1:1: \"γγ\" is not a finite number"},
           {"1, 2\r3, x", "2:4: \"x\" is not a finite number"},
           {"1 \x1b[31m", "1:3: \"\\x1b[31m\" is not a finite number"},
           {std::string("1 \0", 3), "1:3: \"\\x00\" is not a finite number"},
           {std::string("\xff\xfe") + '1', "1:1: \"\\xff\\xfe1\" is not a finite number"},  // UTF-16
           {"1 \xef\xbb\xbf 2", "1:3: \"\\ufeff\" is not a finite number"}}) {
    EXPECT_EQ(list_refusal(text), "f:" + shown);
    EXPECT_EQ(rows_refusal(text), "f:" + shown);
  }
  for (const char* text : {"", " \n\t\n", "# 1\n#2", "\xef\xbb\xbf"}) {
    EXPECT_EQ(list_refusal(text), "f: holds no numbers, but must hold at least one");
    EXPECT_EQ(rows_refusal(text), "f: holds no numbers, but must hold at least one");
  }
  // Columns count characters, not bytes.
  EXPECT_EQ(list_refusal("1 ü x"), "f:1:3: \"ü\" is not a finite number");
}

TEST(Numbers, AListMayBeArrangedInAnyWay) {
  const List five{1, 2, 3, 0.35, 4};
  for (const char* text :
       {"1, 2 3\n\n3.5e-1;4\r\n", "1 2 3 .35 4", "1\n2\n3\n0.35\n4\n", "1,2,3,0.35,4", "1;2;3;0.35;4",
        "1\t2\t3\t0.35\t4", "1, 2, 3,\n0.35, 4,\n", "1,2,3\n0.35,4", "1 ,2 ,3 ,0.35 ,4"})
    EXPECT_EQ(parse_list(text, "f"), five) << text;
  EXPECT_EQ(
      list_refusal("1 2\n3 4\n"),
      "f: holds 2 lines of 2 numbers, which may be a matrix; name it .csv if it is one, or put the list "
      "in one line or one column");
}

TEST(Numbers, ADecimalCommaIsNotGuessed) {
  const std::string after =
      " can be one number with a decimal comma or two numbers; a decimal point makes it one, a blank after "
      "the "
      "comma two";
  struct Case {
    std::string text, place, word;
  };
  for (const auto& [text, place, word] : std::vector<Case>{{"2,0;0,5", "1:1", "2,0"},
                                                           {"2,0 0,5", "1:1", "2,0"},
                                                           {"2,0\t0,5", "1:1", "2,0"},
                                                           {"2,0\n0,5\n1,5\n", "1:1", "2,0"},
                                                           {"# d = 2\n1\n 0,5\n", "3:2", "0,5"},
                                                           {"-2,0; 3", "1:1", "-2,0"},
                                                           {"1 2,5e3", "1:3", "2,5e3"},
                                                           {"10,20", "1:1", "10,20"},
                                                           {"1,5, 2,5", "1:1", "1,5"},
                                                           {"2, 0;0,5", "1:6", "0,5"},
                                                           {"1,5,\n2,5,\n3,5", "1:1", "1,5"}})
    EXPECT_EQ(list_refusal(text), "f:" + place + ": \"" + word + "\"" + after);
  // What cannot be one number shows that commas separate.
  for (const char* text : {"2,0,0,5", "2,-0;0,5", "2.0,0;0,5", "2,0.5;0,5", "2e0,0;0,5", "1, 2, 0"})
    EXPECT_NE(list_refusal(text).find("no error"), std::string::npos) << text;
  EXPECT_EQ(parse_list("2,-1", "f"), (List{2, -1}));
}

TEST(Numbers, RowsHaveOneKindOfSeparator) {
  const Matrix numbers{{1, 2.5, -3e-4}, {4, 5, 6e10}};
  for (const char* text :
       {"1,2.5,-3e-4\n4,5,6e10\n", "# Sigma\n\n 1 ,\t2.5, -3E-4 # first\r\n   \r\n4,5,6e10",
        "1;2.5;-3e-4\r4 ; 5 ; 6e10", "1 2.5\t-3e-4\n 4  5   6e10 "})
    EXPECT_EQ(parse_rows(text, "f"), numbers) << text;
  EXPECT_EQ(parse_rows("1\n2\n", "f"), (Matrix{{1}, {2}}));
  const auto mixed = [](const std::string& second, const std::string& word, const std::string& first) {
    return second + " follows \"" + word + "\", but " + first +
           " has separated the numbers before; one kind of separator is accepted, and decimal points only";
  };
  EXPECT_EQ(rows_refusal("2,0;0,5"), "f:1:3: " + mixed("a semicolon", "0", "a comma"));
  EXPECT_EQ(rows_refusal("1 2\n3 4,5\n"), "f:2:3: " + mixed("a comma", "4", "a blank or tab"));
  EXPECT_EQ(rows_refusal("1;2\n3 4\n"), "f:2:1: " + mixed("a blank or tab", "3", "a semicolon"));
  EXPECT_EQ(rows_refusal("1,2,\n"),
            "f:1:3: a comma follows \"2\" and ends the line, but a number must follow it");
  EXPECT_EQ(rows_refusal("1,2\n\n3\n"), "f:3: has 1 numbers, but the rows before have 2");
}

}  // namespace
}  // namespace lazygap
