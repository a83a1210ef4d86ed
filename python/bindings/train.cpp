#include <filesystem>
#include <fstream>
#include <iterator>
#include <unordered_map>

#include <fmt/format.h>

#include "bindings.h"
#include "lazygap/core/error.h"
#include "lazygap/route/train.h"
#include "lazygap/train/flow.h"
#include "lazygap/train/sgd.h"
#include "question.h"

namespace lazygap::python {
namespace {

namespace fs = std::filesystem;

/// The question that `keys`, a problem and an activation make, with every default filled in.
struct Asked {
  question::Question question;
  question::Instance instance;
};

Asked ask(const ProblemHandle& handle, const Activation& activation, bool is_quadratic, const nb::dict& keys) {
  Asked asked{to_question(keys), {handle.problem, activation, {}, {}}};
  question::Question& q = asked.question;
  q.problem.d = dimension(handle.problem);
  const auto* target = std::get_if<PolynomialTarget>(&handle.problem);
  q.problem.model = target == nullptr ? "mg" : target->is_quadratic() ? "qf" : "polynomial";
  const Vector& spectrum =
      target != nullptr ? target->eigenvalues() : std::get<GaussianMixture>(handle.problem).whitened_delta();
  q.problem.indefinite_matrix = spectrum.minCoeff() < 0 && spectrum.maxCoeff() > 0;
  // Defaults ask for the spectrum's sign only, and whether the activation is quadratic.
  q.problem.matrix = std::make_shared<const Matrix>(spectrum);
  if (!is_quadratic) q.network.activation = {.name = "relu"};
  question::complete(q);
  return asked;
}

void write_whole(const fs::path& file, std::span<const std::byte> bytes) {
  const fs::path partial = file.string() + ".partial";
  std::ofstream out(partial, std::ios::binary);
  out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  out.close();
  std::error_code error;
  if (out) fs::rename(partial, file, error);
  if (!out || error) throw FileError(fmt::format("{}: cannot be written", file.string()));
}

std::vector<std::byte> read_state(const std::string& file) {
  std::vector<std::byte> bytes;
  std::error_code error;
  if (file.empty() || !fs::exists(file, error)) return bytes;
  std::ifstream in(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  if (!in) throw FileError(fmt::format("{}: cannot be read", file));
  bytes.resize(text.size());
  std::transform(text.begin(), text.end(), bytes.begin(), [](char c) { return static_cast<std::byte>(c); });
  return bytes;
}

nb::object part(Matrix matrix) { return matrix.size() == 0 ? nb::none() : nb::cast(to_numpy(std::move(matrix))); }
nb::object part(Vector vector) { return vector.size() == 0 ? nb::none() : nb::cast(to_numpy(std::move(vector))); }

nb::dict outcome_dict(const train::Outcome& outcome) {
  nb::dict dict;
  dict["risk"] = outcome.risk;
  dict["test_risk"] = outcome.test_risk;
  dict["test_se"] = outcome.test_se;
  dict["status"] = std::string(to_string(outcome.status));
  dict["steps_done"] = outcome.steps_done;
  dict["path"] = outcome.path;
  std::vector<double> steps, samples, risks;
  for (const train::Point& point : outcome.trajectory) {
    steps.push_back(static_cast<double>(point.step));
    samples.push_back(point.samples);
    risks.push_back(point.risk);
  }
  dict["steps"] = to_numpy(steps);
  dict["samples"] = to_numpy(samples);
  dict["risks"] = to_numpy(risks);
  dict["W"] = part(outcome.weights.W);
  dict["b"] = part(outcome.weights.b);
  dict["a"] = part(outcome.weights.a);
  dict["A"] = part(outcome.weights.A);
  dict["c"] = outcome.weights.c;
  return dict;
}

nb::list train_networks(const ProblemHandle& handle, const Activation& activation, bool is_quadratic,
                        const nb::dict& keys, std::vector<double> step_sizes, bool halving,
                        const std::string& checkpoint, const nb::object& progress) {
  Asked asked = ask(handle, activation, is_quadratic, keys);
  if (step_sizes.empty()) step_sizes = route::default_step_sizes(asked.question, asked.instance);
  train::Options options = route::train_options(asked.question, asked.instance);
  options.keep_weights = true;
  std::vector<train::Network> networks;
  for (const double size : step_sizes)
    networks.push_back({.neurons = asked.question.neurons(), .step_size = size, .draw = asked.question.draw});
  const std::vector<std::byte> state = read_state(checkpoint);
  const auto outcomes = interruptible(
      progress, [problem = asked.instance.problem, regime = asked.question.network.regime, networks, options,
                 halving, checkpoint, state](Work& work) {
        train::GroupHooks hooks{.progress = work.control().progress, .stop = work.control().stop};
        if (!checkpoint.empty())
          hooks.save = [&](std::size_t, std::span<const std::byte> bytes) { write_whole(checkpoint, bytes); };
        if (!state.empty()) hooks.resume = {state};
        return train::run_networks(regime, problem, networks, options,
                                   halving ? train::Search::halving : train::Search::full, hooks);
      });
  nb::list list;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    nb::dict dict = outcome_dict(outcomes[i]);
    dict["step_size"] = step_sizes[i];
    list.append(dict);
  }
  return list;
}

nb::dict flow(const ProblemHandle& handle, const Activation& activation, bool is_quadratic, const nb::dict& keys,
              const nb::object& progress) {
  const Asked asked = ask(handle, activation, is_quadratic, keys);
  train::Options options = route::train_options(asked.question, asked.instance);
  options.precision = train::Precision::fp64;
  options.keep_weights = true;
  return outcome_dict(interruptible(
      progress, [problem = asked.instance.problem, regime = asked.question.network.regime,
                 neurons = asked.question.neurons(), options](Work& work) {
        return regime == Regime::nn ? train::flow_nn(problem, neurons, options, work.control())
                                    : train::flow_nt(problem, neurons, options, work.control());
      }));
}

}  // namespace

void bind_train(nb::module_& module) {
  module.def("train", train_networks, nb::arg("problem"), nb::arg("activation"), nb::arg("is_quadratic"),
             nb::arg("keys"), nb::arg("step_sizes"), nb::arg("halving"), nb::arg("checkpoint"),
             nb::arg("progress").none());
  module.def("flow", flow, nb::arg("problem"), nb::arg("activation"), nb::arg("is_quadratic"), nb::arg("keys"),
             nb::arg("progress").none());
}

}  // namespace lazygap::python
