// NT fitted by least squares or ridge on n samples tends to the exact risk from above as n grows.
//
//   example_nt_fit_against_exact [d N draws ridge activation tau n1 n2 ...]
//                                                     default: 20 5 4 0 relu 0 500 5000
//
// One row for each n: mean over draws of the excess (R_n - R) / R0 and its standard error, and what Gaussian
// features would give without ridge, R N d / (n - N d - 1) / R0.
#include <fmt/format.h>

#include <cmath>
#include <string>
#include <vector>

#include "lazygap/exact/nt.h"
#include "lazygap/fit/nt.h"
#include "lazygap/network/first_layer.h"
#include "lazygap/problem/spectrum.h"

using namespace lazygap;

int main(int argc, char** argv) {
  std::vector<std::string> arguments = {"20", "5", "4", "0", "relu", "0", "500", "5000"};
  if (argc > 7) arguments.assign(argv + 1, argv + argc);
  const Index d = std::stoll(arguments[0]), N = std::stoll(arguments[1]);
  const auto draws = static_cast<std::uint32_t>(std::stoul(arguments[2]));
  const Activation activation = activation_from_name(arguments[4]);
  fit::Options options{.ridge = std::stod(arguments[3]), .test_samples = 0};
  const double tau = std::stod(arguments[5]);

  const PolynomialTarget qf(draw_spectrum({.kind = SpectrumLaw::Kind::exponential}, d, 1));
  const GaussianMixture mg(draw_spectrum(
      {.kind = SpectrumLaw::Kind::choice, .values = {1, 1.5, 2}, .scale_by_inverse_sqrt_d = true}, d, 1));
  fmt::print("NT, {}, tau = {}, d = {}, N = {}, ridge = {}, {} draws\n", activation.name, tau, d, N,
             options.ridge, draws);
  fmt::print("model        n   exact     excess    error     expected   solved by\n");
  bool above = true;
  for (const Problem& problem : {Problem(qf), Problem(mg)}) {
    const double R0 = null_risk(problem);
    const FirstLayerLaw law = FirstLayerLaw::isotropic(problem);
    for (std::size_t k = 6; k < arguments.size(); ++k) {
      options.samples = std::stoll(arguments[k]);
      Vector exact(draws), excess(draws);
      std::string way;
      for (options.draw = 0; options.draw < draws; ++options.draw) {
        const Network network{.activation = activation,
                              .W = law.sample(N, 1, options.draw),
                              .biases = sample_biases(tau, N, 1, options.draw)};
        const Answer fitted = fit::nt(problem, network, options);
        exact[options.draw] = exact::nt(problem, network).risk / R0;
        excess[options.draw] = fitted.risk / R0 - exact[options.draw];
        way = fitted.message;
      }
      const double count = draws, n = static_cast<double>(options.samples);
      const double free = n - static_cast<double>(N * d) - 1;
      fmt::print("{:5} {:8} {:7.4f} {:10.5f} +- {:.5f} {:10.5f}   {}\n", problem.index() == 0 ? "qf" : "mg",
                 options.samples, exact.mean(), excess.mean(),
                 std::sqrt((excess.array() - excess.mean()).square().sum() / (count - 1) / count),
                 free > 0 ? exact.mean() * static_cast<double>(N * d) / free
                          : std::numeric_limits<double>::infinity(),
                 way);
      above = above && excess.minCoeff() > 0;
    }
  }
  return above ? 0 : 1;
}
