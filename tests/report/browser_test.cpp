// The report as a browser lays it out, at the widths of a desktop and a phone, light and dark.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lazygap/core/files.h"
#include "lazygap/report/draw.h"
#include "lazygap/report/escape.h"
#include "lazygap/report/gnuplot.h"
#include "lazygap/report/html.h"
#include "report/hand_made.h"

namespace lazygap::report {
namespace {

namespace fs = std::filesystem;

std::string browser() {
  for (const char* name : {"chromium", "chromium-browser", "google-chrome"})
    if (std::system(fmt::format("command -v {} > /dev/null 2>&1", name).c_str()) == 0) return name;
  return {};
}

/// Measures the page, which is in a frame because no window of Chromium is as narrow as a phone, and leaves
/// the numbers in place of what is around it.
constexpr const char* kMeasure = R"js(<script>addEventListener('load', () => {
  const of = (e, name) => getComputedStyle(e)[name];
  const out = {width: innerWidth, needs: document.documentElement.scrollWidth, least: 1e9, smallest: '', clipped: [],
               paper: of(document.body, 'backgroundColor'), links: []};
  for (const e of document.body.querySelectorAll('*')) {
    const own = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim() !== '');
    const hidden = ['SCRIPT', 'STYLE', 'title', 'desc', 'SUB', 'tspan'].includes(e.tagName);
    if (own && !hidden && e.getBoundingClientRect().width > 0) {
      const scale = e.getScreenCTM ? Math.abs(e.getScreenCTM().a) : 1;
      const size = parseFloat(of(e, 'fontSize')) * scale;
      if (size < out.least) { out.least = size; out.smallest = e.tagName + ' ' + e.textContent.trim(); }
    }
    if (e.scrollWidth > e.clientWidth + 1 && of(e, 'overflowX') === 'hidden' && e.clientWidth > 0)
      out.clipped.push(e.tagName);
  }
  for (const a of document.querySelectorAll('a')) out.links.push(a.getAttribute('href'));
  const box = document.querySelector('.scroll'), cell = box.querySelector('tbody td:first-child');
  out.scrolls = box.scrollWidth > box.clientWidth;
  box.scrollLeft = 10000;
  out.first = cell.getBoundingClientRect().left - box.getBoundingClientRect().left;
  out.made = document.querySelector('code').textContent;
  const around = parent.document, text = JSON.stringify(out);
  around.body.innerHTML = '<pre id="measured"></pre>';
  around.getElementById('measured').textContent = text;
});</script></body>)js";

nlohmann::json measured(const std::string& program, const fs::path& page, bool dark) {
  const std::string command = fmt::format(
      "timeout 100 {} --headless --no-sandbox --disable-gpu --user-data-dir={}/profile "
      "--blink-settings=preferredColorScheme={} --window-size=1400,1000 --dump-dom file://{} 2> /dev/null",
      program, page.parent_path().string(), dark ? 0 : 1, page.string());
  std::string dom;
  if (FILE* pipe = ::popen(command.c_str(), "r")) {
    char bytes[4096];
    for (std::size_t count; (count = std::fread(bytes, 1, sizeof bytes, pipe)) > 0;) dom.append(bytes, count);
    ::pclose(pipe);
  }
  const std::string begin = "<pre id=\"measured\">";
  const std::size_t at = dom.find(begin);
  if (at == std::string::npos) return {};
  return nlohmann::json::parse(dom.substr(at + begin.size(), dom.find("</pre>", at) - at - begin.size()),
                               nullptr, false);
}

TEST(Browser, ShowsTheReportWholeOnADesktopAndAPhone) {
  const std::string program = browser();
  if (program.empty()) GTEST_SKIP() << "no Chromium in PATH";
  if (gnuplot_version().empty()) GTEST_SKIP() << "gnuplot is not in PATH";
  constexpr double kLeastPixels = 12, kRounding = 0.05, kBorder = 2;
  const ScratchFolder folder(fs::temp_directory_path());
  const plan::Plan plan = hand_made::plan();
  Section section;
  section.plan = plan;
  section.rows = hand_made::rows(plan);
  section.frames = make_frames(plan, section.rows);
  Frame maps;  // the widest pictures
  maps.name = "maps";
  maps.title = "Directions";
  for (const char* title : {"NN, start", "NN, end", "NT"})
    maps.maps.push_back({title, Matrix::Constant(8, 8, 0.125)});
  section.frames.push_back(maps);
  for (const Frame& frame : section.frames) section.drawings.push_back(draw(frame, folder.path()));
  std::string page = to_html("Figure", "lazygap figure 1 --out here", {section});
  page.replace(page.rfind("</body>"), std::string("</body>").size(), kMeasure);
  const std::string inner = xml_text(page);
  for (const int width : {1280, 390}) {
    write_file(
        folder.path() / "page.html",
        fmt::format("<!DOCTYPE html>\n<meta charset=\"utf-8\"><body><iframe width=\"{}\" height=\"900\" "
                    "frameborder=\"0\" srcdoc=\"{}\"></iframe></body>",
                    width, inner));
    for (const bool dark : {false, true}) {
      const nlohmann::json found = measured(program, folder.path() / "page.html", dark);
      SCOPED_TRACE(fmt::format("{} pixels, dark: {}: {}", width, dark, found.dump()));
      ASSERT_TRUE(found.is_object());
      EXPECT_LE(found["needs"], found["width"]) << "the page does not scroll sideways, its tables do";
      EXPECT_GE(found["least"], kLeastPixels - kRounding);
      EXPECT_TRUE(found["clipped"].empty());
      EXPECT_LE(found["first"], kBorder) << "the first column stays where it is";
      EXPECT_EQ(found["made"], "lazygap figure 1 --out here");
      EXPECT_EQ(found["paper"] == "rgb(20, 23, 26)", dark);
      for (const std::string& link : found["links"].get<std::vector<std::string>>())
        EXPECT_TRUE(fs::exists(folder.path() / link)) << link;
      EXPECT_GE(found["links"].size(), 4u);
      if (width == 390) {
        EXPECT_TRUE(found["scrolls"]) << "or the test of the first column says nothing";
      }
      EXPECT_EQ(found["width"], width);
    }
  }
}

}  // namespace
}  // namespace lazygap::report
