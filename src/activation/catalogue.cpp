// Every activation with a name: one entry of kEntries each. docs/theory/activations.md says how to add one.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/math/constants/constants.hpp>
#include <charconv>
#include <cmath>
#include <optional>

#include "activation/block.h"
#include "activation/polynomial.h"
#include "activation/summary.h"
#include "lazygap/activation/activation.h"
#include "lazygap/core/error.h"
#include "lazygap/core/quote.h"

namespace lazygap {
namespace {

using boost::math::constants::pi;
constexpr double kPi = pi<double>();
const double kRootTwo = std::sqrt(2.0);
const double kRootTwoPi = std::sqrt(2 * kPi);

/// What stands in the brackets after a name; `written` is the whole of it.
struct Arguments {
  std::string written;
  std::vector<double> values;
};

struct Entry {
  std::string_view name;
  std::string_view usage;  ///< shown in messages
  std::size_t least = 0;   ///< number of arguments
  std::size_t most = 0;
  Activation (*make)(const Arguments&);
};

double density(double u) { return std::exp(-u * u / 2) / kRootTwoPi; }
double cumulative(double u) { return std::erfc(-u / kRootTwo) / 2; }
double logistic(double u) { return 1 / (1 + std::exp(-u)); }
double step(double u) { return u > 0 ? 1 : 0; }
double sign(double u) { return static_cast<double>((u > 0) - (u < 0)); }

/// sqrt(v1 v2 - c^2), the product of the standard deviations and the sine of the angle between u_1 and u_2:
/// exactly 0 where v1 = v2 = |c|, and where rounding puts |c| above the product.
double root_determinant(double v1, double v2, double c) {
  const double product = std::sqrt(v1 * v2);
  return std::sqrt(std::max((product - c) * (product + c), 0.0));
}

/// The angle between u_1 and u_2, in [0, pi]; unlike acos(c / sqrt(v1 v2)) accurate near 0 and pi.
double angle(double v1, double v2, double c) { return std::atan2(root_determinant(v1, v2, c), c); }

/// Arc-cosine kernels of order 0 and 1 [CS09]: E[step step] and E[relu relu].
double step_kernel(double v1, double v2, double c) { return (kPi - angle(v1, v2, c)) / (2 * kPi); }
double relu_kernel(double v1, double v2, double c) {
  return (root_determinant(v1, v2, c) + (kPi - angle(v1, v2, c)) * c) / (2 * kPi);
}

double sign_kernel(double v1, double v2, double c) { return 1 - 2 * angle(v1, v2, c) / kPi; }

double sin_kernel(double v1, double v2, double c) {
  return (std::exp(c - (v1 + v2) / 2) - std::exp(-c - (v1 + v2) / 2)) / 2;
}
double cos_kernel(double v1, double v2, double c) {
  return (std::exp(c - (v1 + v2) / 2) + std::exp(-c - (v1 + v2) / 2)) / 2;
}

/// det(I + C), C the covariance of (u_1, u_2).
double shifted_determinant(double v1, double v2, double c) { return (1 + v1) * (1 + v2) - c * c; }
/// E[Phi(u_1) Phi(u_2)] and E[phi(u_1) phi(u_2)], Phi and phi of N(0,1).
double cumulative_kernel(double v1, double v2, double c) {
  return 0.25 + std::atan2(c, std::sqrt(shifted_determinant(v1, v2, c))) / (2 * kPi);
}
double density_kernel(double v1, double v2, double c) {
  return 1 / (2 * kPi * std::sqrt(shifted_determinant(v1, v2, c)));
}

/// From E[u_1 Phi_1 u_2 Phi_2] by Gaussian integration by parts in u_1, then in u_2.
double gelu_kernel(double v1, double v2, double c) {
  const double rest = v1 * v2 - c * c + c * c * (1 / (1 + v1) + 1 / (1 + v2));
  return c * cumulative_kernel(v1, v2, c) + density_kernel(v1, v2, c) * rest;
}
/// sigma' = Phi + u phi.
double gelu_derivative_kernel(double v1, double v2, double c) {
  const double mixed = 1 / (1 + v1) + 1 / (1 + v2) + 1 / shifted_determinant(v1, v2, c);
  return cumulative_kernel(v1, v2, c) + density_kernel(v1, v2, c) * c * mixed;
}

Activation leaky_relu(double a) {
  return {.name = {},
          .value = [a](double u) { return u > 0 ? u : a * u; },
          .derivative = [a](double u) { return u > 0 ? 1 : a; },
          .kinks = {0},
          .hermite = {},
          // a u + (1-a) relu(u), and E[u_1 relu(u_2)] = c / 2.
          .kernel = [a](double v1, double v2,
                        double c) { return a * c + (1 - a) * (1 - a) * relu_kernel(v1, v2, c); },
          .derivative_kernel = [a](double v1, double v2,
                                   double c) { return a + (1 - a) * (1 - a) * step_kernel(v1, v2, c); },
          .block = make_block(BlockFormula::leaky_relu, {a})};
}

const Entry kEntries[] = {
    {"quadratic", "quadratic", 0, 0, [](const Arguments&) { return Activation::quadratic(); }},
    {"relu", "relu", 0, 0,
     [](const Arguments&) {
       return Activation{.name = {},
                         .value = [](double u) { return u > 0 ? u : 0; },
                         .derivative = step,
                         .kinks = {0},
                         .hermite = {},
                         .kernel = relu_kernel,
                         .derivative_kernel = step_kernel,
                         .block = make_block(BlockFormula::leaky_relu, {0.0})};
     }},
    {"leaky_relu", "leaky_relu or leaky_relu(a), a the slope at u < 0, 0.01 by default", 0, 1,
     [](const Arguments& arguments) {
       return leaky_relu(arguments.values.empty() ? 0.01 : arguments.values[0]);
     }},
    {"abs", "abs", 0, 0,
     [](const Arguments&) {
       return Activation{
           .name = {},
           .value = [](double u) { return std::abs(u); },
           .derivative = sign,
           .kinks = {0},
           .hermite = {},
           .kernel = [](double v1, double v2, double c) { return 4 * relu_kernel(v1, v2, c) - c; },
           .derivative_kernel = sign_kernel,
           .block = make_block(BlockFormula::abs)};
     }},
    {"tanh", "tanh", 0, 0,
     [](const Arguments&) {
       return Activation{.name = {},
                         .value = [](double u) { return std::tanh(u); },
                         .derivative = [](double u) { return 1 / (std::cosh(u) * std::cosh(u)); },
                         .kinks = {},
                         .hermite = {},
                         .block = make_block(BlockFormula::tanh)};
     }},
    {"erf", "erf", 0, 0,
     [](const Arguments&) {
       return Activation{
           .name = {},
           .value = [](double u) { return std::erf(u); },
           .derivative = [](double u) { return 2 / std::sqrt(kPi) * std::exp(-u * u); },
           .kinks = {},
           .hermite = {},
           // [Wil97]; erf(u) = 2 Phi(sqrt(2) u) - 1.
           .kernel = [](double v1, double v2,
                        double c) { return 4 * cumulative_kernel(2 * v1, 2 * v2, 2 * c) - 1; },
           .derivative_kernel = [](double v1, double v2,
                                   double c) { return 8 * density_kernel(2 * v1, 2 * v2, 2 * c); },
           .block = make_block(BlockFormula::erf)};
     }},
    {"sigmoid", "sigmoid", 0, 0,
     [](const Arguments&) {
       return Activation{.name = {},
                         .value = logistic,
                         .derivative = [](double u) { return logistic(u) * logistic(-u); },
                         .kinks = {},
                         .hermite = {},
                         .block = make_block(BlockFormula::sigmoid)};
     }},
    {"softplus", "softplus", 0, 0,
     [](const Arguments&) {
       return Activation{
           .name = {},
           .value = [](double u) { return std::max(u, 0.0) + std::log1p(std::exp(-std::abs(u))); },
           .derivative = logistic,
           .kinks = {},
           .hermite = {},
           .block = make_block(BlockFormula::softplus)};
     }},
    {"gelu", "gelu", 0, 0,
     [](const Arguments&) {
       return Activation{.name = {},
                         .value = [](double u) { return u * cumulative(u); },
                         .derivative = [](double u) { return cumulative(u) + u * density(u); },
                         .kinks = {},
                         .hermite = {},
                         .kernel = gelu_kernel,
                         .derivative_kernel = gelu_derivative_kernel,
                         .block = make_block(BlockFormula::gelu)};
     }},
    {"swish", "swish", 0, 0,
     [](const Arguments&) {
       return Activation{.name = {},
                         .value = [](double u) { return u * logistic(u); },
                         .derivative = [](double u) { return logistic(u) * (1 + u * logistic(-u)); },
                         .kinks = {},
                         .hermite = {},
                         .block = make_block(BlockFormula::swish)};
     }},
    {"sin", "sin", 0, 0,
     [](const Arguments&) {
       return Activation{.name = {},
                         .value = [](double u) { return std::sin(u); },
                         .derivative = [](double u) { return std::cos(u); },
                         .kinks = {},
                         .hermite = {},
                         .kernel = sin_kernel,
                         .derivative_kernel = cos_kernel,
                         .block = make_block(BlockFormula::sin)};
     }},
    {"cos", "cos", 0, 0,
     [](const Arguments&) {
       return Activation{.name = {},
                         .value = [](double u) { return std::cos(u); },
                         .derivative = [](double u) { return -std::sin(u); },
                         .kinks = {},
                         .hermite = {},
                         .kernel = cos_kernel,
                         .derivative_kernel = sin_kernel,
                         .block = make_block(BlockFormula::cos)};
     }},
    {"sign", "sign (RF only)", 0, 0,
     [](const Arguments&) {
       return Activation{
           .name = {}, .value = sign, .derivative = {}, .kinks = {0}, .hermite = {}, .kernel = sign_kernel};
     }},
    {"hermite", "hermite(k), He_k with k from 2 to 20", 1, 1,
     [](const Arguments& arguments) {
       const double k = arguments.values[0];
       if (!(k >= 2 && k <= 20 && k == std::floor(k)))
         throw UsageError(
             fmt::format("activation {}: k must be a whole number from 2 to 20", quote(arguments.written)));
       std::vector<double> a(static_cast<std::size_t>(k) + 1, 0.0);
       a.back() = 1;
       return hermite_polynomial(arguments.written, std::move(a));
     }},
    {"polynomial", "polynomial(a_0, a_1, ...), sum a_n u^n of degree at most 20", 1, 21,
     [](const Arguments& arguments) { return power_polynomial(arguments.written, arguments.values); }},
};

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::optional<double> parse_number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

/// The numbers in `list`, which stands between the brackets of `written`.
std::vector<double> parse_arguments(std::string_view written, std::string_view list) {
  std::vector<double> values;
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    const std::string_view word = trim(list.substr(begin, end - begin));
    const std::optional<double> value = parse_number(word);
    if (!value)
      throw UsageError(fmt::format("activation {}: {} is not a finite number", quote(written), quote(word)));
    values.push_back(*value);
    begin = end + 1;
  }
  return values;
}

}  // namespace

