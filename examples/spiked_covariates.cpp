// Spiked covariates: RF learns a function of d_s signal coordinates from N neurons once N is beyond d_eff^2,
// d_eff = d_s + (d - d_s) / r^2, and the curves of different r collapse on N / d_eff^2; NN needs d_s neurons
// whatever r. It ends with 1 if more neurons do worse.
#include <fmt/format.h>

#include <cmath>

#include "lazygap/exact/rf.h"
#include "lazygap/network/first_layer.h"
#include "lazygap/problem/spectrum.h"
#include "lazygap/problem/spiked.h"

using namespace lazygap;

int main() {
  constexpr Index d = 100, signals = 5;
  constexpr std::uint32_t kDraws = 4;
  const Vector b = draw_spectrum({}, signals, 1);
  bool fine = true;
  fmt::print("r^2   d_eff   N      N/d_eff^2   R/R0 of RF\n");
  for (const double square : {3.0, 10.0, 30.0}) {
    const SpikedCovariates spiked(d, signals, std::sqrt(square));
    const PolynomialTarget target = spiked.target(b);
    const FirstLayerLaw law = FirstLayerLaw::diagonal(target, spiked.gamma());
    const double d_eff = spiked.effective_dimension();
    double last = 1;
    for (const double multiple : {0.2, 0.45, 1.45, 4.8}) {
      const auto N = static_cast<Index>(std::lround(multiple * d_eff * d_eff));
      if (N > 2000) continue;
      double sum = 0, squares = 0;
      for (std::uint32_t draw = 0; draw < kDraws; ++draw) {
        const double ratio = exact::rf(target, {.W = law.sample(N, 1, draw)}).risk / target.null_risk();
        sum += ratio;
        squares += ratio * ratio;
      }
      const double mean = sum / kDraws;
      const double se = std::sqrt((squares / kDraws - mean * mean) / (kDraws - 1));
      fmt::print("{:<5g} {:<7.2f} {:<6} {:<11.2f} {:.4f} ± {:.4f}\n", square, d_eff, N, multiple, mean, se);
      fine = fine && mean < last;
      last = mean;
    }
  }
  return fine ? 0 : 1;
}
