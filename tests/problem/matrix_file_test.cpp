#include "lazygap/problem/matrix_file.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "lazygap/core/quote.h"
#include "lazygap/problem/rotation.h"
#include "support/message.h"

namespace lazygap {
namespace {

const Matrix kNumbers{{1, 2.5, -3e-4}, {4, 5, 6e10}};

class MatrixFileTest : public testing::Test {
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

/// A .npy file of version `major`.0 with this header, from the description of the format: magic, version,
/// length of the header, header, content.
std::string npy(const std::string& header, const std::string& content, int major = 1) {
  std::string file = "\x93NUMPY";
  file += static_cast<char>(major);
  file += '\0';
  for (int i = 0; i < (major == 1 ? 2 : 4); ++i) file += static_cast<char>(header.size() >> (8 * i) & 0xff);
  return file + header + content;
}

/// The header that NumPy writes: padded with blanks to a multiple of 64 bytes in all and ended by a newline.
std::string header(const std::string& type, const std::string& fortran_order, const std::string& shape) {
  std::string text =
      fmt::format("{{'descr': '{}', 'fortran_order': {}, 'shape': {}, }}", type, fortran_order, shape);
  text.append(64 - (10 + text.size() + 1) % 64, ' ');
  return text + '\n';
}

template <class Number>
std::string bytes(const std::vector<Number>& numbers, bool swapped = false) {
  std::string data(numbers.size() * sizeof(Number), '\0');
  std::memcpy(data.data(), numbers.data(), data.size());
  for (std::size_t i = 0; swapped && i < data.size(); i += sizeof(Number))
    std::reverse(data.begin() + static_cast<std::ptrdiff_t>(i),
                 data.begin() + static_cast<std::ptrdiff_t>(i + sizeof(Number)));
  return data;
}

/// As npy() for a type of NumPy.
template <class Number>
std::string array(const std::string& type, const std::string& fortran_order, const std::string& shape,
                  const std::vector<Number>& numbers) {
  return npy(header(type, fortran_order, shape), bytes(numbers, type[0] == '>'));
}

TEST_F(MatrixFileTest, ReadsNpy) {
  const std::vector<double> by_row{1, 2.5, -3e-4, 4, 5, 6e10}, by_column{1, 4, 2.5, 5, -3e-4, 6e10};
  EXPECT_EQ(read_matrix(write("c.npy", array("<f8", "False", "(2, 3)", by_row))), kNumbers);
  EXPECT_EQ(read_matrix(write("c.NPY", array("<f8", "False", "(2, 3)", by_row))), kNumbers);
  EXPECT_EQ(read_matrix(write("fortran.npy", array("<f8", "True", "(2, 3)", by_column))), kNumbers);
  EXPECT_EQ(read_matrix(write("big.npy", array(">f8", "True", "(2, 3)", by_column))), kNumbers);
  EXPECT_EQ(read_matrix(write("native.npy", array("=f8", "False", "(2, 3)", by_row))), kNumbers);
  EXPECT_EQ(read_matrix(write("vector.npy", array("<f8", "False", "(6,)", by_row))),
            Eigen::Map<const Vector>(by_row.data(), 6));
  EXPECT_EQ(read_matrix(write("fortran-vector.npy", array("<f8", "True", "(6,)", by_row))),
            Eigen::Map<const Vector>(by_row.data(), 6));
  EXPECT_EQ(read_matrix(write("one.npy", array("<f8", "False", "(1, 1)", std::vector<double>{7}))),
            Matrix{{7}});
}

TEST_F(MatrixFileTest, ReadsEveryVersionAndSpellingOfTheHeader) {
  const std::vector<double> numbers{1, 2.5, -3e-4, 4, 5, 6e10};
  for (const int major : {1, 2, 3})
    EXPECT_EQ(read_matrix(write("file.npy", npy(header("<f8", "False", "(2, 3)"), bytes(numbers), major))),
              kNumbers);
  for (const char* text : {"{'descr':'<f8','fortran_order':False,'shape':(2,3)}",
                           "{\"shape\": (2, 3,), \"fortran_order\": False, \"descr\": \"<f8\"}",
                           "  { 'shape' : ( 2L , 3L ) , 'descr' : '<f8' , 'fortran_order' : False , }\n"})
    EXPECT_EQ(read_matrix(write("file.npy", npy(text, bytes(numbers)))), kNumbers) << text;
}

template <class Number>
void expect_reads(const std::string& file, const std::vector<Number>& numbers) {
  const Matrix matrix = read_matrix(file);
  ASSERT_EQ(matrix.size(), static_cast<Index>(numbers.size()));
  for (std::size_t i = 0; i < numbers.size(); ++i)
    EXPECT_EQ(matrix(static_cast<Index>(i), 0), static_cast<double>(numbers[i])) << file << " " << i;
}

TEST_F(MatrixFileTest, ReadsEveryTypeOfNumbersInBothByteOrders) {
  const auto check = [&]<class Number>(const std::string& name, const std::vector<Number>& numbers) {
    for (const std::string& order :
         sizeof(Number) == 1 ? std::vector<std::string>{"|", "<"} : std::vector<std::string>{"<", ">", "="})
      expect_reads(
          write("file.npy", array(order + name, "False", fmt::format("({},)", numbers.size()), numbers)),
          numbers);
  };
  const auto extremes = []<class Number>(Number) {
    return std::vector<Number>{0, 1, 77, std::numeric_limits<Number>::min(),
                               std::numeric_limits<Number>::max()};
  };
  check("i1", extremes(std::int8_t{}));
  check("i2", extremes(std::int16_t{}));
  check("i4", extremes(std::int32_t{}));
  check("i8", extremes(std::int64_t{}));
  check("u1", extremes(std::uint8_t{}));
  check("u2", extremes(std::uint16_t{}));
  check("u4", extremes(std::uint32_t{}));
  check("u8", extremes(std::uint64_t{}));
  check("f4", std::vector<float>{1, 2.5F, -3e-4F, 1e-45F, 3e38F});
  check("f8", std::vector<double>{1, 2.5, -3e-4, 5e-324, 1e308});
  // IEEE 754's binary16: 1, -2, 65504 (the largest), 2^-24 (the smallest), 1/3 rounded.
  const std::vector<std::uint16_t> bits{0x3c00, 0xc000, 0x7bff, 0x0001, 0x3555};
  const std::vector<double> halves{1, -2, 65504, 0x1p-24, 0.333251953125};
  for (const std::string type : {"<f2", ">f2"})
    expect_reads(write("half.npy", array(type, "False", "(5,)", bits)), halves);
}

TEST_F(MatrixFileTest, KnowsThePrecisionOfTheFile) {
  const auto epsilon = [&](const std::string& name, const std::string& content) {
    return read_matrix_file(write(name, content)).epsilon;
  };
  EXPECT_EQ(epsilon("a.npy", array("<f2", "False", "(1,)", std::vector<std::uint16_t>{0})), 0x1p-10);
  EXPECT_EQ(epsilon("a.npy", array("<f4", "False", "(1,)", std::vector<float>{0})), 0x1p-23);
  EXPECT_EQ(epsilon("a.npy", array("<f8", "False", "(1,)", std::vector<double>{0})), 0x1p-52);
  EXPECT_EQ(epsilon("a.npy", array("<i4", "False", "(1,)", std::vector<std::int32_t>{0})), 0x1p-52);
  EXPECT_EQ(epsilon("a.csv", "1"), 0x1p-52);
}

TEST_F(MatrixFileTest, ReadsCsvAndLists) {
  EXPECT_EQ(read_matrix(write("plain.csv", "1,2.5,-3e-4\n4,5,6e10\n")), kNumbers);
  EXPECT_EQ(read_matrix(write("PLAIN.Csv", "1;2.5;-3e-4\r\n4;5;6e10\r\n")), kNumbers);
  EXPECT_EQ(read_list(write("list.txt",
                            "\xef\xbb\xbf"
                            "1, 2; 3\n")),
            (std::vector<double>{1, 2, 3}));
  const std::string file = write("list", "1\n2;x");
  EXPECT_EQ(test::message<FileError>([&] { return read_list(file); }),
            file + ":2:3: \"x\" is not a finite number");
}

TEST_F(MatrixFileTest, TheExtensionCountsWithoutCase) {
  for (const char* name : {"a.npy", "a.NPY", "a.csv", "a.b.Csv"})
    EXPECT_TRUE(has_matrix_extension(name)) << name;
  for (const char* name : {"a.txt", "npy", ".csv", "a.csv.gz", ""})
    EXPECT_FALSE(has_matrix_extension(name)) << name;
  for (const auto& [name, extension] : std::vector<std::pair<std::string, std::string>>{
           {"matrix.txt", "\".txt\""}, {"matrix", "\"\""}, {"matrix.\x1b[0m", "\".\\x1b[0m\""}}) {
    const std::string file = write(name, "1,2\n");
    EXPECT_EQ(test::message<FileError>([&] { return read_matrix(file); }),
              printable(file) + ": the extension is " + extension + ", but must be .npy or .csv");
  }
}

const std::string kAccepted =
    "; one array of integers, fp16, fp32 or fp64 numbers, saved with np.save, is accepted";

TEST_F(MatrixFileTest, RefusesHeadersThatTheFileDoesNotBearOut) {
  const std::vector<double> six{1, 2, 3, 4, 5, 6};
  const std::string whole = array("<f8", "False", "(2, 3)", six);
  const auto long_header = [](std::uint32_t length) {
    std::string file = npy(std::string(98, ' '), "", 2);
    for (std::size_t i = 0; i < 4; ++i) file[8 + i] = static_cast<char>(length >> (8 * i) & 0xff);
    return file;
  };
  struct Case {
    std::string content, after_the_name;
  };
  const std::vector<Case> cases{
      {long_header(0xffffffff), "ends within its header" + kAccepted},
      {whole.substr(0, 40), "ends within its header" + kAccepted},
      {whole.substr(0, 9), "ends within its header" + kAccepted},
      {whole.substr(0, 5), "is too short for NumPy's format" + kAccepted},
      {"", "is too short for NumPy's format" + kAccepted},
      {"1,2,3,4,5,6,7,8,9", "is not in NumPy's format" + kAccepted},
      {"PK\x03\x04 and so on", "is an archive of several arrays (.npz)" + kAccepted},
      {npy(header("<f8", "False", "(1,)"), "12345678", 4),
       "has version 4.0 of NumPy's format, but 1.0, 2.0 and 3.0 are known" + kAccepted},
      {npy(std::string(70'000, ' '), "", 2),
       "has a header of 70000 bytes, but at most 65536 are read" + kAccepted},
      {array("<f8", "False", "(1, 2, 3)", six), "is an array of 3 dimensions, but must have 1 or 2"},
      {array("<f8", "False", "()", std::vector<double>{1}),
       "is an array of 0 dimensions, but must have 1 or 2"},
      {array("<f8", "False", "(0, 3)", std::vector<double>{}), "is 0 x 3, but must have at least one number"},
      {whole.substr(0, whole.size() - 1), "ends before the last of its 2 x 3 numbers"},
      {whole + "x", "goes on for 1 bytes after its 2 x 3 numbers" + kAccepted},
      {whole + whole, fmt::format("goes on for {} bytes after its 2 x 3 numbers", whole.size()) + kAccepted},
      {array("<f8", "False", "(4294967296, 4294967296)", six),
       "ends before the last of its 4294967296 x 4294967296 numbers"},
      {array("<f8", "False", "(18446744073709551615, 1)", six),
       "ends before the last of its 18446744073709551615 x 1 numbers"},
      {array("<f8", "False", "(1, 18446744073709551615)", six),
       "ends before the last of its 1 x 18446744073709551615 numbers"}};
  for (const auto& [content, after_the_name] : cases) {
    const std::string file = write("a.npy", content);
    EXPECT_EQ(test::message<FileError>([&] { return read_matrix(file); }), file + ": " + after_the_name);
  }
  for (const char* text :
       {"{'descr': '<f8', 'fortran_order': False, 'shape': (2.5,), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (-2,), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (2), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': 2, }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (2,, 1), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (18446744073709551616,), }",
        "{'descr': '<f8', 'fortran_order': 0, 'shape': (2,), }", "{'descr': '<f8', 'shape': (2,), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), 'shape': (1,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), 'more': 1}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (2,)} + 1", "{'descr': '<f8',", "{'descr", "{}",
        "", "{'descr': [('x', '<f8'), 'fortran_order': False", "import os"}) {
    const std::string file = write("a.npy", npy(text, bytes(std::vector<double>{1, 2})));
    EXPECT_EQ(test::message<FileError>([&] { return read_matrix(file); }),
              file + ": has the header " + quote(text) + ", which does not describe an array" + kAccepted);
  }
}

TEST_F(MatrixFileTest, RefusesOtherTypesByName) {
  for (const auto& [type, what] : std::vector<std::pair<std::string, std::string>>{
           {"|b1", "truth values"},
           {"<c16", "complex numbers"},
           {"<f16", "floating-point numbers of extended precision"},
           {"<U1", "text"},
           {"|S8", "text"},
           {"|O", "Python objects"},
           {"<M8[ns]", "times"},
           {"|V8", "raw bytes"},
           {"|f8", "an unknown type"},
           {"<i3", "an unknown type"},
           {"", "an unknown type"}}) {
    const std::string file = write("a.npy", array(type, "False", "(1,)", std::vector<double>{1}));
    std::string accepted = kAccepted;
    accepted.replace(0, 2, ", but ");
    EXPECT_EQ(test::message<FileError>([&] { return read_matrix(file); }),
              fmt::format("{}: holds {} ({}){}", file, what, quote(type), accepted));
  }
  const std::string file =
      write("a.npy",
            npy("{'descr': [('x', '<f8'), ('y', [('z', '<i4')])], 'fortran_order': False, 'shape': (1,), }",
                "12345678"));
  EXPECT_TRUE(
      test::message<FileError>([&] { return read_matrix(file); }).starts_with(file + ": holds records"));
}

TEST_F(MatrixFileTest, RefusesNumbersThatAreNotFinite) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  std::string file = write("a.npy", array("<f8", "False", "(2,)", std::vector<double>{1, kNan}));
  EXPECT_EQ(test::message<FileError>([&] { return read_matrix(file); }),
            file + ": the number [1,0] is nan, but must be finite");
  file = write("a.npy", array("<f4", "False", "(1, 2)", std::vector<float>{1, -kInfinity}));
  EXPECT_EQ(test::message<FileError>([&] { return read_matrix(file); }),
            file + ": the number [0,1] is -inf, but must be finite");
  file = write("a.npy", array("<f2", "True", "(2, 2)", std::vector<std::uint16_t>{0, 0, 0x7c00, 0}));
  EXPECT_EQ(test::message<FileError>([&] { return read_matrix(file); }),
            file + ": the number [0,1] is inf, but must be finite");
}

TEST_F(MatrixFileTest, AHeaderThatLiesCostsNothing) {
  // A hole of a terabyte: the header is read, and refused before any number.
  const std::string file = write("a.npy", npy(header("<f8", "False", "(137438953472,)"), ""));
  std::filesystem::resize_file(file, std::filesystem::file_size(file) + (std::uintmax_t{1} << 40));
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(test::message<FileError>([&] { return read_matrix(file); }),
            file + ": is 137438953472 x 1, but may have at most 2147483647 numbers");
  constexpr std::chrono::seconds kAtOnce{
      1};  // a thousand times what it takes, and less than reading the hole
  EXPECT_LT(std::chrono::steady_clock::now() - begin, kAtOnce);
}

TEST_F(MatrixFileTest, RefusesWhatIsNotAFile) {
  const std::string missing = (folder_ / "missing.csv").string();
  EXPECT_EQ(test::message<FileError>([&] { return read_matrix(missing); }),
            missing + ": cannot be read: No such file or directory");
  for (const char* name : {"folder.npy", "folder.csv"}) {
    const std::string folder = (folder_ / name).string();
    std::filesystem::create_directory(folder);
    EXPECT_EQ(test::message<FileError>([&] { return read_matrix(folder); }),
              folder + ": is a folder, but must be an ordinary file");
  }
  std::filesystem::create_symlink("/dev/zero", folder_ / "zero.npy");
  std::filesystem::create_symlink("/dev/zero", folder_ / "zero.csv");
  for (const char* name : {"zero.npy", "zero.csv"})
    EXPECT_EQ(test::message<FileError>([&] { return read_matrix(folder_ / name); }),
              (folder_ / name).string() + ": is a device, but must be an ordinary file");
  EXPECT_EQ(test::message<FileError>([&] { return read_list("/dev/zero"); }),
            "/dev/zero: is a device, but must be an ordinary file");
}

TEST(Symmetrised, TakesMatricesThatRoundingHasMadeUnsymmetric) {
  constexpr Index d = 60;
  const Matrix Q = haar_rotation(d, 1);
  const Vector b = Vector::LinSpaced(d, 0.1, 3);
  // As somebody would in fp32: the product is not symmetric.
  const MatrixOf<float> q = Q.cast<float>(), half = q * b.cast<float>().asDiagonal();
  MatrixOf<float> product(d, d);
  for (Index i = 0; i < d; ++i)
    for (Index j = 0; j < d; ++j) {
      product(i, j) = 0;
      for (Index k = 0; k < d; ++k) product(i, j) += half(i, k) * q(j, k);
    }
  const Matrix M = product.cast<double>();
  ASSERT_NE(M, Matrix(M.transpose()));
  const Matrix symmetric = symmetrised({.matrix = M, .epsilon = std::numeric_limits<float>::epsilon()});
  EXPECT_EQ(symmetric, Matrix(0.5 * M + 0.5 * M.transpose()));
  // In fp64 that would be no rounding.
  EXPECT_EQ(symmetrised({.matrix = M, .epsilon = std::numeric_limits<double>::epsilon()}), M);
  const Matrix rows{{1, 2, 3}, {4, 5, 6}};
  EXPECT_EQ(symmetrised({.matrix = rows, .epsilon = 1}), rows);
}

}  // namespace
}  // namespace lazygap
