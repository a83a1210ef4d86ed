// The whole SGD step of NN and NT with quadratic and with other activations (d = 450, batch 100, fp32,
// sampling included), its parts, and beside them the fp32 multiply-add peak of the same core in the same run.
// docs/performance.md has the command and the numbers.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "bench/peak.h"
#include "lazygap/activation/activation.h"
#include "lazygap/core/processor.h"
#include "lazygap/core/random.h"
#include "lazygap/problem/problem.h"
#include "train/activation_kernels.h"
#include "train/kernels.h"
#include "train/kernels_bf16.h"

namespace {

using namespace lazygap;

constexpr Index kDimension = 450, kBatch = 100;
/// Small enough that a million steps leave the weights finite.
constexpr float kStepSize = 1e-7f;

PolynomialTarget polynomial_target() { return PolynomialTarget(Vector::LinSpaced(kDimension, 0.01, 2.0)); }
GaussianMixture gaussian_mixture() { return GaussianMixture(Vector::LinSpaced(kDimension, 0.04, 0.1)); }

void report(benchmark::State& state, double flops) {
  state.counters["FLOP/s"] = benchmark::Counter(flops, benchmark::Counter::kIsIterationInvariantRate);
}

/// Multiply-adds that an NN step cannot do without: P = W^T X and X diag(r) P^T.
double nn_flops(Index N) { return 2.0 * 2.0 * static_cast<double>(kDimension * N * kBatch); }
/// The entries of the lower triangle that an NT step reads and changes, each once per sample.
double nt_flops(Index N) {
  const Index m = std::min(N, kDimension);
  return 2.0 * 2.0 * static_cast<double>((m * kDimension - m * (m - 1) / 2) * kBatch);
}

/// Beside the median, the fastest repetition: on a shared machine the one that was disturbed least.
void with_best(benchmark::internal::Benchmark* benchmark) {
  benchmark->ComputeStatistics("best", [](const std::vector<double>& values) {
    return *std::min_element(values.begin(), values.end());
  });
}

struct Step {
  Problem problem = polynomial_target();
  MatrixOf<float> X{kDimension, kBatch};
  VectorOf<float> y{kBatch}, q{kBatch};
  std::uint32_t number = 0;

