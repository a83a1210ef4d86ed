// The steps of a run in fp32 or bf16 allocate nothing: every allocation of this program is counted. That
// takes the allocator of glibc, without those of the sanitizers before it.
#include <gtest/gtest.h>
#include <hwy/aligned_allocator.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "exact/problems.h"
#include "lazygap/core/processor.h"
#include "lazygap/train/sgd.h"
#include "support/sanitizers.h"

#if defined(__GLIBC__) && !LAZYGAP_TEST_SANITIZED
namespace {

std::atomic<std::uint64_t> allocations{0};

void count() { allocations.fetch_add(1, std::memory_order_relaxed); }

}  // namespace

extern "C" {

void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);

void* malloc(std::size_t size) noexcept {
  count();
  return __libc_malloc(size);
}
void* calloc(std::size_t number, std::size_t size) noexcept {
  count();
  return __libc_calloc(number, size);
}
void* realloc(void* memory, std::size_t size) noexcept {
  count();
  return __libc_realloc(memory, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
  count();
  return __libc_memalign(alignment, size);
}

}  // extern "C"

namespace lazygap::train {
namespace {

constexpr Index kDimension = 12;

Options short_run(const char* activation, double label_noise) {
  Options options;
  options.activation = activation_from_name(activation);
  options.label_noise = label_noise;
  options.steps = 640;
  options.batch = 40;        // more than a panel of 32
  options.step_size = 1e-4;  // nothing needs to be learnt
  options.records = 2;
  options.test_samples = 0;
  options.seed = 3;
  return options;
}

/// With what the quadratic path has not: biases, momentum, a free second layer.
Options general_run(const char* activation, double label_noise, Regime regime) {
  Options options = short_run(activation, label_noise);
  options.bias_scale = 0.3;
  options.train_biases = regime == Regime::nn;
  options.momentum = 0.5;
  options.second_layer = SecondLayer::free;
  return options;
}

/// The number of allocations from the third to the last look at the hooks, which come every few tens of
/// steps: by the third, what is kept from one step to the next is there. N < d / 2, N < d and N > d.
std::uint64_t allocations_of_steps(Regime regime, const Problem& problem, const Options& options) {
  const std::vector<Network> networks{{.neurons = kDimension / 2 - 2, .step_size = options.step_size},
                                      {.neurons = kDimension - 5, .step_size = options.step_size},
                                      {.neurons = kDimension + 3, .step_size = options.step_size}};
  int looks = 0;
  std::uint64_t before = 0, after = 0;
  GroupHooks hooks;
  hooks.stop = [&] {
    after = allocations.load();
    if (++looks == 3) before = after;
    return false;
  };
  for (const Outcome& outcome : run_networks(regime, problem, networks, options, Search::full, hooks))
    EXPECT_EQ(outcome.status, Status::ok);
  EXPECT_GE(looks, 10);
  return after - before;
}

struct NamedProblem {
  std::string name;
  Problem problem;
};

std::vector<NamedProblem> problems() {
  return {{"qf", test::polynomial_target(kDimension)},
          {"mg", test::scaled_mixture(kDimension)},
          {"rotated mg", test::full_mixture(kDimension)},
          {"target of every degree", test::target_of_every_degree(kDimension)}};
}

template <class Allocate>
std::uint64_t counted(const Allocate& allocate) {
  const std::uint64_t before = allocations.load();
  allocate();
  return allocations.load() - before;
}

TEST(Allocations, AreCounted) {
  const void* volatile memory = nullptr;  // lest the compiler leaves them out
  EXPECT_EQ(counted([] {}), 0u);
  EXPECT_EQ(counted([&] { memory = std::make_unique<int>(1).get(); }), 1u);
  EXPECT_EQ(counted([&] { memory = MatrixOf<float>(3, 4).data(); }), 1u) << "Eigen";
  EXPECT_EQ(counted([&] { memory = hwy::AllocateAligned<float>(8).get(); }), 1u) << "Highway";
  struct alignas(128) Aligned {
    char bytes[128];
  };
  EXPECT_EQ(counted([&] { memory = std::make_unique<Aligned>().get(); }), 1u);
}

TEST(Allocations, OfAStepAreFound) {
  Options options = short_run("relu", 0);
  options.activation.block = [block = options.activation.block](std::span<const float> u,
                                                                std::span<float> value,
                                                                std::span<float> derivative) {
    const std::vector<float> copy(u.begin(), u.end());
    block(copy, value, derivative);
  };
  EXPECT_GT(allocations_of_steps(Regime::nn, test::polynomial_target(kDimension), options), 0u);
}

TEST(Allocations, NoStepWithTheQuadraticActivationMakesAny) {
  for (const auto& [name, problem] : problems())
    for (const Regime regime : {Regime::nn, Regime::nt})
      for (const double noise : {0.0, 1.0})
        EXPECT_EQ(allocations_of_steps(regime, problem, short_run("quadratic", noise)), 0u)
            << name << ", " << to_string(regime) << ", noise " << noise;
}

TEST(Allocations, NoStepWithAnotherActivationMakesAny) {
  for (const auto& [name, problem] : problems())
    for (const Regime regime : {Regime::nn, Regime::nt})
      for (const char* activation : {"relu", "hermite(3)"})
        for (const double noise : {0.0, 1.0})
          EXPECT_EQ(allocations_of_steps(regime, problem, general_run(activation, noise, regime)), 0u)
              << name << ", " << to_string(regime) << ", " << activation << ", noise " << noise;
}

TEST(Allocations, NoStepInBf16MakesAny) {
  if (!has_bf16_products()) GTEST_SKIP() << "this processor has no AVX512_BF16";
  for (const auto& [name, problem] : problems())
    for (const double noise : {0.0, 1.0}) {
      Options options = short_run("quadratic", noise);
      options.precision = Precision::bf16;
      EXPECT_EQ(allocations_of_steps(Regime::nn, problem, options), 0u) << name << ", noise " << noise;
    }
}

}  // namespace
}  // namespace lazygap::train
#endif  // the allocator of glibc
