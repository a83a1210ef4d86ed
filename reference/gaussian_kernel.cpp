#include "reference/gaussian_kernel.h"

#include <algorithm>
#include <boost/math/quadrature/gauss.hpp>
#include <cmath>

namespace lazygap::reference {
namespace {

/// E f(G).
template <class Function>
double expectation(Function f, const std::vector<double>& kinks) {
  constexpr double kEnd = 10;
  std::vector<double> stops;
  for (double stop = -kEnd; stop <= kEnd; stop += 1) stops.push_back(stop);
  for (const double kink : kinks)
    if (std::abs(kink) < kEnd) stops.push_back(kink);
  std::sort(stops.begin(), stops.end());
  const auto integrand = [&](double g) { return f(g) * std::exp(-g * g / 2); };
  double sum = 0;
  for (std::size_t i = 1; i < stops.size(); ++i)
    sum += boost::math::quadrature::gauss<double, 30>::integrate(integrand, stops[i - 1], stops[i]);
  return sum / std::sqrt(2 * std::acos(-1.0));
}

}  // namespace

double gaussian_kernel(const std::function<double(double)>& f, const std::vector<double>& kinks, double s_1,
                       double s_2, double r) {
  std::vector<double> outer_kinks;
  for (const double kink : kinks) outer_kinks.push_back(kink / s_1);
  const double rest = std::sqrt((1 - r) * (1 + r));
  if (rest == 0) {
    for (const double kink : kinks) outer_kinks.push_back(kink / (s_2 * r));
    return expectation([&](double g) { return f(s_1 * g) * f(s_2 * r * g); }, outer_kinks);
  }
  // Where the inner expectation changes quickly, on the scale rest / r.
  if (r != 0)
    for (const double kink : kinks)
      for (const double away : {-9.0, -6.0, -3.0, 0.0, 3.0, 6.0, 9.0})
        outer_kinks.push_back((kink / s_2 + away * rest) / r);
  return expectation(
      [&](double g_1) {
        std::vector<double> inner_kinks;
        for (const double kink : kinks) inner_kinks.push_back((kink / s_2 - r * g_1) / rest);
        return f(s_1 * g_1) * expectation([&](double g_2) { return f(s_2 * (r * g_1 + rest * g_2)); }, inner_kinks);
      },
      outer_kinks);
}

}  // namespace lazygap::reference
