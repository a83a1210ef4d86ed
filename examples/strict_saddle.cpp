// Why NN finds its minimum: the landscape has strict saddles only.  [GMMM19, Prop. 1]
//
// qf with B >= 0 and f(x) = c + sum_i <w_i, x>^2. The critical points of the population risk
//   R(W, c) = 2 ||B - W W^T||_F^2 + u^2,  u = tr(B - W W^T) + b0 - c,
// are u = 0 and W W^T = sum of lambda_i e_i e_i^T over a subset of at most N eigen-directions of B (up to
// rotations of the neurons). In a direction that turns neuron w_j = sqrt(lambda_j) e_j towards e_k, k outside
// the subset, the second derivative is 8 (lambda_j - lambda_k), with lambda_j = 0 for an unused neuron:
// negative unless the subset is the top one. This program checks that for every subset, and lets the gradient
// flow run away from the worst one to the minimum of Theorem 3. It ends with 1 if anything differs.
#include <fmt/format.h>

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <bit>
#include <boost/numeric/odeint.hpp>
#include <cmath>
#include <vector>

#include "lazygap/core/random.h"
#include "lazygap/limit/nn.h"
#include "lazygap/problem/polynomial_target.h"

using namespace lazygap;

namespace {

constexpr Index d = 8, N = 3;
constexpr double kRounding = 1e-10;  // of eigenvalues of a 25 x 25 matrix with entries up to 100

/// The parameters (W, c) as one vector: the columns of W, then c.
using State = std::vector<double>;
Eigen::Map<const Matrix> weights(const State& state) { return {state.data(), d, N}; }

/// Gradient of R at (W, c), in the layout of State. R depends on W through S = W W^T: dR/dW = 2 (dR/dS) W.
void gradient(const PolynomialTarget& problem, const State& state, State& out) {
  const auto W = weights(state);
  double slope_c = 0;
  const Matrix slope_S = problem.population_gradient(W * W.transpose(), state.back(), &slope_c);
  Eigen::Map<Matrix>(out.data(), d, N) = 2 * slope_S * W;
  out.back() = slope_c;
}

double risk(const PolynomialTarget& problem, const State& state) {
  return problem.population_risk(weights(state) * weights(state).transpose(), state.back());
}

/// Hessian of R in (W, c), d N + 1 square. The derivative of the gradient in the direction (Z, z) is
///   2 (4 T - 2 v I) W + 2 (dR/dS) Z   and   -2 v,   T = Z W^T + W Z^T,  v = -tr T - z.
Matrix hessian(const PolynomialTarget& problem, const State& state) {
  const auto W = weights(state);
  const auto size = static_cast<Index>(state.size());
  double slope_c = 0;
  const Matrix slope_S = problem.population_gradient(W * W.transpose(), state.back(), &slope_c);
  Matrix H(size, size);
  for (Index k = 0; k < size; ++k) {
    Vector direction = Vector::Unit(size, k);
    const Eigen::Map<const Matrix> Z(direction.data(), d, N);
    const Matrix T = Z * W.transpose() + W * Z.transpose();
    const double v = -T.trace() - direction[size - 1];
    const Matrix column = 2 * (4 * T - 2 * v * Matrix::Identity(d, d)) * W + 2 * slope_S * Z;
    H.col(k) << column.reshaped(), -2 * v;
  }
  return H;
}

/// The critical point of a subset, given as the bits of `subset`; neurons beyond its size are 0.
State critical_point(const PolynomialTarget& problem, unsigned subset) {
  State state(static_cast<std::size_t>(d * N + 1), 0.0);
  Eigen::Map<Matrix> W(state.data(), d, N);
  Index neuron = 0;
  for (Index i = 0; i < d; ++i)
    if ((subset >> i & 1u) != 0) W(i, neuron++) = std::sqrt(problem.eigenvalues()[i]);
  state.back() = problem.trace() + problem.offset() - W.squaredNorm();  // u = 0
  return state;
}

/// min over neurons j and directions k outside the subset of 8 (lambda_j - lambda_k); rotations of the
/// neurons among themselves leave R unchanged, so that no minimum is above 0.
double predicted_curvature(const PolynomialTarget& problem, unsigned subset) {
  double inside = std::popcount(subset) < N ? 0 : problem.eigenvalues().maxCoeff(), outside = 0;
  for (Index i = 0; i < d; ++i) {
    const double eigenvalue = problem.eigenvalues()[i];
    if ((subset >> i & 1u) != 0)
      inside = std::min(inside, eigenvalue);
    else
      outside = std::max(outside, eigenvalue);
  }
  return std::min(0.0, 8 * (inside - outside));
}

bool check(bool holds, const char* claim) {
  if (!holds) fmt::print("NOT TRUE: {}\n", claim);
  return holds;
}

bool every_saddle_is_strict(const PolynomialTarget& problem) {
  bool holds = true;
  int saddles = 0;
  double flattest = -1e300;
  for (unsigned subset = 0; subset < 1u << d; ++subset) {
    if (std::popcount(subset) > N) continue;
    const State point = critical_point(problem, subset);
    State slope(point.size());
    gradient(problem, point, slope);
    holds &= check(std::all_of(slope.begin(), slope.end(), [](double g) { return std::abs(g) < kRounding; }),
                   "the gradient vanishes at a critical point");
    const double curvature = Eigen::SelfAdjointEigenSolver<Matrix>(hessian(problem, point)).eigenvalues()[0];
    holds &= check(std::abs(curvature - predicted_curvature(problem, subset)) < kRounding,
                   "the smallest eigenvalue of the Hessian is 8 (lambda_j - lambda_k)");
    if (subset == (1u << N) - 1) {  // eigenvalues are decreasing: the top N
      fmt::print("the top {} directions: risk {:.4f} R0, smallest eigenvalue of the Hessian {:.1e}\n", N,
                 risk(problem, point) / problem.null_risk(), curvature);
      holds &= check(curvature > -kRounding, "the top subset is a minimum");
    } else {
      ++saddles;
      flattest = std::max(flattest, curvature);
    }
  }
  fmt::print("the {} other subsets: smallest eigenvalue at most {:.4f}\n", saddles, flattest);
  return check(flattest < 0, "every other subset is a strict saddle") && holds;
}

bool flow_leaves_the_worst_saddle(const PolynomialTarget& problem) {
  namespace odeint = boost::numeric::odeint;
  State state = critical_point(problem, ((1u << N) - 1) << (d - N));  // the bottom N directions
  State noise(state.size());
  fill_normals({.seed = 1, .purpose = Purpose::initial_weights}, std::span<double>(noise));
  for (std::size_t i = 0; i < state.size(); ++i) state[i] += 1e-6 * noise[i];

  const auto flow = [&](const State& at, State& slope, double) {
    gradient(problem, at, slope);
    for (double& s : slope) s = -s;
  };
  const double minimum = limit::nn_ratio(problem, N, SecondLayerSign::positive);
  auto stepper = odeint::make_controlled<odeint::runge_kutta_dopri5<State>>(1e-10, 1e-10);
  fmt::print("gradient flow from the bottom {} directions + 1e-6:\n  time   R/R0\n", N);
  bool holds = true;
  double time = 0, previous = risk(problem, state);
  for (const double next : {0.0, 0.5, 0.75, 1.0, 2.0, 4.0, 8.0, 16.0}) {
    odeint::integrate_adaptive(stepper, flow, state, time, next, 1e-3);
    time = next;
    fmt::print("  {:5.2f}  {:.6f}\n", time, risk(problem, state) / problem.null_risk());
    holds &= check(risk(problem, state) <= previous + kRounding, "the risk decreases along the flow");
    previous = risk(problem, state);
  }
  fmt::print("  Theorem 3: {:.6f}\n", minimum);
  return check(std::abs(previous / problem.null_risk() - minimum) < 1e-8, "the flow ends in the minimum") &&
         holds;
}

}  // namespace

int main() {
  const PolynomialTarget problem(Vector{{3.0, 2.2, 1.6, 1.1, 0.7, 0.4, 0.2, 0.1}});
  fmt::print("d = {}, N = {}\n", d, N);
  const bool strict = every_saddle_is_strict(problem);
  const bool leaves = flow_leaves_the_worst_saddle(problem);
  return strict && leaves ? 0 : 1;
}
