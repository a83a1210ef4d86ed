#include "problem/npy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lazygap/core/error.h"
#include "lazygap/core/quote.h"

namespace lazygap {
namespace {

constexpr std::string_view kAccepted =
    "one array of integers, fp16, fp32 or fp64 numbers, saved with np.save, is accepted";

[[noreturn]] void fail(std::string_view name, std::string_view sentence) {
  throw FileError(fmt::format("{}: {}", name, sentence));
}

/// What the header says, as text and numbers; nothing of it has been found plausible yet.
struct Header {
  std::string type;
  bool fortran_order = false;
  std::vector<std::uint64_t> shape;
};

/// Reads the one form that NumPy writes: a Python dictionary of the three keys, in any order.
class HeaderParser {
 public:
  explicit HeaderParser(std::string_view text) : rest_(text) {}

  /// Empty where the text is not such a dictionary.
  std::optional<Header> parse() {
    Header header;
    std::array<bool, 3> seen{};
    if (!take("{")) return {};
    while (!take("}")) {
      const std::optional<std::string> key = string();
      if (!key || !take(":")) return {};
      const bool understood = *key == "descr"           ? once(seen[0]) && type(header)
                              : *key == "fortran_order" ? once(seen[1]) && order(header)
                              : *key == "shape"         ? once(seen[2]) && shape(header)
                                                        : false;
      if (!understood) return {};
      if (!take(",") && !next_is('}')) return {};
    }
    skip_blanks();
    const bool all = seen[0] && seen[1] && seen[2];
    return all && rest_.empty() ? std::optional(header) : std::nullopt;
  }

 private:
  static bool once(bool& seen) { return !std::exchange(seen, true); }

  void skip_blanks() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size())); }
  bool next_is(char c) {
    skip_blanks();
    return rest_.starts_with(c);
  }
  bool take(std::string_view word) {
    skip_blanks();
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }
  std::optional<std::string> string() {
    skip_blanks();
    if (rest_.empty() || (rest_[0] != '\'' && rest_[0] != '"')) return {};
    const std::size_t end = rest_.find(rest_[0], 1);
    if (end == std::string_view::npos) return {};
    std::string text(rest_.substr(1, end - 1));
    rest_.remove_prefix(end + 1);
    return text;
  }
  bool type(Header& header) {
    // A list describes the fields of records.
    if (next_is('[')) {
      header.type = "records";
      int depth = 0;
      while (!rest_.empty()) {
        depth += rest_[0] == '[' ? 1 : rest_[0] == ']' ? -1 : 0;
        rest_.remove_prefix(1);
        if (depth == 0) return true;
      }
      return false;
    }
    std::optional<std::string> text = string();
    if (text) header.type = *text;
    return text.has_value();
  }
  bool order(Header& header) {
    header.fortran_order = take("True");
    return header.fortran_order || take("False");
  }
  bool shape(Header& header) {
    if (!take("(")) return false;
    while (!take(")")) {
      skip_blanks();
      std::uint64_t size = 0;
      const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), size);
      if (error != std::errc()) return false;
      rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
      take("L");  // Python 2
      header.shape.push_back(size);
      // A comma has to follow the only number of a tuple.
      if (!take(",") && !(next_is(')') && header.shape.size() > 1)) return false;
    }
    return true;
  }

  std::string_view rest_;
};

/// A type of numbers by the letter and digit of NumPy.
enum class Kind { i1, i2, i4, i8, u1, u2, u4, u8, f2, f4, f8 };
struct Type {
  Kind kind = Kind::f8;
  std::size_t bytes = 8;
  bool swapped = false;  ///< of the other byte order than this machine's
};

std::string_view description(std::string_view type) {
  if (type == "records") return "records";
  const std::size_t letter = type.find_first_not_of("<>=|");
  const std::string_view word = type.substr(std::min(letter, type.size()));
  if (word == "f12" || word == "f16") return "floating-point numbers of extended precision";
  switch (word.empty() ? ' ' : word[0]) {
    case 'b':
      return "truth values";
    case 'c':
      return "complex numbers";
    case 'S':
    case 'a':
    case 'U':
      return "text";
    case 'O':
      return "Python objects";
    case 'M':
    case 'm':
      return "times";
    case 'V':
      return "raw bytes";
    default:
      return "an unknown type";
  }
}

