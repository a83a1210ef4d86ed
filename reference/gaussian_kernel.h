#pragma once

#include <functional>
#include <vector>

namespace lazygap::reference {

/// E[f(u_1) f(u_2)], u_1 = s_1 g_1, u_2 = s_2 (r g_1 + sqrt(1-r^2) g_2), by nested Gauss-Legendre quadrature over
/// g_1 and g_2 in [-10, 10], panels split at `kinks` of f. s_1, s_2 > 0, -1 <= r <= 1.
[[nodiscard]] double gaussian_kernel(const std::function<double(double)>& f, const std::vector<double>& kinks,
                                     double s_1, double s_2, double r);

}  // namespace lazygap::reference