  void draw() {
    draw_samples<float>(problem, {.seed = 1, .purpose = Purpose::training, .index = 0, .step = ++number}, X,
                        y);
  }
  std::span<float> values() { return {q.data(), static_cast<std::size_t>(kBatch)}; }
  /// The residual times the step size, in place of the values.
  std::span<const float> weights(float offset) {
    q = kStepSize * (y.array() - q.array() - offset);
    return values();
  }
};

Matrix neurons(Index N) {
  Matrix W(kDimension, N);
  fill_normals({.seed = 1, .purpose = Purpose::initial_weights},
               std::span<double>(W.data(), static_cast<std::size_t>(W.size())));
  return W / std::sqrt(static_cast<double>(kDimension));
}

void nn_step(benchmark::State& state) {
  const Index N = state.range(0);
  Step step;
  train::Neurons<float> W(neurons(N), kBatch);
  for (auto _ : state) {
    step.draw();
    W.forward(step.X, step.values());
    W.update(step.X, step.weights(0));
  }
  report(state, nn_flops(N));
}
BENCHMARK(nn_step)->Arg(45)->Arg(90)->Arg(225)->Arg(450)->Apply(with_best);

void nn_step_bf16(benchmark::State& state) {
  if (!has_bf16_products()) return state.SkipWithError("this processor has no AVX512_BF16");
  const Index N = state.range(0);
  Step step;
  const PolynomialTarget target = polynomial_target();
  const std::span<float> numbers(step.X.data(), static_cast<std::size_t>(step.X.size()));
  train::Bf16Neurons W(neurons(N), kBatch);
  for (auto _ : state) {
    fill_normals({.seed = 1, .purpose = Purpose::training, .index = 0, .step = ++step.number}, numbers);
    train::round_to_bf16(numbers);
    set_labels<float>(target, step.X, step.y);
    W.forward(step.X, step.values());
    W.update(step.X, step.weights(0));
  }
  report(state, nn_flops(N));
}
BENCHMARK(nn_step_bf16)->Arg(45)->Arg(90)->Arg(225)->Arg(450)->Apply(with_best);

/// Error form: the label is part of the form, so the residual is x^T E x itself.
void nt_step(benchmark::State& state) {
  const Index N = state.range(0);
  Step step;
  Vector l = Vector::Zero(kDimension);
  l.head(N).setOnes();
  train::SymmetricForm<float> E(polynomial_target().eigenvalues().asDiagonal(), l, kBatch);
  for (auto _ : state) {
    fill_normals({.seed = 1, .purpose = Purpose::training, .index = 0, .step = ++step.number},
                 std::span<float>(step.X.data(), static_cast<std::size_t>(step.X.size())));
    step.y.setZero();
    E.forward(step.X, step.values());
    E.update(step.X, step.weights(0));
  }
  report(state, nt_flops(N));
}
BENCHMARK(nt_step)->Arg(45)->Arg(90)->Arg(225)->Arg(450)->Apply(with_best);

/// NN with a free second layer and any activation: the same products as above.
void nn_step_of(benchmark::State& state, const char* activation) {
  const Index N = state.range(0);
  const Activation sigma = activation_from_name(activation);
  Step step;
  train::TwoLayerNeurons<float> network(sigma, {neurons(N), {}, Vector::Ones(N)}, {.v = true}, kBatch);
  for (auto _ : state) {
    step.draw();
    network.forward(step.X, step.values());
    network.update(step.X, step.weights(0), 1);
  }
  report(state, nn_flops(N));
}

/// NT has one product more: W^T X, A^T X and X diag(r) sigma'(U)^T.
void nt_step_of(benchmark::State& state, const char* activation) {
  const Index N = state.range(0);
  const Activation sigma = activation_from_name(activation);
  Step step;
  train::TangentNeurons<float> network(sigma, neurons(N), {}, Matrix::Zero(kDimension, N), 0, kBatch);
  for (auto _ : state) {
    step.draw();
    network.forward(step.X, step.values());
    network.update(step.X, step.weights(0), 1);
  }
  report(state, 1.5 * nn_flops(N));
}
BENCHMARK_CAPTURE(nn_step_of, relu, "relu")->Arg(45)->Arg(450)->Arg(4500)->Apply(with_best);
BENCHMARK_CAPTURE(nn_step_of, tanh, "tanh")->Arg(45)->Arg(450)->Arg(4500)->Apply(with_best);
BENCHMARK_CAPTURE(nt_step_of, relu, "relu")->Arg(45)->Arg(450)->Arg(4500)->Apply(with_best);
BENCHMARK_CAPTURE(nt_step_of, tanh, "tanh")->Arg(45)->Arg(450)->Arg(4500)->Apply(with_best);

/// sigma and sigma' of a panel, b x 48.
void block(benchmark::State& state, const char* activation) {
  const Activation sigma = activation_from_name(activation);
  std::vector<float> u(48 * kBatch), value(u.size()), derivative(u.size());
  fill_normals({.seed = 1, .purpose = Purpose::testing}, std::span<float>(u));
  for (auto _ : state) {
    sigma.block(u, value, derivative);
    benchmark::DoNotOptimize(value.data());
    benchmark::DoNotOptimize(derivative.data());
  }
  state.counters["s/number"] =
      benchmark::Counter(static_cast<double>(u.size()),
                         benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}
BENCHMARK_CAPTURE(block, relu, "relu")->Apply(with_best);
BENCHMARK_CAPTURE(block, tanh, "tanh")->Apply(with_best);
BENCHMARK_CAPTURE(block, erf, "erf")->Apply(with_best);
BENCHMARK_CAPTURE(block, sigmoid, "sigmoid")->Apply(with_best);
BENCHMARK_CAPTURE(block, softplus, "softplus")->Apply(with_best);
BENCHMARK_CAPTURE(block, gelu, "gelu")->Apply(with_best);
BENCHMARK_CAPTURE(block, sin, "sin")->Apply(with_best);
BENCHMARK_CAPTURE(block, hermite, "hermite(5)")->Apply(with_best);

void nn_forward(benchmark::State& state) {
  Step step;
  step.draw();
  train::Neurons<float> W(neurons(state.range(0)), kBatch);
  for (auto _ : state) W.forward(step.X, step.values());
  report(state, nn_flops(state.range(0)) / 2);
}
BENCHMARK(nn_forward)->Arg(45)->Arg(450)->Apply(with_best);

void nn_update(benchmark::State& state) {
  Step step;
  step.draw();
  train::Neurons<float> W(neurons(state.range(0)), kBatch);
  W.forward(step.X, step.values());
  const VectorOf<float> weight = kStepSize * step.y;
  for (auto _ : state) W.update(step.X, {weight.data(), static_cast<std::size_t>(kBatch)});
  report(state, nn_flops(state.range(0)) / 2);
}
BENCHMARK(nn_update)->Arg(45)->Arg(450)->Apply(with_best);

void sampling(benchmark::State& state, const Problem& problem) {
  Step step;
  step.problem = problem;
  for (auto _ : state) {
    step.draw();
    benchmark::DoNotOptimize(step.X.data());
  }
  state.counters["s/number"] =
      benchmark::Counter(static_cast<double>(kDimension * kBatch),
                         benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}
BENCHMARK_CAPTURE(sampling, polynomial_target, polynomial_target())->Apply(with_best);
BENCHMARK_CAPTURE(sampling, gaussian_mixture, gaussian_mixture())->Apply(with_best);

template <class Number, class Fill>
void stream(benchmark::State& state, const Fill& fill) {
  std::vector<Number> out(45000);
  RandomAddress address{.seed = 1, .purpose = Purpose::training};
  for (auto _ : state) {
    ++address.step;
    fill(address, std::span<Number>(out));
    benchmark::DoNotOptimize(out.data());
  }
  state.counters["s/number"] =
      benchmark::Counter(static_cast<double>(out.size()),
                         benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}
void words(benchmark::State& state) {
  stream<std::uint32_t>(state, [](const auto& address, auto out) { fill_words(address, out); });
}
void normals_fp32(benchmark::State& state) {
  stream<float>(state, [](const auto& address, auto out) { fill_normals(address, out); });
}
void normals_fp64(benchmark::State& state) {
  stream<double>(state, [](const auto& address, auto out) { fill_normals(address, out); });
}
BENCHMARK(words)->Apply(with_best);
BENCHMARK(normals_fp32)->Apply(with_best);
BENCHMARK(normals_fp64)->Apply(with_best);

/// The physical limit: nothing but multiply-adds on registers.
void peak(benchmark::State& state) {
  double flops = 0;
  for (auto _ : state) flops = bench::multiply_adds(100000);
  state.counters["FLOP/s"] = benchmark::Counter(flops, benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(peak)->Apply(with_best);

const bool context_added = [] {
  benchmark::AddCustomContext("instruction set", instruction_set());
  return true;
}();

}  // namespace
