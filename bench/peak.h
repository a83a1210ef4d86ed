#pragma once

#include <cstddef>

namespace lazygap::bench {

/// Independent fp32 multiply-adds on registers alone, with the vectors of the instruction set in use: the
/// physical limit. Returns how many operations that was, 2 for a multiply-add of one number.
double multiply_adds(std::size_t rounds);

}  // namespace lazygap::bench
