#include "lazygap/report/draw.h"

#include <expat.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <regex>
#include <sstream>
#include <utility>
#include <vector>

#include "lazygap/core/error.h"
#include "lazygap/report/gnuplot.h"
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
  /// From now on gnuplot is this, a text for the shell.
  void fake_gnuplot(const std::string& script) {
    fs::create_directories(folder_ / "bin");
    std::ofstream(folder_ / "bin" / "gnuplot") << "#!/bin/sh\n" << script << "\n";
    fs::permissions(folder_ / "bin" / "gnuplot", fs::perms::owner_all);
    ::setenv("PATH", ((folder_ / "bin").string() + ":" + path_).c_str(), 1);
  }
  static bool gnuplot_is_missing() { return gnuplot_version().empty(); }

  fs::path folder_;
  std::string path_;
};

Frame frame_of(const plan::Plan& plan) { return make_frames(plan, hand_made::rows(plan)).at(0); }

TEST_F(Draw, CsvHasEveryPointWithAllItsDigits) {
  const Frame frame = frame_of(hand_made::plan());
  std::istringstream csv(to_csv(frame));
  std::string line;
  std::getline(csv, line);
  EXPECT_EQ(line, "series,regime,method,label,N,n,draws,x,ratio,se");
  for (const Series& series : frame.series)
    for (const Point& point : series.points) {
      ASSERT_TRUE(std::getline(csv, line)) << series.name;
      const std::vector<std::string> cells = split(line, ',');
      ASSERT_EQ(cells.size(), 10u) << line;
      EXPECT_EQ(cells[0], series.name);
      EXPECT_EQ(cells[1], series.regime);
      EXPECT_EQ(cells[2], series.method);
      EXPECT_EQ(cells[3], series.label);
      EXPECT_EQ(std::stoll(cells[4]), point.N);
      EXPECT_EQ(cells[5].empty(), !point.n);
      if (point.n) {
        EXPECT_EQ(std::stod(cells[5]), *point.n);
      }
      EXPECT_EQ(std::stoll(cells[6]), point.draws);
      EXPECT_EQ(std::stod(cells[7]), point.x);
      EXPECT_EQ(std::stod(cells[8]), point.ratio);
      EXPECT_EQ(cells[9].empty(), !point.se);
      if (point.se) {
        EXPECT_EQ(std::stod(cells[9]), *point.se);
      }
    }
  EXPECT_FALSE(std::getline(csv, line)) << "one row too many: " << line;
}

TEST_F(Draw, EverySeriesIsInTheSvg) {
  if (gnuplot_is_missing()) GTEST_SKIP() << "gnuplot is not in PATH";
  for (const char* side : {"left", "right"})
    for (const char* model : {"qf", "mg"}) {
      const plan::Plan plan = hand_made::plan(side, model);
      const Frame frame = frame_of(plan);
      const Drawing drawing = draw(frame, folder_);
      ASSERT_EQ(drawing.problem, "");
      ASSERT_EQ(drawing.files.size(), 5u);
      for (const fs::path& file : drawing.files) EXPECT_GT(fs::file_size(file), 100u) << file;
      // gnuplot numbers its curves: one group for each, the entries of the legend after them.
      const std::string script = gnuplot_script(frame);
      const std::size_t bars = count(script, "with vectors"), followers = count(script, ":(0) with points");
      EXPECT_EQ(count(script, "data using"), frame.series.size() + bars);
      EXPECT_EQ(count(drawing.svg, "id=\"gnuplot_plot_"),
                count(script, "data using") + count(script, "data every") + count(script, "keyentry"));
      EXPECT_EQ(followers > 0, std::string(side) == "right" && std::string(model) == "qf") << "flows";
      EXPECT_EQ(bars > 0, std::string(side) == "left") << "along training the curves of NT have none";
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
    // But for the texts that the pointer shows, which gnuplot leaves to a script.
    const std::regex scripted(
        "<g onmousemove=\"gnuplot_svg.showHypertext\\(evt,'([^']*)'\\)\" "
        "onmouseout=\"gnuplot_svg.hideHypertext\\(\\)\"><title> </title>");
    EXPECT_EQ(std::regex_replace(read(folder_ / (frame.name + ".svg")), scripted, "<g><title>$1</title>"),
              drawing.svg);
  }
}

TEST_F(Draw, MarkersHaveTitlesWithTheirNumbers) {
  if (gnuplot_is_missing()) GTEST_SKIP() << "gnuplot is not in PATH";
  const Drawing left = draw(frame_of(hand_made::plan()), folder_);
  EXPECT_NE(left.svg.find("<title>NT exact: N = 8, R/R0 = 0.12361 ± 0.004</title>"), std::string::npos);
  EXPECT_NE(left.svg.find("<title>NN exact: N = 2, R/R0 = 0.34583</title>"), std::string::npos) << "no error";
  const Drawing right = draw(frame_of(hand_made::plan("right")), folder_);
  EXPECT_NE(right.svg.find("<title>NT train N = 4: n / d = 100, R/R0 = "), std::string::npos);
  for (const std::string& svg : {left.svg, right.svg}) {
    EXPECT_EQ(svg.find("onmouse"), std::string::npos);
    EXPECT_EQ(svg.find("± nan"), std::string::npos);
    EXPECT_EQ(svg.find("<script"), std::string::npos);
  }
}

