#include "lazygap/data/table.h"

#include <gtest/gtest.h>
#include <zip.h>

#include <cstdint>
#include <cstring>

#include "lazygap/core/error.h"
#include "support/message.h"
#include "support/temporary_folder.h"

namespace lazygap::data {
namespace {

using test::message;

class Tables : public testing::Test {
 protected:
  std::filesystem::path write(const std::string& name, const std::string& text) const {
    return folder.write(name, text);
  }
  /// The message of reading `text` as t.csv, without the folder.
  std::string refusal(const std::string& text, const TableOptions& options = {.target = "y"}) const {
    const std::filesystem::path file = write("t.csv", text);
    std::string said = message<std::exception>([&] { (void)read_table(file, options); });
    const std::string path = file.string();
    for (std::size_t at = said.find(path); at != std::string::npos; at = said.find(path))
      said.replace(at, path.size(), "t.csv");
    return said;
  }
  test::TemporaryFolder folder;
};

/// numpy.save of fp64, C order.
std::string npy(Index rows, Index columns, const std::vector<double>& numbers) {
  std::string header = "{'descr': '<f8', 'fortran_order': False, 'shape': (" + std::to_string(rows) + ", " +
                       std::to_string(columns) + "), }";
  header.resize(117, ' ');
  header += '\n';
  std::string text("\x93NUMPY\x01\x00\x76\x00", 10);
  text += header;
  text.append(reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(double));
  return text;
}

const Matrix kX = (Matrix(2, 3) << 1, 3, -0.5, 2, 4, 1e3).finished();
const Matrix kY = (Matrix(1, 3) << 0.1, 7.5, 30).finished();

TEST_F(Tables, SeparatorsQuotesEndsOfLinesAndMarks) {
  for (const std::string text :
       {"a,b,y\n1,2,0.1\n3,4,7.5\n-.5,1e3,30\n",
        "\xef\xbb\xbf"
        "a,b,y\r\n1,2,0.1\r\n3,4,7.5\r\n-.5,1e3,30",
        "a;b;y\n1;2;0.1\n3;4;7.5\n-.5;1e3;30\n", "a\tb\ty\n1\t2\t0.1\n3\t4\t7.5\n-.5\t1e3\t30\n",
        "a b y\n1  2 0.1\n 3 4 7.5 \n-.5 +1e3 30\n",
        "\"a\",\"b\",\"y\"\r1,\"2\",0.1\r3,4,7.5\r-.5,1e3,30\r"}) {
    const Table table = read_table(write("t.csv", text), {.target = "y"});
    EXPECT_EQ(table.X, kX) << text;
    EXPECT_EQ(table.Y, kY) << text;
    EXPECT_EQ(table.features, (std::vector<std::string>{"a", "b"})) << text;
    EXPECT_EQ(table.target, "y");
    EXPECT_FALSE(table.is_classification());
  }
}

TEST_F(Tables, NoHeaderAndTargetsByNumber) {
  const auto file = write("t.csv", "0.1,1,2\n7.5,3,4\n30,-.5,1e3\n");
  const Table first = read_table(file, {.target = "1"});
  EXPECT_EQ(first.X, kX);
  EXPECT_EQ(first.Y, kY);
  EXPECT_EQ(read_table(file, {.target = "-1"}).Y, (Matrix(1, 3) << 2, 4, 1000).finished());
  EXPECT_EQ(first.features, (std::vector<std::string>{"x2", "x3"}));
}

TEST_F(Tables, Classes) {
  const Table two = read_table(write("t.csv", "a,kind\n1,\"x, \"\"y\"\"\"\n2,b\n3,b\n4,\"x, \"\"y\"\"\"\n"),
                               {.target = "kind"});
  EXPECT_EQ(two.classes, (std::vector<std::string>{"b", "x, \"y\""}));
  EXPECT_EQ(two.Y, (Matrix(1, 4) << 1, -1, -1, 1).finished());
  const Table three = read_table(write("t.csv", "a,y\n1,10\n2,9\n3,2\n4,2\n5,9\n6,10\n"),
                                 {.target = "y", .task = Task::classes});
  EXPECT_EQ(three.classes, (std::vector<std::string>{"2", "9", "10"}));
  EXPECT_EQ(three.Y.rows(), 3);
  EXPECT_EQ(three.Y(2, 0), 1);
  EXPECT_EQ(three.Y.colwise().sum(), Matrix::Ones(1, 6));
  EXPECT_FALSE(read_table(write("t.csv", "a,y\n1,10\n2,9\n3,2\n4,2\n5,9\n6,10\n"), {.target = "y"})
                   .is_classification());
  EXPECT_EQ(read_table(write("t.csv", "5.1,3.5,setosa\n7,3.2,virginica\n6,3,setosa\n5,3,virginica\n"),
                       {.target = "-1"})
                .X.cols(),
            4);
}

TEST_F(Tables, MissingValuesOnRequest) {
  const std::string text = "a,b,y\n1,2,0.1\n3,NA,7.5\n,1e3,30\n4,5,6\n";
  EXPECT_EQ(
      refusal(text),
      "t.csv:3, column 2 (\"b\"): the value is missing; missing = \"drop\" leaves such samples out, \"mean\" "
      "takes the mean of the column");
  const Table dropped = read_table(write("t.csv", text), {.target = "y", .missing = Missing::drop});
  EXPECT_EQ(dropped.X, (Matrix(2, 2) << 1, 4, 2, 5).finished());
  EXPECT_EQ(dropped.dropped, 2);
  const Table filled = read_table(write("t.csv", text), {.target = "y", .missing = Missing::mean});
  EXPECT_EQ(filled.filled, 2);
  EXPECT_DOUBLE_EQ(filled.X(1, 1), (2 + 1e3 + 5) / 3);
  EXPECT_EQ(refusal("a,y\n1,2\n3,\n5,6\n", {.target = "y", .missing = Missing::mean}),
            "t.csv:3, column 2 (\"y\"): the target is missing; missing = \"drop\" leaves such samples out");
}

TEST_F(Tables, ArraysOfNumPy) {
  const auto X = write("X.npy", npy(3, 2, {1, 2, 3, 4, -0.5, 1e3}));
  const auto y = write("y.npy", npy(3, 1, {0.1, 7.5, 30}));
  const Table table = read_table(X, {.y = y});
  EXPECT_EQ(table.X, kX);
  EXPECT_EQ(table.Y, kY);
  const auto archive = folder / "both.npz";
  int error = 0;
  zip_t* zip = zip_open(archive.c_str(), ZIP_CREATE, &error);
  const std::string bytes_X = npy(3, 2, {1, 2, 3, 4, -0.5, 1e3}), bytes_y = npy(3, 1, {0.1, 7.5, 30});
  zip_file_add(zip, "X.npy", zip_source_buffer(zip, bytes_X.data(), bytes_X.size(), 0), 0);
  zip_file_add(zip, "y.npy", zip_source_buffer(zip, bytes_y.data(), bytes_y.size(), 0), 0);
  zip_close(zip);
  const Table both = read_table(archive, {});
  EXPECT_EQ(both.X, kX);
  EXPECT_EQ(both.Y, kY);
  EXPECT_EQ(both.hash, table.hash);
  EXPECT_EQ(read_table(archive.string() + ":X", {.y = y}).X, kX);
  const std::string said =
      message<FileError>([&] { (void)read_table(archive.string() + ":Z", {.target = "1"}); });
  EXPECT_NE(said.find("there is no array \"Z\"; there is \"X\", \"y\""), std::string::npos) << said;
}

TEST_F(Tables, AColumnOfGroupsIsNoFeature) {
  const std::string text = "a,site,b,y\n1,p,2,0.1\n3,q,4,7.5\n-.5,p,1e3,30\n";
  for (const std::string group : {"site", "2"}) {
    const Table table = read_table(write("t.csv", text), {.target = "y", .group = group});
    EXPECT_EQ(table.X, kX);
    EXPECT_EQ(table.features, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(table.groups, (std::vector<Index>{0, 1, 0}));
  }
  // Numbers written in two ways are one group; samples that are left out have none.
  const Table numbers = read_table(write("t.csv", "a,g,y\n1,2,1\n,3,2\n3,2.0,5\n4,3,5\n"),
                                   {.target = "y", .group = "g", .missing = Missing::drop});
  EXPECT_EQ(numbers.groups, (std::vector<Index>{0, 0, 1}));
  const Table array =
      read_table(write("t.npy", npy(3, 3, {1, 7, 2, 3, 8, 4, -0.5, 7, 1e3})), {.target = "-1", .group = "2"});
  EXPECT_EQ(array.groups, (std::vector<Index>{0, 1, 0}));
  EXPECT_EQ(refusal("a,y\n1,2\n", {.target = "y", .group = "site"}),
            "t.csv: the group \"site\" is not a column; the columns are \"a\", \"y\", or 1 to 2");
  EXPECT_EQ(refusal("a,y\n1,2\n", {.target = "y", .group = "2"}),
            "t.csv: the group \"2\" is the target, but must be another column");
  EXPECT_EQ(refusal("g,y\n1,2\n", {.target = "y", .group = "g"}),
            "t.csv: has no column beside the target and the group, but must have a feature");
  EXPECT_EQ(refusal("a,g,y\n1,p,2\n2,,3\n", {.target = "y", .group = "g"}),
            "t.csv:3, column 2 (\"g\"): the group is missing, but every sample needs one");
}

TEST_F(Tables, RefuseWithASentence) {
  EXPECT_EQ(refusal("a,y\n1,2\nx,4\n"),
            "t.csv:3, column 1 (\"a\"): \"x\" is not a finite number, but the features are numbers");
  EXPECT_EQ(refusal("a,y\n1,2\ninf,4\n"),
            "t.csv:3, column 1 (\"a\"): \"inf\" is not a finite number, but the features are numbers");
  EXPECT_EQ(refusal("a;y\n1,5;2\n3;4\n"),
            "t.csv:2, column 1 (\"a\"): \"1,5\" has a decimal comma, but a number is written with a point");
  EXPECT_EQ(refusal("a,y\n1,2,3\n"),
            "t.csv:2: has 3 fields, but the first line has 2 (decimal commas are not "
            "read: write a point)");
  EXPECT_EQ(refusal("a,a,y\n1,2,3\n"),
            "t.csv: columns 1 and 2 have the same name \"a\", but names must differ");
  EXPECT_EQ(refusal("a,b\n1,2\n"),
            "t.csv: the target \"y\" is not a column; the columns are \"a\", \"b\", or 1 to 2");
  EXPECT_EQ(refusal("y\n1\n"), "t.csv: has no column beside the target, but must have a feature");
  EXPECT_EQ(refusal("a,y\n1,2\n"), "the table has 1 sample, but at least 2 are needed");
  EXPECT_EQ(refusal("a,y\n1,2\n3,2\n"),
            "the target \"y\" is 2 in every sample: there is nothing to learn from");
  EXPECT_EQ(refusal("a,y\n1,u\n3,u\n"),
            "the target \"y\" has the one class \"u\", but must have two or more");
  EXPECT_EQ(refusal("a,y\n1,u\n3,u\n4,v\n"),
            "the target \"y\" has one sample of class \"v\", but each class needs two");
  EXPECT_EQ(refusal("a,y\n\"1,2\n"), "t.csv:2: a quoted field is not closed before the end of the file");
  EXPECT_EQ(
      refusal("a,y\n1\"0,2\n"),
      "t.csv:2: a quote stands within a field, but a field with quotes begins and ends with one and doubles "
      "those inside");
  EXPECT_EQ(refusal("a,y\n"), "t.csv: has a header only, but must have a line for each sample");
  EXPECT_EQ(refusal(""), "t.csv: is empty, but must have a line for each sample");
  EXPECT_EQ(refusal("a,y\n1,2\n", {}), "t.csv: there is no target; name a column (target) or a file (y)");
  const auto X = write("X.npy", npy(3, 2, {1, 2, 3, 4, -0.5, 1e3})), y = write("y.npy", npy(2, 1, {1, 2}));
  const std::string said = message<UsageError>([&] { (void)read_table(X, {.y = y}); });
  EXPECT_NE(said.find("y.npy: has 2 samples, but"), std::string::npos) << said;
}

}  // namespace
}  // namespace lazygap::data
