// The predicted risk of RF and NT at finite n beside regressions on that many samples, for one W.
//
//   example_curve_against_fit [regime d N draws]      default: RF 20 30 30, two values of n
//   example_curve_against_fit RF 40 60 150            the tables of docs/theory/curve.md
//   example_curve_against_fit NT 30 10 100
//
// One row for each problem, activation, n (in units of the number D of independent features) and ridge: mean
// over draws of the samples of R_n / R0 with its standard error, the Gaussian equivalent and the elliptic one
// with its own standard error.
#include <fmt/format.h>

#include <cmath>
#include <string>
#include <vector>

#include "lazygap/curve/nt.h"
#include "lazygap/curve/predict.h"
#include "lazygap/curve/rf.h"
#include "lazygap/fit/nt.h"
#include "lazygap/fit/rf.h"
#include "lazygap/network/first_layer.h"
#include "lazygap/problem/spectrum.h"

using namespace lazygap;

namespace {

struct Case {
  std::string name;
  Problem problem;
  std::string activation;
  double tau = 0;    // standard deviation of the biases
  double noise = 0;  // of the labels, in units of the square root of R0
};

std::vector<Case> cases(bool nt, Index d) {
  const PolynomialTarget qf(draw_spectrum({.kind = SpectrumLaw::Kind::exponential}, d, 1));
  const GaussianMixture mg(draw_spectrum(
      {.kind = SpectrumLaw::Kind::choice, .values = {1, 1.5, 2}, .scale_by_inverse_sqrt_d = true}, d, 1));
  Matrix beta = Matrix::Zero(d, 3);
  beta.col(0).setConstant(1);
  beta.col(2) = qf.eigenvalues() / 2;
  const PolynomialTarget cubic = PolynomialTarget::from_hermite(beta);
  std::vector<Case> all = {{"qf", qf, "quadratic"}, {"qf", qf, "relu"},    {"mg", mg, "quadratic"},
                           {"mg", mg, "relu"},      {"qf", qf, "tanh", 1}, {"qf noise", qf, "relu", 0, 0.5}};
  all.push_back({"cubic", cubic, nt ? "tanh" : "hermite(3)"});
  if (!nt) all.push_back({"cubic", cubic, "tanh"});
  return all;
}

struct Simulated {
  double mean, se;
};

Simulated simulate(const Case& c, bool nt, const Matrix& W, const Vector& biases,
                   const curve::Setting& setting, std::uint32_t draws) {
  const Network network{
      .activation = activation_from_name(c.activation), .W = W, .biases = biases};
  fit::Options options{.label_noise = setting.label_noise,
                       .samples = setting.samples,
                       .ridge = setting.ridge,
                       .test_samples = 0,
                       .precision = fit::Precision::fp64};
  Vector risks(draws);
  for (options.draw = 0; options.draw < draws; ++options.draw)
    risks[options.draw] =
        (nt ? fit::nt(c.problem, network, options) : fit::rf(c.problem, network, options)).risk;
  const double count = draws;
  return {risks.mean(), std::sqrt((risks.array() - risks.mean()).square().sum() / (count - 1) / count)};
}

}  // namespace

int main(int argc, char** argv) {
  const bool nt = argc > 1 && std::string(argv[1]) == "NT";
  const Index d = argc > 4 ? std::stoll(argv[2]) : 20, N = argc > 4 ? std::stoll(argv[3]) : 30;
  const auto draws = argc > 4 ? static_cast<std::uint32_t>(std::stoul(argv[4])) : 30;
  fmt::print("{}, d = {}, N = {}, {} draws of the samples\n", nt ? "NT" : "RF", d, N, draws);
  fmt::print("problem  activation      n    n/D    ridge    simulated R/R0    Gaussian  elliptic\n");
  const std::vector<double> ratios =
      argc > 4 ? std::vector<double>{0.25, 0.5, 0.75, 1, 1.5, 2, 5, 20} : std::vector<double>{0.5, 2};
  int rows = 0, near = 0;
  double squares[2] = {0, 0};
  for (const Case& c : cases(nt, d)) {
    const double R0 = null_risk(c.problem);
    const Matrix W = FirstLayerLaw::isotropic(c.problem).sample(N, 1, 0);
    const Vector biases = sample_biases(c.tau, N, 1, 0);
    const curve::Options options{.activation = activation_from_name(c.activation)};
    const curve::Model model =
        nt ? curve::nt(c.problem, W, biases, options) : curve::rf(c.problem, W, biases, options);
    for (const double ratio : ratios)
      for (const bool best : {false, true}) {
        curve::Setting setting{.samples = std::llround(ratio * model.rank()),
                               .label_noise = c.noise * std::sqrt(R0)};
        if (best) setting.ridge = curve::best_ridge(model, setting).ridge;
        const curve::Prediction elliptic = curve::predict(model, setting);
        if (!elliptic.doubt.empty() && setting.ridge == 0 && ratio == 1.0)
          continue;  // no mean to compare with
        const curve::Prediction gaussian = curve::predict(model, setting, curve::Equivalent::gaussian);
        const Simulated simulated = simulate(c, nt, W, biases, setting, draws);
        const double tolerance = std::max(3 * std::hypot(simulated.se, elliptic.risk_se),
                                          (nt ? 0.05 : 0.03) * (simulated.mean - model.residual_risk));
        const bool within = std::abs(elliptic.risk - simulated.mean) <= tolerance;
        fmt::print("{:8} {:10} {:6} {:6.2f} {:8.3g} {:9.4f} +- {:.4f} {:9.4f} {:9.4f} +- {:.4f}{}{}\n",
                   c.name, c.activation, setting.samples, static_cast<double>(setting.samples) / model.rank(),
                   setting.ridge, simulated.mean / R0, simulated.se / R0, gaussian.risk / R0,
                   elliptic.risk / R0, elliptic.risk_se / R0, within ? "" : "  off",
                   elliptic.doubt.empty() ? "" : "  doubtful");
        if (!elliptic.doubt.empty()) continue;
        ++rows;
        near += within ? 1 : 0;
        squares[0] += std::pow(gaussian.risk / simulated.mean - 1, 2);
        squares[1] += std::pow(elliptic.risk / simulated.mean - 1, 2);
      }
  }
  const double gaussian = std::sqrt(squares[0] / rows), elliptic = std::sqrt(squares[1] / rows);
  fmt::print(
      "relative error, root mean square over {} rows without doubt: Gaussian {:.3f}, elliptic {:.3f}\n", rows,
      gaussian, elliptic);
  fmt::print("elliptic within 3 standard errors or {} % of the excess: {}\n", nt ? 5 : 3, near);
  return elliptic < gaussian ? 0 : 1;
}
