// What one giant gradient step on the first layer does for RF: R/R0 against the step size eta for several
// numbers n1 of fresh samples, exact at d = N = 100 beside Theorem 1 with the law Gamma_1 that the step
// makes.
//
// With many samples the step turns the neurons to the leading eigenvectors of B, and RF gains. With n1 near d
// the noise of the gradient is larger than B, and the step hurts: the best eta is finite or zero. It ends
// with 1 if the two columns are more than 0.1 apart.
#include "lazygap/network/one_step.h"

#include <fmt/format.h>

#include <cmath>
#include <vector>

#include "lazygap/exact/nn.h"
#include "lazygap/exact/rf.h"
#include "lazygap/limit/rf.h"
#include "lazygap/problem/spectrum.h"

using namespace lazygap;

int main() {
  constexpr Index d = 100, N = 100;
  constexpr std::uint32_t kDraws = 4;
  const Problem problem = PolynomialTarget(draw_spectrum({}, d, 1));
  const double R0 = null_risk(problem), rho = double(N) / d;
  const HermiteSummary hermite = Activation::quadratic().hermite;
  const FirstLayerLaw isotropic = FirstLayerLaw::isotropic(problem);
  fmt::print("RF(I) {:.3f}, RF(Gamma*) {:.3f} (Theorem 1), NN {:.3f}\n",
             limit::rf_ratio(problem, isotropic, hermite, rho),
             limit::rf_ratio(problem, FirstLayerLaw::aligned(problem), hermite, rho),
             exact::nn(problem, N, SecondLayerSign::positive).risk / R0);
  double apart = 0;
  const std::vector<std::optional<Index>> samples{d, 4 * d, 20 * d, 100 * d, std::nullopt};
  for (const auto& n1 : samples) {
    fmt::print("n1 = {}\n", n1 ? fmt::format("{} d", *n1 / d) : "infinity");
    for (const double eta : {0.0, 0.3, 1.0, 3.0, 10.0, 100.0}) {
      double exact = 0, limit = 0;
      for (std::uint32_t draw = 0; draw < kDraws; ++draw) {
        const OneStep step{.eta = eta, .samples = n1, .seed = 1, .draw = draw};
        exact += exact::rf(problem, {.W = one_step(problem, isotropic.sample(N, 1, draw), step)}).risk / R0 / kDraws;
        limit += limit::rf_ratio(problem, one_step_law(problem, isotropic, step), hermite, rho) / kDraws;
      }
      fmt::print("  eta = {:<5g} exact {:.3f}, Theorem 1 {:.3f}\n", eta, exact, limit);
      apart = std::max(apart, std::abs(exact - limit));
    }
  }
  return apart < 0.1 ? 0 : 1;
}
