#include "lazygap/fit/nt.h"

#include <fmt/format.h>

#include "fit/nt_systems.h"
#include "lazygap/core/check.h"
#include "lazygap/core/error.h"
#include "network/tangent_moments.h"

namespace lazygap::fit {
namespace {

constexpr auto kFunction = "fit::nt";

/// Bytes of the smaller of the two matrices with what its solution takes at worst (eigenvectors), and of the
/// features it is made from.
double system_bytes(double d, double N, double n) {
  const double size = std::min(n, N * d);
  const double features = n <= N * d ? n * (d + N) : static_cast<double>(kFeatureColumns) * N * d;
  return 8 * (3 * size * size + features);
}

bool fits_memory(Index d, Index N, const Options& options) {
  return system_bytes(static_cast<double>(d), static_cast<double>(N), static_cast<double>(options.samples)) <=
         options.memory_bytes;
}

NtSolution solve(SampleBlocks<double>& samples, Gates& gates) {
  const Options& options = samples.options();
  const Index d = gates.dimension(), N = gates.neurons();
  if (!fits_memory(d, N, options)) return solve_by_conjugate_gradients(samples, gates);
  return options.samples <= N * d ? solve_by_kernel(samples, gates) : solve_by_moments(samples, gates);
}

double population_risk(const Problem& problem, const Matrix& W, const Vector& biases,
                       const Activation& activation, const Matrix& A, double c) {
  // sigma'(u) = 2u: f(x) = x^T (W A^T + A W^T) x + c, whose risk is a sum of squares.
  if (is_quadratic_form(activation, biases)) {
    const Matrix half = W * A.transpose();
    return lazygap::population_risk(problem, half + half.transpose(), c);
  }
  const TangentMoments moments(problem, activation, W, biases);
  return moments.error() > kSeriesAccuracy ? std::numeric_limits<double>::quiet_NaN() : moments.risk(A, c);
}

}  // namespace

Outcome nt(const Problem& problem, const Matrix& W, const Vector& biases, const Options& options) {
  check_arguments(kFunction, problem, W, biases, options);
  check_nonnegative(kFunction, "memory_bytes", options.memory_bytes);
  check_positive(kFunction, "tolerance", options.tolerance);
  check_at_least(kFunction, "max_iterations", options.max_iterations, 1);
  if (!options.activation.derivative)
    throw UsageError(fmt::format("{}: activation '{}' has no derivative, but NT needs one", kFunction,
                                 options.activation.name));
  SampleBlocks<double> samples(problem, options);
  Gates gates(W, biases, options.activation, samples.block());
  const NtSolution solution = solve(samples, gates);
  Outcome outcome{.status = solution.status,
                  .message = solution.message,
                  .rank = solution.rank,
                  .iterations = solution.iterations,
                  .residual = solution.residual};
  if (solution.status == Status::failed) return outcome;
  outcome.risk = population_risk(problem, W, biases, options.activation, solution.A, solution.c);
  const auto predict = [&](const auto& X) -> Vector {
    const Matrix products = solution.A.transpose() * X;
    return products.cwiseProduct(gates(X)).colwise().sum().transpose().array() + solution.c;
  };
  estimate_risks(samples, predict, std::span(&outcome, 1));
  return outcome;
}

NtCost nt_cost(Index d, Index N, const Options& options) {
  check_at_least("fit::nt_cost", "d", d, 1);
  check_at_least("fit::nt_cost", "N", N, 1);
  const auto n = static_cast<double>(options.samples), dd = static_cast<double>(d),
             NN = static_cast<double>(N);
  constexpr double kIterations = 100;
  constexpr double kGate = 20;     // operations of sigma'
  constexpr double kNormal = 20;   // and of a normal
  constexpr double kSeries = 100;  // and of an entry of the moments of the population
  const double a_pass = n * (2 * NN * dd + kGate * NN + kNormal * dd);
  const double products = 4 * n * NN * dd;
  NtCost cost{.operations = 2 * a_pass + products + NN * NN * (6 * dd + kSeries) +
                            static_cast<double>(options.test_samples) * 4 * NN * dd,
              .bytes = 8 * (6 * NN * NN + 6 * NN * dd +
                            static_cast<double>(std::min<std::int64_t>(options.block, options.samples)) *
                                (2 * NN + dd))};
  const double size = std::min(n, NN * dd);
  if (!fits_memory(d, N, options)) {
    cost.operations += kIterations * (a_pass + products);
  } else {
    cost.bytes += system_bytes(dd, NN, n);
    cost.operations += size * size * size / 3 + size * size * (n <= NN * dd ? dd + NN : n);
  }
  return cost;
}

}  // namespace lazygap::fit
