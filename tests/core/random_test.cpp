#include "lazygap/core/random.h"

#include <Random123/philox.h>
#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <numeric>
#include <string>
#include <vector>

#include "../src/core/random_vector.h"

namespace lazygap {
namespace {

constexpr RandomAddress kAddress{
    .seed = 0x123456789abcdef0, .purpose = Purpose::training, .index = 3, .step = 7};

/// Every instruction set compiled in that this processor has.
class RandomVectors : public testing::TestWithParam<std::int64_t> {
 protected:
  void SetUp() override { hwy::SetSupportedTargetsForTest(GetParam()); }
  void TearDown() override { hwy::SetSupportedTargetsForTest(0); }
};
INSTANTIATE_TEST_SUITE_P(Random, RandomVectors, testing::ValuesIn(hwy::SupportedAndGeneratedTargets()),
                         [](const auto& parameter) { return std::string(hwy::TargetName(parameter.param)); });

std::array<std::uint32_t, 4> random123_block(std::uint32_t block) {
  r123::Philox4x32 philox;
  const auto words = philox({{block, 7, 3, 4}}, {{0x9abcdef0, 0x12345678}});
  return {words[0], words[1], words[2], words[3]};
}

TEST_P(RandomVectors, WordsAreThoseOfRandom123) {
  // The second start runs over the end of the 32-bit block counter.
  for (const std::uint32_t first : {5u, 0xfffffff5u})
    for (const std::size_t count : {1u, 23u, 64u, 65u, 200u}) {
      std::vector<std::uint32_t> words(count);
      fill_words(kAddress, words, first);
      for (std::size_t i = 0; i < count; ++i)
        ASSERT_EQ(words[i], random123_block(first + static_cast<std::uint32_t>(i / 4))[i % 4]) << i;
    }
}

TEST_P(RandomVectors, APrefixDoesNotDependOnTheLength) {
  std::vector<float> many(1003);
  fill_normals(kAddress, std::span<float>(many));
  for (std::size_t length = 0; length < 150; ++length) {
    std::vector<float> few(length + 1, 77.0f);
    fill_normals(kAddress, std::span<float>(few.data(), length));
    for (std::size_t i = 0; i < length; ++i) ASSERT_EQ(few[i], many[i]) << length << " " << i;
    EXPECT_EQ(few[length], 77.0f) << "written past the end";
  }
}

TEST_P(RandomVectors, ALaterBlockIsFurtherOnInTheStream) {
  std::vector<float> whole(400), part(37);
  fill_normals(kAddress, std::span<float>(whole));
  fill_normals(kAddress, std::span<float>(part), 21);
  for (std::size_t i = 0; i < part.size(); ++i) ASSERT_EQ(part[i], whole[84 + i]) << i;
}

/// Distance of the fp32 normals from Box-Muller in fp64 on the same words: rounding of numbers up to 6.7,
/// whose last bit is 4.8e-7, and a few roundings before.
constexpr double kNormalError = 1.2e-6;

TEST_P(RandomVectors, NormalsAreBoxMullerOfTheWords) {
  constexpr std::size_t kCount = 200000;
  std::vector<std::uint32_t> words(kCount);
  std::vector<float> z(kCount);
  fill_words(kAddress, words);
  fill_normals(kAddress, std::span<float>(z));
  double worst = 0;
  for (std::size_t i = 0; i < kCount; i += 2) {
    const double u = (words[i] + 0.5) * 0x1p-32,
                 angle = 2 * std::numbers::pi * (words[i + 1] + 0.5) * 0x1p-32;
    const double radius = std::sqrt(-2 * std::log(u));
    worst = std::max(worst, std::abs(z[i] - radius * std::cos(angle)));
    worst = std::max(worst, std::abs(z[i + 1] - radius * std::sin(angle)));
  }
  EXPECT_LT(worst, kNormalError);
}

/// Stated in random_vector.h.
constexpr double kRadiusError = 3e-7, kCircleError = 2e-7;

TEST_P(RandomVectors, RadiusAndAngleAreAccurateForEveryKindOfWord) {
  std::vector<std::uint32_t> words;
  // Both ends, the quarter turns, the switch at 1/sqrt(2), all powers of two, and a walk over the rest.
  for (const std::uint32_t centre : {0u, 0x20000000u, 0x40000000u, 0x60000000u, 0x80000000u, 0xA0000000u,
                                     0xB504F333u, 0xC0000000u, 0xE0000000u})
    for (std::uint32_t k = 0; k < 64; ++k) words.insert(words.end(), {centre + k, centre - k});
  for (int bit = 0; bit < 32; ++bit)
    for (const std::uint32_t k : {0u, 1u, 2u})
      words.insert(words.end(), {(1u << bit) + k, ~((1u << bit) + k)});
  for (std::uint32_t word = 0; word < 0xfff00000u; word += 48271) words.push_back(word);
  std::vector<float> radius(words.size()), cosine(words.size()), sine(words.size());
  detail::box_muller(words, radius, cosine, sine);
  for (std::size_t i = 0; i < words.size(); ++i) {
    const long double u = (words[i] + 0.5L) * 0x1p-32L, angle = 2 * std::numbers::pi_v<long double> * u;
    const long double exact = std::sqrt(-2 * std::log(u));
    ASSERT_LT(std::abs(radius[i] / exact - 1), kRadiusError) << words[i];
    ASSERT_LT(std::abs(cosine[i] - std::cos(angle)), kCircleError) << words[i];
    ASSERT_LT(std::abs(sine[i] - std::sin(angle)), kCircleError) << words[i];
  }
}

/// Standard errors within which an average must lie; there are some tens of them.
constexpr double kStandardErrors = 4.5;

template <class Real>
std::vector<Real> many_normals() {
  std::vector<Real> z(1000000);
  fill_normals(kAddress, std::span<Real>(z));
  return z;
}

template <class Real>
void expect_standard_normal() {
  const auto z = many_normals<Real>();
  const auto count = static_cast<double>(z.size());
  double moment[7] = {};
  for (const Real v : z)
    for (int k = 1; k <= 6; ++k) moment[k] += std::pow(static_cast<double>(v), k) / count;
  // E z^k and Var z^k = E z^2k - (E z^k)^2.
  const double mean[7] = {0, 0, 1, 0, 3, 0, 15}, variance[7] = {0, 1, 2, 15, 96, 945, 10170};
  for (int k = 1; k <= 6; ++k)
    EXPECT_LT(std::abs(moment[k] - mean[k]) / std::sqrt(variance[k] / count), kStandardErrors)
        << "moment " << k;

  for (const double bound : {0.0, 0.5, 1.0, 2.0, 3.0, 4.0})
    for (const double sign : {-1.0, 1.0}) {
      const double p = std::erfc(bound / std::numbers::sqrt2) / 2;
      const auto beyond = std::count_if(z.begin(), z.end(), [&](Real v) { return sign * v > bound; });
      EXPECT_LT(std::abs(static_cast<double>(beyond) - count * p) / std::sqrt(count * p * (1 - p)),
                kStandardErrors)
          << "beyond " << sign * bound;
    }

  // Neighbours, the two of a pair, the pairs of a block, vectors of blocks; squares too, since cosine and
  // sine of one angle are uncorrelated but not independent for a wrong radius.
  for (const std::size_t lag : {1u, 2u, 3u, 4u, 8u, 16u, 32u, 64u, 450u}) {
    double products = 0, squares = 0;
    for (std::size_t i = 0; i + lag < z.size(); ++i) {
      const double a = static_cast<double>(z[i]), b = static_cast<double>(z[i + lag]);
      products += a * b;
      squares += (a * a - 1) * (b * b - 1);
    }
    EXPECT_LT(std::abs(products) / std::sqrt(count), kStandardErrors) << "lag " << lag;
    EXPECT_LT(std::abs(squares) / std::sqrt(4 * count), kStandardErrors) << "squares, lag " << lag;
  }
}

TEST(Random, NormalsFp32) { expect_standard_normal<float>(); }
TEST(Random, NormalsFp64) { expect_standard_normal<double>(); }

TEST(Random, StreamsOfDifferentAddressesAreUncorrelated) {
  constexpr std::size_t kCount = 200000;
  const auto stream = [](const RandomAddress& address) {
    std::vector<float> z(kCount);
    fill_normals(address, std::span<float>(z));
    return z;
  };
  const auto z = stream(kAddress);
  RandomAddress other[4] = {kAddress, kAddress, kAddress, kAddress};
  ++other[0].seed;
  ++other[1].index;
  ++other[2].step;
  other[3].purpose = Purpose::testing;
  for (const RandomAddress& address : other) {
    const auto w = stream(address);
    const double products = std::inner_product(z.begin(), z.end(), w.begin(), 0.0);
    EXPECT_LT(std::abs(products) / std::sqrt(static_cast<double>(kCount)), kStandardErrors);
  }
}

TEST(Random, UniformsAreInsideTheUnitInterval) {
  std::vector<double> u(100001);
  fill_uniforms(kAddress, u);
  const auto [least, largest] = std::minmax_element(u.begin(), u.end());
  EXPECT_GT(*least, 0);
  EXPECT_LT(*largest, 1);
  const auto count = static_cast<double>(u.size());
  const double mean = std::accumulate(u.begin(), u.end(), 0.0) / count;
  EXPECT_LT(std::abs(mean - 0.5) / std::sqrt(1 / (12 * count)), kStandardErrors);
}

}  // namespace
}  // namespace lazygap
