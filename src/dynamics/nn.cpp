#include "lazygap/dynamics/nn.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "dynamics/protocol.h"
#include "network/lq_factor.h"
#include "network/scaling.h"

namespace lazygap::dynamics {
namespace {

/// Steps between two looks at the eigenvalues of M = W W^T, which change slowly.
constexpr std::int64_t kEigenvalueSteps = 20;

/// W, a and o of NN under the step of the population, and the variances of S = kappa M and of u = tr(B - S) +
/// b0 - o around them, S in the eigenbasis of M. All in the units of the problem.
class NoisyFlow {
 public:
  NoisyFlow(const PolynomialTarget& problem, const Matrix& W, const Options& options)
      : problem_(problem),
        scaling_(scaling(options.parameterisation, options.alpha, problem, W.cols())),
        is_shared_(options.second_layer == SecondLayer::shared),
        batch_(static_cast<double>(options.batch)),
        noise_(options.label_noise * options.label_noise),
        // f depends on W through W W^T only.
        W_(W.cols() > W.rows() ? lq_factor(W) : W),
        a_(is_shared_ ? 0.0 : options.second_layer_value),
        rank_(W_.cols()),
        null_(static_cast<double>(W_.rows() - W_.cols())),
        among_(Matrix::Zero(rank_, rank_)),
        to_null_(Vector::Zero(rank_)) {
    update();
  }

  [[nodiscard]] double risk() const {
    const double kappa = this->kappa();
    const double fluctuation = among_.sum() + 2 * null_ * to_null_.sum();
    return risk_of_mean_ + 2 * kappa * kappa * fluctuation + variance_of_u_;
  }

  void step(double eps) {
    const double h = eps * scaling_.weights * a_ * scaling_.label;
    step_variances(eps, h);
    const double trace = W_.squaredNorm();
    const double of_shared = 2 * (W_.cwiseProduct(BW_).sum() - kappa() * gram_.squaredNorm()) + u_ * trace;
    W_ += h * (2 * (BW_ - kappa() * W_ * gram_) + u_ * W_);
    offset_ += 2 * eps * u_;
    if (is_shared_) a_ += eps * scaling_.shared * scaling_.label * of_shared;
    ++steps_;
    update();
  }

 private:
  /// f = kappa x^T M x + o in the units of the problem.
  [[nodiscard]] double kappa() const { return scaling_.kappa * a_ / scaling_.label; }

  /// What depends on W, a and o.
  void update() {
    gram_.noalias() = W_.transpose() * W_;
    BW_ = problem_.eigenvalues().asDiagonal() * W_;
    const double kappa = this->kappa();
    u_ = problem_.mean() - kappa * gram_.trace() - offset_;
    // ||B - kappa M||^2, without M.
    const double distance = problem_.squared_norm() - 2 * kappa * W_.cwiseProduct(BW_).sum() +
                            kappa * kappa * gram_.squaredNorm();
    risk_of_mean_ = 2 * std::max(0.0, distance) + u_ * u_;
    if (steps_ % kEigenvalueSteps == 0 && gram_.allFinite())
      m_ = Eigen::SelfAdjointEigenSolver<Matrix>(gram_, Eigen::EigenvaluesOnly).eigenvalues().cwiseMax(0.0);
  }

  /// NT linearised at W: the leading moments of the noise, with E[r^2] = risk + label noise.
  void step_variances(double eps, double h) {
    const double kappa = this->kappa(), s = (risk() + noise_) / batch_;
    const double growth = 1 + 2 * h * std::min(u_, 0.0);
    const double trace = m_.sum();
    for (Index k = 0; k < rank_; ++k)
      for (Index j = 0; j < rank_; ++j) {
        const double both = m_[j] + m_[k], keep = growth - 2 * h * kappa * both;
        among_(j, k) = keep * keep * among_(j, k) + h * h * s * both * both * (j == k ? 3 : 1);
      }
    for (Index j = 0; j < rank_; ++j) {
      const double keep = growth - 2 * h * kappa * m_[j];
      to_null_[j] = keep * keep * to_null_[j] + h * h * s * m_[j] * m_[j];
    }
    const double rate = 2 * eps + 2 * h * kappa * trace;
    variance_of_u_ = (1 - rate) * (1 - rate) * variance_of_u_ +
                     s * (rate * rate + 8 * h * h * kappa * kappa * m_.squaredNorm());
  }

  const PolynomialTarget& problem_;
  Scaling scaling_;
  bool is_shared_;
  double batch_, noise_;
  Matrix W_;  // d x min(N, d)
  double a_, offset_ = 0;
  Index rank_;
  double null_;     // number of vanishing eigenvalues of M
  Matrix gram_;     // W^T W
  Matrix BW_;       // B W
  Vector m_;        // the other eigenvalues of M
  Matrix among_;    // variances of the entries of M between their eigenvectors
  Vector to_null_;  // and of those between one of them and one of the null space
  double u_ = 0, risk_of_mean_ = 0, variance_of_u_ = 0;
  std::int64_t steps_ = 0;
};

}  // namespace

Curve nn(const PolynomialTarget& problem, const Matrix& W, const Options& options, const Control& control) {
  check_arguments("dynamics::nn", Regime::nn, problem, W, options);
  NoisyFlow flow(problem, W, options);
  return run(flow, Regime::nn, problem.null_risk(), options, control);
}

}  // namespace lazygap::dynamics
