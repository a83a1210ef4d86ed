// A project outside the repository: finds the installed package, links it, calls every route.
#include <cstdio>

#include "lazygap/exact/rf.h"
#include "lazygap/fit/rf.h"
#include "lazygap/limit/limit.h"
#include "lazygap/network/first_layer.h"
#include "lazygap/train/sgd.h"

int main() {
  const lazygap::Problem problem = lazygap::PolynomialTarget(lazygap::Vector::LinSpaced(8, 0.5, 2.0));
  const lazygap::Matrix W = lazygap::FirstLayerLaw::isotropic(problem).sample(5, 1, 0);
  const double R0 = lazygap::null_risk(problem);
  const double limit = lazygap::limit::nn_ratio(problem, 4, lazygap::SecondLayerSign::free);
  const double exact = lazygap::exact::rf(problem, {.W = W}).risk / R0;
  const double fit = lazygap::fit::rf(problem, {.W = W}, {.samples = 5000}).risk / R0;
  const double train = lazygap::train::run_nn(problem, 4, {.steps = 200}).risk / R0;
  std::printf("limit NN %.4f, exact RF %.4f, fitted RF %.4f, trained NN %.4f\n", limit, exact, fit, train);
  return 0 < limit && limit < 1 && 0 < exact && exact <= fit && fit < 2 && train > 0 ? 0 : 1;
}
