#pragma once

#include <string>
#include <string_view>

/// Text on its way into another language, one function for each. The text may be anything: what comes out is
/// one string of that language, cannot end early, and reads as the text. Bytes that are not UTF-8 become
/// U+FFFD everywhere.
namespace lazygap::report {

/// A string of gnuplot in single quotes, in which neither backslashes nor backquotes mean anything. Control
/// characters, of which a line break would end the command, become blanks. gnuplot writes SVG but does not
/// escape all that XML does not allow: characters that XML does not have become U+FFFD, and ]]> becomes ]] >.
[[nodiscard]] std::string gnuplot_string(std::string_view text);

/// Plain text as gnuplot's enhanced text, where some characters have a meaning.
[[nodiscard]] std::string enhanced_text(std::string_view text);

/// Plain text as LaTeX: characters that mean something to it are escaped.
[[nodiscard]] std::string latex_plain(std::string_view text);

/// gnuplot's enhanced text as LaTeX: italics, subscripts and powers as mathematics, the symbols of the
/// pictures by their commands, characters that mean something to LaTeX escaped.
[[nodiscard]] std::string latex_text(std::string_view enhanced);

/// The name of a file in the current folder as a string of gnuplot: "./NAME", because gnuplot runs a command
/// where a name begins with | or <.
[[nodiscard]] std::string gnuplot_file(std::string_view name);

/// Text or the value of an attribute in XML and HTML; control characters but tab and line breaks, which XML
/// does not have, become U+FFFD.
[[nodiscard]] std::string xml_text(std::string_view text);

/// A field of text of a .csv file (RFC 4180): in double quotes where it has a comma, a quote or a line break.
/// A spreadsheet takes text for a formula that begins with = + - @, a tab or a carriage return: a single
/// quote goes before it, which tells spreadsheets that it is text. Not for numbers.
[[nodiscard]] std::string csv_text(std::string_view text);

/// A word of a command line of a POSIX shell, as it is if it needs no quotes. For commands in messages; a
/// word that a program could take for an option begins with "./".
[[nodiscard]] std::string shell_word(std::string_view text);

}  // namespace lazygap::report
