#include <fmt/format.h>
#include <muParser.h>

#include <algorithm>
#include <boost/math/quadrature/gauss.hpp>
#include <cmath>
#include <memory>
#include <mutex>

#include "activation/summary.h"
#include "lazygap/activation/activation.h"
#include "lazygap/core/error.h"
#include "lazygap/core/quote.h"

namespace lazygap {
namespace {

static_assert(std::is_same_v<mu::value_type, double>);

/// The part of the line on which an expression is examined. Beyond 38 standard deviations nothing counts, and
/// neurons have norms of order 1.
constexpr double kReach = 38;

/// An expression in u. muParser keeps the value of u and its stack in the parser, hence the lock.
class Expression {
 public:
  explicit Expression(const std::string& text) : text_(text) {
    try {
      parser_.DefineVar("u", &u_);
      parser_.DefineFun(
          "erf", +[](double v) { return std::erf(v); });
      parser_.SetExpr(text);
      int results = 0;
      parser_.Eval(results);
      if (results != 1)
        throw UsageError(
            fmt::format("activation {}: one expression is needed, not {}", quote(text), results));
    } catch (const mu::ParserError& error) {
      throw UsageError(fmt::format("activation {}: {} (an expression in u is needed, such as max(u,0)^2)",
                                   quote(text), printable(error.GetMsg().substr(0, 200))));
    }
  }

  double operator()(double u) const {
    const std::lock_guard lock(mutex_);
    u_ = u;
    return parser_.Eval();
  }

