#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "lazygap/activation/activation.h"
#include "lazygap/core/matrix.h"
#include "lazygap/problem/problem.h"

/// What training does to the first layer: how NN learns the principal directions of the target, which NT
/// cannot. docs/mechanism.md tells the story.
namespace lazygap {

/// The first layer W at one step of a run.
struct MechanismPoint {
  std::int64_t step = 0;
  double samples = 0;  ///< seen up to this step
  /// Of W W^T, decreasing: the min(N, d) that need not be 0. NT after its first point: empty, they do not
  /// change.
  std::vector<double> eigenvalues;
  /// One for each of Mechanism::ranks: ||P_k(W) P_k(B)||_F^2 / k in [0, 1].
  std::vector<double> overlaps;
  double change = std::numeric_limits<double>::quiet_NaN();  ///< ||W - W_0||_F / ||W_0||_F
  double kernel_cosine =
      std::numeric_limits<double>::quiet_NaN();  ///< of the tangent kernels at the start and now
};

/// The mechanism along one run. A default-constructed one is empty: nothing was recorded.
struct Mechanism {
  std::vector<Index> ranks;            ///< k of the overlaps
  std::vector<MechanismPoint> points;  ///< the start and the end among them
  /// Heat maps at the start and the end, m x m with m = min(d, 64). Entry (i, j) is the share of block j of
  /// the target's directions e in block i of the eigenvectors u of W W^T, both in decreasing order and cut
  /// into m blocks of nearly equal size: the sum of <u, e>^2 over the block, divided by the number of u in
  /// it. For d <= 64 this is <u_i, e_j>^2. Eigenvectors in the null space of W W^T are no directions of the
  /// network: their rows are 0.
  Matrix before = {}, after = {};

  [[nodiscard]] bool empty() const { return points.empty(); }
};

/// The default k: a tenth of the dimension, at least 1.
[[nodiscard]] Index default_overlap_rank(Index d);

/// Looks at the first layer of a network in training. Everything is exact in the population but for the
/// tangent kernel of what is not a quadratic activation on a polynomial target, which is compared at fixed
/// probe points.
///
///   P_k(W)  projects onto the leading k eigenvectors of W W^T, of which at most N belong to eigenvalues
///   other
///           than 0
///   P_k(B)  projects onto the k directions of the target that matter most: qf the eigenvectors of B, of
///   largest
///           |eigenvalue|; polynomial targets the coordinate axes e_i, of largest sum_k k! beta_ki^2; mg the
///           eigenvectors of Delta, of largest |eigenvalue|. Of equal ones the first counts
///   kernel  K(x, x') = <x, x'> sum_i sigma'(<w_i,x> + b_i) sigma'(<w_i,x'> + b_i), that of the first layer
///   with
///           a_i = 1; cosine = E[K_0 K] / sqrt(E[K_0^2] E[K^2]) over independent x, x'. In closed form
///           (tangent_kernel.h), or the mean over all pairs of two fixed sets of 64 probe points each, drawn
///           from the law of the problem (test samples of the last possible draw)
///
/// For a random W the expected overlap is min(N, k) / d: NT stays there.  [beyond GMMM19]
class MechanismObserver {
 public:
  /// W: d x N at the start, of which only W W^T counts; b: N biases, or empty. `ranks`: each from 1 to d.
  /// `seed`: of the probe points. Throws UsageError where sizes or ranks do not fit.
  MechanismObserver(const Problem& problem, const Activation& activation, const Matrix& W, const Vector& b,
                    std::vector<Index> ranks, std::uint64_t seed);
  ~MechanismObserver();
  MechanismObserver(MechanismObserver&&) noexcept;
  MechanismObserver& operator=(MechanismObserver&&) noexcept;

  [[nodiscard]] const std::vector<Index>& ranks() const;
  /// The point at W, b, without its step and samples. Eigenvalues, overlaps, change and cosine are NaN where
  /// W is not finite.
  [[nodiscard]] MechanismPoint observe(const Matrix& W, const Vector& b) const;
  /// See Mechanism::before.
  [[nodiscard]] Matrix heat_map(const Matrix& W) const;

 private:
  struct Storage;
  std::unique_ptr<const Storage> storage_;
};

}  // namespace lazygap
