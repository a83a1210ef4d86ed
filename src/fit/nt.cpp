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

NtSolution solve(SampleBlocks<double>& samples, Gates& gates, const Stage& stage) {
  const Options& options = samples.options();
  const Index d = gates.dimension(), N = gates.neurons();
  if (!fits_memory(d, N, options)) return solve_by_conjugate_gradients(samples, gates, stage);
  return options.samples <= N * d ? solve_by_kernel(samples, gates, stage)
                                  : solve_by_moments(samples, gates, stage);
}

double population_risk(const Problem& problem, const Network& network, const Matrix& A, double c,
                       const Stage& stage) {
  // sigma'(u) = 2 a_2 u: f(x) = x^T a_2 (W A^T + A W^T) x + c, whose risk is a sum of squares.
  if (const auto square = as_square(network)) {
    const Matrix half = square->square * network.W * A.transpose();
    return lazygap::population_risk(problem, half + half.transpose(), c);
  }
  const TangentMoments moments(problem, network.activation, network.W, network.biases, stage.part(0, 0.5));
  return moments.error() > kSeriesAccuracy ? std::numeric_limits<double>::quiet_NaN()
                                           : moments.risk(A, c, stage.part(0.5, 1));
}

Answer fit(const Problem& problem, const Network& network, const Options& options, const Stage& stage) {
  SampleBlocks<double> samples(problem, options);
  Gates gates(network, samples.block());
  const NtSolution solution = solve(samples, gates, stage.part(0, 0.9));
  Answer answer{.status = solution.status,
                .message = solution.message,
                .diagnostics = {
                    .rank = solution.rank, .iterations = solution.iterations, .residual = solution.residual}};
  if (solution.status == Status::failed) return answer;
  answer.risk = population_risk(problem, network, solution.A, solution.c, stage.part(0.9, 0.95));
  const auto predict = [&](const auto& X) -> Vector {
    const Matrix products = solution.A.transpose() * X;
    return products.cwiseProduct(gates(X)).colwise().sum().transpose().array() + solution.c;
  };
  estimate_risks(samples, predict, std::span(&answer, 1), stage.part(0.95, 1));
  return answer;
}

}  // namespace

Answer nt(const Problem& problem, const Network& network, const Options& options, const Control& control) {
  check_arguments(kFunction, problem, network, options);
  check_nonnegative(kFunction, "memory_bytes", options.memory_bytes);
  check_positive(kFunction, "tolerance", options.tolerance);
  check_at_least(kFunction, "max_iterations", options.max_iterations, 1);
  if (!network.activation.derivative)
    throw UsageError(fmt::format("{}: activation '{}' has no derivative, but NT needs one", kFunction,
                                 network.activation.name));
  const auto answer = [&](const Stage& stage) -> std::vector<Answer> {
    return {fit(problem, network, options, stage)};
  };
  return answers_unless_stopped(control, 1, answer).front();
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
