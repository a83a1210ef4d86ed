#include "lazygap/curve/rf.h"

#include "curve/fresh_samples.h"
#include "lazygap/core/check.h"
#include "math/symmetric.h"
#include "network/feature_moments.h"
#include "network/neuron_functions.h"

namespace lazygap::curve {
namespace {

/// The features of the samples X, N x b.
Matrix features(const Activation& activation, double centre, const Matrix& W, const Vector& biases,
                const Matrix& X) {
  Matrix F = W.transpose() * X;
  if (biases.size() > 0) F.colwise() += biases;
  return F.unaryExpr([&](double u) { return activation.value(u) - centre; });
}

}  // namespace

Model rf(const Problem& problem, const Matrix& W, const Vector& biases, const Options& options,
         const Control& control) {
  check_arguments("curve::rf", problem, W, biases, options);
  check_memory("curve::rf", rf_cost(W.rows(), W.cols(), options), options);
  const double centre = options.centred ? options.activation.hermite.lambda_0 : 0;
  const FeatureMoments moments(problem, options.activation, W, biases, centre);
  if (stopped(control, 0)) return {};
  Matrix K(W.cols(), W.cols());
  moments.gram(K);
  if (stopped(control, 0.1)) return {};
  Eigenbasis basis;
  try {
    basis = symmetric_eigenbasis(std::move(K), Stage(control).part(0.1, 0.8));
  } catch (const Stopped&) {
    return {};
  }

  Model model{.features = Features::rf, .neurons = W.cols(), .kernel_error = moments.error()};
  const double mean = network::mean_label(problem);
  const Vector projections = basis.vectors.transpose() * moments.projections();
  set_spectrum(basis.values, projections, null_risk(problem) + mean * mean, model);

  const Index rank = model.power_values.size();
  auto kept = basis.vectors.rightCols(rank);  // eigenvalues increase
  const Vector a = kept * projections.tail(rank).cwiseQuotient(model.power_values);
  kept *= model.power_values.cwiseSqrt().cwiseInverse().asDiagonal();
  const auto visit = [&](const Matrix& X, Vector& leverage, Vector& fitted) {
    const Matrix F = features(options.activation, centre, W, biases, X);
    fitted = F.transpose() * a;
    leverage = (kept.transpose() * F).colwise().squaredNorm().transpose();
  };
  if (!add_fresh_samples(problem, options, options.leverage_samples, after(0.8, control), visit, model))
    return {};
  model.status = Status::ok;
  model.message = "eigenvalues of K";
  return model;
}

Cost rf_cost(Index d, Index N, const Options& options) {
  check_at_least("curve::rf_cost", "d", d, 1);
  check_at_least("curve::rf_cost", "N", N, 1);
  const auto dd = static_cast<double>(d), NN = static_cast<double>(N);
  const auto M = static_cast<double>(options.leverage_samples);
  constexpr double kEigen = 9;     // of dsyevd with vectors, in units of N^3
  constexpr double kSeries = 100;  // of an entry of K
  // K becomes the eigenvectors in place, beside 2 N^2 of scratch.
  return {.operations = kEigen * NN * NN * NN + NN * NN * (dd + kSeries) + 2 * M * NN * (NN + dd),
          .bytes = 8 * (3 * NN * NN + 2 * NN * dd)};
}

}  // namespace lazygap::curve
