#include "lazygap/report/draw.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "lazygap/core/error.h"
#include "lazygap/report/files.h"
#include "report/hand_made.h"

namespace lazygap::report {
namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  EXPECT_TRUE(stream.is_open()) << file;
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::vector<std::string> split(const std::string& line, char separator) {
  std::vector<std::string> parts(1);
  for (const char c : line)
    if (c == separator)
      parts.emplace_back();
    else
      parts.back() += c;
  return parts;
}

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t found = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + what.size()))
    ++found;
  return found;
}

/// A folder of its own for each test, and PATH as it was afterwards.
class Draw : public testing::Test {
 protected:
  Draw() {
    std::string pattern = (fs::temp_directory_path() / "lazygap-draw-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    path_ = std::getenv("PATH");
  }
  ~Draw() override {
    ::setenv("PATH", path_.c_str(), 1);
    fs::permissions(folder_, fs::perms::owner_all);
    fs::remove_all(folder_);
  }
  static bool gnuplot_is_missing() { return gnuplot_version().empty(); }

  fs::path folder_;
  std::string path_;
};

Frame frame_of(const experiment::Plan& plan) {
  return make_frame(plan, hand_made::rows(plan), hand_made::curves(plan));
}

TEST_F(Draw, CsvHasEveryPointWithAllItsDigits) {
  const Frame frame = frame_of(hand_made::plan());
  std::istringstream csv(to_csv(frame));
  std::string line;
  std::getline(csv, line);
  EXPECT_EQ(line, "series,regime,method,d,N,rho,n,draws,x,ratio,se");
  for (const Series& series : frame.series)
    for (const Point& point : series.points) {
      ASSERT_TRUE(std::getline(csv, line)) << series.name;
      const std::vector<std::string> cells = split(line, ',');
      ASSERT_EQ(cells.size(), 11u) << line;
      EXPECT_EQ(cells[0], series.name);
      EXPECT_EQ(cells[1], series.regime);
      EXPECT_EQ(cells[2], series.method);
      EXPECT_EQ(cells[3], "8");
      EXPECT_EQ(std::stoll(cells[4]), point.N);
      EXPECT_EQ(std::stod(cells[5]), static_cast<double>(point.N) / 8);
      EXPECT_EQ(cells[6].empty(), !point.n);
      if (point.n) {
        EXPECT_EQ(std::stod(cells[6]), *point.n);
      }
      EXPECT_EQ(std::stoll(cells[7]), point.draws);
      EXPECT_EQ(std::stod(cells[8]), point.x);
      EXPECT_EQ(std::stod(cells[9]), point.ratio);
      EXPECT_EQ(cells[10].empty(), !point.se);
      if (point.se) {
        EXPECT_EQ(std::stod(cells[10]), *point.se);
      }
    }
  EXPECT_FALSE(std::getline(csv, line)) << "one row too many: " << line;
}

TEST_F(Draw, EverySeriesIsInTheSvg) {
  if (gnuplot_is_missing()) GTEST_SKIP() << "gnuplot is not in PATH";
  for (const char* side : {"left", "right"})
    for (const char* model : {"qf", "mg"}) {
      const experiment::Plan plan = hand_made::plan(side, model);
      const Frame frame = frame_of(plan);
      const Drawing drawing = draw(frame, folder_);
      ASSERT_EQ(drawing.problem, "");
      ASSERT_EQ(drawing.files.size(), 5u);
      for (const fs::path& file : drawing.files) EXPECT_GT(fs::file_size(file), 100u) << file;
      // gnuplot numbers its curves: one group for each, the entries of the legend after them.
      const std::string script = gnuplot_script(frame);
      const std::size_t bars = count(script, "with vectors");
      EXPECT_EQ(count(script, "data using"), frame.series.size() + bars);
      EXPECT_EQ(count(drawing.svg, "id=\"gnuplot_plot_"),
                frame.series.size() + bars + count(script, "keyentry"));
      EXPECT_GT(bars, 0u) << "NT has standard errors";
      EXPECT_EQ(drawing.svg, read(folder_ / (frame.name + ".svg")));
      EXPECT_NE(drawing.svg.find("rgb(  0, 114, 178)"), std::string::npos) << "the blue of NN";
      EXPECT_NE(drawing.svg.find("NT"), std::string::npos);
      EXPECT_EQ(read(folder_ / (frame.name + ".pdf")).substr(0, 5), "%PDF-");
      EXPECT_EQ(read(folder_ / (frame.name + ".png")).substr(1, 3), "PNG");
    }
}

TEST_F(Draw, ScriptDrawsAgainByHandWithoutAWarning) {
  if (gnuplot_is_missing()) GTEST_SKIP() << "gnuplot is not in PATH";
  for (const char* side : {"left", "right"}) {
    const Frame frame = frame_of(hand_made::plan(side));
    const Drawing drawing = draw(frame, folder_);
    fs::remove(folder_ / (frame.name + ".svg"));
    const std::string command =
        "cd '" + folder_.string() + "' && LC_ALL=C.UTF-8 gnuplot -d " + frame.name + ".gp > said 2>&1";
    EXPECT_EQ(std::system(command.c_str()), 0);
    EXPECT_EQ(read(folder_ / "said"), "");
    EXPECT_EQ(read(folder_ / (frame.name + ".svg")), drawing.svg);
  }
}

TEST_F(Draw, LeavesNothingButTheFiles) {
  const Frame frame = frame_of(hand_made::plan());
  const Drawing drawing = draw(frame, folder_ / "new" / "folder");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_ / "new" / "folder"), fs::directory_iterator()),
            static_cast<std::ptrdiff_t>(drawing.files.size()));
}

