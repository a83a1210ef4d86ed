#include "core/machine.h"

#include <sched.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <limits>
#include <string>
#include <thread>
#include <vector>

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

/// The number after a word at the beginning of a line; `otherwise` where there is none.
double number_after(const std::string& file, const std::string& word, double otherwise) {
  std::ifstream stream(file);
  double number = 0;
  for (std::string first, rest; stream >> first; std::getline(stream, rest))
    if (first == word && stream >> number) return number;
  return otherwise;
}

/// The number after "NAME:" in a file of the /proc kind, in kB there, in bytes here.
double kilobytes_in(const std::string& file, const std::string& name) {
  return 1024 * number_after(file, name + ":", kUnknown);
}

/// What the files of a control group are called in a version of control groups.
struct GroupFiles {
  std::string top;                  ///< the folder of all groups
  std::vector<std::string> limits;  ///< files with a limit each
  std::string used;                 ///< file with the bytes in use
  std::string cache;                ///< of memory.stat: those that the system gives back before it says no
};

/// What a group and each of its parents leave, the least of it.
double left_in_group(std::string group, const GroupFiles& files) {
  double least = kUnknown;
  for (;; group.erase(group.find_last_of('/'))) {
    const std::string folder = files.top + group + "/";
    double most = kUnknown;
    for (const std::string& limit : files.limits) most = std::min(most, number_in(folder + limit));
    if (const double used = number_in(folder + files.used); most < kUnknown && used < kUnknown)
      least =
          std::min(least, most - std::max(0.0, used - number_after(folder + "memory.stat", files.cache, 0)));
    if (group.find_last_of('/') == std::string::npos) return least;
  }
}

}  // namespace

double left_in_control_groups(const std::string& root) {
  const GroupFiles second{.top = root + "/sys/fs/cgroup",
                          .limits = {"memory.max", "memory.high"},
                          .used = "memory.current",
                          .cache = "inactive_file"};
  const GroupFiles first{.top = root + "/sys/fs/cgroup/memory",
                         .limits = {"memory.limit_in_bytes"},
                         .used = "memory.usage_in_bytes",
                         .cache = "total_inactive_file"};
  std::ifstream stream(root + "/proc/self/cgroup");
  double least = kUnknown;
  for (std::string line; std::getline(stream, line);) {  // NUMBER:CONTROLLERS:GROUP
    const std::size_t begin = line.find(':'), end = line.find(':', begin + 1);
    if (begin == std::string::npos || end == std::string::npos) continue;
    const std::string controllers = line.substr(begin, end - begin) + ",", group = line.substr(end + 1);
    if (line.starts_with("0::"))
      least = std::min(least, left_in_group(group, second));
    else if (controllers.find(":memory,") != std::string::npos ||
             controllers.find(",memory,") != std::string::npos)
      least = std::min(least, left_in_group(group, first));
  }
  return least;
}

double left_in_address_space() {
  rlimit limit{};
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return kUnknown;
  return static_cast<double>(limit.rlim_cur) - kilobytes_in("/proc/self/status", "VmSize");
}

double available_memory() {
  const double least = std::min(
      {kilobytes_in("/proc/meminfo", "MemAvailable"), left_in_control_groups(""), left_in_address_space()});
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
