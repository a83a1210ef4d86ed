// Nested widths of RF at the scale of the paper (d = 450, 12 widths up to N = 4500): the exact risks beside a
// bare factorisation, and the blocks of samples of the fit beside a bare F^T F, in the same run. One thread,
// and all rates per second of processor time of the process. docs/theory/fit.md and exact.md have the
// numbers.

#include <benchmark/benchmark.h>
#include <cblas.h>
#include <lapacke.h>

#include <ctime>
#include <string>
#include <vector>

#include "lazygap/exact/rf.h"
#include "lazygap/fit/rf.h"
#include "lazygap/network/first_layer.h"
#include "lazygap/problem/spectrum.h"

namespace {

using namespace lazygap;

constexpr Index kDimension = 450, kWidest = 4500;
const std::vector<Index> kWidths = {45, 68, 104, 158, 240, 340, 450, 720, 1130, 1790, 2840, kWidest};

Problem qf() { return PolynomialTarget(draw_spectrum({}, kDimension, 1)); }
Problem mg() {
  return GaussianMixture(draw_spectrum(
      {.kind = SpectrumLaw::Kind::choice, .values = {1, 1.5, 2}, .scale_by_inverse_sqrt_d = true}, kDimension,
      1));
}

double processor_time() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

void report(benchmark::State& state, double flops) {
  state.counters["FLOP/s"] = benchmark::Counter(flops, benchmark::Counter::kIsIterationInvariantRate);
}

double factorisation_flops() {
  constexpr double N = kWidest;
  return N * N * N / 3;
}

/// FLOP/s: of the factorisation alone.
void exact_rf(benchmark::State& state, const Problem& problem, const std::vector<Index>& widths) {
  const Matrix W = FirstLayerLaw::isotropic(problem).sample(kWidest, 1, 0);
  for (auto _ : state) benchmark::DoNotOptimize(exact::rf(problem, {.W = W}, widths));
  report(state, factorisation_flops());
}
BENCHMARK_CAPTURE(exact_rf, qf_12_widths, qf(), kWidths)
    ->MeasureProcessCPUTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(exact_rf, qf_widest, qf(), {kWidest})
    ->MeasureProcessCPUTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(exact_rf, mg_12_widths, mg(), kWidths)
    ->MeasureProcessCPUTime()
    ->Unit(benchmark::kMillisecond);

void bare_dpotrf(benchmark::State& state) {
  constexpr lapack_int N = kWidest;
  Matrix K(N, N);
  for (auto _ : state) {
    state.PauseTiming();
    K.setOnes();
    K.diagonal().array() += N;
    state.ResumeTiming();
    LAPACKE_dpotrf_work(LAPACK_COL_MAJOR, 'L', N, K.data(), N);
  }
  report(state, factorisation_flops());
}
BENCHMARK(bare_dpotrf)->MeasureProcessCPUTime()->Unit(benchmark::kMillisecond);

/// Multiply-adds of one triangle of F^T F, of all that a block of samples costs the only ones counted.
double gram_flops(Index samples) {
  return static_cast<double>(samples) * static_cast<double>(kWidest) * static_cast<double>(kWidest + 1);
}

/// What each block of samples costs the fit of 12 widths: processor time of a fit on 11 blocks less that of
/// one on a single block. The ridge makes both take the same way to the solution.
void fit_rf_blocks(benchmark::State& state, const std::string& activation) {
  constexpr std::int64_t kBlocks = 10;
  const Index block = state.range(0);
  const Problem problem = qf();
  const Network network{.activation = activation_from_name(activation),
                        .W = FirstLayerLaw::isotropic(problem).sample(kWidest, 1, 0)};
  const auto seconds = [&](std::int64_t blocks) {
    const fit::Options options{.samples = blocks * block, .ridge = 1, .test_samples = 0, .block = block};
    const double start = processor_time();
    benchmark::DoNotOptimize(fit::rf(problem, network, kWidths, options));
    return processor_time() - start;
  };
  for (auto _ : state) state.SetIterationTime(seconds(1 + kBlocks) - seconds(1));
  report(state, gram_flops(kBlocks * block));
}
BENCHMARK_CAPTURE(fit_rf_blocks, quadratic, "quadratic")
    ->Arg(1000)
    ->Arg(2000)
    ->Arg(4000)
    ->UseManualTime()
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

void bare_ssyrk(benchmark::State& state) {
  constexpr blasint N = kWidest;
  const auto block = static_cast<blasint>(state.range(0));
  const MatrixOf<float> F = MatrixOf<float>::Random(N, block);
  MatrixOf<float> G = MatrixOf<float>::Zero(N, N);
  for (auto _ : state)
    cblas_ssyrk(CblasColMajor, CblasLower, CblasNoTrans, N, block, 1, F.data(), N, 0, G.data(), N);
  report(state, gram_flops(block));
}
BENCHMARK(bare_ssyrk)
    ->Arg(1000)
    ->Arg(2000)
    ->Arg(4000)
    ->MeasureProcessCPUTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace

int main(int argc, char** argv) {
  openblas_set_num_threads(1);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