TEST_F(Draw, AnEmptyFrameIsNotAnError) {
  if (gnuplot_is_missing()) GTEST_SKIP() << "gnuplot is not in PATH";
  for (const char* side : {"left", "right"}) {
    const Drawing drawing = draw(make_frame(hand_made::plan(side), {}, {}), folder_);
    EXPECT_EQ(drawing.problem, "");
    EXPECT_EQ(drawing.files.size(), 5u);
  }
}

TEST_F(Draw, WithoutGnuplotNumbersAndScriptAreWritten) {
  ::setenv("PATH", folder_.c_str(), 1);
  EXPECT_EQ(gnuplot_version(), "");
  const Drawing drawing = draw(frame_of(hand_made::plan()), folder_);
  ASSERT_EQ(drawing.files.size(), 2u);
  EXPECT_GT(fs::file_size(folder_ / "hand-made-left.csv"), 100u);
  EXPECT_GT(fs::file_size(folder_ / "hand-made-left.gp"), 100u);
  EXPECT_EQ(drawing.svg, "");
  EXPECT_EQ(
      drawing.problem,
      "gnuplot is not in PATH, so hand-made-left.svg, hand-made-left.pdf and hand-made-left.png were not "
      "drawn; "
      "install the package gnuplot-nox and repeat the command, or run \"gnuplot hand-made-left.gp\" in " +
          folder_.string());
}

TEST_F(Draw, FailureOfGnuplotIsReported) {
  std::ofstream(folder_ / "gnuplot") << "#!/bin/sh\necho 'no such terminal'\nexit 1\n";
  fs::permissions(folder_ / "gnuplot", fs::perms::owner_all);
  ::setenv("PATH", (folder_.string() + ":" + path_).c_str(), 1);
  const Drawing drawing = draw(frame_of(hand_made::plan()), folder_ / "out");
  EXPECT_EQ(drawing.files.size(), 2u);
  EXPECT_EQ(drawing.problem, "gnuplot could not draw " + (folder_ / "out" / "hand-made-left.gp").string() +
                                 " (exit code 1): no such terminal ");
}

TEST_F(Draw, FolderThatCannotBeWritten) {
  std::ofstream(folder_ / "file") << "in the way";
  EXPECT_THROW(static_cast<void>(draw(frame_of(hand_made::plan()), folder_ / "file")), FileError);
  EXPECT_EQ(read(folder_ / "file"), "in the way");
}

TEST_F(Draw, AFileIsReplacedWhole) {
  write_file(folder_ / "a" / "b.txt", "first, the longer one");
  write_file(folder_ / "a" / "b.txt", "second");
  EXPECT_EQ(read(folder_ / "a" / "b.txt"), "second");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_ / "a"), fs::directory_iterator()), 1);
  try {
    write_file("/dev/full/b.txt", "x");
    FAIL();
  } catch (const FileError& error) {
    EXPECT_NE(std::string(error.what()).find("/dev/full"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace lazygap::report
