#include "doctor.h"

#include <cblas.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include <Eigen/Core>
#include <boost/version.hpp>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "lazygap/core/processor.h"
#include "lazygap/report/gnuplot.h"
#include "output.h"
#ifdef LAZYGAP_WITH_MPI
#include "mpi/post.h"
#endif

extern char** environ;

namespace lazygap::app {
namespace {

std::string processor_name() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.rfind("model name", 0) == 0) {
      const std::size_t colon = line.find(": ");
      if (colon != std::string::npos) return line.substr(colon + 2);
    }
  return "unknown";
}

/// Settings of the environment that change how fast, or on how many threads, OpenBLAS computes.
std::vector<std::string> presets() {
  std::vector<std::string> found;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    for (const std::string_view prefix : {"OPENBLAS_", "GOTO_", "OMP_"})
      if (text.substr(0, prefix.size()) == prefix) found.emplace_back(text);
  }
  return found;
}

std::string advice(const std::string& preset) {
  const std::string name = preset.substr(0, preset.find('='));
  if (name == "OPENBLAS_CORETYPE" || name == "OPENBLAS_L2_SIZE")
    return fmt::format(
        "{} is set in the environment: OpenBLAS does not choose its kernels for this processor, which "
        "can halve its speed; unset {}",
        preset, name);
  return {};
}

}  // namespace

int doctor(bool json) {
  const std::string gnuplot = report::gnuplot_version();
  std::vector<std::string> warnings;
  const std::vector<std::string> environment = presets();
  for (const std::string& preset : environment)
    if (std::string text = advice(preset); !text.empty()) warnings.push_back(std::move(text));
  if (gnuplot.empty())
    warnings.emplace_back(
        "gnuplot is not in PATH: figures come as numbers and scripts only; install the package gnuplot-nox");

  const std::vector<std::pair<std::string, std::string>> facts{
      {"lazygap", LAZYGAP_VERSION},
      {"processor", processor_name()},
      {"instruction set", instruction_set()},
      {"bf16 products", has_bf16_products() ? "yes" : "no"},
      {"threads", fmt::format("{}", std::thread::hardware_concurrency())},
      {"Eigen", fmt::format("{}.{}.{}", EIGEN_WORLD_VERSION, EIGEN_MAJOR_VERSION, EIGEN_MINOR_VERSION)},
      {"OpenBLAS", openblas_get_config()},
      {"OpenBLAS core", openblas_get_corename()},
      {"Boost",
       fmt::format("{}.{}.{}", BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000, BOOST_VERSION % 100)},
      {"SQLite", sqlite3_libversion()},
      {"fmt", fmt::format("{}.{}.{}", FMT_VERSION / 10000, FMT_VERSION / 100 % 100, FMT_VERSION % 100)},
#ifdef LAZYGAP_WITH_MPI
      {"MPI", mpi::library_version()},
#else
      {"MPI", "not built in"},
#endif
      {"gnuplot", gnuplot.empty() ? "not found" : gnuplot},
      {"environment", environment.empty() ? "no OPENBLAS_, GOTO_ or OMP_ settings"
                                          : fmt::format("{}", fmt::join(environment, " "))},
  };
  if (json) {
    nlohmann::ordered_json object;
    for (const auto& [name, value] : facts) object[name] = value;
    object["warnings"] = warnings;
    print(object.dump() + "\n");
    return 0;
  }
  std::string text;
  for (const auto& [name, value] : facts) text += fmt::format("{:<16} {}\n", name, value);
  for (const std::string& warning : warnings) text += fmt::format("warning: {}\n", warning);
  print(text);
  return 0;
}

}  // namespace lazygap::app
