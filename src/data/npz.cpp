#include "data/npz.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <zip.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "lazygap/core/error.h"
#include "lazygap/core/ordinary_file.h"
#include "lazygap/core/quote.h"
#include "problem/npy.h"

namespace lazygap::data {
namespace {

struct CloseArchive {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
struct CloseFile {
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};

std::string chosen(const std::vector<std::string>& names, const std::string& member,
                   std::string_view fallback, const std::string& file) {
  const auto has = [&](std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  if (!member.empty() && has(member)) return member;
  if (member.empty() && has(fallback)) return std::string(fallback);
  if (member.empty() && names.size() == 1) return names.front();
  std::vector<std::string> shown;
  for (const std::string& name : names) shown.push_back(quote(name));
  throw FileError(fmt::format("{}: there is no array {}; there is {}", file,
                              quote(member.empty() ? fallback : std::string_view(member)),
                              names.empty() ? "none" : fmt::format("{}", fmt::join(shown, ", "))));
}

}  // namespace

Matrix read_npz(const std::filesystem::path& file, const std::string& member, std::string_view fallback) {
  const std::string shown = OrdinaryFile(file).name();  // not a device; libzip opens it by its path
  int error = 0;
  const std::unique_ptr<zip_t, CloseArchive> archive(zip_open(file.c_str(), ZIP_RDONLY, &error));
  if (!archive) throw FileError(fmt::format("{}: is not an archive of NumPy (.npz)", shown));
  constexpr std::string_view kEnding = ".npy";
  std::vector<std::string> names;
  for (zip_int64_t i = 0; i < zip_get_num_entries(archive.get(), 0); ++i) {
    const char* entry = zip_get_name(archive.get(), static_cast<zip_uint64_t>(i), 0);
    const std::string_view name = entry == nullptr ? "" : entry;
    if (name.ends_with(kEnding)) names.emplace_back(name.substr(0, name.size() - kEnding.size()));
  }
  const std::string name = chosen(names, member, fallback, shown);
  const std::string place = fmt::format("{}:{}", shown, printable(name));
  zip_stat_t stat;
  const std::string entry = name + std::string(kEnding);
  const std::unique_ptr<zip_file_t, CloseFile> stream(zip_fopen(archive.get(), entry.c_str(), 0));
  if (!stream || zip_stat(archive.get(), entry.c_str(), 0, &stat) != 0 || (stat.valid & ZIP_STAT_SIZE) == 0)
    throw FileError(fmt::format("{}: cannot be read: {}", place, zip_strerror(archive.get())));
  const auto read = [&](std::span<char> bytes) -> std::size_t {
    const zip_int64_t got = zip_fread(stream.get(), bytes.data(), bytes.size());
    if (got < 0)
      throw FileError(fmt::format("{}: cannot be read: {}", place, zip_file_strerror(stream.get())));
    return static_cast<std::size_t>(got);
  };
  return read_npy(stat.size, read, place).matrix;
}

}  // namespace lazygap::data
