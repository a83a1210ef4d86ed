// The tour: one problem, three regimes, the limiting and the exact risk of each.
#include <fmt/format.h>

#include "lazygap/exact/nn.h"
#include "lazygap/exact/nt.h"
#include "lazygap/exact/rf.h"
#include "lazygap/limit/limit.h"
#include "lazygap/problem/spectrum.h"

using namespace lazygap;

int main() {
  const Index d = 100, N = 50;
  const Problem problem = PolynomialTarget(draw_spectrum({.kind = SpectrumLaw::Kind::exponential}, d, 1));
  const Matrix W = FirstLayerLaw::isotropic(problem).sample(N, 1, 0);
  const limit::Comparison limits = limit::comparison(problem, N);
  const double R0 = null_risk(problem);

  fmt::print("R/R0 on a quadratic target, d = {}, N = {}\n", d, N);
  fmt::print("            limit   exact\n");
  fmt::print("RF(I)      {:.4f}  {:.4f}\n", limits.rf, exact::rf(problem, {.W = W}).risk / R0);
  fmt::print("NT(I)      {:.4f}  {:.4f}\n", limits.nt, exact::nt(problem, {.W = W}).risk / R0);
  fmt::print("NN         {:.4f}  {:.4f}\n", limits.nn,
             exact::nn(problem, N, SecondLayerSign::positive).risk / R0);
}
