#include "train/run.h"

namespace lazygap::train {
namespace {

/// Samples of the test risk that are in memory at once.
constexpr Index kTestBlock = 1000;

}  // namespace

void estimate_test_risk(const Problem& problem, const std::function<Vector(const Matrix&)>& f,
                        const Options& options, Outcome& outcome) {
  double sum = 0, squares = 0;
  for (std::int64_t first = 0; first < options.test_samples; first += kTestBlock) {
    const Index count = std::min<Index>(kTestBlock, options.test_samples - first);
    Matrix X(dimension(problem), count);
    Vector y(count);
    draw_samples<double>(problem,
                         {.seed = options.seed,
                          .purpose = Purpose::testing,
                          .index = options.draw,
                          .step = static_cast<std::uint32_t>(first / kTestBlock)},
                         X, y);
    const Vector losses = (y - f(X)).cwiseAbs2();
    sum += losses.sum();
    squares += losses.squaredNorm();
  }
  const auto n = static_cast<double>(options.test_samples);
  if (n < 1) return;
  outcome.test_risk = sum / n;
  if (n > 1)
    outcome.test_se = std::sqrt(std::max(0.0, squares / n - outcome.test_risk * outcome.test_risk) / (n - 1));
}

}  // namespace lazygap::train
