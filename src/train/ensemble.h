#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>
#include <vector>

#include "train/run.h"

namespace lazygap::train {

/// Steps between two looks at the hooks: at most a few tens of milliseconds.
constexpr std::int64_t kPollSteps = 32;
/// Steps whose samples are drawn together where several networks train on them: a network then stays in the
/// cache for so many steps. At d = 450 and 100 samples a step they are 1.4 MB.
constexpr std::int64_t kSharedSteps = 8;

/// Trains networks side by side, networks with the same samples on one copy of them, and ends those that a
/// search has given up. The numbers of a network do not depend on its company.
template <class Model>
class Ensemble {
 public:
  using Number = typename Model::Number;

  /// `make(network, options)` makes a Model; options are those of the network and may be adapted.
  template <class Make>
  Ensemble(Regime regime, const Problem& problem, std::span<const Network> networks, const Options& options,
           Search search, const GroupHooks& hooks, const Make& make)
      : networks_(networks),
        hooks_(hooks),
        rungs_(search == Search::halving ? rungs(options, regime) : std::vector<Rung>()) {
    runs_.reserve(networks.size());
    for (std::size_t i = 0; i < networks.size(); ++i) {
      Options own = options;
      own.step_size = networks[i].step_size;
      own.draw = networks[i].draw;
      Model model = make(networks[i], own);
      runs_.emplace_back(regime, problem, networks[i].neurons, own, std::move(model));
      if (networks[i].known != Status::none)
        runs_[i].end(networks[i].known);
      else if (i < hooks.resume.size() && !hooks.resume[i].empty())
        runs_[i].load(hooks.resume[i]);
    }
    for (std::int64_t k = 0; k < (networks.size() > 1 ? kSharedSteps : 1); ++k)
      batches_.push_back(
          {MatrixOf<Number>(dimension(problem), options.batch), VectorOf<Number>(options.batch)});
  }

  std::vector<Outcome> operator()() {
    auto last_save = std::chrono::steady_clock::now();
    while (const Run<Model>* last = last_running()) {
      const std::int64_t step = last->step();
      if (step % kPollSteps == 0) {
        if (hooks_.progress) hooks_.progress(fraction());
        const bool stop = hooks_.stop && hooks_.stop();
        const auto now = std::chrono::steady_clock::now();
        if (hooks_.save && (stop || now - last_save >= hooks_.save_every)) {
          for (std::size_t i = 0; i < runs_.size(); ++i)
            if (runs_[i].is_running()) hooks_.save(i, runs_[i].save().bytes());
          last_save = now;
        }
        if (stop) break;
      }
      if (const Rung* rung = rung_at(step))
        decide(*rung);
      else
        advance(step, steps_from(step, last->options().steps));
    }
    std::vector<Outcome> outcomes;
    for (Run<Model>& run : runs_) {
      if (run.is_running()) run.end(Status::none);
      outcomes.push_back(run.outcome());
    }
    return outcomes;
  }

 private:
  /// The running network that is furthest behind; after an interruption they may differ.
  [[nodiscard]] const Run<Model>* last_running() const {
    const Run<Model>* last = nullptr;
    for (const Run<Model>& run : runs_)
      if (run.is_running() && (last == nullptr || run.step() < last->step())) last = &run;
    return last;
  }

  [[nodiscard]] double fraction() const {
    double sum = 0;
    for (const Run<Model>& run : runs_)
      sum +=
          run.is_running() ? static_cast<double>(run.step()) / static_cast<double>(run.options().steps) : 1.0;
    return sum / static_cast<double>(runs_.size());
  }

  /// Steps that can be taken together from `step` on.
  [[nodiscard]] std::int64_t steps_from(std::int64_t step, std::int64_t end) const {
    std::int64_t count = std::min(kPollSteps - step % kPollSteps, end - step);
    for (const Rung& rung : rungs_)
      if (rung.step > step) count = std::min(count, rung.step - step);
    return std::min(count, static_cast<std::int64_t>(batches_.size()));
  }

