#pragma once

#include <string>
#include <vector>

#include "lazygap/report/frame.h"

/// The words of a frame, made from what is drawn and from the values in force.
namespace lazygap::report {

/// "samples" for fit.samples: a key without its table.
[[nodiscard]] std::string short_name(const Key& key);
/// The label of an axis along a key, in gnuplot's enhanced text.
[[nodiscard]] std::string axis_label(const Key& key);
/// What the x axis of a frame shows, without markup.
[[nodiscard]] std::string plain_label(const Frame& frame);
/// "relu" for an activation, "n = 1000" for fit.samples.
[[nodiscard]] std::string value_label(const Key& key, const question::Question& question);

[[nodiscard]] std::string title_of(const Plan& plan, const Frame& frame);
/// How much was computed: draws, steps, batch, samples of fits.
[[nodiscard]] std::string caption_of(const Plan& plan, const std::vector<Row>& rows);

}  // namespace lazygap::report
