#pragma once

#include <functional>
#include <string>
#include <vector>

#include "lazygap/curve/predict.h"

/// The equations of curve::predict without the offset of NT.
namespace lazygap::curve {

/// What the equations see of a model: all of it, or without some of its pairs or densities (jackknife).
class View {
 public:
  View(const Model& model, Equivalent equivalent);
  /// Without the pairs g, g + groups, g + 2 groups, ...; the others are normalised again.
  [[nodiscard]] View without_pairs(int g, int groups) &&;
  [[nodiscard]] View without_density(int p) &&;

  /// xi and r^2, of the same length; one pair (1, R_inf) for the Gaussian equivalent.
  [[nodiscard]] const Eigen::ArrayXd& leverage() const { return leverage_; }
  [[nodiscard]] const Eigen::ArrayXd& squared_residuals() const { return squared_residuals_; }
  [[nodiscard]] double residual_risk() const { return model_->residual_risk; }
  /// R_inf + sum_k c_k: the risk of the best constant (NT) or of f = 0 (RF).
  [[nodiscard]] double null_risk() const { return model_->residual_risk + model_->powers.sum(); }
  [[nodiscard]] bool offset() const { return model_->features != Features::rf; }
  [[nodiscard]] double rank() const { return rank_; }
  [[nodiscard]] double trace() const;
  /// Least eigenvalue.
  [[nodiscard]] double least() const;
  /// sum_k g(s_k) and sum_k c_k g(s_k), g a function of an array.
  template <class G>
  [[nodiscard]] double sum(const G& g) const {
    double total = 0;
    for (const Density* density : densities_)
      total += (density->counts.array() * g(density->values.array())).sum();
    return densities_.empty() ? 0 : total / static_cast<double>(densities_.size());
  }
  template <class G>
  [[nodiscard]] double power_sum(const G& g) const {
    return (model_->powers.array() * g(model_->power_values.array())).sum();
  }

 private:
  void normalise();
  void count();

  const Model* model_;
  std::vector<const Density*> densities_;
  Eigen::ArrayXd leverage_, squared_residuals_;
  double rank_ = 0;
};

struct Solution {
  double excess;  ///< risk - R_inf; infinite at the threshold without ridge
  double train;
  double gcv;
  double degrees;
  double kappa;
};

/// n > 0, ridge >= 0, noise = tau^2.
[[nodiscard]] Solution solve_equations(const View& view, double n, double ridge, double noise);

/// A sentence where n is too near the interpolation threshold for the mean risk without ridge to exist; empty
/// elsewhere.
[[nodiscard]] std::string doubt_near(double n, double threshold);

/// x in [low, high] with f(x) = 0, f increasing; an end where there is no change of sign.
[[nodiscard]] double root(const std::function<double(double)>& f, double low, double high);
/// Where f is least in [low, high], to 1e-3.
[[nodiscard]] double minimum(const std::function<double(double)>& f, double low, double high);

}  // namespace lazygap::curve
