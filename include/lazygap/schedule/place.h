#pragma once

#include <functional>
#include <span>
#include <string>

#include "lazygap/question/question.h"
#include "lazygap/route/route.h"

namespace lazygap::schedule {

/// Where groups of questions are answered: this process or another one.
struct Place {
  /// Answers a group as route::Route::answer does, and returns when that has ended. Called by several threads
  /// at once, one for each core in use. An exception is that of the computation: the questions
  /// fail with its text; after a FileError nothing goes on.
  std::function<void(std::span<const question::Question>, const route::Control&)> answer = {};
  int cores = 1;
  std::string host = {};    ///< places on the same host share its memory
  double memory_bytes = 0;  ///< of the host, for groups; the least counts where places of a host disagree
};

}  // namespace lazygap::schedule
