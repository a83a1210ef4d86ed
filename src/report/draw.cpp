#include "lazygap/report/draw.h"

#include <fmt/format.h>

#include <cstdint>
#include <string_view>
#include <vector>

#include "lazygap/core/error.h"
#include "lazygap/core/files.h"
#include "lazygap/core/ordinary_file.h"
#include "lazygap/core/quote.h"
#include "lazygap/report/escape.h"
#include "lazygap/report/gnuplot.h"
#include "report/heat_map.h"

namespace lazygap::report {
namespace {

namespace fs = std::filesystem;

/// The endings of what gnuplot writes.
std::vector<std::string_view> endings_of(bool latex) {
  std::vector<std::string_view> found{".svg", ".pdf", ".png"};
  if (latex) found.insert(found.end(), {"-latex.tex", "-latex.pdf"});
  return found;
}

/// Why `content` is not a whole picture of this kind, from its first and last bytes; empty where it is one.
std::string_view flaw(std::string_view kind, std::string_view content) {
  using namespace std::string_view_literals;
  if (content.empty()) return "is empty";
  const std::string_view begin = kind == "svg"   ? "<?xml"sv
                                 : kind == "pdf" ? "%PDF-"sv
                                 : kind == "tex" ? "% GNUPLOT"sv
                                                 : "\x89PNG\r\n\x1a\n"sv;
  const std::string_view end = kind == "svg"   ? "</svg>"sv
                               : kind == "pdf" ? "%%EOF"sv
                               : kind == "tex" ? "\\endgroup"sv
                                               : "IEND\xae\x42\x60\x82"sv;
  if (!content.starts_with(begin)) return "does not begin as such a picture does";
  if (kind != "png") content = content.substr(0, content.find_last_not_of("\r\n") + 1);
  return content.ends_with(end) ? "" : "is cut short";
}

/// gnuplot shows the texts of the pointer by a script of its own, which is not there where a picture is part
/// of a page. Titles are shown by every browser.
std::string with_titles(std::string svg) {
  constexpr std::string_view kBegin = "<g onmousemove=\"gnuplot_svg.showHypertext(evt,'";
  constexpr std::string_view kEnd = "')\" onmouseout=\"gnuplot_svg.hideHypertext()\"><title> </title>";
  for (std::size_t at = 0; (at = svg.find(kBegin, at)) != std::string::npos;) {
    const std::size_t start = at + kBegin.size(), end = svg.find(kEnd, start);
    if (end == std::string::npos) return svg;
    svg.replace(at, end + kEnd.size() - at,
                fmt::format("<g><title>{}</title>", svg.substr(start, end - start)));
  }
  return svg;
}

/// Lets gnuplot draw NAME in `folder`, a scratch folder, and looks at what it has made.
void draw_pictures(const std::string& frame, const std::vector<std::string_view>& endings,
                   const fs::path& folder, const std::function<bool()>& stop, Drawing& drawing) {
  using End = GnuplotRun::End;
  using Pictures = Drawing::Pictures;
  const GnuplotRun run = run_gnuplot({"-d", fmt::format("./{}.gp", frame)}, folder, kGnuplotTimeLimit, stop);
  drawing.problem = run.problem;
  if (run.end != End::done) {
    drawing.pictures = run.end == End::absent   ? Pictures::no_gnuplot
                       : run.end == End::failed ? Pictures::failed
                                                : Pictures::stopped;
    return;
  }
  constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 30;
  for (const std::string_view ending : endings) {
    const std::string name = fmt::format("{}{}", frame, ending);
    const std::string_view kind = ending.substr(ending.find('.') + 1);
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
    if (!why.empty() || kind != "svg") continue;
    drawing.svg = with_titles(std::move(content));
    write_file(folder / name, drawing.svg);
  }
}

/// The sentence that says what is not there, why, and what to do.
std::string sentence(const std::string& frame, const fs::path& folder, const Drawing& drawing) {
  const std::string name = printable(frame);
  std::string text =
      fmt::format("{1}, so {0}.svg, {0}.pdf and {0}.png were not drawn", name, drawing.problem);
  if (drawing.pictures == Drawing::Pictures::no_gnuplot)
    text += fmt::format("; install the package gnuplot-nox and repeat the command, or run \"gnuplot {}\"",
                        shell_word(frame + ".gp"));
  return fmt::format("{} in {}", text, printable(folder.string()));
}

/// Numbers, script and pictures of these endings.
Drawing draw_files(const std::string& name, const std::string& csv, const std::string& script,
                   const std::vector<std::string_view>& endings, const fs::path& folder,
                   const std::function<bool()>& stop) {
  Drawing drawing;
  const auto file = [&](std::string_view ending) { return folder / fmt::format("{}{}", name, ending); };
  write_file(file(".csv"), csv);
  write_file(file(".gp"), script);
  drawing.files = {file(".csv"), file(".gp")};

  // gnuplot writes piece by piece, so it works in a folder of its own and finished files are moved out.
  const ScratchFolder scratch(folder);
  write_file(scratch.path() / (name + ".csv"), csv);
  write_file(scratch.path() / (name + ".gp"), script);
  draw_pictures(name, endings, scratch.path(), stop, drawing);
  if (drawing.pictures != Drawing::Pictures::drawn) {
    drawing.problem = sentence(name, folder, drawing);
    return drawing;
  }
  for (const std::string_view ending : endings) {
    move_into_place(scratch.path() / fmt::format("{}{}", name, ending), file(ending));
    drawing.files.push_back(file(ending));
  }
  return drawing;
}

}  // namespace

std::string to_csv(const Frame& frame) {
  if (!frame.maps.empty()) return heat_map_csv(frame);
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
  return draw_files(frame.name, to_csv(frame), gnuplot_script(frame), endings_of(frame.latex), folder, stop);
}

Drawing draw(const std::string& name, const std::string& csv, const std::string& script,
             const fs::path& folder, const std::function<bool()>& stop) {
  return draw_files(name, csv, script, endings_of(false), folder, stop);
}

}  // namespace lazygap::report
