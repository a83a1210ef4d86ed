#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "lazygap/core/error.h"

/// What the fuzz targets share. A target may refuse its input with the exceptions that the reader promises; any
/// other exception, a finding of a sanitizer or a failed require() is a fault.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace lazygap::fuzz {

inline void require(bool holds) {
  if (!holds) std::abort();
}

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// Runs `read`; the message of a refusal is short and has no control characters.
template <class Read>
void accept_or_refuse(Read read) {
  constexpr std::size_t kMostBytes = 2000;
  const auto check = [](std::string_view message) {
    require(!message.empty() && message.size() < kMostBytes);
    for (const char c : message) require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
  };
  try {
    read();
  } catch (const FileError& error) {
    check(error.what());
  } catch (const UsageError& error) {
    check(error.what());
  }
}

}  // namespace lazygap::fuzz
