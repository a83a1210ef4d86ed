#include "lazygap/problem/matrix_file.h"

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "support/message.h"

namespace lazygap {
namespace {

const Matrix kNumbers{{1, 2.5, -3e-4}, {4, 5, 6e10}};

class MatrixFile : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(testing::TempDir()) /
              testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& content) {
    const std::string file = (folder_ / name).string();
    std::ofstream(file, std::ios::binary) << content;
    return file;
  }

  std::filesystem::path folder_;
};

/// A .npy file, version 1.0, from the description of the format: magic, version, length of the header, header
/// padded with blanks to a multiple of 64 bytes in all and ended by a newline, numbers.
template <class Real>
std::string npy(const std::string& type, const std::string& fortran_order, const std::string& shape,
                const std::vector<Real>& numbers) {
  std::string header =
      "{'descr': '" + type + "', 'fortran_order': " + fortran_order + ", 'shape': " + shape + ", }";
  header.append(64 - (10 + header.size() + 1) % 64, ' ');
  header += '\n';
  std::string file = "\x93NUMPY";
  file += '\x01';
  file += '\x00';
  file += static_cast<char>(header.size());
  file += '\x00';
  file += header;
  std::string data(numbers.size() * sizeof(Real), '\0');
  std::memcpy(data.data(), numbers.data(), data.size());
  return file + data;
}

TEST_F(MatrixFile, ReadsNpy) {
  const std::vector<double> by_row{1, 2.5, -3e-4, 4, 5, 6e10}, by_column{1, 4, 2.5, 5, -3e-4, 6e10};
  EXPECT_EQ(read_matrix(write("c.npy", npy("<f8", "False", "(2, 3)", by_row))), kNumbers);
  EXPECT_EQ(read_matrix(write("fortran.npy", npy("<f8", "True", "(2, 3)", by_column))), kNumbers);
  EXPECT_EQ(read_matrix(write("vector.npy", npy("<f8", "False", "(6,)", by_row))),
            Eigen::Map<const Vector>(by_row.data(), 6));
  EXPECT_EQ(read_matrix(write("one.npy", npy("<f8", "False", "(1, 1)", std::vector<double>{7}))),
            Matrix{{7}});
  const std::vector<float> single{1, 2.5F, -3e-4F, 4, 5, 6e10F};
  EXPECT_EQ(read_matrix(write("single.npy", npy("<f4", "False", "(2, 3)", single))),
            kNumbers.cast<float>().cast<double>());
}

TEST_F(MatrixFile, ReadsCsv) {
  EXPECT_EQ(read_matrix(write("plain.csv", "1,2.5,-3e-4\n4,5,6e10\n")), kNumbers);
  EXPECT_EQ(read_matrix(write("spaced.csv", "# Sigma\n\n 1 ,\t2.5, -3E-4 # first\r\n   \r\n4,5,6e10")),
            kNumbers);
  EXPECT_EQ(read_matrix(write("column.csv", "1\n2\n")), (Matrix{{1}, {2}}));
  EXPECT_EQ(read_matrix(write("one.csv", "-0.5")), Matrix{{-0.5}});
}

