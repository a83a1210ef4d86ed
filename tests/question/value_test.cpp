#include "lazygap/question/value.h"

#include <gtest/gtest.h>

#include <limits>
#include <memory>
#include <string>

namespace lazygap::question {
namespace {

SharedMatrix shared(const Matrix& matrix) { return std::make_shared<const Matrix>(matrix); }

TEST(Value, EqualComparesMatricesByTheirNumbers) {
  EXPECT_TRUE(equal(shared(Matrix::Ones(2, 2)), shared(Matrix::Ones(2, 2))));
  EXPECT_FALSE(equal(shared(Matrix::Ones(2, 2)), shared(Matrix::Zero(2, 2))));
  EXPECT_FALSE(equal(shared(Matrix::Ones(1, 4)), shared(Matrix::Ones(2, 2))));
  EXPECT_FALSE(equal(shared(Matrix::Ones(2, 2)), SharedMatrix()));
  EXPECT_TRUE(equal(SharedMatrix(), SharedMatrix()));
  EXPECT_FALSE(equal(std::int64_t{1}, 1.0));
  EXPECT_TRUE(equal(std::string("a"), std::string("a")));
}

TEST(Value, TomlTextReadsBack) {
  EXPECT_EQ(toml_text(true), "true");
  EXPECT_EQ(toml_text(std::int64_t{-3}), "-3");
  EXPECT_EQ(toml_text(3.0), "3.0");
  EXPECT_EQ(toml_text(0.1), "0.1");
  EXPECT_EQ(toml_text(1e300), "1e+300");
  EXPECT_EQ(toml_text(std::numeric_limits<double>::infinity()), "inf");
  EXPECT_EQ(toml_text(std::vector<double>{1, 0.5}), "[1.0, 0.5]");
  EXPECT_EQ(toml_text(shared(Matrix{{1, 2}, {3, 4}})), "[[1.0, 2.0], [3.0, 4.0]]");
  EXPECT_EQ(toml_text(shared(Vector{{1, 2}})), "[1.0, 2.0]");
  EXPECT_EQ(toml_text(SharedMatrix()), "[]");
  EXPECT_EQ(toml_text(std::string("a \"b\" \\ \n\x7f")), R"("a \"b\" \\ \u000A\u007F")");
}

TEST(Value, PlainTextIsForPeople) {
  EXPECT_EQ(plain_text(3.0), "3");
  EXPECT_EQ(plain_text(0.5), "0.5");
  EXPECT_EQ(plain_text(std::string("relu")), "relu");
  EXPECT_EQ(plain_text(std::int64_t{12}), "12");
}

}  // namespace
}  // namespace lazygap::question
