#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <chrono>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "lazygap/activation/activation.h"
#include "lazygap/core/answer.h"
#include "lazygap/core/control.h"
#include "lazygap/core/matrix.h"
#include "lazygap/network/first_layer.h"
#include "lazygap/network/second_layer.h"
#include "lazygap/problem/problem.h"

/// What all bindings share. Public functions of the package are Python; they check shapes and speak of arguments by
/// their Python names, so that a function here only converts.
///
/// Layout: an array (N, d) or (n, d) in C order is the d x N or d x n column-major matrix of the library.
namespace lazygap::python {

namespace nb = nanobind;

using Array1 = nb::ndarray<const double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Array2 = nb::ndarray<const double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Indices = nb::ndarray<const std::int64_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using NumPy = nb::ndarray<nb::numpy, double>;

[[nodiscard]] Vector to_vector(const Array1& array);
[[nodiscard]] Vector to_vector(const std::optional<Array1>& array);
/// (N, d) -> d x N.
[[nodiscard]] Matrix to_matrix(const Array2& array);
[[nodiscard]] std::vector<Index> to_indices(const Indices& array);
[[nodiscard]] NumPy to_numpy(Vector vector);
[[nodiscard]] NumPy to_numpy(const std::vector<double>& numbers);
/// d x N -> (N, d).
[[nodiscard]] NumPy to_numpy(Matrix matrix);
[[nodiscard]] nb::dict to_dict(const Answer& answer);
/// "isotropic", "aligned", or Gamma itself: an array (d,) or (d, d).
[[nodiscard]] FirstLayerLaw to_law(const Problem& problem, const nb::object& gamma);

/// "positive", "negative", "one_sign", else free.
[[nodiscard]] SecondLayerSign to_sign(const std::string& word);

/// How work on another thread talks to the thread that waits for it.
class Work {
 public:
  [[nodiscard]] Control control();
  void set_fraction(double fraction);
  void set_message(std::string message);
  [[nodiscard]] bool is_stopped();

 private:
  template <class Function>
  friend auto interruptible(nb::object progress, Function function);
  friend void wait_for(const std::shared_ptr<Work>& work, const nb::object& progress);
  friend void start(const std::shared_ptr<Work>& work, std::function<void()> body);

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stop_ = false, done_ = false;
  double fraction_ = 0;
  std::vector<std::string> messages_;
  std::exception_ptr error_;
};

/// Starts `body` on a thread of its own, with BLAS at one thread: results do not depend on the number of threads, and
/// the setting is given back at the end.
void start(const std::shared_ptr<Work>& work, std::function<void()> body);
/// Waits without the GIL. Every 50 ms it looks for signals and tells `progress(fraction, messages)`, on the thread of
/// the caller. Ctrl-C and whatever `progress` throws stop the work: it is given 0.2 s to end, and is left to
/// itself if it takes longer.
void wait_for(const std::shared_ptr<Work>& work, const nb::object& progress);

/// function(Work&) on a thread of its own, for everything that may take longer than a moment. `function` owns what it
/// uses, and touches no Python object: it may outlive the call.
template <class Function>
auto interruptible(nb::object progress, Function function) {
  using Result = decltype(function(std::declval<Work&>()));
  auto work = std::make_shared<Work>();
  auto result = std::make_shared<std::optional<Result>>();
  start(work, [work, result, function = std::move(function)]() mutable { result->emplace(function(*work)); });
  wait_for(work, progress);
  return std::move(**result);
}

/// Waits for computations that were left to themselves; called when the interpreter ends.
void wait_for_abandoned();
/// Those of the parent process do not exist in a forked child.
void forget_abandoned();

/// A problem of the library in its working coordinates.
struct ProblemHandle {
  Problem problem;
};

void bind_problem(nb::module_& module);
void bind_activation(nb::module_& module);
void bind_network(nb::module_& module);
void bind_limit(nb::module_& module);
void bind_exact(nb::module_& module);
void bind_curve(nb::module_& module);
void bind_train(nb::module_& module);
void bind_plan(nb::module_& module);
void bind_data(nb::module_& module);
void bind_comparison(nb::module_& module);

}  // namespace lazygap::python
