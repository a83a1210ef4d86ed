#pragma once

#include <functional>
#include <span>
#include <string>

#include "lazygap/plan/plan.h"
#include "plan/reader.h"

/// The keys of a plan that are not keys of a question: what is asked, how often, and how it is drawn.
namespace lazygap::plan {

struct PlanKey {
  std::string path;
  std::string accepted, standard, doc;  ///< for docs/plans.md and `lazygap keys`
  bool is_needed = false;
  std::function<void(Plan&, const Reader&, const toml::node&, const std::string& path)> read;
  /// The value as TOML; empty: not written.
  std::function<std::string(const Plan&)> write;
};

/// In the order in which they are read.
[[nodiscard]] std::span<const PlanKey> plan_keys();

/// The regime that a plan's word stands for.
[[nodiscard]] std::vector<std::string> regime_words();

/// Reads the table [axes] but for `tied`.
void read_axes(Plan& plan, const Reader& reader, const toml::table& axes);
/// Ties axes as `axes.tied` says, that of sweep.neurons among them.
void tie_axes(Plan& plan, const Reader& reader, const toml::table& axes);
[[nodiscard]] std::string axes_to_toml(const Plan& plan);

}  // namespace lazygap::plan
