#include "train/fingerprint.h"

#include <fmt/format.h>

#include <boost/uuid/name_generator_sha1.hpp>
#include <boost/uuid/uuid_io.hpp>

#include "train/state.h"

namespace lazygap::train {
namespace {

/// What the samples and the population risk of the problem are made from, entry by entry.
void put(StateWriter& content, const PolynomialTarget& problem) {
  content.put(std::string("polynomial"));
  content.put(problem.beta());
  content.put(problem.offset());
}
void put(StateWriter& content, const GaussianMixture& problem) {
  content.put(std::string(problem.is_diagonal() ? "diagonal mixture" : "mixture"));
  content.put(problem.is_diagonal() ? Matrix(problem.sigma()) : problem.mixing());
  content.put(problem.is_diagonal() ? Matrix(problem.delta()) : Matrix(problem.whitened_delta()));
}

/// An activation of the user's may have any name, so its values count as well. Six digits of them are the
/// same on every processor.
void put(StateWriter& content, const Activation& activation) {
  content.put(activation.name);
  for (int k = -20; k <= 20; ++k) {
    const double u = 0.2 * k + 0.05;  // on neither side of a kink at a round number by rounding alone
    content.put(fmt::format("{:.6g} {:.6g}", activation.value(u), activation.derivative(u)));
  }
}

}  // namespace

std::string fingerprint(Regime regime, const Problem& problem, Index neurons, const Options& o) {
  StateWriter content;
  content.put(fmt::format(
      "{} d={} {} biases={} {} momentum={} noise={} steps={} batch={} step_size={} {} {} {} alpha={} beta={} "
      "{} {} {} records={} test_samples={} seed={} draw={}",
      to_string(regime), dimension(problem), neurons, o.bias_scale, o.train_biases, o.momentum, o.label_noise,
      o.steps, o.batch, o.step_size, static_cast<int>(o.parameterisation), static_cast<int>(o.second_layer),
      o.second_layer_value, o.alpha, o.beta, static_cast<int>(o.schedule), static_cast<int>(o.precision),
      static_cast<int>(o.reduction), o.records, o.test_samples, o.seed, o.draw));
  // States from before these options stay valid.
  if (o.output_scale != 1 || o.subtract_start)
    content.put(fmt::format("output_scale={} subtract_start={}", o.output_scale, o.subtract_start));
  std::visit([&](const auto& p) { put(content, p); }, problem);
  put(content, o.activation);
  // States from before these options stay valid.
  if (o.initial) content.put(Matrix(o.initial->leftCols(neurons)));
  if (o.mechanism) content.put(fmt::format("mechanism {}", fmt::join(o.overlap_ranks, " ")));
  const std::span<const std::byte> bytes = content.bytes();
  const auto hash = boost::uuids::name_generator_sha1(boost::uuids::ns::oid())(bytes.data(), bytes.size());
  return "lazygap training state 5: " + boost::uuids::to_string(hash);
}

}  // namespace lazygap::train