Type parse_type(std::string_view text, std::string_view name) {
  constexpr std::array<std::pair<std::string_view, Kind>, 11> kKinds{{{"i1", Kind::i1},
                                                                      {"i2", Kind::i2},
                                                                      {"i4", Kind::i4},
                                                                      {"i8", Kind::i8},
                                                                      {"u1", Kind::u1},
                                                                      {"u2", Kind::u2},
                                                                      {"u4", Kind::u4},
                                                                      {"u8", Kind::u8},
                                                                      {"f2", Kind::f2},
                                                                      {"f4", Kind::f4},
                                                                      {"f8", Kind::f8}}};
  for (const auto& [word, kind] : kKinds) {
    if (text.size() != 3 || text.substr(1) != word) continue;
    const auto bytes = static_cast<std::size_t>(word[1] - '0');
    const char order = text[0];
    if (order == '<' || order == '>')
      return {.kind = kind,
              .bytes = bytes,
              .swapped = (order == '<') != (std::endian::native == std::endian::little)};
    if (order == '=' || (order == '|' && bytes == 1)) return {.kind = kind, .bytes = bytes};
  }
  fail(name, fmt::format("holds {} ({}), but {}", description(text), quote(text), kAccepted));
}

template <class Number>
Number loaded(const char* bytes) {
  Number number;
  std::memcpy(&number, bytes, sizeof number);
  return number;
}

/// The number of `type` in `bytes`, which are turned round where they have to be.
double value(const Type& type, char* bytes) {
  if (type.swapped) std::reverse(bytes, bytes + type.bytes);
  switch (type.kind) {
    case Kind::i1:
      return loaded<std::int8_t>(bytes);
    case Kind::i2:
      return loaded<std::int16_t>(bytes);
    case Kind::i4:
      return loaded<std::int32_t>(bytes);
    case Kind::i8:
      return static_cast<double>(loaded<std::int64_t>(bytes));
    case Kind::u1:
      return loaded<std::uint8_t>(bytes);
    case Kind::u2:
      return loaded<std::uint16_t>(bytes);
    case Kind::u4:
      return loaded<std::uint32_t>(bytes);
    case Kind::u8:
      return static_cast<double>(loaded<std::uint64_t>(bytes));
    case Kind::f2:
      return static_cast<float>(Eigen::numext::bit_cast<Eigen::half>(loaded<std::uint16_t>(bytes)));
    case Kind::f4:
      return loaded<float>(bytes);
    case Kind::f8:
      return loaded<double>(bytes);
  }
  return std::nan("");
}

double epsilon(const Type& type) {
  if (type.kind == Kind::f2) return std::ldexp(1.0, -10);
  return type.kind == Kind::f4 ? std::numeric_limits<float>::epsilon()
                               : std::numeric_limits<double>::epsilon();
}

/// The file as a stream that knows how much of it is left.
class Stream {
 public:
  Stream(std::uint64_t size, const ReadBytes& read, std::string_view name)
      : left_(size), read_(read), name_(name) {}

  [[nodiscard]] std::uint64_t left() const { return left_; }
  /// Fills `bytes`, which are known to be left.
  void fill(std::span<char> bytes) {
    if (read_(bytes) != bytes.size()) fail(name_, "became shorter while it was read");
    left_ -= bytes.size();
  }

 private:
  std::uint64_t left_;
  const ReadBytes& read_;
  std::string_view name_;
};