TEST_F(Draw, ForLatexThereAreTwoMoreFiles) {
  if (gnuplot_is_missing()) GTEST_SKIP() << "gnuplot is not in PATH";
  const Drawing drawing = draw(frame_of(hand_made::plan("left", "qf", {{"figure.latex", "true"}})), folder_);
  EXPECT_EQ(drawing.problem, "");
  EXPECT_EQ(drawing.files.size(), 7u);
  const std::string tex = read(folder_ / "hand-made-left-latex.tex");
  EXPECT_NE(tex.find("number of neurons, $N$"), std::string::npos);
  EXPECT_NE(tex.find("{./hand-made-left-latex}"), std::string::npos);
  EXPECT_EQ(read(folder_ / "hand-made-left-latex.pdf").substr(0, 5), "%PDF-");
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
    const Drawing drawing = draw(make_frames(hand_made::plan(side), {}).at(0), folder_);
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
  EXPECT_EQ(drawing.pictures, Drawing::Pictures::no_gnuplot);
}

TEST_F(Draw, FailureOfGnuplotIsReported) {
  fake_gnuplot(
      "echo; echo 'plot x' >&2; echo '\"./hand-made-left.gp\" line 7: no such terminal' >&2; exit 1");
  const Drawing drawing = draw(frame_of(hand_made::plan()), folder_ / "out");
  EXPECT_EQ(drawing.files.size(), 2u);
  EXPECT_EQ(drawing.pictures, Drawing::Pictures::failed);
  EXPECT_EQ(drawing.problem,
            "gnuplot ended with 1: \"./hand-made-left.gp\" line 7: no such terminal, so hand-made-left.svg, "
            "hand-made-left.pdf and hand-made-left.png were not drawn in " +
                (folder_ / "out").string());
}

TEST_F(Draw, AGnuplotThatCannotBeRunIsNotCalledMissing) {
  std::ofstream(folder_ / "gnuplot") << "#!/bin/sh\n";
  ::setenv("PATH", folder_.c_str(), 1);
  const Drawing drawing = draw(frame_of(hand_made::plan()), folder_ / "out");
  EXPECT_EQ(drawing.pictures, Drawing::Pictures::no_gnuplot);
  EXPECT_TRUE(drawing.problem.starts_with((folder_ / "gnuplot").string() + " is not executable, so "))
      << drawing.problem;
}

constexpr const char* kEndings[] = {"svg", "pdf", "png"};

/// A gnuplot that is content with whatever it has done.
TEST_F(Draw, PicturesThatAreNotWholeLeaveTheOldOnes) {
  if (gnuplot_is_missing()) GTEST_SKIP() << "gnuplot is not in PATH";
  const Frame frame = frame_of(hand_made::plan());
  const fs::path out = folder_ / "out";
  const std::string svg = draw(frame, out).svg;
  std::vector<std::string> before;
  for (const char* ending : kEndings) before.push_back(read(out / (frame.name + "." + ending)));
  const std::string real = "PATH='" + path_ + "' gnuplot \"$@\"; ";
  struct Case {
    std::string script, problem;
    bool has_svg;
  };
  for (const auto& [script, problem, has_svg] : std::vector<Case>{
           {"exit 0", "hand-made-left.svg is missing", false},
           {real + ": > hand-made-left.svg", "hand-made-left.svg is empty", false},
           {real + "truncate -s -3 hand-made-left.svg", "hand-made-left.svg is cut short", false},
           {real + "truncate -s -3 hand-made-left.pdf", "hand-made-left.pdf is cut short", true},
           {real + "truncate -s 1000 hand-made-left.png", "hand-made-left.png is cut short", true},
           {real + "truncate -s +4096 hand-made-left.png", "hand-made-left.png is cut short", true},
           {real + "cp hand-made-left.png hand-made-left.pdf",
            "hand-made-left.pdf does not begin as such a picture does", true},
           {real + "rm hand-made-left.png; mkdir hand-made-left.png", "hand-made-left.png is missing",
            true}}) {
    fake_gnuplot(script);
    const Drawing drawing = draw(frame, out);
    ::setenv("PATH", path_.c_str(), 1);
    EXPECT_EQ(drawing.pictures, Drawing::Pictures::cut) << script;
    EXPECT_TRUE(
        drawing.problem.starts_with("gnuplot ended well, but its " + problem + "; the disk may be full"))
        << drawing.problem;
    EXPECT_EQ(drawing.svg, has_svg ? svg : "");
    EXPECT_EQ(drawing.files.size(), 2u);
    for (std::size_t i = 0; i < before.size(); ++i)
      EXPECT_EQ(read(out / (frame.name + "." + kEndings[i])), before[i]) << script;
  }
  EXPECT_EQ(std::distance(fs::directory_iterator(out), fs::directory_iterator()), 5);
}

