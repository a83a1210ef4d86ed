#include "bench/peak.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "bench/peak.cpp"
#include <hwy/foreach_target.h>  // must come before highway.h
//
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace lazygap::bench::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

double MultiplyAdds(std::size_t rounds, float factor, volatile float* out) {
  const hn::ScalableTag<float> d;
  // Enough of them to hide the latency, few enough for 16 registers.
  constexpr int kChains = 12;
  hn::Vec<decltype(d)> sum[kChains];
  HWY_UNROLL(12)
  for (int i = 0; i < kChains; ++i) sum[i] = hn::Set(d, static_cast<float>(i));
  const auto x = hn::Set(d, factor), y = hn::Set(d, 1 - factor);
  for (std::size_t r = 0; r < rounds; ++r) {
    HWY_UNROLL(12)
    for (int i = 0; i < kChains; ++i) sum[i] = hn::MulAdd(sum[i], x, y);
  }
  for (int i = 1; i < kChains; ++i) sum[0] = hn::Add(sum[0], sum[i]);
  *out = hn::GetLane(hn::SumOfLanes(d, sum[0]));
  return 2.0 * static_cast<double>(kChains * rounds * hn::Lanes(d));
}

}  // namespace
}  // namespace lazygap::bench::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lazygap::bench {
namespace {
HWY_EXPORT(MultiplyAdds);
}

double multiply_adds(std::size_t rounds) {
  volatile float value;  // so that the sums have to be computed
  return HWY_DYNAMIC_DISPATCH(MultiplyAdds)(rounds, 0.99f, &value);
}

}  // namespace lazygap::bench
#endif  // HWY_ONCE
