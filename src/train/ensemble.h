#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "core/team.h"
#include "train/run.h"

namespace lazygap::train {

/// The number of steps for which samples are drawn in advance where several networks train on them. Each
/// network then takes that many steps in a row and stays in the cache meanwhile. At d = 450 and 100 samples a
/// step these samples take 1.4 MB.
constexpr std::int64_t kSharedSteps = 8;

/// Trains networks side by side. Networks that see the same samples share one copy of them. A search by
/// successive halving ends the networks that it gives up. The numbers of a network do not depend on which
/// other networks are trained beside it.
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
        team_(hooks.threads),
        rungs_(search == Search::halving ? rungs(options, regime) : std::vector<Rung>()) {
    runs_.reserve(networks.size());
    members_.reserve(networks.size());
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
    for (std::size_t i = 0; i < runs_.size(); ++i) {
      std::size_t first = 0;
      while (first < i && (networks[first].draw != networks[i].draw || !runs_[first].draws_as(runs_[i])))
        ++first;
      source_.push_back(first);
    }
    const bool ahead = networks.size() > 1 || team_.size() > 1;
    for (std::int64_t k = 0; k < (ahead ? kSharedSteps : 1); ++k)
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
        if (stop || now - last_save >= hooks_.save_every) {
          save();
          last_save = now;
        }
        if (stop) break;
      }
      if (Rung* rung = rung_at(step)) {
        if (decide(*rung)) continue;
        save();
        break;
      }
      advance(step, steps_from(step, last->options().steps));
    }
    std::vector<Outcome> outcomes;
    for (Run<Model>& run : runs_) {
      if (run.is_running()) run.end(Status::none);
      outcomes.push_back(run.release());
    }
    return outcomes;
  }

 private:
  /// The running network that has taken the fewest steps. After an interruption networks may have taken
  /// different numbers of steps.
  [[nodiscard]] const Run<Model>* last_running() const {
    const Run<Model>* last = nullptr;
    for (const Run<Model>& run : runs_)
      if (run.is_running() && (last == nullptr || run.step() < last->step())) last = &run;
    return last;
  }

  void save() const {
    if (!hooks_.save) return;
    for (std::size_t i = 0; i < runs_.size(); ++i)
      if (runs_[i].is_running()) hooks_.save(i, runs_[i].save().bytes());
  }

  /// The part of the work that is done, as the mean over the networks that this call trains.
  [[nodiscard]] double fraction() const {
    double sum = 0, count = 0;
    for (std::size_t i = 0; i < runs_.size(); ++i) {
      if (networks_[i].known != Status::none) continue;
      const Run<Model>& run = runs_[i];
      sum +=
          run.is_running() ? static_cast<double>(run.step()) / static_cast<double>(run.options().steps) : 1.0;
      ++count;
    }
    return count > 0 ? sum / count : 1;
  }

  /// The number of steps that can be taken from `step` on before the hooks are asked or a rung is reached.
  [[nodiscard]] std::int64_t steps_from(std::int64_t step, std::int64_t end) const {
    std::int64_t count = std::min(kPollSteps - step % kPollSteps, end - step);
    for (const Rung& rung : rungs_)
      if (rung.step > step) count = std::min(count, rung.step - step);
    return std::min(count, static_cast<std::int64_t>(batches_.size()));
  }

  void advance(std::int64_t step, std::int64_t count) {
    for (std::size_t i = 0; i < runs_.size(); ++i) {
      if (!runs_[i].is_running() || runs_[i].step() != step) continue;
      draw(runs_[i], step, count);
      std::vector<std::size_t>& members = members_;
      members.clear();
      for (std::size_t j = i; j < runs_.size(); ++j)
        if (source_[j] == source_[i] && runs_[j].is_running() && runs_[j].step() == step)
          members.push_back(j);
      const auto take = [&](std::size_t j) {
        for (std::int64_t k = 0; k < count && runs_[j].is_running(); ++k)
          runs_[j].take(batches_[static_cast<std::size_t>(k)]);
      };
      // With enough networks each thread takes some of them, else all threads take one network together.
      if (!Run<Model>::kShares || members.size() >= static_cast<std::size_t>(team_.size())) {
        for (const std::size_t j : members) runs_[j].share(nullptr);
        team_.for_each(std::ssize(members), [&](Index m) { take(members[static_cast<std::size_t>(m)]); });
      } else {
        for (const std::size_t j : members) {
          runs_[j].share(&team_);
          take(j);
        }
      }
      for (const std::size_t j : members)
        if (!runs_[j].is_running()) report(j);
    }
  }

  /// The samples of `count` steps.
  void draw(Run<Model>& run, std::int64_t step, std::int64_t count) {
    const auto draw_one = [&](Index k) { run.draw(step + k, batches_[static_cast<std::size_t>(k)]); };
    if constexpr (Run<Model>::kDrawsSideBySide)
      team_.for_each(count, draw_one);
    else
      for (Index k = 0; k < count; ++k) draw_one(k);
  }

  void report(std::size_t i) {
    if (hooks_.finished) hooks_.finished(i, runs_[i].outcome());
  }

  /// The rung at `step`, if a comparison is to be made there; null otherwise. A rung is offered once.
  [[nodiscard]] Rung* rung_at(std::int64_t step) {
    for (Rung& rung : rungs_) {
      if (rung.step != step || rung.decided) continue;
      rung.decided = true;
      // A network may be beyond the rung. Then an interrupted search has made the comparison before, or the
      // network was trained by a full search. No network is given up at this rung in either case.
      if (std::all_of(runs_.begin(), runs_.end(),
                      [&](const auto& run) { return !run.is_running() || run.step() == step; }))
        return &rung;
    }
    return nullptr;
  }

  /// The networks of one width by their step size: places in `networks_`, one for each draw.
  using Candidates = std::map<double, std::vector<std::size_t>>;

  /// Compares the step sizes of every width and ends the losers. The best step size is the one that would end
  /// with the least risk if the run had Rung::end steps. It goes on, and so do Rung::smaller smaller ones,
  /// because the best step size falls as the run gets longer. Returns false where the caller's stop
  /// interrupts the comparison; no network has been ended then.
  [[nodiscard]] bool decide(Rung& rung) {
    std::map<Index, Candidates> contests;
    for (std::size_t i = 0; i < runs_.size(); ++i)
      contests[networks_[i].neurons][networks_[i].step_size].push_back(i);
    std::vector<const std::vector<std::size_t>*> losers;
    for (auto& [neurons, candidates] : contests) {
      std::erase_if(candidates, [&](const auto& candidate) {
        return std::none_of(candidate.second.begin(), candidate.second.end(),
                            [&](std::size_t i) { return runs_[i].is_running(); });
      });
      if (candidates.size() < 2) continue;
      const std::set<std::uint32_t> draws = comparable_draws(candidates);
      std::vector<double> risks;  // one for each step size: the sum over the comparable draws
      for (const auto& [step_size, members] : candidates) {
        double sum = 0;
        for (const std::size_t i : members) {
          if (!draws.contains(networks_[i].draw)) continue;
          runs_[i].share(&team_);
          const std::optional<double> risk = runs_[i].is_running()
                                                 ? runs_[i].probe(rung.end, batches_.front(), hooks_.stop)
                                                 : std::numeric_limits<double>::infinity();
          if (!risk) {
            rung.decided = false;
            return false;
          }
          sum += *risk;
        }
        risks.push_back(sum);
        if (std::isnan(sum)) break;
      }
      if (draws.empty() || std::isnan(risks.back())) continue;  // nothing is known to decide by
      const auto best = std::min_element(risks.begin(), risks.end()) - risks.begin();
      std::ptrdiff_t k = 0;
      for (const auto& [step_size, members] : candidates) {
        if (k > best || k < best - rung.smaller) losers.push_back(&members);
        ++k;
      }
    }
    for (const std::vector<std::size_t>* members : losers) eliminate(*members);
    return true;
  }

  /// The draws over which the step sizes are compared. A draw counts where this call has a network of it for
  /// every step size, and none of these was trained to its end by an earlier call: of a finished network the
  /// risk at its end is known, but not the risk at this rung. A network that has diverged or has been given
  /// up earlier counts with an infinite risk.
  [[nodiscard]] std::set<std::uint32_t> comparable_draws(const Candidates& candidates) const {
    std::map<std::uint32_t, std::size_t> judged;
    for (const auto& [step_size, members] : candidates)
      for (const std::size_t i : members) judged[networks_[i].draw] += networks_[i].known != Status::ok;
    std::set<std::uint32_t> draws;
    for (const auto& [draw, count] : judged)
      if (count == candidates.size()) draws.insert(draw);
    return draws;
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
  Team team_;
  std::vector<Rung> rungs_;
  std::vector<Run<Model>> runs_;
  std::vector<std::size_t> members_;  ///< of a step: kept, so that no step allocates
  /// For each network, the first network that sees the same samples.
  std::vector<std::size_t> source_;
  std::vector<Samples<Number>> batches_;
};

}  // namespace lazygap::train
