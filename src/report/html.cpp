#include "lazygap/report/html.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <set>
#include <string_view>

#include "lazygap/report/escape.h"
#include "lazygap/report/table.h"
#include "report/page.h"

namespace lazygap::report {
namespace {

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

/// Of the picture, in its own units.
double width_of(const std::string& svg) {
  constexpr std::string_view kBefore = "viewBox=\"0 0 ";
  const std::size_t at = svg.find(kBefore);
  return at == std::string::npos ? 0 : std::strtod(svg.c_str() + at + kBefore.size(), nullptr);
}

/// Wider than the pictures that the style sheet is made for.
bool is_wide(const std::string& svg) {
  constexpr double kUsual = 720;
  return width_of(svg) > kUsual;
}

}  // namespace

std::string inline_svg(std::string svg, const std::string& name, const std::string& description,
                       std::size_t number) {
  const std::size_t start = svg.find("<svg");
  if (start == std::string::npos) return {};
  svg.erase(0, start);
  const std::string prefix = fmt::format("frame{}-", number);
  for (const char quote : {'\'', '"'}) {
    replace_all(svg, fmt::format(" id={}", quote), fmt::format(" id={}{}", quote, prefix));
    replace_all(svg, fmt::format("href={}#", quote), fmt::format("href={}#{}", quote, prefix));
  }
  replace_all(svg, "url(#", "url(#" + prefix);
  // An HTML parser knows the two name spaces.
  replace_all(svg, " xmlns=\"http://www.w3.org/2000/svg\"", "");
  replace_all(svg, " xmlns:xlink=\"http://www.w3.org/1999/xlink\"", "");
  const std::size_t title = svg.find("<title>"), end = svg.find("</desc>");
  if (title != std::string::npos && end != std::string::npos)
    svg.replace(title, end - title,
                fmt::format("<title id=\"{0}title\">{1}</title>\n<desc id=\"{0}desc\">{2}", prefix,
                            xml_text(name), xml_text(description)));
  // Text of 14, the smallest in a wide picture, then has 12 px.
  const std::string style =
      is_wide(svg) ? fmt::format(" style=\"min-width: {:.0f}px\"", std::ceil(width_of(svg) * 12 / 14)) : "";
  svg.replace(0, 4, fmt::format("<svg role=\"img\" aria-labelledby=\"{0}title {0}desc\"{1}", prefix, style));
  return svg;
}

namespace {

/// A cell of numbers belongs to the right, one of words to the left.
bool is_words(const std::string& cell) {
  return cell.find_first_not_of("0123456789+-.e()% ") != std::string::npos;
}

std::string table(const Section& section) {
  const Table table = readable_table(section.plan, section.rows);
  std::string text = fmt::format(
      "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"Table of every point of "
      "{0}\">\n<table>\n"
      "<caption><span>Every point of {0}. All risks are divided by R<sub>0</sub>. The digits in brackets are "
      "the "
      "standard "
      "error over draws, in units of the last decimal. “excess” is simulated − exact, draw by draw: “exact” "
      "is then "
      "the mean over the draws that were simulated.</span></caption>\n<thead><tr>",
      xml_text(section.plan.name));
  for (std::size_t k = 0; k < table.header.size(); ++k) {
    const bool words = std::any_of(table.lines.begin(), table.lines.end(),
                                   [k](const auto& line) { return is_words(line[k]); });
    text +=
        fmt::format("<th scope=\"col\"{}>{}</th>", words ? " class=\"text\"" : "", xml_text(table.header[k]));
  }
  text += "</tr></thead>\n<tbody>\n";
  for (const auto& line : table.lines) {
    text += "<tr>";
    for (std::size_t k = 0; k < line.size(); ++k) {
      const bool warns = table.header[k] == "remark" && !line[k].empty();
      text += fmt::format("<td{}>{}{}</td>",
                          warns               ? " class=\"note warn\""
                          : is_words(line[k]) ? " class=\"text\""
                                              : "",
                          warns ? "⚠ " : "", xml_text(line[k]));
    }
    text += "</tr>\n";
  }
  return text + "</tbody>\n</table>\n</div>\n";
}

bool shows(const Frame& frame, std::string_view method) {
  return std::any_of(frame.series.begin(), frame.series.end(), [&](const Series& series) {
    return series.method == method && series.regime != "Bayes";
  });
}

/// What is drawn, in sentences for readers of the figure.
std::string reading_help(const Frame& frame) {
  std::vector<std::string> parts;
  const auto add = [&](bool shown, std::string_view sentence) {
    if (shown) parts.emplace_back(sentence);
  };
  if (!frame.along_training && frame.what != Frame().what) {
    add(shows(frame, "lazy_rich"), "Lines: where training ends.");
    add(shows(frame, "train"), "Filled markers: the end of SGD.");
    add(shows(frame, "exact"),
        "Open markers with a line: NN as the output scale goes to 0, and NT, whose kernel does not move.");
    return fmt::format("{}", fmt::join(parts, " "));
  }
  if (frame.along_training) {
    add(shows(frame, "train"),
        "Solid: risk along one-pass SGD at the best step size of the grid, mean over draws.");
    add(shows(frame, "limit"), "Dashed: limit for infinitely many samples, N, d → ∞.");
  } else {
    add(shows(frame, "limit"), "Lines: limit N, d → ∞.");
  }
  add(shows(frame, "exact"),
      "Open markers: exact risk at this N and d for infinitely many samples, mean over draws of W.");
  add(!frame.along_training && (shows(frame, "train") || shows(frame, "fit")),
      "Small filled markers: simulated, by SGD (NN, NT) or least squares (RF). Bars: standard errors over "
      "draws, "
      "where they are larger than the markers.");
  add(shows(frame, "curve"), "Lines through finite n: learning curves, predicted without samples.");
  add(shows(frame, "lazy_rich"),
      "Lines: where training ends with this output scale, for infinitely many samples.");
  add(shows(frame, "state_evolution"),
      "Lines of NN: asymptotic, n and d → ∞ at this n/d²: what wide networks with weight decay, or anybody "
      "(bayes), can "
      "learn.");
  add(shows(frame, "dynamics"), "Long dashes: mean risk of SGD, computed without samples (NN: approximate).");
  add(shows(frame, "flow"), "Dotted: gradient flow, the limit of small steps.");
  for (const Series& series : frame.series)
    if (series.regime == "Bayes" && !series.points.empty())
      parts.push_back(fmt::format("Dotted: Bayes risk{}, {:.4f}.",
                                  series.method == "exact" ? " at this d" : " in the limit",
                                  series.points.front().ratio));
  for (const std::string& finding : frame.findings) parts.push_back(finding + ".");
  if (!frame.caption.empty()) parts.push_back(fmt::format("Computed: {}.", frame.caption));
  return fmt::format("{}", fmt::join(parts, " "));
}

/// What the plan asks for that is left out or cannot work.
std::string remarks_of(const Section& section) {
  std::string text;
  for (const std::string& remark : plan::remarks(section.plan))
    text += fmt::format("<li>{}</li>\n", xml_text(remark));
  return text.empty() ? text : "<ul>\n" + text + "</ul>\n";
}

template <class Get>
std::string distinct(const std::vector<store::Result>& results, Get get) {
  std::set<std::string> values;
  for (const store::Result& result : results)
    if (std::string value = get(result); !value.empty()) values.insert(std::move(value));
  return values.empty() ? "–" : xml_text(fmt::format("{}", fmt::join(values, ", ")));
}

std::string duration(double seconds) {
  if (seconds < 60) return fmt::format("{:.3g} s", seconds);
  if (seconds < 3600) return fmt::format("{:.3g} min", seconds / 60);
  return fmt::format("{:.3g} h", seconds / 3600);
}

std::string provenance(const Section& section) {
  const auto& results = section.results;
  struct Work {
    std::size_t count = 0;
    double seconds = 0;
    std::set<std::string> paths;
  };
  std::map<std::string, Work> work;
  std::string from, to;
  for (const store::Result& result : results) {
    Work& entry = work[result.method + ", " + result.regime];
    ++entry.count;
    entry.seconds += result.provenance.seconds;
    if (result.status == Status::ok && !result.message.empty()) entry.paths.insert(result.message);
    const std::string& at = result.provenance.finished_at;
    if (at.empty()) continue;
    if (from.empty() || at < from) from = at;
    to = std::max(to, at);
  }
  std::string text = "<dl>\n";
  const auto item = [&](std::string_view name, const std::string& value) {
    text += fmt::format("<dt>{}</dt><dd>{}</dd>\n", name, value);
  };
  item("commit", distinct(results, [](const store::Result& r) { return r.provenance.commit; }));
  item("compiler", distinct(results, [](const store::Result& r) { return r.provenance.compiler; }));
  item("machine", distinct(results, [](const store::Result& r) { return r.provenance.machine; }));
  item("instruction set",
       distinct(results, [](const store::Result& r) { return r.provenance.instruction_set; }));
  item("finished", from.empty() ? "–" : xml_text(from == to ? from : from + " to " + to));
  text +=
      "</dl>\n<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"Computing time\">\n<table>\n"
      "<caption><span>Computing time, one processor.</span></caption>\n<thead><tr><th scope=\"col\">route, "
      "regime</th>"
      "<th scope=\"col\">results</th><th scope=\"col\">time</th><th scope=\"col\">carried out "
      "as</th></tr></thead>\n<tbody>\n";
  for (const auto& [name, entry] : work)
    text +=
        fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td class=\"note\">{}</td></tr>\n",
                    xml_text(name), entry.count, duration(entry.seconds),
                    entry.paths.empty() ? "–" : xml_text(fmt::format("{}", fmt::join(entry.paths, "; "))));
  return text + "</tbody>\n</table>\n</div>\n";
}

constexpr std::string_view kStyle = R"(
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #57606a; --paper: #ffffff; --line: #d8dee4; --shade: #f6f8fa; --warn: #8a4600; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ed; --soft: #a3acb6; --paper: #14171a; --line: #3a4149; --shade: #1e2327; --warn: #f0b36a; }
}
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 86rem; margin: 0 auto; padding: 1.5rem clamp(1rem, 2.5vw, 2rem) 4rem; }
h1 { font-size: 1.7rem; margin: 0.5rem 0; } h2 { font-size: 1.3rem; margin: 0 0 0.5rem; } h3 { font-size: 1.05rem; margin: 1.6rem 0 0.4rem; }
p, figcaption, caption, dt { color: var(--soft); }
.frames { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 37.2rem), 1fr)); gap: 1.5rem; margin: 1rem 0 2.5rem; }
figure { margin: 0; max-width: 50rem; min-width: 0; } figure.wide { grid-column: 1 / -1; max-width: none; } .wide svg { max-width: 70rem; } figcaption { font-size: 0.9rem; margin-top: 0.4rem; }
.card { background: #ffffff; border: 1px solid var(--line); border-radius: 8px; padding: 0.5rem; color: #1b1f24; overflow-x: auto; }
@media (prefers-color-scheme: dark) { .card { background: #14171a; } .card svg { filter: invert(0.92) hue-rotate(180deg); } }
/* Text of 15 in a picture of 700 is 12 px at this width; narrower pages scroll the picture in its card. */
.card svg { display: block; width: 100%; min-width: 36rem; height: auto; }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 8px; }
table { border-collapse: collapse; width: 100%; font-size: 0.875rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding: 0.6rem; font-size: 0.875rem; }
/* As wide as the page where the table is wider. */
caption span { display: block; position: sticky; left: 0.6rem; max-width: min(70rem, calc(100vw - 4rem)); }
th, td { padding: 0.25rem 0.6rem; text-align: right; white-space: nowrap; }
thead th { background: var(--shade); border-block: 1px solid var(--line); }
tbody { border-bottom: 1px solid var(--line); } tbody:last-child { border-bottom: 0; }
td.text, th.text { text-align: left; } th:first-child, td:first-child { position: sticky; left: 0; background: var(--paper); text-align: left; }
tbody th { text-align: left; vertical-align: top; } thead th:first-child { text-align: left; background: var(--shade); }
td.note { text-align: left; white-space: normal; min-width: 9rem; } td.warn { color: var(--warn); }
small { color: var(--soft); }
pre { background: var(--shade); border: 1px solid var(--line); border-radius: 8px; padding: 0.75rem 1rem; overflow-x: auto; font-size: 0.85rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.2rem 1rem; font-size: 0.9rem; } dd { margin: 0; overflow-wrap: anywhere; }
section { border-top: 1px solid var(--line); padding-top: 1.5rem; margin-top: 2rem; }
@media print { .scroll { overflow: visible; } pre { white-space: pre-wrap; } }
)";

std::string links(const Section& section) {
  std::vector<std::string> names;
  for (const Drawing& drawing : section.drawings)
    for (const auto& file : drawing.files) {
      const std::string name = xml_text(file.filename().string());
      names.push_back(fmt::format("<a href=\"{0}\">{0}</a>", name));
    }
  return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

std::string page(const std::string& title, const std::string& body) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
      "content=\"width=device-width, "
      "initial-scale=1\">\n<title>{0}</title>\n<style>{1}</style>\n</head>\n<body>\n"
      "<main>\n<h1>{0}</h1>\n{2}</main>\n</body>\n</html>\n",
      xml_text(title), kStyle, body);
}

