#include "lazygap/limit/state_evolution.h"

#include <algorithm>
#include <boost/math/tools/minima.hpp>
#include <boost/math/tools/toms748_solve.hpp>
#include <cmath>
#include <optional>
#include <vector>

#include "lazygap/core/check.h"
#include "lazygap/core/random.h"
#include "limit/check_quadratic.h"
#include "math/symmetric.h"

namespace lazygap::limit {
namespace {

/// Fixed points to this many bits: 1e-7, far below what the number of draws leaves uncertain.
constexpr int kBits = 24;
constexpr std::uintmax_t kMostSteps = 60;
/// Beyond these values of g, in units of ||B||_F, the estimate is B itself or nothing of it.
constexpr double kLeastNoise = 1e-6, kMostNoise = 1e6;
/// What rounding leaves of a squared error of terms of size 1.
constexpr double kRounding = 1e-16;
/// Share of n that the pure-noise estimate may take at the least threshold that is tried: at 1 there is no
/// fixed point.
constexpr double kMostPureNoise = 1 - 1e-4;

Matrix gaussian_symmetric(Index d, std::uint64_t seed, Index draw) {
  Matrix Z(d, d);
  // Step 1: haar_rotation has step 0 of this purpose.
  fill_normals(
      {.seed = seed, .purpose = Purpose::rotation, .index = static_cast<std::uint32_t>(draw), .step = 1},
      std::span<double>(Z.data(), static_cast<std::size_t>(Z.size())));
  return (Z + Z.transpose()) / 2;  // variance 1/2 off the diagonal and, of 2 Z_ii / 2, 1 on it
}

/// Eigenvalues y of B + g G, increasing, and u_i^T B u_i.
struct Spectrum {
  Vector values, overlaps;
};

/// The problem in units of ||B||_F.
struct Setting {
  Vector b;
  std::vector<Matrix> noise;  // G
  double n;
  double tau2;  // label noise variance
  Penalty penalty;

  [[nodiscard]] std::vector<Spectrum> spectra(double g) const {
    std::vector<Spectrum> all;
    for (const Matrix& G : noise) {
      Matrix Y = g * G;
      Y.diagonal() += b;
      const Eigenbasis basis = symmetric_eigenbasis(std::move(Y));
      all.push_back({.values = basis.values, .overlaps = basis.vectors.cwiseAbs2().transpose() * b});
    }
    return all;
  }

  /// Square of g that a mean squared error ms of S^ leaves.
  [[nodiscard]] double squared_noise(double ms) const { return (tau2 + 2 * ms) / (2 * n); }

  [[nodiscard]] double eta(double y, double theta) const {
    if (penalty == Penalty::trace || y > 0) return std::max(y - theta, 0.0);
    return std::min(y + theta, 0.0);
  }
  [[nodiscard]] Vector eta(const Vector& y, double theta) const {
    return y.unaryExpr([&](double value) { return eta(value, theta); });
  }

  [[nodiscard]] double squared_error(const std::vector<Spectrum>& all, double theta) const {
    double sum = 0;
    for (const Spectrum& s : all) {
      const Vector estimate = eta(s.values, theta);
      sum += estimate.squaredNorm() - 2 * estimate.dot(s.overlaps) + 1;
    }
    return std::max(sum / static_cast<double>(all.size()), kRounding);
  }

  /// div = E <S^, G> / g (Stein). Unlike the sum over pairs of eigenvalues it has no jumps, and it agrees
  /// draw by draw with ||S^||^2 where there is only noise. <B, G> is of mean zero; a multiple of it is
  /// subtracted that leaves little of the fluctuations where S^ is close to B.
  [[nodiscard]] double divergence(const std::vector<Spectrum>& all, double theta, double g) const {
    double sum = 0, share = 0, noise_on_b = 0;
    for (const Spectrum& s : all) {
      const Vector estimate = eta(s.values, theta);
      sum += (estimate.dot(s.values) - estimate.dot(s.overlaps));  // g <S^, G>
      share += estimate.dot(s.overlaps);                           // <S^, B>, ||B|| = 1
      noise_on_b += s.values.dot(s.overlaps) - 1;                  // g <B, G>
    }
    const auto draws = static_cast<double>(all.size());
    return (sum - share / draws * noise_on_b) / (draws * g * g);
  }
};

Setting make_setting(const char* function, const PolynomialTarget& problem, Index n,
                     const StateEvolutionOptions& options) {
  check_quadratic(function, problem);
  check_at_least(function, "n", n, 1);
  check_nonnegative(function, "label_noise", options.label_noise);
  check_at_least(function, "draws", options.draws, 2);
  const double norm = problem.eigenvalues().norm();
  Setting setting{.b = problem.eigenvalues() / norm,
                  .n = static_cast<double>(n),
                  .tau2 = std::pow(options.label_noise / norm, 2),
                  .penalty = options.penalty};
  // Every second one is minus the one before, so that all odd powers of G have mean zero exactly.
  for (Index draw = 0; draw < options.draws; ++draw)
    setting.noise.push_back((draw % 2 == 0 ? 1 : -1) *
                            gaussian_symmetric(problem.dimension(), options.seed, draw / 2));
  return setting;
}

/// Root of a function that decreases, between two points where it is positive and negative.
template <class Function>
double decreasing_root(const Function& f, double low, double at_low, double high, double at_high) {
  std::uintmax_t steps = kMostSteps;
  const auto [left, right] = boost::math::tools::toms748_solve(
      f, low, high, at_low, at_high, boost::math::tools::eps_tolerance<double>(kBits), steps);
  return (left + right) / 2;
}

/// State evolution along alpha = theta / g, where it has one stable fixed point
/// (docs/theory/state_evolution.md): jointly in (g, theta) at fixed lambda the iteration diverges.
class Curve {
 public:
  explicit Curve(const Setting& setting) : s_(setting) {
    for (const Matrix& G : s_.noise) pure_noise_.push_back({.values = symmetric_eigenvalues(G)});
  }

