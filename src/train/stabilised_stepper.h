#pragma once

#include <algorithm>
#include <boost/numeric/odeint.hpp>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

namespace lazygap::train {

/// Second-order Runge-Kutta-Chebyshev method of Sommeijer, Shampine and Verwer [SSV98] as an error
/// stepper of Boost.Odeint, for autonomous dx/dt = f(x) whose Jacobian has real, negative large eigenvalues,
/// as that of a gradient flow.
///
/// Why not Dormand-Prince: the mean residual relaxes some tens of times faster than everything else, and an
/// explicit method pays for that in every step. s stages are stable up to 0.65 s^2 times the fastest rate
/// instead of about 0.5 s: 12 to 20 times fewer evaluations of f (docs/theory/flow.md).
class StabilisedStepper {
 public:
  using state_type = std::vector<double>;
  using deriv_type = state_type;
  using value_type = double;
  using time_type = double;
  using order_type = unsigned short;
  using wrapped_state_type = boost::numeric::odeint::state_wrapper<state_type>;
  using wrapped_deriv_type = wrapped_state_type;
  using algebra_type = boost::numeric::odeint::range_algebra;
  using operations_type = boost::numeric::odeint::default_operations;
  using resizer_type = boost::numeric::odeint::initially_resizer;
  using stepper_category = boost::numeric::odeint::explicit_error_stepper_tag;

  static order_type order() { return 2; }
  // The local error is of third order; Odeint's controller takes roots of order stepper_order when it
  // lengthens a step and of order error_order - 1 when it shortens one.
  static order_type stepper_order() { return 3; }
  static order_type error_order() { return 4; }
  algebra_type& algebra() { return algebra_; }

  /// One step from x with derivative f0 = f(x); `error` receives the estimate of the local error. Odeint may
  /// pass the same object for x and x_new.
  template <class System>
  void do_step(System system, const state_type& x, const state_type& f0, double t, state_type& x_new,
               double dt, state_type& error) {
    if (derivative_.size() != x.size()) resize(x.size());
    update_fastest_rate(system, x, f0, t);
    const double wanted = std::sqrt(1 + 1.54 * dt * kSafety * fastest_rate_);
    // Too stiff for one step, or not finite: an infinite error makes the controller shorten it.
    if (!(wanted < kMostStages)) {
      x_new = x;
      std::fill(error.begin(), error.end(), std::numeric_limits<double>::infinity());
      return;
    }
    const int stages = std::max(2, 1 + static_cast<int>(wanted));
    start_ = x;

    // Chebyshev polynomials T_j and their first two derivatives at w0.
    const double s2 = static_cast<double>(stages) * stages;
    const double w0 = 1 + kDamping / s2;
    const double argument = stages * std::log(w0 + std::sqrt(w0 * w0 - 1));
    const double root = w0 * w0 - 1;
    const double w1 = std::sinh(argument) * root /
                      (std::cosh(argument) * stages * std::sqrt(root) - w0 * std::sinh(argument));
    double T[3] = {1, w0, 0}, dT[3] = {0, 1, 0}, ddT[3] = {0, 0, 0};
    double b[3] = {1 / (4 * w0 * w0), 1 / (4 * w0 * w0), 0};

    previous_ = x;
    for (std::size_t i = 0; i < x.size(); ++i) stage_[i] = start_[i] + b[1] * w1 * dt * f0[i];
    for (int j = 2; j <= stages; ++j) {
      T[2] = 2 * w0 * T[1] - T[0];
      dT[2] = 2 * (T[1] + w0 * dT[1]) - dT[0];
      ddT[2] = 2 * (2 * dT[1] + w0 * ddT[1]) - ddT[0];
      b[2] = ddT[2] / (dT[2] * dT[2]);
      const double mu = 2 * b[2] * w0 / b[1], nu = -b[2] / b[0], mu_f = 2 * b[2] * w1 / b[1];
      const double gamma_f = -(1 - b[1] * T[1]) * mu_f;
      system(stage_, derivative_, t);
      for (std::size_t i = 0; i < x.size(); ++i) {
        const double next = (1 - mu - nu) * start_[i] + mu * stage_[i] + nu * previous_[i] +
                            dt * (mu_f * derivative_[i] + gamma_f * f0[i]);
        previous_[i] = stage_[i];
        stage_[i] = next;
      }
      for (double* values : {T, dT, ddT, b}) {
        values[0] = values[1];
        values[1] = values[2];
      }
    }
    system(stage_, derivative_, t);
    for (std::size_t i = 0; i < x.size(); ++i)
      error[i] = 0.8 * (start_[i] - stage_[i]) + 0.4 * dt * (f0[i] + derivative_[i]);
    x_new = stage_;
  }

 private:
  static constexpr double kDamping = 2.0 / 13;
  static constexpr double kMostStages = 2000;
  /// On the estimate of the fastest rate, which the power method approaches from below.
  static constexpr double kSafety = 1.2;
  /// Iterations of the power method: at the start, and in each step (from the last direction).
  static constexpr int kFirstIterations = 30, kLaterIterations = 1;

  void resize(std::size_t size) {
    for (state_type* work : {&start_, &previous_, &stage_, &derivative_}) work->assign(size, 0.0);
    direction_.clear();
  }

  /// Spectral radius of the Jacobian by the power method on differences of f.
  template <class System>
  void update_fastest_rate(System& system, const state_type& x, const state_type& f0, double t) {
    const bool first = direction_.empty();
    if (first) direction_ = f0;
    const double size = std::max(norm(x), 1.0) * 1e-6;
    for (int iteration = 0; iteration < (first ? kFirstIterations : kLaterIterations); ++iteration) {
      const double length = norm(direction_);
      if (!(length > 0)) break;
      for (std::size_t i = 0; i < x.size(); ++i) stage_[i] = x[i] + size / length * direction_[i];
      system(stage_, derivative_, t);
      for (std::size_t i = 0; i < x.size(); ++i) direction_[i] = derivative_[i] - f0[i];
      fastest_rate_ = norm(direction_) / size;
    }
  }

  static double norm(const state_type& x) {
    double sum = 0;
    for (const double value : x) sum += value * value;
    return std::sqrt(sum);
  }

  algebra_type algebra_;
  state_type start_, previous_, stage_, derivative_, direction_;
  double fastest_rate_ = 0;
};

}  // namespace lazygap::train
