#pragma once

#include <gtest/gtest.h>

#include <string>

#include "lazygap/core/error.h"
#include "lazygap/plan/plan.h"
#include "support/small_plan.h"
#include "support/temporary_folder.h"

namespace lazygap::test {

/// The sentence of the UsageError (or FileError) of loading `text` as plan.toml; the folder is cut out of it.
template <class Error = UsageError>
std::string refusal(const std::string& text, const Overrides& overrides = {}) {
  const TemporaryFolder folder;
  const std::string prefix = (folder / "").string();
  try {
    static_cast<void>(plan::load_plan(folder.write("plan.toml", text).string(), overrides));
  } catch (const Error& error) {
    std::string message = error.what();
    for (std::size_t at; (at = message.find(prefix)) != std::string::npos;) message.erase(at, prefix.size());
    return message;
  }
  ADD_FAILURE() << "accepted:\n" << text;
  return {};
}
/// Of kSmallPlan with these overrides.
inline std::string refusal(const Overrides& overrides) { return refusal(kSmallPlan, overrides); }

/// Every key, in a plan that is accepted.
inline constexpr const char* kFullPlan = R"plan(name = "full"

[problem]
model = "mg"
d = 4
spectrum = { law = "choice", values = [0.1, 0.2], scale = 0.5 }
sigma = [1, 1, 1, 1]
gamma = [1, 2, 3, 4]
rotation = "none"
label_noise = 0.5

[sweep]
regimes = ["RF(I)", "RF", "NT", "NN", "Bayes"]
neurons = [1, 2, 8]
methods = ["limit", "exact", "train", "fit"]
draws = 2
seed = 3
equal_parameters = true

[activation]
name = "quadratic"
biases = 0.5
centred = true

[train]
steps = 100
batch = 5
step_sizes = [0.001, 0.01]
draws = 2
schedule = "constant"
parameterisation = "mean-field"
second_layer = "fixed"
second_layer_value = -1.5
biases = "trained"
momentum = 0.9
alpha = 2
beta = 3
precision = "fp64"
reduction = "none"
records = 4
test_samples = 50

[fit]
samples = 60
ridge = 0.25
precision = "fp64"
draws = 3
test_samples = 70

[figure]
frame = "right"
title = "A \"title\" with \\ and Γ"
)plan";

}  // namespace lazygap::test
