#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lazygap/core/matrix.h"

namespace lazygap {

/// How the d eigenvalues of B (qf) or Delta (mg) are chosen.
///
/// - exponential: iid Exp(1) [GMMM19, sec. 4, qf]
/// - choice: iid uniform on `values` [GMMM19, sec. 4, mg: {1, 1.5, 2}, scaled by 1/sqrt(d)]
/// - identity: all 1
/// - power: i^(-exponent), i = 1..d, exponent finite
/// - low_rank: `rank` ones, 1 <= rank <= d, then zeros
/// - explicit_: exactly `values`, d of them
///
/// Every eigenvalue is multiplied by `scale`, or by 1/sqrt(d) where `scale_by_inverse_sqrt_d`.
struct SpectrumLaw {
  enum class Kind { exponential, choice, identity, power, low_rank, explicit_ };
  Kind kind = Kind::exponential;
  std::vector<double> values = {};  ///< choice, explicit_
  double exponent = 1.0;            ///< power
  Index rank = 1;                   ///< low_rank
  double scale = 1.0;
  bool scale_by_inverse_sqrt_d = false;
};

/// The d eigenvalues, drawn at (seed, Purpose::spectrum, index) where the law is random. Throws UsageError
/// where the law cannot give d finite numbers (empty or non-finite `values`, wrong number of them, rank out
/// of range).
[[nodiscard]] Vector draw_spectrum(const SpectrumLaw& law, Index d, std::uint64_t seed,
                                   std::uint32_t index = 0);

}  // namespace lazygap
