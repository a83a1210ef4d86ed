#include "core/machine.h"

#include <sched.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <limits>
#include <string>
#include <thread>

#include "lazygap/core/matrix.h"

namespace lazygap {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::infinity();

/// The first number in a file; kUnknown where there is none ("max", no such file).
double number_in(const std::string& file) {
  std::ifstream stream(file);
  double number = 0;
  return stream >> number ? number : kUnknown;
}

/// The number after "NAME:" in a file of the /proc kind, in kB there, in bytes here.
double kilobytes_in(const std::string& file, const std::string& name) {
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line);)
    if (line.starts_with(name + ":")) return 1024 * std::stod(line.substr(name.size() + 1));
  return kUnknown;
}

/// Control groups, version 2: the group of the process, and its parents, each with a limit of its own.
double left_in_control_groups() {
  std::ifstream stream("/proc/self/cgroup");
  double least = kUnknown;
  for (std::string line; std::getline(stream, line);) {
    if (!line.starts_with("0::")) continue;
    for (std::string group = line.substr(3);; group.erase(group.find_last_of('/'))) {
      const std::string folder = "/sys/fs/cgroup" + group;
      const double most = number_in(folder + "/memory.max");
      if (most < kUnknown) least = std::min(least, most - number_in(folder + "/memory.current"));
      if (group.find_last_of('/') == std::string::npos) break;
    }
  }
  return least;
}

}  // namespace

double left_in_address_space() {
  rlimit limit{};
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return kUnknown;
  return static_cast<double>(limit.rlim_cur) - kilobytes_in("/proc/self/status", "VmSize");
}

double available_memory() {
  const double least = std::min(
      {kilobytes_in("/proc/meminfo", "MemAvailable"), left_in_control_groups(), left_in_address_space()});
  return std::max(least, 0.0);
}

double matrix_product_rate() {
  constexpr Index kSize = 256;
  constexpr int kRepetitions = 5;
  const Matrix a = Matrix::Constant(kSize, kSize, 0.5);
  Matrix c(kSize, kSize);
  c.noalias() = a * a;  // the first product also loads the library and wakes the processor
  double fastest = kUnknown;
  for (int i = 0; i < kRepetitions; ++i) {
    const auto start = std::chrono::steady_clock::now();
    c.noalias() = a * c;
    fastest =
        std::min(fastest, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return 2.0 * kSize * kSize * kSize / fastest;
}

int processors() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) == 0) return std::max(1, CPU_COUNT(&set));
  return std::max(1u, std::thread::hardware_concurrency());
}

}  // namespace lazygap
