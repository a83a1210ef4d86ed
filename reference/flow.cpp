#include "reference/flow.h"

#include <cmath>

#include "lazygap/network/regime.h"

namespace lazygap::reference {
namespace {

using train::Options;

/// Euler steps for one SGD step.
constexpr int kSubsteps = 4;

double step_size(const Options& options, std::int64_t t, double late, double last) {
  if (options.schedule == train::Schedule::constant) return options.step_size;
  const double left = static_cast<double>(options.steps - t) / static_cast<double>(options.steps);
  return options.step_size / (left <= last ? 15 : left <= late ? 10 : 1);
}

Matrix gradient(const Problem& problem, const Matrix& S, double c, double* gradient_c) {
  return std::visit([&](const auto& p) { return p.population_gradient(S, c, gradient_c); }, problem);
}

struct Protocol {
  double front, label, multiply_weights, multiply_shared;
};

Protocol protocol(const Problem& problem, Index neurons, const Options& options) {
  if (options.parameterisation == train::Parameterisation::unit) return {1, 1, 1, 1};
  const double n = static_cast<double>(neurons), alpha = options.alpha;
  const bool qf = std::holds_alternative<PolynomialTarget>(problem);
  return {alpha / n, qf ? 1 / std::sqrt(static_cast<double>(dimension(problem))) : 1, n / (alpha * alpha),
          1 / (alpha * alpha)};
}

}  // namespace

// Loss in the units of training: label^2 R(S / label, o / label), so its gradient in S is label * dR/dS.
std::vector<double> euler_nn(const Problem& problem, Index neurons, const Options& options) {
  const auto [front, label, multiply_weights, multiply_shared] = protocol(problem, neurons, options);
  Matrix W = first_layer_law(Regime::nn, problem)
                 .sample(neurons, options.seed, options.draw, Purpose::initial_weights);
  const bool shared = options.second_layer == train::SecondLayer::shared;
  double a = shared ? 0 : options.second_layer_value, o = 0;
  std::vector<double> risks;
  for (std::int64_t t = 0;; ++t) {
    risks.push_back(population_risk(problem, front * a / label * W * W.transpose(), o / label));
    if (t == options.steps) return risks;
    const double eps = step_size(options, t, 0.15, 0.075) / kSubsteps;
    for (int k = 0; k < kSubsteps; ++k) {
      double dc = 0;
      const Matrix dS = label * gradient(problem, front * a / label * W * W.transpose(), o / label, &dc);
      const Matrix dW = 2 * front * a * dS * W;
      const double da = front * (dS * W).cwiseProduct(W).sum();
      W -= eps * multiply_weights * dW;
      if (shared) a -= eps * multiply_shared * da;
      o -= eps * label * dc;
    }
  }
}

std::vector<double> euler_nt(const Problem& problem, Index neurons, const Options& options) {
  const auto [front, label, multiply_weights, multiply_shared] = protocol(problem, neurons, options);
  const Matrix W = first_layer_law(Regime::nt, problem).sample(neurons, options.seed, options.draw);
  Matrix A = Matrix::Zero(W.rows(), W.cols());
  double o = 0;
  std::vector<double> risks;
  for (std::int64_t t = 0;; ++t) {
    const auto form = [&] { return front / label * (W * A.transpose() + A * W.transpose()); };
    risks.push_back(population_risk(problem, form(), o / label));
    if (t == options.steps) return risks;
    const double eps = step_size(options, t, 0.10, 0.05) / kSubsteps;
    for (int k = 0; k < kSubsteps; ++k) {
      double dc = 0;
      const Matrix dS = label * gradient(problem, form(), o / label, &dc);
      A -= eps * multiply_weights * 2 * front * dS * W;
      o -= eps * label * dc;
    }
  }
}

}  // namespace lazygap::reference
