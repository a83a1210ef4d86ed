#include "train/mechanism_recorder.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "train/protocol.h"

namespace lazygap::train {
namespace {

/// What one look at the first layer takes, in multiply-adds of a step: products with vectors and passes over
/// d x d numbers, an eigenproblem of size n = min(N, d), and the probe points. Measured at d = 100 and 450, N
/// from d / 10 to 3 d, it is right to a factor of 2.
double observation_cost(Index d, Index neurons) {
  constexpr double kPasses = 800, kEigenvectors = 3000, kProducts = 11, kProbePoints = 700;
  const auto n = static_cast<double>(std::min(d, neurons)), D = static_cast<double>(d),
             N = static_cast<double>(neurons);
  return kPasses * D * D + kEigenvectors * n * n + kProducts * D * n * n + kProbePoints * D * N;
}

/// A step of SGD: two products and the samples.
double step_cost(Index d, Index neurons, Index batch) {
  constexpr double kSampling = 35;
  return static_cast<double>(d * batch) * (2 * static_cast<double>(neurons) + kSampling);
}

/// Looks at the first layer cost at most about this fraction of the steps.
constexpr double kObservationFraction = 0.04;

}  // namespace

MechanismRecorder::MechanismRecorder(Regime regime, const Problem& problem, const Options& options,
                                     const FirstLayer& start, std::size_t records, std::size_t stride)
    : observer_(problem, options.activation, start.W, start.b, options.overlap_ranks, options.seed),
      moves_(regime == Regime::nn),
      batch_(options.batch),
      records_(records),
      stride_(stride) {
  mechanism_.ranks = observer_.ranks();
  mechanism_.before = observer_.heat_map(start.W);
}

void MechanismRecorder::record(std::size_t place, std::int64_t step, const std::function<FirstLayer()>& now) {
  if (place % stride_ != 0 && place + 1 != records_) return;
  auto& points = mechanism_.points;
  MechanismPoint point;
  if (moves_ || points.empty()) {
    const auto [W, b] = now();
    point = observer_.observe(W, b);
  } else {
    point = points.front();
    point.eigenvalues.clear();
  }
  point.step = step;
  point.samples = static_cast<double>(step * batch_);
  points.push_back(std::move(point));
}

void MechanismRecorder::save(StateWriter& state) const {
  state.put(mechanism_.points.size());
  for (const MechanismPoint& point : mechanism_.points) {
    state.put(point.step);
    state.put(point.samples);
    state.put(point.eigenvalues);
    state.put(point.overlaps);
    state.put(point.change);
    state.put(point.kernel_cosine);
  }
}

void MechanismRecorder::load(StateReader& state) {
  std::size_t points = 0;
  state.get(points);
  for (std::size_t i = 0; i < points; ++i) {
    MechanismPoint& point = mechanism_.points.emplace_back();
    state.get(point.step);
    state.get(point.samples);
    state.get(point.eigenvalues);
    state.get(point.overlaps);
    state.get(point.change);
    state.get(point.kernel_cosine);
  }
}

std::size_t mechanism_stride(Regime regime, const Problem& problem, Index neurons, const Options& options,
                             std::size_t records) {
  if (regime == Regime::nt) return 1;  // one look is enough
  const Index d = dimension(problem);
  const Index trained =
      is_quadratic_form(regime, options) && uses_lq(problem, neurons, options) ? d : neurons;
  const double affordable = kObservationFraction * static_cast<double>(options.steps) *
                            step_cost(d, trained, options.batch) / observation_cost(d, trained);
  const auto all = static_cast<double>(records);
  return static_cast<std::size_t>(std::clamp(std::ceil(all / affordable), 1.0, all));
}

}  // namespace lazygap::train
