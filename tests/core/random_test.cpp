#include "lazygap/core/random.h"

#include <Random123/philox.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace lazygap {
namespace {

constexpr RandomAddress kAddress{.seed = 0x123456789abcdef0, .purpose = Purpose::training, .index = 3, .step = 7};

TEST(Random, WordsAreThoseOfRandom123) {
  std::vector<std::uint32_t> words(23);
  fill_words(kAddress, words, 5);
  r123::Philox4x32 philox;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto block = philox({{static_cast<std::uint32_t>(5 + i / 4), 7, 3, 4}}, {{0x9abcdef0, 0x12345678}});
    EXPECT_EQ(words[i], block[i % 4]) << i;
  }
}

TEST(Random, APrefixDoesNotDependOnTheLength) {
  std::vector<float> few(37), many(1003);
  fill_normals(kAddress, std::span<float>(few));
  fill_normals(kAddress, std::span<float>(many));
  for (std::size_t i = 0; i < few.size(); ++i) EXPECT_EQ(few[i], many[i]) << i;
}

template <class Real>
void expect_standard_normal() {
  constexpr std::size_t kCount = 1000000;
  std::vector<Real> z(kCount);
  fill_normals(kAddress, std::span<Real>(z));
  double moment[5] = {};
  for (const Real v : z)
    for (int k = 1; k <= 4; ++k) moment[k] += std::pow(static_cast<double>(v), k) / kCount;
  // Variances of the sample moments of N(0,1): 1, 2, 15, 96 over the count; 4.5 standard errors.
  const double mean[5] = {0, 0, 1, 0, 3}, variance[5] = {0, 1, 2, 15, 96};
  for (int k = 1; k <= 4; ++k)
    EXPECT_LT(std::abs(moment[k] - mean[k]) / std::sqrt(variance[k] / kCount), 4.5) << "moment " << k;
}

TEST(Random, MomentsFp32) { expect_standard_normal<float>(); }
TEST(Random, MomentsFp64) { expect_standard_normal<double>(); }

}  // namespace
}  // namespace lazygap
