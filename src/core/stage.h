#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "core/team.h"
#include "lazygap/core/answer.h"
#include "lazygap/core/control.h"

namespace lazygap {

/// Control::stop has asked for an end. A Stage throws it and the public functions catch it.
struct Stopped {};

/// A part of a long computation: it has a share of the range of Control::progress. Without a Control it
/// reports nothing and hears nothing; without a Team it uses the calling thread only.
class Stage {
 public:
  Stage() = default;
  explicit Stage(const Control& control, Team* team = nullptr) : control_(&control), team_(team) {}

  /// The share of this stage between two of its fractions.
  [[nodiscard]] Stage part(double from, double to) const {
    Stage stage = *this;
    stage.begin_ = at(from);
    stage.end_ = at(to);
    return stage;
  }

  /// The share of one of `whole` parts of the same size.
  [[nodiscard]] Stage share(Index part_number, Index whole) const {
    const auto parts = static_cast<double>(whole);
    return part(static_cast<double>(part_number) / parts, static_cast<double>(part_number + 1) / parts);
  }

  /// The same threads, hearing stop, without progress: for pieces of work whose parts are not known in
  /// advance.
  [[nodiscard]] Stage quiet() const {
    Stage stage = *this;
    stage.tells_ = false;
    return stage;
  }

  /// To be called at least once a second, with the part of this stage that is done. Throws Stopped.
  void done(double fraction) const {
    if (control_ == nullptr) return;
    if (tells_ && control_->progress) control_->progress(at(fraction));
    heard();
  }
  /// The same within a piece of work.
  void heard() const {
    if (control_ != nullptr && control_->stop && control_->stop()) throw Stopped();
  }
  void done(Index parts, Index whole) const { done(static_cast<double>(parts) / static_cast<double>(whole)); }

  /// Calls piece(i) once for every i from 0 to count - 1, on the threads of the computation, which take the
  /// pieces in their order. A number may depend on its piece, but not on which thread computes it or when.
  /// The calling thread says done() between its pieces: they are to take less than a second each, and must
  /// not call this stage themselves.
  template <class Piece>
  void for_each(Index count, const Piece& piece) const {
    if (team_ == nullptr || team_->size() == 1 || count == 1) {
      for (Index i = 0; i < count; ++i) {
        done(i, count);
        piece(i);
      }
      return;
    }
    team_->for_each(count, piece, [&](Index i) { done(i, count); });
  }
  [[nodiscard]] int threads() const { return team_ == nullptr ? 1 : team_->size(); }

 private:
  [[nodiscard]] double at(double fraction) const { return begin_ + fraction * (end_ - begin_); }

  const Control* control_ = nullptr;
  Team* team_ = nullptr;
  double begin_ = 0, end_ = 1;
  bool tells_ = true;
};

/// compute(stage), which gives a vector of answers, or `count` empty answers where Control::stop has ended
/// it.
template <class Compute>
std::vector<Answer> answers_unless_stopped(const Control& control, std::size_t count,
                                           const Compute& compute) {
  // Work that has to be done again, as after a matrix that turns out to be singular, does not set progress
  // back.
  double reported = 0;
  Control rising{.progress = {}, .stop = control.stop};
  if (control.progress)
    rising.progress = [&](double fraction) {
      reported = std::max(reported, fraction);
      control.progress(reported);
    };
  Team team(control.threads);
  const Stage stage(rising, &team);
  try {
    stage.done(0);
    std::vector<Answer> answers = compute(stage);
    if (control.progress) control.progress(1);
    return answers;
  } catch (const Stopped&) {
    return std::vector<Answer>(count);
  }
}

}  // namespace lazygap
