#include "lazygap/schedule/provenance.h"

#include <fmt/format.h>
#include <sys/utsname.h>

#include <fstream>
#include <string>

#include "build_info.h"
#include "lazygap/core/processor.h"

namespace lazygap::schedule {
namespace {

std::string compiler() {
#if defined(__clang__)
  return fmt::format("clang {}.{}.{}", __clang_major__, __clang_minor__, __clang_patchlevel__);
#else
  return fmt::format("gcc {}.{}.{}", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
#endif
}

/// The processor's name, never the host's: results are published.
std::string machine() {
  std::ifstream stream("/proc/cpuinfo");
  for (std::string line; std::getline(stream, line);)
    if (line.starts_with("model name"))
      if (const auto colon = line.find(": "); colon != std::string::npos) return line.substr(colon + 2);
  utsname system{};
  return uname(&system) == 0 ? system.machine : "unknown";
}

}  // namespace

store::Provenance provenance() {
  static const store::Provenance constant{.commit = LAZYGAP_COMMIT,
                                          .compiler = compiler(),
                                          .instruction_set = instruction_set(),
                                          .machine = machine(),
                                          .finished_at = {}};
  return constant;
}

}  // namespace lazygap::schedule
