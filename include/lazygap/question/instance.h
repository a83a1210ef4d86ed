#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "lazygap/question/question.h"

namespace lazygap::question {

/// What a question names, made: its spectrum drawn, its activation ready to be evaluated.
struct Instance {
  Problem problem;
  Activation activation;
  Matrix gamma;  ///< of the plan, in the coordinates of `problem`; d x d, d x 1 (diagonal) or empty
  /// Diagonal of Gamma for W that is isotropic in the coordinates of the data, where those of `problem` are
  /// whitened (spiked covariates); empty: I / d.
  Vector isotropic_gamma = {};
};

/// Throws UsageError where the problem, the activation or Gamma is impossible.
[[nodiscard]] Instance make_instance(const Question& question);
/// Standard deviation of the label noise of the question: as given, or from its ratio to R0.
[[nodiscard]] double label_noise(const Question& question, const Instance& instance);
/// Bytes that making the question's problem takes at its peak, from the matrices that it needs.
[[nodiscard]] double instance_bytes(const Question& question);
/// Law of the first layer of the question's regime.
[[nodiscard]] FirstLayerLaw first_layer(const Instance& instance, Regime regime);

/// W of RF and NT, d x N: the one given (its first N columns), or the draw of the question. Throws UsageError
/// where the given one does not fit.
[[nodiscard]] Matrix draw_first_layer(const Question& question, const Instance& instance);

/// The instances of the last few questions: those of a plan mostly share one. May be used by several threads.
class Instances {
 public:
  [[nodiscard]] std::shared_ptr<const Instance> of(const Question& question);

 private:
  struct Entry {
    std::string name;
    std::shared_ptr<const Instance> instance;
  };
  std::mutex mutex_;
  std::vector<Entry> recent_;  ///< the last one used at the end
};

}  // namespace lazygap::question
