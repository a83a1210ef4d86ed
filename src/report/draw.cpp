#include "lazygap/report/draw.h"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <string_view>

#include "lazygap/core/error.h"
#include "lazygap/core/files.h"
#include "lazygap/core/ordinary_file.h"
#include "lazygap/core/quote.h"
#include "lazygap/report/escape.h"
#include "lazygap/report/gnuplot.h"

namespace lazygap::report {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 3> kPictures{"svg", "pdf", "png"};

/// Why `content` is not a whole picture of this kind, from its first and last bytes; empty where it is one.
std::string_view flaw(std::string_view kind, std::string_view content) {
  using namespace std::string_view_literals;
  if (content.empty()) return "is empty";
  const std::string_view begin = kind == "svg"   ? "<?xml"sv
                                 : kind == "pdf" ? "%PDF-"sv
                                                 : "\x89PNG\r\n\x1a\n"sv;
  const std::string_view end = kind == "svg"   ? "</svg>"sv
                               : kind == "pdf" ? "%%EOF"sv
                                               : "IEND\xae\x42\x60\x82"sv;
  if (!content.starts_with(begin)) return "does not begin as such a picture does";
  if (kind != "png") content = content.substr(0, content.find_last_not_of("\r\n") + 1);
  return content.ends_with(end) ? "" : "is cut short";
}

/// Lets gnuplot draw the frame in `folder`, a scratch folder, and looks at what it has made.
void draw_pictures(const Frame& frame, const fs::path& folder, const std::function<bool()>& stop,
                   Drawing& drawing) {
  using End = GnuplotRun::End;
  using Pictures = Drawing::Pictures;
  const GnuplotRun run =
      run_gnuplot({"-d", fmt::format("./{}.gp", frame.name)}, folder, kGnuplotTimeLimit, stop);
  drawing.problem = run.problem;
  if (run.end != End::done) {
    drawing.pictures = run.end == End::absent   ? Pictures::no_gnuplot
                       : run.end == End::failed ? Pictures::failed
                                                : Pictures::stopped;
    return;
  }
  constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 30;
  for (const std::string_view kind : kPictures) {
    const std::string name = fmt::format("{}.{}", frame.name, kind);
    std::string content;
    std::string_view why;
    try {
      content = read_ordinary_file(folder / name, kMostBytes);
      why = flaw(kind, content);
    } catch (const FileError&) {
      why = "is missing";
    }
    if (!why.empty() && drawing.problem.empty()) {
      drawing.pictures = Pictures::cut;
      drawing.problem =
          fmt::format("gnuplot ended well, but its {} {}; the disk may be full", printable(name), why);
    }
    if (why.empty() && kind == "svg") drawing.svg = std::move(content);
  }
}

/// The sentence that says what is not there, why, and what to do.
std::string sentence(const Frame& frame, const fs::path& folder, const Drawing& drawing) {
  const std::string name = printable(frame.name);
  std::string text =
      fmt::format("{1}, so {0}.svg, {0}.pdf and {0}.png were not drawn", name, drawing.problem);
  if (drawing.pictures == Drawing::Pictures::no_gnuplot)
    text += fmt::format("; install the package gnuplot-nox and repeat the command, or run \"gnuplot {}\"",
                        shell_word(frame.name + ".gp"));
  return fmt::format("{} in {}", text, printable(folder.string()));
}

}  // namespace

std::string to_csv(const Frame& frame) {
  std::string text = "series,regime,method,label,N,n,draws,x,ratio,se\n";
  for (const Series& series : frame.series)
    for (const Point& p : series.points)
      text += fmt::format("{},{},{},{},{},{},{},{},{},{}\n", csv_text(series.name), csv_text(series.regime),
                          csv_text(series.method), csv_text(series.label), p.N,
                          p.n ? fmt::format("{}", *p.n) : "", p.draws, p.x, p.ratio,
                          p.se ? fmt::format("{}", *p.se) : "");
  return text;
}

Drawing draw(const Frame& frame, const fs::path& folder, const std::function<bool()>& stop) {
  Drawing drawing;
  const std::string csv = to_csv(frame), script = gnuplot_script(frame);
  const auto file = [&](std::string_view ending) {
    return folder / fmt::format("{}.{}", frame.name, ending);
  };
  write_file(file("csv"), csv);
  write_file(file("gp"), script);
  drawing.files = {file("csv"), file("gp")};

  // gnuplot writes piece by piece, so it works in a folder of its own and finished files are moved out.
  const ScratchFolder scratch(folder);
  write_file(scratch.path() / (frame.name + ".csv"), csv);
  write_file(scratch.path() / (frame.name + ".gp"), script);
  draw_pictures(frame, scratch.path(), stop, drawing);
  if (drawing.pictures != Drawing::Pictures::drawn) {
    drawing.problem = sentence(frame, folder, drawing);
    return drawing;
  }
  for (const std::string_view kind : kPictures) {
    move_into_place(scratch.path() / fmt::format("{}.{}", frame.name, kind), file(kind));
    drawing.files.push_back(file(kind));
  }
  return drawing;
}

}  // namespace lazygap::report
