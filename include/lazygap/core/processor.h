#pragma once

#include <string>

namespace lazygap {

/// The instruction set whose code runs here, chosen at run time among those compiled in: "AVX-512", "AVX2",
/// "SSE4", ... Results in fp32 may differ in their last bits between instruction sets, never between runs
/// with the same one.
[[nodiscard]] std::string instruction_set();

/// Whether that is AVX-512 and the processor multiplies bf16 numbers, too (AVX512_BF16).
[[nodiscard]] bool has_bf16_products();

}  // namespace lazygap
