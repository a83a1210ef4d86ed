#include "reference/flow.h"

#include <cmath>
#include <functional>

#include "lazygap/network/regime.h"

namespace lazygap::reference {
namespace {

using train::Options;

double step_size(const Options& options, std::int64_t t, double late, double last) {
  if (options.schedule == train::Schedule::constant) return options.step_size;
  const double left = static_cast<double>(options.steps - t) / static_cast<double>(options.steps);
  if (options.schedule == train::Schedule::quadratic_decay)
    return options.step_size * (0.01 + 0.99 * left * left);
  return options.step_size / (left <= last ? 15 : left <= late ? 10 : 1);
}

Matrix gradient(const Problem& problem, const Matrix& S, double c, double* gradient_c) {
  return std::visit([&](const auto& p) { return p.population_gradient(S, c, gradient_c); }, problem);
}

struct Protocol {
  double front, label, multiply_weights, multiply_shared;
};

Protocol protocol(const Problem& problem, Index neurons, const Options& options) {
  const double scale = options.output_scale, of_loss = 1 / (scale * scale);
  if (options.parameterisation == train::Parameterisation::unit) return {scale, 1, of_loss, of_loss};
  const double n = static_cast<double>(neurons), alpha = options.alpha;
  const bool qf = std::holds_alternative<PolynomialTarget>(problem);
  return {scale * alpha / n, qf ? 1 / std::sqrt(static_cast<double>(dimension(problem))) : 1,
          of_loss * n / (alpha * alpha), of_loss / (alpha * alpha)};
}

/// The trained numbers, and their rates: W of NN or A of NT, the shared a, and the offset o.
struct State {
  Matrix weights;
  double a = 0, o = 0;
};

State moved(const State& x, double h, const State& rate) {
  return {x.weights + h * rate.weights, x.a + h * rate.a, x.o + h * rate.o};
}

/// The risks at the times of the steps; `late` and `last`: what is left of the run at the two drops.
std::vector<double> integrate(State x, const Options& options, int substeps, double late, double last,
                              const std::function<State(const State&)>& rate,
                              const std::function<double(const State&)>& risk) {
  std::vector<double> risks{risk(x)};
  for (std::int64_t t = 0; t < options.steps; ++t) {
    const double h = step_size(options, t, late, last) / substeps;
    for (int k = 0; k < substeps; ++k) {
      const State k1 = rate(x), k2 = rate(moved(x, h / 2, k1)), k3 = rate(moved(x, h / 2, k2)),
                  k4 = rate(moved(x, h, k3));
      x = moved(moved(moved(moved(x, h / 6, k1), h / 3, k2), h / 3, k3), h / 6, k4);
    }
    risks.push_back(risk(x));
  }
  return risks;
}

}  // namespace

// Loss in the units of training: label^2 R(S / label, o / label), so its gradient in S is label * dR/dS.
std::vector<double> flow_nn(const Problem& problem, Index neurons, const Options& options, int substeps) {
  const Protocol p = protocol(problem, neurons, options);
  const bool shared = options.second_layer == train::SecondLayer::shared;
  const double a_start = shared ? 0 : options.second_layer_value;
  const bool subtracts = options.subtract_start;
  const Matrix W = subtracts
                       ? first_layer_law(Regime::nt, problem).sample(neurons, options.seed, options.draw)
                       : first_layer_law(Regime::nn, problem)
                             .sample(neurons, options.seed, options.draw, Purpose::initial_weights);
  const auto form = [&](const State& x) -> Matrix {
    Matrix S = p.front * x.a / p.label * x.weights * x.weights.transpose();
    if (subtracts) S -= p.front * a_start / p.label * W * W.transpose();
    return S;
  };
  const auto rate = [&](const State& x) -> State {
    double dc = 0;
    const Matrix dS_W = p.label * gradient(problem, form(x), x.o / p.label, &dc) * x.weights;
    return {-p.multiply_weights * 2 * p.front * x.a * dS_W,
            shared ? -p.multiply_shared * p.front * dS_W.cwiseProduct(x.weights).sum() : 0.0, -p.label * dc};
  };
  return integrate({W, a_start, 0}, options, substeps, 0.15, 0.075, rate,
                   [&](const State& x) { return population_risk(problem, form(x), x.o / p.label); });
}

std::vector<double> flow_nt(const Problem& problem, Index neurons, const Options& options, int substeps) {
  const Protocol p = protocol(problem, neurons, options);
  const Matrix W = first_layer_law(Regime::nt, problem).sample(neurons, options.seed, options.draw);
  const auto form = [&](const State& x) -> Matrix {
    return p.front / p.label * (W * x.weights.transpose() + x.weights * W.transpose());
  };
  const auto rate = [&](const State& x) -> State {
    double dc = 0;
    const Matrix dS = p.label * gradient(problem, form(x), x.o / p.label, &dc);
    return {-p.multiply_weights * 2 * p.front * dS * W, 0, -p.label * dc};
  };
  return integrate({Matrix::Zero(W.rows(), W.cols()), 0, 0}, options, substeps, 0.10, 0.05, rate,
                   [&](const State& x) { return population_risk(problem, form(x), x.o / p.label); });
}

}  // namespace lazygap::reference