 private:
  std::string text_;
  mutable std::mutex mutex_;
  mutable double u_ = 0.5;
  mutable mu::Parser parser_;
};

std::function<double(double)> compile(std::string_view text) {
  auto expression = std::make_shared<const Expression>(std::string(text));
  return [expression = std::move(expression)](double u) { return (*expression)(u); };
}

using Function = std::function<double(double)>;

struct PanelIntegral {
  double value = 0;
  double size = 0;  ///< of |f|
};

PanelIntegral integrate(const Function& f, double begin, double end) {
  PanelIntegral result;
  const auto by_reference = [&f](double u) { return f(u); };
  result.value =
      boost::math::quadrature::gauss<double, 20>::integrate(by_reference, begin, end, &result.size);
  return result;
}

/// f with its size, sqrt(E f(G)^2): where f is small against it, errors of f do not matter.
struct Sampled {
  Function f;
  double size = 0;
};

/// Error of the 20-point rule, the one of math::gaussian_rule, on [begin, end], seen by halving; relative to
/// the integral of |f| + size.
double relative_error(const Sampled& sampled, double begin, double end) {
  const double middle = (begin + end) / 2;
  const PanelIntegral whole = integrate(sampled.f, begin, end);
  const PanelIntegral left = integrate(sampled.f, begin, middle), right = integrate(sampled.f, middle, end);
  return std::abs(whole.value - left.value - right.value) /
         (left.size + right.size + sampled.size * (end - begin));
}

bool resolved(const Sampled& sampled, double begin, double end) {
  constexpr double kTolerance = 1e-12;
  return relative_error(sampled, begin, end) <= kTolerance;
}

/// The shortest decimal within `width` of `value`: among equally likely places of a kink the one a user
/// writes.
double shortest_within(double value, double width) {
  for (double unit = 1; unit <= 1e12; unit *= 10) {
    const double candidate = std::round(value * unit) / unit;
    if (std::abs(candidate - value) <= width) return candidate + 0.0;  // + 0.0: never -0
  }
  return value;
}

/// The point of [begin, end] where f is not smooth, by halving towards the larger error until both are
/// rounding.
double locate_kink(const Sampled& sampled, double begin, double end) {
  constexpr double kRounding = 1e-15;
  while (true) {
    const double middle = (begin + end) / 2;
    const double left = relative_error(sampled, begin, middle), right = relative_error(sampled, middle, end);
    if (middle <= begin || middle >= end || std::max(left, right) <= kRounding)
      return shortest_within(middle, end - begin);
    (left > right ? end : begin) = middle;
  }
}

constexpr std::size_t kMostKinks = 64;

void add_kinks(const Sampled& sampled, double begin, double end, std::vector<double>& kinks) {
  // A panel this narrow that is not resolved holds a kink: smooth functions of use vary more slowly.
  constexpr double kNarrow = 1e-2;
  if (kinks.size() > kMostKinks || resolved(sampled, begin, end)) return;
  if (end - begin < kNarrow) {
    const double kink = locate_kink(sampled, begin, end);
    // One at the common end of two panels may be seen in both.
    if (kinks.empty() || kink - kinks.back() > 1e-6) kinks.push_back(kink);
    return;
  }
  add_kinks(sampled, begin, (begin + end) / 2, kinks);
  add_kinks(sampled, (begin + end) / 2, end, kinks);
}

std::vector<double> find_kinks(const std::string& name, const Sampled& sampled) {
  // Ends at odd places: a kink at the end of two panels would go unnoticed, and users put kinks at round
  // numbers.
  constexpr double kStep = 0.61803398874989485;
  std::vector<double> kinks;
  for (double begin = -kReach - 0.0314159; begin < kReach; begin += kStep)
    add_kinks(sampled, begin, begin + kStep, kinks);
  if (kinks.size() > kMostKinks)
    throw UsageError(fmt::format("activation {} is not piecewise smooth: more than {} kinks in |u| <= {}",
                                 quote(name), kMostKinks, kReach));
  return kinks;
}

/// The `length` of Activation: the panels of math::gaussian_rule have to resolve sigma.
double find_length(const std::string& name, const Sampled& sampled, const std::vector<double>& kinks) {
  std::vector<double> stops{-kReach};
  stops.insert(stops.end(), kinks.begin(), kinks.end());
  stops.push_back(kReach);
  for (double length = 1; length > 1e-3; length /= 2) {
    const double panel = std::min(0.5, 1.5 * length);
    bool all = true;
    for (std::size_t i = 1; all && i < stops.size(); ++i) {
      const double steps = std::ceil((stops[i] - stops[i - 1]) / panel);
      const double width = (stops[i] - stops[i - 1]) / steps;
      for (double step = 0; all && step < steps; ++step)
        all = resolved(sampled, stops[i - 1] + step * width, stops[i - 1] + (step + 1) * width);
    }
    // Half of it, because `resolved` has seen one scale only.
    if (all) return length / 2;
  }
  throw UsageError(fmt::format("activation {} is not piecewise smooth enough to be integrated", quote(name)));
}

void check_derivative(const std::string& name, const Function& f, const Function& derivative,
                      const std::vector<double>& kinks) {
  // Central differences in fp64 are good to 1e-8 or so; a wrong derivative is off by far more somewhere.
  constexpr double kStep = 1e-5, kTolerance = 1e-5, kClear = 1e-3;
  for (const double kink : kinks) {
    const double jump = f(kink + 1e-9) - f(kink - 1e-9);
    if (std::abs(jump) > kTolerance)
      throw UsageError(
          fmt::format("activation {} jumps at u = {:.6g}, so it has no derivative; it can serve RF only, "
                      "without one",
                      quote(name), kink));
  }
  for (double u = -4.0123; u < 4.1; u += 0.173) {
    if (std::any_of(kinks.begin(), kinks.end(), [&](double kink) { return std::abs(u - kink) < kClear; }))
      continue;
    const double slope = (f(u + kStep) - f(u - kStep)) / (2 * kStep);
    const double given = derivative(u);
    if (!(std::abs(given - slope) <= kTolerance * (1 + std::abs(slope) + std::abs(f(u)))))
      throw UsageError(
          fmt::format("activation {}: the derivative given is {:.6g} at u = {:.6g}, but the slope there is "
                      "{:.6g}",
                      quote(name), given, u, slope));
  }
}

}  // namespace

Activation activation_from_expression(std::string_view expression, std::string_view derivative) {
  Activation activation{.name = std::string(expression),
                        .value = compile(expression),
                        .derivative = derivative.empty() ? Function() : compile(derivative),
                        .kinks = {},
                        .hermite = {}};
  // First, so that NaN, too fast growth and numbers out of range are reported as what they are.
  const GaussianValues first = gaussian_values(activation, 1, 0);
  const Sampled sampled{.f = activation.value, .size = gaussian_norm(first)};
  check_size(activation.name, sampled.size, sampled.size);
  activation.kinks = find_kinks(activation.name, sampled);
  activation.length = find_length(activation.name, sampled, activation.kinks);
  if (activation.derivative)
    check_derivative(activation.name, activation.value, activation.derivative, activation.kinks);
  activation.hermite = checked_summary(activation);
  return activation;
}

}  // namespace lazygap
