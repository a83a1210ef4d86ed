#include "fit/samples.h"

#include <fmt/format.h>

#include "lazygap/core/check.h"
#include "lazygap/core/error.h"

namespace lazygap::fit {

void check_arguments(const char* function, const Problem& problem, const Network& network,
                     const Options& options) {
  const auto& [activation, W, biases, centred] = network;
  check_size(function, "W", W.rows(), "the dimension d", dimension(problem));
  check_not_empty(function, "W", W.cols());
  check_finite(function, "W", W);
  if (biases.size() > 0) check_size(function, "biases", biases.size(), "the number of neurons", W.cols());
  check_finite(function, "biases", biases);
  check_nonnegative(function, "label_noise", options.label_noise);
  check_at_least(function, "samples", options.samples, 1);
  check_at_least(function, "block", options.block, 1);
  check_nonnegative(function, "ridge", options.ridge);
  if (options.test_samples != 0)
    check_at_least(function, "test_samples (unless it is 0)", options.test_samples, 2);
  constexpr std::int64_t kMostBlocks = std::int64_t{1} << 32;  // addresses have 32 bits for the block
  if ((std::max(options.samples, options.test_samples) - 1) / options.block >= kMostBlocks)
    throw UsageError(fmt::format("{}: {} samples in blocks of {} are more than 2^32 blocks", function,
                                 std::max(options.samples, options.test_samples), options.block));
}

void check_settings(const char* function, const Problem& problem, const Network& network,
                    std::span<const Setting> settings, const Options& options) {
  check_not_empty(function, "settings", static_cast<Index>(settings.size()));
  for (const Setting& setting : settings) {
    Options own = options;
    own.samples = setting.samples;
    own.ridge = setting.ridge;
    check_arguments(function, problem, network, own);
    if (setting.neurons < 0 || setting.neurons > network.W.cols())
      throw UsageError(fmt::format("{}: neurons is {}, but must be from 1 to {}, or 0 for all of them",
                                   function, setting.neurons, network.W.cols()));
  }
}

std::optional<SquareActivation> as_square(const Network& network) {
  if (network.biases.size() > 0) return std::nullopt;
  const auto quadratic = as_quadratic(network.activation);
  if (!quadratic || (*quadratic)[1] != 0) return std::nullopt;
  return SquareActivation{.constant = (*quadratic)[0], .square = (*quadratic)[2]};
}

}  // namespace lazygap::fit
