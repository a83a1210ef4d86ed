/// OpenBLAS starts a thread for each further processor while the system loads it, before main(). Each of them
/// asks for 128 MiB of address space and spins for ever where they cannot be had, and the end of the program
/// then waits for it. Where a thread cannot be started, OpenBLAS ends the process. lazygap computes its cells
/// side by side and needs none of these threads. OpenBLAS counts the processors that the process may run on.
/// So the process may run on one only while the libraries are loaded, and on all of its processors again
/// before main(). Settings of the environment (OPENBLAS_NUM_THREADS) would come too late, because the C
/// library reads the environment afresh.
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <climits>

namespace lazygap::app {
namespace {

constexpr unsigned kBits = CHAR_BIT * sizeof(unsigned long);
constexpr unsigned kMostProcessors = 8192;  // what Linux can be configured for
using Processors = std::array<unsigned long, kMostProcessors / kBits>;

/// Plain memory, as the constructors of C++ have not run yet.
constinit Processors allowed{};
constinit long allowed_bytes = 0;

/// System calls rather than functions of the C library, which has not been set up yet.
void allow_one_processor(int /*argc*/, char** /*argv*/, char** /*environment*/) {
  unsigned current = 0;
  const long bytes = ::syscall(SYS_sched_getaffinity, 0, sizeof(allowed), allowed.data());
  if (bytes <= 0 || ::syscall(SYS_getcpu, &current, nullptr, nullptr) != 0 || current >= kMostProcessors)
    return;
  Processors one{};
  one[current / kBits] = 1UL << (current % kBits);
  if (::syscall(SYS_sched_setaffinity, 0, bytes, one.data()) == 0) allowed_bytes = bytes;
}

/// After the constructors of all libraries, and before those of the program's own objects.
[[gnu::constructor(101)]] void allow_all_processors() {
  if (allowed_bytes > 0) ::syscall(SYS_sched_setaffinity, 0, allowed_bytes, allowed.data());
}

/// The system calls these before the constructors of the libraries.
[[gnu::section(".preinit_array"), gnu::used]] void (*const first)(int, char**, char**) = allow_one_processor;

}  // namespace
}  // namespace lazygap::app