TEST_F(Draw, StopsWhileGnuplotHangs) {
  fake_gnuplot("sleep 100");
  int polled = 0;
  const auto begin = std::chrono::steady_clock::now();
  const Drawing drawing = draw(frame_of(hand_made::plan()), folder_ / "out", [&] { return ++polled > 3; });
  constexpr std::chrono::seconds kSoon{
      10};  // it is polled a hundred times a second, on a machine that is busy
  EXPECT_LT(std::chrono::steady_clock::now() - begin, kSoon);
  EXPECT_EQ(drawing.pictures, Drawing::Pictures::stopped);
  EXPECT_TRUE(drawing.problem.starts_with("gnuplot was stopped, so ")) << drawing.problem;
}

TEST_F(Draw, TheEnvironmentOfTheUserDoesNotChangeThePictures) {
  if (gnuplot_is_missing()) GTEST_SKIP() << "gnuplot is not in PATH";
  const Frame frame = frame_of(hand_made::plan());
  const std::string svg = draw(frame, folder_).svg;
  const std::vector<std::pair<const char*, const char*>> settings{{"GNUTERM", "x11"},
                                                                  {"GNUPLOT_LIB", "/nowhere"},
                                                                  {"GNUPLOT_DRIVER_DIR", "/nowhere"},
                                                                  {"LC_ALL", "POSIX"},
                                                                  {"LC_NUMERIC", "de_DE.UTF-8"},
                                                                  {"GNUPLOT_FONTPATH", "/nowhere"},
                                                                  {"DISPLAY", ":77"},
                                                                  {"COLUMNS", "1"}};
  for (const auto& [name, value] : settings) ::setenv(name, value, 1);
  const Drawing drawing = draw(frame, folder_);
  for (const auto& [name, value] : settings) ::unsetenv(name);
  EXPECT_EQ(drawing.problem, "");
  EXPECT_EQ(drawing.svg, svg);
}

/// What the parser has against the text, or nothing.
std::string xml_error(const std::string& text) {
  const std::unique_ptr<XML_ParserStruct, decltype(&XML_ParserFree)> parser(XML_ParserCreate(nullptr),
                                                                            &XML_ParserFree);
  if (XML_Parse(parser.get(), text.data(), static_cast<int>(text.size()), 1) == XML_STATUS_OK) return "";
  return XML_ErrorString(XML_GetErrorCode(parser.get()));
}

TEST_F(Draw, ATitleRunsNoCommandsAndLeavesTheSvgWellFormed) {
  if (gnuplot_is_missing()) GTEST_SKIP() << "gnuplot is not in PATH";
  Frame frame = frame_of(hand_made::plan());
  EXPECT_EQ(xml_error("<svg><text>a & b</text></svg>"), "not well-formed (invalid token)");
  for (const std::string& title :
       {std::string("a\n!touch x\n#"), std::string("`touch x`"), std::string("a'; system 'touch x'; #"),
        std::string("@touch \\\n!touch x"), std::string("</text><script>x</script> & < > \" '"),
        std::string("{/:Bold x} x_1^2 ~ \\101 %n $x"), std::string("a\0b\x1b[0m", 8), std::string("\xff\xc3"),
        std::string("]]> <![CDATA["), std::string("\u2028γ😀\uffff")}) {
    frame.title = title;
    const Drawing drawing = draw(frame, folder_ / "out");
    EXPECT_EQ(drawing.problem, "") << title;
    EXPECT_EQ(xml_error(drawing.svg), "") << title;
    EXPECT_EQ(std::distance(fs::directory_iterator(folder_ / "out"), fs::directory_iterator()), 5) << title;
  }
}

TEST_F(Draw, ANameRunsNoCommands) {
  if (gnuplot_is_missing()) GTEST_SKIP() << "gnuplot is not in PATH";
  Frame frame = frame_of(hand_made::plan());
  const fs::path out = folder_ / "out";
  for (const char* name : {"|touch x", "<touch x", "-rf", "it's", "`touch x`", "~root", "$HOME a b"}) {
    frame.name = name;
    const Drawing drawing = draw(frame, out);
    EXPECT_EQ(drawing.problem, "") << name;
    EXPECT_EQ(drawing.files.size(), 5u) << name;
    EXPECT_EQ(std::distance(fs::directory_iterator(out), fs::directory_iterator()), 5) << name;
    fs::remove_all(out);
  }
  // No plan has such a name. There are no pictures, but no command is run either.
  frame.name = "a\n!touch x";
  EXPECT_EQ(draw(frame, out).pictures, Drawing::Pictures::failed);
  EXPECT_EQ(std::distance(fs::directory_iterator(out), fs::directory_iterator()), 2);
}

TEST_F(Draw, FolderThatCannotBeWritten) {
  std::ofstream(folder_ / "file") << "in the way";
  EXPECT_THROW(static_cast<void>(draw(frame_of(hand_made::plan()), folder_ / "file")), FileError);
  EXPECT_EQ(read(folder_ / "file"), "in the way");
}

}  // namespace
}  // namespace lazygap::report