TEST_F(MatrixFile, RefusesWhatIsNotAMatrixOfNumbers) {
  const std::vector<double> six{1, 2, 3, 4, 5, 6};
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  const std::string whole = npy("<f8", "False", "(2, 3)", six);
  struct Case {
    std::string name, content, after_the_name;
  };
  const std::vector<Case> cases{
      {"word.csv", "1,2\n3,four\n",
       ":2: 'four' is not a finite number; a row is numbers separated by commas"},
      {"half.csv", "1,2\n3,4x\n", ":2: '4x' is not a finite number; a row is numbers separated by commas"},
      {"nan.csv", "# a\nnan,2\n", ":2: 'nan' is not a finite number; a row is numbers separated by commas"},
      {"inf.csv", "1,-inf\n", ":1: '-inf' is not a finite number; a row is numbers separated by commas"},
      {"large.csv", "1e999\n", ":1: '1e999' is not a finite number; a row is numbers separated by commas"},
      {"gap.csv", "1,,2\n", ":1: '' is not a finite number; a row is numbers separated by commas"},
      {"comma.csv", "1,2,\n", ":1: '' is not a finite number; a row is numbers separated by commas"},
      {"blank.csv", "1 2\n", ":1: '1 2' is not a finite number; a row is numbers separated by commas"},
      {"ragged.csv", "1,2\n\n3\n", ":3: has 1 numbers, but the rows before have 2"},
      {"empty.csv", "", ": is empty, but must have at least one number"},
      {"comment.csv", "# 1,2\n \n", ": is empty, but must have at least one number"},
      {"matrix.txt", "1,2\n", ": the extension is '.txt', but must be .npy or .csv"},
      {"matrix", "1,2\n", ": the extension is '', but must be .npy or .csv"},
      {"nan.npy", npy("<f8", "False", "(2,)", std::vector<double>{1, kNan}),
       ": the number [1,0] is nan, but must be finite"},
      {"inf.npy",
       npy("<f4", "False", "(1, 2)", std::vector<float>{1, -std::numeric_limits<float>::infinity()}),
       ": the number [0,1] is -inf, but must be finite"},
      {"cube.npy", npy("<f8", "False", "(1, 2, 3)", six),
       ": is an array of 3 dimensions, but must have 1 or 2"},
      {"scalar.npy", npy("<f8", "False", "()", std::vector<double>{1}),
       ": is an array of 0 dimensions, but must have 1 or 2"},
      {"empty.npy", npy("<f8", "False", "(0, 3)", std::vector<double>{}),
       ": is 0 x 3, but must have at least one number"},
      {"short.npy", whole.substr(0, whole.size() - 1), ": ends before the last of its 2 x 3 numbers"},
      {"wrap.npy", npy("<f8", "False", "(4294967296, 4294967296)", six),
       ": ends before the last of its 4294967296 x 4294967296 numbers"},
  };
  for (const auto& [name, content, after_the_name] : cases) {
    const std::string file = write(name, content);
    EXPECT_EQ(test::message<FileError>([&] { return read_matrix(file); }), file + after_the_name);
  }
  for (const auto& [name, content, part] : std::vector<Case>{
           {"integers.npy", npy("<i8", "False", "(2,)", std::vector<std::int64_t>{1, 2}), "<i8"},
           {"foreign.npy", npy(">f8", "False", "(2,)", std::vector<double>{1, 2}), ">f8"},
           {"words.npy", npy("<U1", "False", "(2,)", std::vector<double>{1, 2}), ""},
           {"header.npy", whole.substr(0, 40), ""},
           {"magic.npy", whole.substr(0, 5), ""},
           {"nothing.npy", "", ""},
           {"text.npy", "1,2,3,4,5,6,7,8,9", ""}}) {
    const std::string file = write(name, content);
    const std::string text = test::message<FileError>([&] { return read_matrix(file); });
    EXPECT_TRUE(text.starts_with(file + ": is not an array of fp64 or fp32 numbers in NumPy's format: "))
        << text;
    EXPECT_NE(text.find(part), std::string::npos) << text;
  }
}

TEST_F(MatrixFile, RefusesWhatIsNotAFile) {
  const std::string missing = (folder_ / "missing.csv").string();
  EXPECT_EQ(test::message<FileError>([&] { return read_matrix(missing); }),
            missing + ": cannot be read, or is not a file");
  const std::string folder = (folder_ / "folder.npy").string();
  std::filesystem::create_directory(folder);
  EXPECT_EQ(test::message<FileError>([&] { return read_matrix(folder); }),
            folder + ": cannot be read, or is not a file");
}

}  // namespace
}  // namespace lazygap
