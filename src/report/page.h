#pragma once

#include <cstddef>
#include <string>

/// What every page of a report is made of.
namespace lazygap::report {

/// A self-contained page. `body`: HTML.
[[nodiscard]] std::string page(const std::string& title, const std::string& body);

/// What gnuplot wrote, as a part of a page: names that are unique in the page (by `number`), and a text
/// alternative. Empty where `svg` is none.
[[nodiscard]] std::string inline_svg(std::string svg, const std::string& name, const std::string& description,
                                     std::size_t number);

}  // namespace lazygap::report
