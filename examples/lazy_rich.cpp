// From lazy to rich: where training ends, and how far the tangent kernel has moved, as a function of the
// output scale alpha. qf, B of iid Exp(1) eigenvalues, quadratic activation, W_0 isotropic.
//
// Small alpha: NN, which turns its neurons to the leading eigenvectors of B. Large alpha: NT at W_0, whose
// subspace never moves. In between the end point is exact: exact::lazy_rich. It ends with 1 if the risk is
// not between the two or does not grow with alpha.
#include "lazygap/exact/lazy_rich.h"

#include <fmt/format.h>

#include <vector>

#include "lazygap/exact/nn.h"
#include "lazygap/exact/nt.h"
#include "lazygap/network/first_layer.h"
#include "lazygap/problem/spectrum.h"

using namespace lazygap;

int main() {
  constexpr Index d = 100;
  const PolynomialTarget problem(draw_spectrum({}, d, 1));
  const std::vector<double> alphas{1e-3, 0.1, 0.3, 1, 3, 10, 30, 100, 1e4};
  bool fine = true;
  for (const Index N : {25, 50, 90, 200}) {
    const Matrix W_0 = FirstLayerLaw::isotropic(problem).sample(N, 1, 0);
    const double R0 = problem.null_risk();
    const double nn = exact::nn(problem, N, SecondLayerSign::positive).risk, nt = exact::nt(problem, {.W = W_0}).risk;
    fmt::print("N = {}: R/R0 of NN {:.5f}, of NT {:.5f}\n  alpha      R/R0       cosine\n", N, nn / R0,
               nt / R0);
    double last = nn - 1e-12 * R0;
    for (const exact::LazyRich& point : exact::lazy_rich(problem, W_0, alphas)) {
      fmt::print("  {:<9g}  {:.5f}    {:.5f}\n", point.alpha, point.answer.risk / R0, point.kernel_cosine);
      fine = fine && point.answer.risk >= last && point.answer.risk <= nt + 1e-12 * R0;
      last = point.answer.risk - 1e-12 * R0;
    }
  }
  return fine ? 0 : 1;
}
