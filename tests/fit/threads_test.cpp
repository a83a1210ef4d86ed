// The numbers of RF fits do not depend on the number of threads, not even in their last bit.

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "lazygap/activation/activation.h"
#include "lazygap/core/random.h"
#include "lazygap/fit/rf.h"

namespace lazygap {
namespace {

TEST(FitThreads, ChangeNothing) {
  constexpr Index d = 20, N = 700;  // two tiles of G, the second not whole
  const Problem problem = PolynomialTarget(Vector::LinSpaced(d, 0.1, 1.0));
  Network network{.activation = activation_from_name("relu"), .W = Matrix(d, N)};
  fill_normals({.seed = 3, .purpose = Purpose::initial_weights},
               std::span<double>(network.W.data(), static_cast<std::size_t>(network.W.size())));
  network.W.colwise().normalize();
  const std::array widths{Index{50}, N};
  for (const fit::Precision precision : {fit::Precision::fp32, fit::Precision::fp64}) {
    const fit::Options options{.samples = 5000, .ridge = 1e-3, .test_samples = 1000, .precision = precision};
    const std::vector<Answer> one = fit::rf(problem, network, widths, options);
    for (const int threads : {2, 3}) {
      const std::vector<Answer> several = fit::rf(problem, network, widths, options, {.threads = threads});
      for (std::size_t k = 0; k < widths.size(); ++k) {
        EXPECT_EQ(several[k].risk, one[k].risk) << widths[k] << " " << threads;
        EXPECT_EQ(several[k].test->value, one[k].test->value);
        EXPECT_EQ(several[k].message, one[k].message);
      }
    }
  }
}

}  // namespace
}  // namespace lazygap