Activation Activation::quadratic() {
  return {.name = "quadratic",
          .value = [](double u) { return u * u; },
          .derivative = [](double u) { return 2 * u; },
          .kinks = {},
          .hermite = {.lambda_0 = 1, .lambda_1 = 0, .lambda_2 = 2, .lambda_tilde = 2},
          .kernel = [](double v1, double v2, double c) { return v1 * v2 + 2 * c * c; },
          .derivative_kernel = [](double, double, double c) { return 4 * c; },
          .block = make_block(BlockFormula::quadratic)};
}

std::vector<std::string> activation_names() {
  std::vector<std::string> names;
  for (const Entry& entry : kEntries) names.emplace_back(entry.usage);
  return names;
}

Activation activation_from_name(std::string_view name) {
  const std::string_view written = trim(name);
  const std::size_t bracket = written.find('(');
  const std::string_view word = trim(written.substr(0, bracket));
  const auto entry = std::find_if(std::begin(kEntries), std::end(kEntries),
                                  [&](const Entry& candidate) { return candidate.name == word; });
  if (entry == std::end(kEntries))
    throw UsageError(fmt::format("{} is not an activation, but must be one of {}", quote(written),
                                 fmt::join(activation_names(), "; ")));
  Arguments arguments{.written = std::string(written), .values = {}};
  if (bracket != std::string_view::npos) {
    if (written.back() != ')')
      throw UsageError(fmt::format("activation {}: the closing bracket is missing", quote(written)));
    arguments.values = parse_arguments(written, written.substr(bracket + 1, written.size() - bracket - 2));
  }
  if (arguments.values.size() < entry->least || arguments.values.size() > entry->most)
    throw UsageError(fmt::format("activation {} has {} arguments, but should be written as {}",
                                 quote(written), arguments.values.size(), entry->usage));
  Activation activation = entry->make(arguments);
  activation.name = arguments.written;
  if (activation.hermite.lambda_tilde == 0) activation.hermite = checked_summary(activation);
  return activation;
}

}  // namespace lazygap
