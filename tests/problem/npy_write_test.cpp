#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "lazygap/core/error.h"
#include "lazygap/problem/matrix_file.h"
#include "support/message.h"
#include "support/temporary_folder.h"

namespace lazygap {
namespace {

namespace fs = std::filesystem;

std::string content(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

TEST(NpyWrite, IsReadBackBitwise) {
  const test::TemporaryFolder folder;
  const fs::path file = (folder / "new") / "W.npy";
  for (const Matrix& matrix :
       {Matrix{{1, 2.5, -3e-4}, {4, 1.0 / 3, 6e10}}, Matrix{{1}, {2}}, Matrix{{1, 2}}}) {
    write_npy(file, matrix);
    EXPECT_EQ(read_matrix(file), matrix);
  }
  const std::vector<double> numbers{0.1, 0.2, 0.3};
  write_npy(file, numbers);
  EXPECT_EQ(read_matrix(file), Matrix(Vector{{0.1, 0.2, 0.3}}));
}

TEST(NpyWrite, HasTheHeaderThatNumpyWrites) {
  const test::TemporaryFolder folder;
  write_npy(folder / "W.npy", Matrix{{1, 2, 3}, {4, 5, 6}});
  const std::string text = content(folder / "W.npy");
  EXPECT_EQ(text.substr(0, 10), std::string("\x93NUMPY\x01\x00\x76\x00", 10));
  EXPECT_TRUE(text.substr(10).starts_with("{'descr': '<f8', 'fortran_order': True, 'shape': (2, 3), }  "))
      << text;
  EXPECT_EQ(text[127], '\n');
  EXPECT_EQ(text.size(), 128 + 6 * sizeof(double));
  write_npy(folder / "a.npy", std::vector<double>{1, 2});
  EXPECT_NE(content(folder / "a.npy").find("'shape': (2,), }"), std::string::npos);
  // Nothing is left beside the files.
  EXPECT_EQ(std::distance(fs::directory_iterator(folder / ""), fs::directory_iterator()), 2);
}

TEST(NpyWrite, WhatCannotBeWrittenIsASentence) {
  EXPECT_EQ(test::message<FileError>([] { return write_npy("/proc/no/W.npy", Matrix{{1}}), 0; }),
            "the folder /proc/no cannot be created: No such file or directory");
}

}  // namespace
}  // namespace lazygap
