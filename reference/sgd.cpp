#include "reference/sgd.h"

#include <cmath>

namespace lazygap::reference {
namespace {

using train::Options;

bool is_unit(const Options& options) { return options.parameterisation == train::Parameterisation::unit; }

double label_factor(const Problem& problem, const Options& options) {
  const bool qf = std::holds_alternative<PolynomialTarget>(problem);
  return qf && !is_unit(options) ? 1 / std::sqrt(static_cast<double>(dimension(problem))) : 1;
}

/// Step size number t of the schedule, `late` and `last` the fractions of the run with 1/10 and 1/15.
double step_size(const Options& options, std::int64_t t, double late, double last) {
  if (options.schedule == train::Schedule::constant) return options.step_size;
  const double left = static_cast<double>(options.steps - t) / static_cast<double>(options.steps);
  if (left <= last) return options.step_size / 15;
  if (left <= late) return options.step_size / 10;
  return options.step_size;
}

struct Batch {
  Matrix X;
  Vector y;
};

Batch draw(const Problem& problem, const Options& options, std::int64_t t) {
  Batch batch{Matrix(dimension(problem), options.batch), Vector(options.batch)};
  draw_samples<double>(problem,
                       {.seed = options.seed,
                        .purpose = Purpose::training,
                        .index = options.draw,
                        .step = static_cast<std::uint32_t>(t)},
                       batch.X, batch.y);
  return batch;
}

}  // namespace

std::vector<double> sgd_nn(const Problem& problem, const Matrix& initial, const Options& options) {
  Matrix W = initial;
  const Index N = W.cols();
  const double label = label_factor(problem, options);
  const double n = static_cast<double>(N), alpha = options.alpha, beta = is_unit(options) ? 1 : options.beta;
  const double front = is_unit(options) ? 1 : alpha / n;
  const bool shared = options.second_layer == train::SecondLayer::shared;
  double a = shared ? 0 : options.second_layer_value, c = 0;
  const double multiply_w = is_unit(options) ? 1 : n / (alpha * alpha);
  const double multiply_a = 1 / (alpha * alpha), multiply_c = is_unit(options) ? 1 : 1 / (beta * beta);

  std::vector<double> risks;
  for (std::int64_t t = 0;; ++t) {
    risks.push_back(population_risk(problem, front * a / label * W * W.transpose(), beta * c / label));
    if (t == options.steps) return risks;
    const auto [X, y] = draw(problem, options, t);
    Matrix dW = Matrix::Zero(W.rows(), N);
    double da = 0, dc = 0;
    for (Index j = 0; j < X.cols(); ++j) {
      const Vector u = W.transpose() * X.col(j);
      const double f = front * a * u.squaredNorm() + beta * c;
      const double dloss_df = -2 * (label * y[j] - f) / static_cast<double>(X.cols());
      for (Index i = 0; i < N; ++i) dW.col(i) += dloss_df * front * a * 2 * u[i] * X.col(j);
      da += dloss_df * front * u.squaredNorm();
      dc += dloss_df * beta;
    }
    const double eps = step_size(options, t, 0.15, 0.075);
    W -= eps * multiply_w * dW;
    if (shared) a -= eps * multiply_a * da;
    c -= eps * multiply_c * dc;
  }
}

std::vector<double> sgd_nt(const Problem& problem, const Matrix& W, const Matrix& U, const Options& options) {
  const Index N = W.cols();
  const double label = label_factor(problem, options);
  const double n = static_cast<double>(N), alpha = options.alpha, beta = is_unit(options) ? 1 : options.beta;
  const double front = is_unit(options) ? 1 : alpha / n;
  const double multiply_a = is_unit(options) ? 1 : n / (alpha * alpha);
  const double multiply_c = is_unit(options) ? 1 : 1 / (beta * beta);
  const auto* qf = std::get_if<PolynomialTarget>(&problem);
  Matrix A = Matrix::Zero(W.rows(), N);
  double c = 0;

  std::vector<double> risks;
  for (std::int64_t t = 0;; ++t) {
    const Matrix S = front * (W * A.transpose() + A * W.transpose());
    risks.push_back(population_risk(problem, S / label, beta * c / label));
    if (t == options.steps) return risks;
    auto [X, y] = draw(problem, options, t);
    if (qf) {
      X = U * X;
      for (Index j = 0; j < X.cols(); ++j) y[j] = qf->offset() + X.col(j).cwiseAbs2().dot(qf->eigenvalues());
    }
    Matrix dA = Matrix::Zero(W.rows(), N);
    double dc = 0;
    for (Index j = 0; j < X.cols(); ++j) {
      const Vector u = W.transpose() * X.col(j);
      const Vector v = A.transpose() * X.col(j);
      const double f = front * 2 * u.dot(v) + beta * c;
      const double dloss_df = -2 * (label * y[j] - f) / static_cast<double>(X.cols());
      for (Index i = 0; i < N; ++i) dA.col(i) += dloss_df * front * 2 * u[i] * X.col(j);
      dc += dloss_df * beta;
    }
    const double eps = step_size(options, t, 0.10, 0.05);
    A -= eps * multiply_a * dA;
    c -= eps * multiply_c * dc;
  }
}

}  // namespace lazygap::reference
