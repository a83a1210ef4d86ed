#include "lazygap/curve/nt.h"

#include <algorithm>

#include "curve/nt_ways.h"
#include "lazygap/core/check.h"
#include "network/neuron_functions.h"

namespace lazygap::curve {
namespace {

bool has_closed_form(const Problem& problem, const Options& options, bool biases) {
  return options.activation.name == "quadratic" && !biases &&
         std::holds_alternative<PolynomialTarget>(problem);
}

}  // namespace

Matrix TangentProblem::gates(const Matrix& X) const {
  Matrix S = W.transpose() * X;
  if (biases.size() > 0) S.colwise() += biases;
  return S.unaryExpr([&](double u) { return options.activation.derivative(u); });
}

Model nt(const Problem& problem, const Matrix& W, const Vector& biases, const Options& options,
         const Control& control) {
  check_arguments("curve::nt", problem, W, biases, options);
  check_memory("curve::nt", nt_cost(problem, W.cols(), biases.size() > 0, options), options);
  if (stopped(control, 0)) return {};
  Model model{.features = Features::nt, .neurons = W.cols()};
  if (has_closed_form(problem, options, biases.size() > 0)) {
    model.features = Features::nt_quadratic;
    return nt_in_closed_form(std::get<PolynomialTarget>(problem), W, options, control, model) ? model
                                                                                              : Model();
  }
  if (options.activation.name == "quadratic" && biases.size() == 0) model.features = Features::nt_quadratic;
  const TangentMoments moments(problem, options.activation, W, biases);
  if (stopped(control, 0.05)) return {};
  model.kernel_error = moments.error();
  const TangentProblem tangent{
      .problem = problem, .W = W, .biases = biases, .options = options, .moments = moments};
  const bool done = W.size() <= options.dense_parameters ? nt_dense(tangent, control, model)
                                                         : nt_matrix_free(tangent, control, model);
  return done ? model : Model();
}

Cost nt_cost(const Problem& problem, Index N, bool biases, const Options& options) {
  check_at_least("curve::nt_cost", "N", N, 1);
  const auto d = static_cast<double>(dimension(problem)), NN = static_cast<double>(N), size = NN * d;
  constexpr double kEigen = 9;     // of dsyevd with vectors, in units of the cube of the order
  constexpr double kSeries = 200;  // of an entry of the moments
  const double M = static_cast<double>(options.leverage_samples);
  if (has_closed_form(problem, options, biases))
    return {.operations = kEigen * d * d * d + 4 * M * d * d, .bytes = 8 * (4 * d * d + 3 * d * d)};
  const double parts = std::holds_alternative<PolynomialTarget>(problem) ? 1 : 2;
  const double moments = parts * kSeries * NN * NN, matrices = parts * 4 * NN * NN;
  if (size <= static_cast<double>(options.dense_parameters))
    return {.operations = moments + kEigen * size * size * size + 2 * M * size * size,
            .bytes = 8 * (3 * size * size + matrices)};
  constexpr double kIterations = 30;  // of conjugate gradients for a leverage
  const double product = parts * 6 * NN * size;
  const auto products = static_cast<double>(kPowerSteps + options.probes * kProbeSteps) +
                        2 * kIterations * static_cast<double>(options.matrix_free_samples);
  return {.operations = moments + products * product,
          .bytes = 8 * (matrices + 3 * NN * NN + size * static_cast<double>(kPowerSteps + 10))};
}

}  // namespace lazygap::curve
