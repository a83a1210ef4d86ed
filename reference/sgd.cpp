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
  if (options.schedule == train::Schedule::quadratic_decay)
    return options.step_size * (0.01 + 0.99 * left * left);
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
  const RandomAddress address{.seed = options.seed,
                              .purpose = Purpose::training,
                              .index = options.draw,
                              .step = static_cast<std::uint32_t>(t)};
  draw_samples<double>(problem, address, batch.X, batch.y);
  add_label_noise<double>(options.label_noise, address, batch.y);
  return batch;
}

/// f in the units of training and the derivatives of f at one sample with respect to everything trained.
struct Derivatives {
  double f = 0;
  Network of;
};

Derivatives differentiate(const Network& network, const Vector& x, const Options& options) {
  const Index N = network.W.cols();
  const double front = options.output_scale * (is_unit(options) ? 1 : options.alpha / static_cast<double>(N));
  const double beta = is_unit(options) ? 1 : options.beta;
  const auto& sigma = options.activation;
  Derivatives result{.f = beta * network.c, .of = {}};
  result.of = {
      .W = Matrix::Zero(x.size(), N), .b = Vector::Zero(N), .a = Vector::Zero(N), .A = {}, .c = beta};
  if (network.A.size() > 0) result.of.A = Matrix::Zero(x.size(), N);
  for (Index i = 0; i < N; ++i) {
    const double u = network.W.col(i).dot(x) + network.b[i];
    if (network.A.size() > 0) {
      result.f += front * sigma.derivative(u) * network.A.col(i).dot(x);
      result.of.A.col(i) = front * sigma.derivative(u) * x;
      continue;
    }
    result.f += front * network.a[i] * sigma.value(u);
    result.of.a[i] = front * sigma.value(u);
    result.of.b[i] = front * network.a[i] * sigma.derivative(u);
    result.of.W.col(i) = result.of.b[i] * x;
  }
  return result;
}

/// target += factor * direction, for everything trained.
void add(Network& target, double factor, const Network& direction) {
  target.W += factor * direction.W;
  target.b += factor * direction.b;
  target.a += factor * direction.a;
  target.A += factor * direction.A;
  target.c += factor * direction.c;
}

}  // namespace

std::vector<double> sgd_nn(const Problem& problem, const Matrix& initial, const Options& options) {
  Matrix W = initial;
  const Index N = W.cols();
  const double label = label_factor(problem, options);
  const double n = static_cast<double>(N), alpha = options.alpha, beta = is_unit(options) ? 1 : options.beta;
  const double scale = options.output_scale;
  const double front = scale * (is_unit(options) ? 1 : alpha / n);
  const bool shared = options.second_layer == train::SecondLayer::shared;
  double a = shared ? 0 : options.second_layer_value, c = 0;
  const double a_start = options.subtract_start ? a : 0;
  const double multiply_w = (is_unit(options) ? 1 : n / (alpha * alpha)) / (scale * scale);
  const double multiply_a = 1 / (alpha * alpha) / (scale * scale),
               multiply_c = is_unit(options) ? 1 : 1 / (beta * beta);

  std::vector<double> risks;
  for (std::int64_t t = 0;; ++t) {
    risks.push_back(population_risk(
        problem, front / label * (a * W * W.transpose() - a_start * initial * initial.transpose()),
        beta * c / label));
    if (t == options.steps) return risks;
    const auto [X, y] = draw(problem, options, t);
    Matrix dW = Matrix::Zero(W.rows(), N);
    double da = 0, dc = 0;
    for (Index j = 0; j < X.cols(); ++j) {
      const Vector u = W.transpose() * X.col(j);
      const double subtracted = front * a_start * (initial.transpose() * X.col(j)).squaredNorm();
      const double f = front * a * u.squaredNorm() - subtracted + beta * c;
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
  const bool rotated = qf && qf->is_quadratic();
  Matrix A = Matrix::Zero(W.rows(), N);
  double c = 0;

  std::vector<double> risks;
  for (std::int64_t t = 0;; ++t) {
    const Matrix S = front * (W * A.transpose() + A * W.transpose());
    risks.push_back(population_risk(problem, S / label, beta * c / label));
    if (t == options.steps) return risks;
    auto [X, y] = draw(problem, options, t);
    if (rotated) {
      const auto values = [&](Index j) { return qf->offset() + X.col(j).cwiseAbs2().dot(qf->eigenvalues()); };
      for (Index j = 0; j < X.cols(); ++j) y[j] -= values(j);  // the label noise is left
      X = U * X;
      for (Index j = 0; j < X.cols(); ++j) y[j] += values(j);
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

Vector network_values(const Network& network, const Problem& problem, const Matrix& X, const Options& options,
                      const Network* start) {
  Vector values(X.cols());
  for (Index j = 0; j < X.cols(); ++j) {
    const double subtracted = start == nullptr ? 0 : differentiate(*start, X.col(j), options).f;
    values[j] = (differentiate(network, X.col(j), options).f - subtracted) / label_factor(problem, options);
  }
  return values;
}

Network train_network(const Problem& problem, Network network, const Options& options) {
  const bool is_nt = network.A.size() > 0;
  const double n = static_cast<double>(network.W.cols()), alpha2 = options.alpha * options.alpha;
  const double label = label_factor(problem, options), scale2 = options.output_scale * options.output_scale;
  const double multiply_neurons = (is_unit(options) ? 1 : n / alpha2) / scale2;
  const double multiply_shared = 1 / alpha2 / scale2;
  const Network start = network;  // its offset is 0
  const double multiply_c = is_unit(options) ? 1 : 1 / (options.beta * options.beta);
  Network velocity = network;
  add(velocity, -1, network);  // zero, of the same sizes
  for (std::int64_t t = 0; t < options.steps; ++t) {
    const auto [X, y] = draw(problem, options, t);
    Network gradient = network;
    add(gradient, -1, network);
    for (Index j = 0; j < X.cols(); ++j) {
      const Derivatives at = differentiate(network, X.col(j), options);
      const double f = at.f - (options.subtract_start ? differentiate(start, X.col(j), options).f : 0);
      add(gradient, -2 * (label * y[j] - f) / static_cast<double>(X.cols()), at.of);
    }
    gradient.W *= is_nt ? 0 : multiply_neurons;
    gradient.b *= options.train_biases ? multiply_neurons : 0;
    gradient.A *= multiply_neurons;
    gradient.c *= multiply_c;
    if (options.second_layer == train::SecondLayer::free)
      gradient.a *= multiply_neurons;
    else if (options.second_layer == train::SecondLayer::shared)
      gradient.a.setConstant(multiply_shared * gradient.a.sum());  // one number, held N times
    else
      gradient.a.setZero();
    const double eps = is_nt ? step_size(options, t, 0.10, 0.05) : step_size(options, t, 0.15, 0.075);
    add(velocity, options.momentum - 1, velocity);
    add(velocity, -1, gradient);
    add(network, eps, velocity);
  }
  return network;
}

}  // namespace lazygap::reference
