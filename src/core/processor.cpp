#include "lazygap/core/processor.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/processor.cpp"
#include <hwy/foreach_target.h>  // must come before highway.h
//
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace lazygap::HWY_NAMESPACE {
namespace {

std::int64_t Target() { return HWY_TARGET; }

}  // namespace
}  // namespace lazygap::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lazygap {

HWY_EXPORT(Target);

std::string instruction_set() {
  const std::int64_t target = HWY_DYNAMIC_DISPATCH(Target)();
  // Better targets have lower bits. Highway's own names for AVX-512 (newer versions know several) mean little
  // elsewhere.
  if (target <= HWY_AVX3) return "AVX-512";
  if (target == HWY_EMU128 || target == HWY_SCALAR) return "baseline";
  return hwy::TargetName(target);
}

bool has_bf16_products() {
#if defined(__x86_64__) && defined(__GNUC__)
  return HWY_DYNAMIC_DISPATCH(Target)() <= HWY_AVX3 && __builtin_cpu_supports("avx512bf16");
#else
  return false;
#endif
}

}  // namespace lazygap
#endif  // HWY_ONCE
