#pragma once

#include <string>

namespace lazygap {

/// The instruction set whose code runs here, chosen at run time among those compiled in: "AVX-512", "AVX2",
/// "SSE4", ... Results in fp32 may differ in their last bits between instruction sets, never between runs
/// with the same one.
[[nodiscard]] std::string instruction_set();

}  // namespace lazygap
