#include "lazygap/network/schedule.h"

#include <algorithm>
#include <cmath>
#include <span>

namespace lazygap {
namespace {

/// One drop of Schedule::tail_drop: the last `fraction` of the steps have step_size / divisor.
struct Drop {
  double fraction;
  double divisor;
};

/// In the order in which they come; companion code, as fractions of its 200000 steps.
std::span<const Drop> drops(Regime regime) {
  static constexpr Drop kNn[] = {{0.15, 10}, {0.075, 15}}, kNt[] = {{0.10, 10}, {0.05, 15}};
  return regime == Regime::nt ? std::span<const Drop>(kNt) : kNn;
}

std::int64_t drop_start(std::int64_t steps, const Drop& drop) {
  return steps - std::llround(drop.fraction * static_cast<double>(steps));
}

/// Schedule::quadratic_decay ends at this fraction of the step size.
constexpr double kLeast = 0.01;

}  // namespace

double StepSizes::at(std::int64_t step) const {
  if (schedule == Schedule::quadratic_decay) {
    const double left = 1 - static_cast<double>(step) / static_cast<double>(steps);
    return step_size * (kLeast + (1 - kLeast) * left * left);
  }
  double divisor = 1;
  if (schedule == Schedule::tail_drop)
    for (const Drop& drop : drops(regime))
      if (step >= drop_start(steps, drop)) divisor = drop.divisor;
  return step_size / divisor;
}

double StepSizes::time_after(std::int64_t step) const {
  if (schedule == Schedule::quadratic_decay) {
    // sum_{k<n} (1 - k/T)^2 = n - n (n - 1) / T + (n - 1) n (2 n - 1) / (6 T^2)
    const auto n = static_cast<double>(step), T = static_cast<double>(steps);
    const double squares = n * (1 - (n - 1) / T + (n - 1) / T * (2 * n - 1) / T / 6);
    return step_size * (kLeast * n + (1 - kLeast) * squares);
  }
  std::vector<std::int64_t> ends;
  if (schedule == Schedule::tail_drop)
    for (const Drop& drop : drops(regime)) ends.push_back(drop_start(steps, drop));
  ends.push_back(steps);
  double time = 0;
  std::int64_t first = 0;
  for (const std::int64_t end : ends) {
    const std::int64_t last = std::min(end, step);
    if (last <= first) continue;  // two drops may coincide in a short run
    time += static_cast<double>(last - first) * at(first);
    first = last;
  }
  return time;
}

std::int64_t StepSizes::end_begins() const {
  if (schedule == Schedule::quadratic_decay) return steps - steps / 2;
  return schedule == Schedule::tail_drop ? drop_start(steps, drops(regime).front()) : steps;
}

std::vector<std::int64_t> record_steps(std::int64_t steps, std::int64_t records) {
  std::vector<std::int64_t> recorded;
  const auto last = static_cast<double>(records - 1);
  for (std::int64_t k = 0; k < records; ++k) {
    const double fraction = static_cast<double>(k) / last;
    recorded.push_back(std::llround(fraction * fraction * static_cast<double>(steps)));
  }
  recorded.erase(std::unique(recorded.begin(), recorded.end()), recorded.end());
  return recorded;
}

}  // namespace lazygap