  /// The fixed point at alpha; nullopt where g would be infinite.
  std::optional<WideNetwork> at(double alpha) {
    return fixed_point([&](const std::vector<Spectrum>&, double g) { return alpha * g; });
  }

  /// The point of least risk, whatever the sign of its lambda: R = 2 n g^2 - tau^2 is least where g is, and
  /// so where theta makes ms(g, theta) least.
  std::optional<WideNetwork> best() {
    return fixed_point([&](const std::vector<Spectrum>& spectra, double) {
      double largest = 0;
      for (const Spectrum& s : spectra) largest = std::max(largest, s.values.cwiseAbs().maxCoeff());
      return boost::math::tools::brent_find_minima(
                 [&](double theta) { return s_.squared_error(spectra, theta); }, 0.0, largest, kBits)
          .first;
    });
  }

  /// Least alpha with a fixed point, and a little more: E ||eta(G)||^2 < n is the condition. 0 where alpha =
  /// 0 satisfies it.
  [[nodiscard]] double least_alpha() const {
    const auto excess = [&](double alpha) { return pure_noise_norm(alpha) / (kMostPureNoise * s_.n) - 1; };
    const double at_zero = excess(0);
    if (at_zero <= 0) return 0;
    const double most = most_pure_noise();  // nothing is left there
    return decreasing_root(excess, 0, at_zero, most, -1);
  }

  /// Largest eigenvalue of the matrices G in modulus: alpha beyond it lets no noise through.
  [[nodiscard]] double most_pure_noise() const {
    double most = 0;
    for (const Spectrum& s : pure_noise_) most = std::max(most, s.values.cwiseAbs().maxCoeff());
    return most;
  }

 private:
  static constexpr double kFirstWidth = 0.1;

  /// Solves g^2 = (tau^2 + 2 ms(g, theta)) / (2 n) with theta = threshold(spectra at g, g).
  template <class Threshold>
  std::optional<WideNetwork> fixed_point(const Threshold& threshold) {
    // log of the g^2 that comes out over the one put in: decreasing in g.
    const auto growth = [&](double log_g) {
      const double g = std::exp(log_g);
      const std::vector<Spectrum> spectra = s_.spectra(g);
      return std::log(s_.squared_noise(s_.squared_error(spectra, threshold(spectra, g))) / (g * g));
    };
    double low = last_log_g_, high = low, at_low = growth(low), at_high = at_low;
    double width = kFirstWidth;
    while (at_low < 0 && low > std::log(kLeastNoise)) {
      high = low, at_high = at_low;
      at_low = growth(low -= width);
      width *= 2;
    }
    while (at_high > 0 && high < std::log(kMostNoise)) {
      low = high, at_low = at_high;
      at_high = growth(high += width);
      width *= 2;
    }
    if (at_high > 0) return std::nullopt;
    // Otherwise B is recovered, g -> 0, and any tiny g tells.
    last_log_g_ = at_low > 0 ? decreasing_root(growth, low, at_low, high, at_high) : low;
    const double g = std::exp(last_log_g_);
    const std::vector<Spectrum> spectra = s_.spectra(g);
    return point(spectra, g, threshold(spectra, g));
  }

  WideNetwork point(const std::vector<Spectrum>& spectra, double g, double theta) const {
    const double ms = s_.squared_error(spectra, theta);
    WideNetwork point{.status = Status::ok, .ratio = ms, .noise = g, .threshold = theta};
    point.parameters = s_.divergence(spectra, theta, g);
    const double share = 1 - point.parameters / s_.n;
    point.lambda = 4 * theta * share;
    point.training = share * share * (s_.tau2 + 2 * ms) / 2;
    return point;
  }