std::string to_html(const std::string& title, const std::string& command,
                    const std::vector<Section>& sections) {
  std::string text = fmt::format(
      "<p>Prediction risk R of two-layer networks, divided by the risk R<sub>0</sub> "
      "of the best "
      "constant: random features (RF), neural tangent (NT), fully trained (NN).</p>\n<p>Made by "
      "<code>{0}</code>.</p>\n<div class=\"frames\">\n",
      xml_text(command));
  std::size_t number = 0;
  for (const Section& section : sections)
    for (std::size_t i = 0; i < section.frames.size(); ++i) {
      const Drawing& drawing = section.drawings[i];
      const std::string picture = drawing.svg.empty() ? fmt::format("<p>{}</p>", xml_text(drawing.problem))
                                                      : inline_svg(drawing.svg, section.frames[i].title,
                                                                   describe(section.frames[i]), ++number);
      text += fmt::format(
          "<figure{}>\n<div class=\"card\">{}</div>\n<figcaption>{}</figcaption>\n</figure>\n",
          is_wide(drawing.svg) ? " class=\"wide\"" : "", picture, xml_text(reading_help(section.frames[i])));
    }
  text += "</div>\n";
  for (const Section& section : sections)
    text += fmt::format(
        "<section>\n<h2>{0}</h2>\n<p>Beside this page: {1}.</p>\n{2}{3}<h3>Where the numbers come "
        "from</h3>\n{4}"
        "<h3>The plan</h3>\n<details>\n<summary>{0} with every default filled "
        "in</summary>\n<pre>{5}</pre>\n</details>\n</section>\n",
        xml_text(section.plan.name), links(section), remarks_of(section), table(section), provenance(section),
        xml_text(to_toml(section.plan)));
  return page(title, text);
}

}  // namespace lazygap::report
