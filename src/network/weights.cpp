#include "lazygap/network/weights.h"

#include <fmt/format.h>

#include <limits>
#include <span>
#include <string>
#include <system_error>

#include "lazygap/core/check.h"
#include "lazygap/core/error.h"
#include "lazygap/core/quote.h"
#include "lazygap/problem/matrix_file.h"
#include "network/feature_moments.h"
#include "network/neuron_functions.h"
#include "network/tangent_moments.h"

namespace lazygap {
namespace {

/// Bound on the truncation error of the kernels above which a risk is not called exact.
constexpr double kKernelError = 1e-6;

void check(const char* function, const Weights& w) {
  check_not_empty(function, "W", w.W.size());
  if (w.b.size() > 0) check_size(function, "b", w.b.size(), "the number of neurons", w.W.cols());
  if (w.A.size() == 0) return check_size(function, "a", w.a.size(), "the number of neurons", w.W.cols());
  check_size(function, "a column of A", w.A.rows(), "the dimension d", w.W.rows());
  check_size(function, "a row of A", w.A.cols(), "the number of neurons", w.W.cols());
}

/// S of f(x) = c + x^T S x for the quadratic activation without biases.
Matrix quadratic_form(const Weights& w) {
  if (w.A.size() == 0) return w.W * w.a.asDiagonal() * w.W.transpose();
  const Matrix product = w.W * w.A.transpose();
  return product + product.transpose();
}

Vector numbers_in(const std::filesystem::path& file, Index count) {
  const Matrix numbers = read_matrix(file);
  if (numbers.cols() != 1 || numbers.rows() != count)
    throw FileError(fmt::format("{}: is a {} x {} array, but must be a list of {} numbers", printable(file.string()),
                                numbers.rows(), numbers.cols(), count));
  return numbers.col(0);
}

}  // namespace

Vector evaluate(const Weights& w, const Activation& activation, const Matrix& X) {
  constexpr auto kFunction = "evaluate";
  check(kFunction, w);
  check_size(kFunction, "a column of X", X.rows(), "the dimension d", w.W.rows());
  Matrix U = w.W.transpose() * X;
  if (w.b.size() > 0) U.colwise() += w.b;
  if (w.A.size() == 0) return (U.unaryExpr(activation.value).transpose() * w.a).array() + w.c;
  if (!activation.derivative)
    throw UsageError("evaluate: NT needs an activation with a derivative, but '" + activation.name +
                     "' has none");
  const Matrix D = U.unaryExpr(activation.derivative);
  return D.cwiseProduct(w.A.transpose() * X).colwise().sum().transpose().array() + w.c;
}

double population_risk(const Problem& problem, const Activation& activation, const Weights& w) {
  constexpr auto kFunction = "population_risk";
  check(kFunction, w);
  network::check_first_layer(kFunction, problem, w.W, w.b);
  if (is_pure_quadratic(activation) && w.b.size() == 0)
    return population_risk(problem, quadratic_form(w), w.c);
  if (w.A.size() == 0) {
    const FeatureMoments moments(problem, activation, w.W, w.b, 0);
    return moments.error() <= kKernelError ? moments.risk(w.a, w.c)
                                           : std::numeric_limits<double>::quiet_NaN();
  }
  const TangentMoments moments(problem, activation, w.W, w.b);
  return moments.error() <= kKernelError ? moments.risk(w.A, w.c) : std::numeric_limits<double>::quiet_NaN();
}

void write_weights(const std::filesystem::path& folder, const Weights& w) {
  check("write_weights", w);
  write_npy(folder / "W.npy", w.W);
  if (w.A.size() > 0) write_npy(folder / "A.npy", w.A);
  if (w.a.size() > 0) write_npy(folder / "a.npy", std::span(w.a.data(), static_cast<std::size_t>(w.a.size())));
  if (w.b.size() > 0) write_npy(folder / "b.npy", std::span(w.b.data(), static_cast<std::size_t>(w.b.size())));
  write_npy(folder / "c.npy", std::span(&w.c, 1));
}

Weights read_weights(const std::filesystem::path& folder) {
  const auto file = [&](const char* name) { return folder / (std::string(name) + ".npy"); };
  std::error_code ignored;
  const auto has = [&](const char* name) { return std::filesystem::exists(file(name), ignored); };
  Weights w{.W = read_matrix(file("W"))};
  // NT has A, NN has a.
  if (has("A"))
    w.A = read_matrix(file("A"));
  else
    w.a = numbers_in(file("a"), w.W.cols());
  if (has("b")) w.b = numbers_in(file("b"), w.W.cols());
  w.c = numbers_in(file("c"), 1)[0];
  if (w.A.size() > 0 && (w.A.rows() != w.W.rows() || w.A.cols() != w.W.cols()))
    throw FileError(fmt::format("{}: is a {} x {} matrix, but must be {} x {} as W is", printable(file("A").string()),
                                w.A.rows(), w.A.cols(), w.W.rows(), w.W.cols()));
  return w;
}

}  // namespace lazygap
