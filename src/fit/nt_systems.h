#pragma once

#include <span>
#include <string>
#include <vector>

#include "fit/samples.h"

/// Three ways to the same A and c of fit::nt.
namespace lazygap::fit {

/// S = s(W^T X + b), N x b, s = sigma', of a block of samples.
class Gates {
 public:
  Gates(const Network& network, Index block)
      : W_(network.W),
        biases_(network.biases),
        derivative_(network.activation.derivative),
        S_(network.W.cols(), block) {}

  [[nodiscard]] Index dimension() const { return W_.rows(); }
  [[nodiscard]] Index neurons() const { return W_.cols(); }

  auto operator()(const Eigen::Ref<const Matrix>& X) {
    auto S = S_.leftCols(X.cols());
    S.noalias() = W_.transpose() * X;
    if (biases_.size() > 0) S.colwise() += biases_;
    S = S.unaryExpr([this](double u) { return derivative_(u); });
    return S;
  }

 private:
  const Matrix& W_;
  const Vector& biases_;
  const std::function<double(double)>& derivative_;
  Matrix S_;
};

struct NtSolution {
  Matrix A;  ///< d x N
  double c = 0;
  Status status = Status::none;
  std::string message;
  Index rank = 0;
  int iterations = 0;
  double residual = 0;
  Quality quality = {};
};

/// Through the n x n matrix of inner products of the samples' centred features: a solution for each ridge.
[[nodiscard]] std::vector<NtSolution> solve_by_kernel(SampleBlocks<double>& samples, Gates& gates,
                                                      std::span<const double> ridges,
                                                      const Stage& stage = {});
/// The ridges that are wanted of the first `samples` samples.
struct NtRidges {
  std::int64_t samples = 0;
  std::vector<double> ridges;
};
/// Through the (N d) x (N d) second moments of the centred features, in one pass for all n, which increase;
/// the last one is Options::samples. solutions[n][ridge].
[[nodiscard]] std::vector<std::vector<NtSolution>> solve_by_moments(SampleBlocks<double>& samples,
                                                                    Gates& gates,
                                                                    std::span<const NtRidges> wanted,
                                                                    const Stage& stage = {});
/// Through products with those moments, each a pass over the samples.
[[nodiscard]] NtSolution solve_by_conjugate_gradients(SampleBlocks<double>& samples, Gates& gates,
                                                      const Stage& stage = {});

/// Feature vectors that solve_by_moments has in memory at a time.
constexpr Index kFeatureColumns = 256;

}  // namespace lazygap::fit