std::string header_text(Stream& stream, std::string_view name) {
  constexpr std::string_view kMagic = "\x93NUMPY";
  // Those of numbers have about a hundred bytes; NumPy itself stops at 10,000 unless told otherwise.
  constexpr std::uint64_t kMostBytes = 1 << 16;
  const auto not_npy = [&](std::string_view what) { fail(name, fmt::format("{}; {}", what, kAccepted)); };
  std::array<char, 8> start{};
  if (stream.left() < start.size()) not_npy("is too short for NumPy's format");
  stream.fill(start);
  const std::string_view text(start.data(), start.size());
  if (text.starts_with("PK\x03\x04")) not_npy("is an archive of several arrays (.npz)");
  if (!text.starts_with(kMagic)) not_npy("is not in NumPy's format");
  const int major = static_cast<unsigned char>(start[6]), minor = static_cast<unsigned char>(start[7]);
  if (major < 1 || major > 3 || minor != 0)
    not_npy(fmt::format("has version {}.{} of NumPy's format, but 1.0, 2.0 and 3.0 are known", major, minor));
  std::array<char, 4> length_bytes{};
  const std::size_t width = major == 1 ? 2 : 4;
  if (stream.left() < width) not_npy("ends within its header");
  stream.fill(std::span(length_bytes).first(width));
  std::uint64_t length = 0;
  for (std::size_t i = width; i-- > 0;) length = length << 8 | static_cast<unsigned char>(length_bytes[i]);
  if (length > stream.left()) not_npy("ends within its header");
  if (length > kMostBytes)
    not_npy(fmt::format("has a header of {} bytes, but at most {} are read", length, kMostBytes));
  std::string header(length, '\0');
  stream.fill(header);
  return header;
}

/// Rows and columns, of which the file is known to hold all numbers and nothing else.
std::pair<std::uint64_t, std::uint64_t> checked_shape(const Header& header, std::size_t number_bytes,
                                                      std::uint64_t left, std::string_view name) {
  // LAPACK counts the entries of a matrix in 32 bits.
  constexpr std::uint64_t kMostNumbers = std::numeric_limits<std::int32_t>::max();
  if (header.shape.size() != 1 && header.shape.size() != 2)
    fail(name, fmt::format("is an array of {} dimensions, but must have 1 or 2", header.shape.size()));
  const std::uint64_t rows = header.shape[0], columns = header.shape.size() == 2 ? header.shape[1] : 1;
  if (rows == 0 || columns == 0)
    fail(name, fmt::format("is {} x {}, but must have at least one number", rows, columns));
  // Divisions, because products may overflow.
  if (rows > left / number_bytes / columns)
    fail(name, fmt::format("ends before the last of its {} x {} numbers", rows, columns));
  if (const std::uint64_t rest = left - rows * columns * number_bytes; rest > 0)
    fail(name,
         fmt::format("goes on for {} bytes after its {} x {} numbers; {}", rest, rows, columns, kAccepted));
  if (rows > kMostNumbers / columns)
    fail(name, fmt::format("is {} x {}, but may have at most {} numbers", rows, columns, kMostNumbers));
  return {rows, columns};
}

}  // namespace

MatrixFile read_npy(std::uint64_t size, const ReadBytes& read, std::string_view name) {
  Stream stream(size, read, name);
  const std::string text = header_text(stream, name);
  const std::optional<Header> header = HeaderParser(text).parse();
  if (!header)
    fail(name,
         fmt::format("has the header {}, which does not describe an array; {}", quote(text), kAccepted));
  const Type type = parse_type(header->type, name);
  const auto [rows, columns] = checked_shape(*header, type.bytes, stream.left(), name);
  MatrixFile file{.matrix = {}, .epsilon = epsilon(type)};
  try {
    file.matrix.resize(static_cast<Index>(rows), static_cast<Index>(columns));
  } catch (const std::bad_alloc&) {
    fail(name, fmt::format("is {} x {}, for which the memory does not suffice", rows, columns));
  }
  constexpr std::uint64_t kBlock = 1 << 16;  // in numbers
  std::vector<char> bytes;
  const std::uint64_t count = rows * columns;
  for (std::uint64_t first = 0; first < count; first += kBlock) {
    bytes.resize(std::min(kBlock, count - first) * type.bytes);
    stream.fill(bytes);
    for (std::uint64_t k = first; k < std::min(first + kBlock, count); ++k) {
      const auto i = static_cast<Index>(header->fortran_order ? k % rows : k / columns);
      const auto j = static_cast<Index>(header->fortran_order ? k / rows : k % columns);
      const double number = value(type, bytes.data() + (k - first) * type.bytes);
      if (!std::isfinite(number))
        fail(name, fmt::format("the number [{},{}] is {}, but must be finite", i, j, number));
      file.matrix(i, j) = number;
    }
  }
  return file;
}

}  // namespace lazygap
