#include "report/slope.h"

#include <cmath>

namespace lazygap::report {

std::optional<Slope> fitted_slope(const std::vector<SlopePoint>& points) {
  constexpr double kVisible = 2;  // standard errors
  constexpr std::size_t kLeast = 3;
  double weights = 0, mean_x = 0, mean_y = 0;
  std::size_t count = 0;
  const auto weight = [](const SlopePoint& p) { return p.y * p.y / (p.se * p.se); };
  const auto is_visible = [](const SlopePoint& p) { return p.se > 0 && p.y > kVisible * p.se; };
  for (const SlopePoint& p : points) {
    if (!is_visible(p)) continue;
    ++count;
    weights += weight(p);
    mean_x += weight(p) * std::log(p.x);
    mean_y += weight(p) * std::log(p.y);
  }
  if (count < kLeast) return {};
  mean_x /= weights;
  mean_y /= weights;
  double xx = 0, xy = 0;
  for (const SlopePoint& p : points) {
    if (!is_visible(p)) continue;
    xx += weight(p) * std::pow(std::log(p.x) - mean_x, 2);
    xy += weight(p) * (std::log(p.x) - mean_x) * (std::log(p.y) - mean_y);
  }
  if (!(xx > 0)) return {};
  return Slope{.value = xy / xx, .se = 1 / std::sqrt(xx)};
}

}  // namespace lazygap::report
