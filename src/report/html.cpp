#include "lazygap/report/html.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string_view>

#include "lazygap/report/table.h"

namespace lazygap::report {
namespace {

using experiment::Method;
using experiment::Row;

std::string escape(std::string_view text) {
  std::string result;
  for (const char c : text) switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        result += c;
    }
  return result;
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

/// What gnuplot wrote, as a part of a page: names that are unique in the page, and a text alternative.
std::string inline_svg(const Section& section, std::size_t number) {
  std::string svg = section.drawing.svg;
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
                            escape(section.frame.title), escape(describe(section.frame))));
  svg.replace(0, 4, fmt::format("<svg role=\"img\" aria-labelledby=\"{0}title {0}desc\"", prefix));
  return svg;
}

std::string number(const std::optional<double>& value) { return value ? ratio_text(*value) : "–"; }
std::string with_error(const std::optional<double>& value, const std::optional<double>& se) {
  if (!value) return "–";
  return se ? fmt::format("{} <small>± {:.1e}</small>", ratio_text(*value), *se) : ratio_text(*value);
}
std::optional<double> ratio(const experiment::Average& average) {
  return average.draws > 0 ? std::optional<double>(average.ratio) : std::nullopt;
}

bool asks(const Section& section, Method method) {
  const auto& methods = section.plan.sweep.methods;
  return std::find(methods.begin(), methods.end(), method) != methods.end();
}

std::string table(const Section& section) {
  const auto& rows = section.rows;
  std::string text = fmt::format(
      "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"Table of every point of "
      "{0}\">\n<table>\n"
      "<caption>Every point of {0}. All risks are divided by R<sub>0</sub>; ± is the standard error over "
      "draws "
      "(over test samples in the column “test samples”). The difference simulated − exact is in standard "
      "errors, "
      "draw by draw where there are two or more.</caption>\n<thead><tr>"
      "<th scope=\"col\">regime</th><th scope=\"col\">N</th><th scope=\"col\">ρ = N/d</th><th "
      "scope=\"col\">limit</th><th scope=\"col\">exact</th><th scope=\"col\">simulated</th><th "
      "scope=\"col\">test "
      "samples</th><th scope=\"col\">difference</th><th scope=\"col\">best step size</th><th "
      "scope=\"col\">status</th></tr></thead>\n",
      escape(section.plan.name));
  std::vector<std::pair<const Row*, LabelledSimulation>> lines;
  for (const Row& row : rows)
    for (const LabelledSimulation& simulated : simulations(row)) lines.emplace_back(&row, simulated);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const Row& row = *lines[i].first;
    const auto& [kind, simulation, trained] = lines[i].second;
    if (i == 0 || lines[i - 1].first->regime != row.regime) {
      const auto count = std::count_if(lines.begin(), lines.end(),
                                       [&](const auto& line) { return line.first->regime == row.regime; });
      text += fmt::format("{}<tbody><tr><th scope=\"rowgroup\" rowspan=\"{}\">{}</th>",
                          i == 0 ? "" : "</tbody>\n", count, escape(to_string(row.regime)));
    } else {
      text += "<tr>";
    }
    const bool second = kind == "fitted";  // the remarks stand in the line before
    const std::string note = second ? "" : remark(row);
    const bool troubled =
        !second && (is_troubled(section.plan, row) || row.step_size_at_edge || row.missing > 0);
    text += fmt::format(
        "<td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}{}</td><td>{}</td><td>{}</td><td>{}</td><td "
        "class=\"{}\">"
        "{}</td></tr>\n",
        row.N > 0 ? fmt::format("{}", row.N) : "–", row.N > 0 ? fmt::format("{:.4g}", row.rho) : "–",
        number(row.limit), with_error(ratio(row.exact), row.exact.se),
        with_error(ratio(simulation.risk), simulation.risk.se),
        kind.empty() ? "" : fmt::format(" <small>{}</small>", kind),
        with_error(simulation.test_ratio, simulation.test_se),
        simulation.difference_in_se ? fmt::format("{:+.1f}", *simulation.difference_in_se) : "–",
        trained && row.step_size ? fmt::format("{:.4g}", *row.step_size) : "–",
        troubled ? "note warn" : "note", (troubled ? "⚠ " : "") + (note.empty() ? std::string("ok") : note));
  }
  return text + (rows.empty() ? "" : "</tbody>") + "\n</table>\n</div>\n";
}

std::string reading_help(const Section& section) {
  std::string text;
  if (section.frame.along_training)
    text =
        "Solid: risk along one-pass SGD at the best step size of the grid, mean over draws. Dashed: limit "
        "for "
        "infinitely many samples, N, d → ∞. Open markers: exact risk at this N and d for infinitely many "
        "samples.";
  else
    text =
        "Lines: limit N, d → ∞. Open markers: exact risk at this N and d for infinitely many samples, mean "
        "over draws "
        "of W. Small filled markers: simulated, by SGD (NN, NT) or least squares (RF). Bars: standard errors "
        "over "
        "draws, where they are larger than the markers.";
  if (asks(section, Method::flow)) text += " Dotted: gradient flow, the limit of small steps.";
  for (const Row& row : section.rows)
    if (row.regime == Regime::bayes && row.exact.draws > 0)
      text += fmt::format(" Dotted: Bayes risk at this d, {:.4f}{}.", row.exact.ratio,
                          row.limit ? fmt::format(" (its limit {:.4f} nearly coincides)", *row.limit) : "");
  return text;
}