  void advance(std::int64_t step, std::int64_t count) {
    for (std::size_t i = 0; i < runs_.size(); ++i) {
      if (!runs_[i].is_running() || runs_[i].step() != step) continue;
      for (std::int64_t k = 0; k < count; ++k) runs_[i].draw(step + k, batches_[static_cast<std::size_t>(k)]);
      for (std::size_t j = i; j < runs_.size(); ++j) {
        if (!shares_samples(i, j) || !runs_[j].is_running() || runs_[j].step() != step) continue;
        for (std::int64_t k = 0; k < count && runs_[j].is_running(); ++k)
          runs_[j].take(batches_[static_cast<std::size_t>(k)]);
        if (!runs_[j].is_running()) report(j);
      }
    }
  }

  [[nodiscard]] bool shares_samples(std::size_t i, std::size_t j) const {
    return networks_[i].draw == networks_[j].draw &&
           (networks_[i].neurons == networks_[j].neurons || !Model::kSamplesDependOnNetwork);
  }

  void report(std::size_t i) {
    if (hooks_.finished) hooks_.finished(i, runs_[i].outcome());
  }

  /// The rung that is to be decided before `step`, which all running networks have reached.
  [[nodiscard]] const Rung* rung_at(std::int64_t step) {
    for (Rung& rung : rungs_) {
      if (rung.step != step || rung.decided) continue;
      rung.decided = true;
      // After an interruption some networks may be beyond it: then it has been decided before.
      if (std::all_of(runs_.begin(), runs_.end(),
                      [&](const auto& run) { return !run.is_running() || run.step() == step; }))
        return &rung;
    }
    return nullptr;
  }

  /// Of every width, the step size that would be best were the runs that short goes on, and some smaller
  /// ones: the longer the run, the smaller the best step size.
  void decide(const Rung& rung) {
    std::map<Index, std::map<double, std::vector<std::size_t>>> contests;
    for (std::size_t i = 0; i < runs_.size(); ++i)
      contests[networks_[i].neurons][networks_[i].step_size].push_back(i);
    for (const auto& [neurons, candidates] : contests) {
      std::vector<std::pair<double, const std::vector<std::size_t>*>> in_race;  // risk, members; by step size
      for (const auto& [step_size, members] : candidates)
        if (std::any_of(members.begin(), members.end(), [&](std::size_t i) { return runs_[i].is_running(); }))
          in_race.emplace_back(in_race_risk(members, rung), &members);
      if (std::any_of(in_race.begin(), in_race.end(),
                      [](const auto& entry) { return std::isnan(entry.first); }))
        continue;  // nothing is known to decide by
      const auto best = std::min_element(in_race.begin(), in_race.end(),
                                         [](const auto& a, const auto& b) { return a.first < b.first; }) -
                        in_race.begin();
      for (std::ptrdiff_t k = 0; k < std::ssize(in_race); ++k)
        if (k > best || k < best - rung.smaller) eliminate(*in_race[static_cast<std::size_t>(k)].second);
    }
  }

  /// Sum of the risks over the draws of a step size; infinite where one has ended before, as it then cannot
  /// win.
  [[nodiscard]] double in_race_risk(const std::vector<std::size_t>& members, const Rung& rung) {
    double sum = 0;
    for (const std::size_t i : members)
      sum += runs_[i].is_running() ? runs_[i].probe(rung.end, batches_.front())
                                   : std::numeric_limits<double>::infinity();
    return sum;
  }

  void eliminate(const std::vector<std::size_t>& members) {
    for (const std::size_t i : members)
      if (runs_[i].is_running()) {
        runs_[i].end(Status::eliminated);
        report(i);
      }
  }

  std::span<const Network> networks_;
  const GroupHooks& hooks_;
  std::vector<Rung> rungs_;
  std::vector<Run<Model>> runs_;
  std::vector<Samples<Number>> batches_;
};

}  // namespace lazygap::train