  [[nodiscard]] double pure_noise_norm(double alpha) const {
    double sum = 0;
    for (const Spectrum& s : pure_noise_) sum += s_.eta(s.values, alpha).squaredNorm();
    return sum / static_cast<double>(pure_noise_.size());
  }

  const Setting& s_;
  std::vector<Spectrum> pure_noise_;
  double last_log_g_ = 0;  // where the next search starts
};

/// The point of the curve with penalty lambda (in units of ||B||_F), which grows with alpha.
WideNetwork at_lambda(Curve& curve, double n, double lambda) {
  const double low = curve.least_alpha();
  const std::optional<WideNetwork> first = curve.at(low);
  if (!first) return {.status = Status::not_converged};
  // Where fewer parameters are in use than there are samples even without a threshold, lambda = 0 is alpha =
  // 0.
  if (lambda == 0 && low == 0 && first->parameters < n) return *first;
  const auto excess = [&](double alpha) {
    const std::optional<WideNetwork> point = curve.at(alpha);
    if (!point) return -1.0;
    return lambda > 0 ? point->lambda - lambda : 1 - point->parameters / n;
  };
  const double at_low = lambda > 0 ? std::min(first->lambda, 0.0) - lambda : 1 - first->parameters / n;
  double high = std::max(2 * low, 1.0), at_high = excess(high);
  for (std::uintmax_t step = 0; at_high <= 0 && step < kMostSteps; ++step) at_high = excess(high *= 2);
  if (at_low >= 0 || at_high <= 0) return {.status = Status::not_converged};
  std::uintmax_t steps = kMostSteps;
  const auto [left, right] = boost::math::tools::toms748_solve(
      excess, low, high, at_low, at_high, boost::math::tools::eps_tolerance<double>(kBits), steps);
  return curve.at((left + right) / 2).value_or(WideNetwork{.status = Status::not_converged});
}

/// From units of ||B||_F to those of the problem.
WideNetwork in_units(WideNetwork point, const PolynomialTarget& problem) {
  const double norm = problem.eigenvalues().norm();
  point.lambda *= norm;
  point.noise *= norm;
  point.threshold *= norm;
  return point;
}

/// ||B||_F^2 - sum_i (E u_i^T B u_i)^2 of the best rotation-invariant estimate at noise g.
double bayes_squared_error(const Setting& setting, double g) {
  const std::vector<Spectrum> spectra = setting.spectra(g);
  const auto draws = static_cast<double>(spectra.size());
  Vector sum = Vector::Zero(setting.b.size()), squares = sum;
  for (const Spectrum& s : spectra) {
    sum += s.overlaps;
    squares += s.overlaps.cwiseAbs2();
  }
  // The square of a mean over draws is too large by the variance of that mean.
  const double of_means = sum.squaredNorm() / (draws * draws);
  const double variance = (squares.sum() / draws - of_means) / (draws - 1);
  return std::clamp(1 - of_means + variance, 0.0, 1.0);
}

}  // namespace

WideNetwork wide_network(const PolynomialTarget& problem, Index n, double lambda,
                         const StateEvolutionOptions& options) {
  constexpr auto kFunction = "limit::wide_network";
  const Setting setting = make_setting(kFunction, problem, n, options);
  check_nonnegative(kFunction, "lambda", lambda);
  Curve curve(setting);
  return in_units(at_lambda(curve, setting.n, lambda / problem.eigenvalues().norm()), problem);
}

WideNetwork wide_network_best(const PolynomialTarget& problem, Index n,
                              const StateEvolutionOptions& options) {
  const Setting setting = make_setting("limit::wide_network_best", problem, n, options);
  Curve curve(setting);
  const std::optional<WideNetwork> best = curve.best();
  // A reward for large weights would be best: lambda = 0 is the best penalty.
  if (!best || best->lambda < 0) return in_units(at_lambda(curve, setting.n, 0), problem);
  return in_units(*best, problem);
}

WideNetwork bayes_quadratic(const PolynomialTarget& problem, Index n, const StateEvolutionOptions& options) {
  constexpr int kMostIterations = 1000;
  constexpr double kChange = 1e-6;  // of ||B||_F^2, in one iteration
  const Setting setting = make_setting("limit::bayes_quadratic", problem, n, options);
  const double mean = setting.b.mean();
  double ms = 1 - static_cast<double>(setting.b.size()) * mean * mean;
  WideNetwork point{.status = Status::not_converged};
  for (int i = 0; i < kMostIterations; ++i) {
    const double last = ms;
    point.noise = std::sqrt(setting.squared_noise(last));
    ms = point.noise > kLeastNoise ? bayes_squared_error(setting, point.noise) : 0;
    if (std::abs(ms - last) <= kChange * std::max(ms, kChange)) {
      point.status = Status::ok;
      break;
    }
  }
  point.ratio = ms;
  return in_units(point, problem);
}

}  // namespace lazygap::limit
