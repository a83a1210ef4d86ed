// One-pass SGD on one network (NN), watched through its exact population risk.
//
//   example_train_one_network [step_size]
#include <fmt/format.h>

#include <string>

#include "lazygap/exact/nn.h"
#include "lazygap/problem/spectrum.h"
#include "lazygap/train/sgd.h"

using namespace lazygap;

int main(int argc, char** argv) {
  const Index d = 40, N = 20;
  const double step_size = argc > 1 ? std::stod(argv[1]) : 0.01;
  const Problem problem = PolynomialTarget(draw_spectrum({.kind = SpectrumLaw::Kind::exponential}, d, 1));
  const double R0 = null_risk(problem);
  const double least = exact::nn(problem, N, SecondLayerSign::one_sign).risk / R0;

  const train::Outcome outcome =
      train::run_nn(problem, N, {.steps = 8000, .batch = 100, .step_size = step_size, .records = 9});

  fmt::print("NN, d = {}, N = {}, {}: {}\n", d, N, outcome.path, to_string(outcome.status));
  fmt::print(" samples   R/R0\n");
  for (const train::Point& point : outcome.trajectory)
    fmt::print("{:8.0f}   {:.4f}\n", point.samples, point.risk / R0);
  fmt::print("on fresh samples {:.4f} +- {:.4f}\n", outcome.test_risk / R0, outcome.test_se / R0);
  fmt::print("the least risk of this width {:.4f}\n", least);

  // SGD cannot beat the minimum, and with the step size dropping towards the end it comes close.
  const double reached = outcome.risk / R0;
  return reached > least - 1e-6 && reached < least + 0.02 ? 0 : 1;
}