/// What the plan asks for that is left out or cannot work.
std::string notes(const Section& section) {
  std::string text;
  for (const std::string& note : experiment::notes(section.plan))
    text += fmt::format("<li>{}</li>\n", escape(note));
  return text.empty() ? text : "<ul>\n" + text + "</ul>\n";
}

template <class Get>
std::string distinct(const std::vector<store::Result>& results, Get get) {
  std::set<std::string> values;
  for (const store::Result& result : results)
    if (std::string value = get(result); !value.empty()) values.insert(std::move(value));
  return values.empty() ? "–" : escape(fmt::format("{}", fmt::join(values, ", ")));
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
  item("finished", from.empty() ? "–" : escape(from == to ? from : from + " to " + to));
  text +=
      "</dl>\n<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"Computing time\">\n<table>\n"
      "<caption>Computing time, one processor.</caption>\n<thead><tr><th scope=\"col\">route, regime</th>"
      "<th scope=\"col\">results</th><th scope=\"col\">time</th><th scope=\"col\">carried out "
      "as</th></tr></thead>\n<tbody>\n";
  for (const auto& [name, entry] : work)
    text +=
        fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td class=\"note\">{}</td></tr>\n",
                    escape(name), entry.count, duration(entry.seconds),
                    entry.paths.empty() ? "–" : escape(fmt::format("{}", fmt::join(entry.paths, "; "))));
  return text + "</tbody>\n</table>\n</div>\n";
}

constexpr std::string_view kStyle = R"(
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #57606a; --paper: #ffffff; --line: #d8dee4; --shade: #f6f8fa; --warn: #8a4600; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ed; --soft: #a3acb6; --paper: #14171a; --line: #3a4149; --shade: #1e2327; --warn: #f0b36a; }
}
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 76rem; margin: 0 auto; padding: 1.5rem clamp(1rem, 4vw, 3rem) 4rem; }
h1 { font-size: 1.7rem; margin: 0.5rem 0; } h2 { font-size: 1.3rem; margin: 0 0 0.5rem; } h3 { font-size: 1.05rem; margin: 1.6rem 0 0.4rem; }
p, figcaption, caption, dt { color: var(--soft); }
.frames { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); gap: 1.5rem; margin: 1rem 0 2.5rem; }
figure { margin: 0; max-width: 50rem; } figcaption { font-size: 0.9rem; margin-top: 0.4rem; }
.card { background: #ffffff; border: 1px solid var(--line); border-radius: 8px; padding: 0.5rem; color: #1b1f24; }
.card svg { display: block; width: 100%; height: auto; }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 8px; }
table { border-collapse: collapse; width: 100%; font-size: 0.875rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding: 0.6rem; font-size: 0.875rem; }
th, td { padding: 0.25rem 0.6rem; text-align: right; white-space: nowrap; }
thead th { background: var(--shade); border-block: 1px solid var(--line); }
tbody { border-bottom: 1px solid var(--line); } tbody:last-child { border-bottom: 0; }
tbody th { text-align: left; vertical-align: top; } thead th:first-child { text-align: left; }
td.note { text-align: left; white-space: normal; min-width: 9rem; } td.warn { color: var(--warn); } thead th:last-child { text-align: left; }
small { color: var(--soft); }
pre { background: var(--shade); border: 1px solid var(--line); border-radius: 8px; padding: 0.75rem 1rem; overflow-x: auto; font-size: 0.85rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.2rem 1rem; font-size: 0.9rem; } dd { margin: 0; overflow-wrap: anywhere; }
section { border-top: 1px solid var(--line); padding-top: 1.5rem; margin-top: 2rem; }
@media print { .scroll { overflow: visible; } pre { white-space: pre-wrap; } }
)";

}  // namespace

std::string to_html(const std::string& title, const std::vector<Section>& sections) {
  std::string text = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
      "content=\"width=device-width, "
      "initial-scale=1\">\n<title>{0}</title>\n<style>{1}</style>\n</head>\n<body>\n"
      "<main>\n<h1>{0}</h1>\n<p>Prediction risk R of two-layer networks, divided by the risk R<sub>0</sub> "
      "of the best "
      "constant: random features (RF), neural tangent (NT), fully trained (NN).</p>\n<div "
      "class=\"frames\">\n",
      escape(title), kStyle);
  for (std::size_t i = 0; i < sections.size(); ++i) {
    const Section& section = sections[i];
    const std::string picture = section.drawing.svg.empty()
                                    ? fmt::format("<p>{}</p>", escape(section.drawing.problem))
                                    : inline_svg(section, i + 1);
    text += fmt::format("<figure>\n<div class=\"card\">{}</div>\n<figcaption>{}</figcaption>\n</figure>\n",
                        picture, escape(reading_help(section)));
  }
  text += "</div>\n";
  for (const Section& section : sections) {
    std::vector<std::string> names;
    for (const auto& file : section.drawing.files)
      names.push_back("<code>" + escape(file.filename().string()) + "</code>");
    text += fmt::format(
        "<section>\n<h2>{}</h2>\n<p>Beside this page: {}.</p>\n{}{}<h3>Where the numbers come from</h3>\n{}"
        "<h3>The plan</h3>\n<details>\n<summary>{} with every default filled "
        "in</summary>\n<pre>{}</pre>\n</details>\n"
        "</section>\n",
        escape(section.plan.name), fmt::join(names, ", "), notes(section), table(section),
        provenance(section), escape(section.plan.name), escape(experiment::to_toml(section.plan)));
  }
  return text + "</main>\n</body>\n</html>\n";
}

}  // namespace lazygap::report
