#pragma once

#include <memory>
#include <vector>

#include "core/stage.h"
#include "lazygap/activation/activation.h"
#include "lazygap/core/matrix.h"
#include "lazygap/problem/problem.h"
#include "network/neuron_functions.h"

/// Second moments of random features phi_i(x) = sigma(<w_i,x> + b_i) - centre under the law of the problem:
/// all that the population risk of sum_i a_i phi_i(x) + c depends on. Used by exact, fit and train.
namespace lazygap {

class FeatureMoments {
 public:
  /// `W` d x N in the coordinates of the data; `biases` N, or empty for none. `centre`: lambda_0 for RF with
  /// the centred activation, 0 for NN. `tolerance`: how far the Hermite series may be cut, as error() counts.
  FeatureMoments(const Problem& problem, const Activation& activation, const Matrix& W, const Vector& biases,
                 double centre, double tolerance = network::kRounding, const Stage& stage = {});
  ~FeatureMoments();
  FeatureMoments(FeatureMoments&&) noexcept;

  /// K_ij = E[phi_i phi_j]: overwrites the lower triangle of K, n x n with n <= N (the first n features); the
  /// rest is not touched.
  void gram(Matrix& K, const Stage& stage = {}) const;
  /// v_i = E[y phi_i].
  [[nodiscard]] const Vector& projections() const;
  /// E phi_i.
  [[nodiscard]] const Vector& means() const;
  /// Bound on the truncation error of the series, relative to the diagonal of K.
  [[nodiscard]] double error() const;

  /// E (y - c - sum_i a_i phi_i(x))^2, a has N entries: one N x N matrix of memory.
  [[nodiscard]] double risk(const Vector& a, double c, const Stage& stage = {}) const;
  /// The same for several a, from one matrix.
  [[nodiscard]] std::vector<double> risks(const std::vector<const Vector*>& a, double c,
                                          const Stage& stage = {}) const;

 private:
  struct Storage;
  std::unique_ptr<Storage> storage_;
};

}  // namespace lazygap
