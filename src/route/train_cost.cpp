#include <algorithm>

#include "route/cost.h"
#include "route/trained_result.h"

/// The operations and the memory that training takes.
namespace lazygap::route {
namespace {

/// Whether a sample of mg costs a product with a d x d matrix. A sample is x = M z with z from independent
/// normals (problem/gaussian_mixture.h). Where Sigma and Delta are diagonal, so is M, and there is no
/// product.
bool mixes_samples(const Question& question) {
  const question::ProblemSpec& problem = question.problem;
  return question.is_mixture() &&
         (problem.haar_rotated || problem.matrix || (problem.sigma && problem.sigma->cols() > 1));
}

double precision_factor(const train::Options& options) {
  return options.precision == train::Precision::fp64 ? 1 : kSingle;
}

/// Networks that a step evaluates: the start, too, where it is subtracted.
double networks(const Question& question) {
  return question.network.regime == Regime::nn && question.network.subtract_start ? 2 : 1;
}

/// Numbers that a run keeps beside its own: the weights in the end, twice, and the spectra on the way.
double kept_numbers(const Question& question) {
  const train::Options& options = question.train.options;
  const auto d = static_cast<double>(question.problem.d), N = static_cast<double>(question.neurons());
  return (options.keep_weights ? 4 * d * N : 0) +
         (options.mechanism
              ? static_cast<double>(options.records) * (std::min(N, d) + 8) + 4 * d * N + 4 * d * d
              : 0);
}

/// The quadratic activation, which has an algebra of its own (train/sgd.h).
Cost cost_of_quadratic(const Question& question) {
  const train::Options& options = question.train.options;
  const auto d = static_cast<double>(question.problem.d), N = static_cast<double>(question.neurons());
  const auto batch = static_cast<double>(options.batch), steps = static_cast<double>(options.steps);
  const auto records = static_cast<double>(options.records);
  const bool is_nt = question.network.regime == Regime::nt;
  const double narrow = std::min(N, d);
  const double width = is_nt || options.reduction == train::Reduction::automatic ? narrow : N;
  const double trained = is_nt ? d * narrow - narrow * narrow / 2 : d * width;
  const bool bf16 = options.precision == train::Precision::bf16 && !is_nt;
  const double products = bf16 ? kBf16 : precision_factor(options);
  const double evaluated = 2 * (1 + networks(question));  // forward, for each network, and one update
  return {
      .operations = steps * products * evaluated * trained * batch + operations_of_samples(question) +
                    records * 2 * d * d * width + static_cast<double>(options.test_samples) * 2 * d * width +
                    kFactorisation * 4 * d * d * d,
      .bytes = kNumber *
               (kept_numbers(question) + (is_nt ? 1.5 : 2 * networks(question)) * d * N +
                (is_nt ? 5.5 : 2) * d * d + precision_factor(options) * batch * (d + width) + records * 3)};
}

}  // namespace

bool rotates_samples(const Question& question) {
  return question.network.regime == Regime::nt && question.problem.model != "qf" &&
         question::trains_quadratic(question);
}

double operations_of_samples(const Question& question) {
  const train::Options& options = question.train.options;
  const auto d = static_cast<double>(question.problem.d);
  const double normals = static_cast<double>(options.steps * options.batch) * d;
  // A rotation is a product with a d x d matrix, or two products with d x N matrices where that is less. Both
  // run at half the speed of the products of a step.
  const double rotation =
      rotates_samples(question) ? std::min(d, 2 * static_cast<double>(question.neurons())) : 0;
  const double mixing = mixes_samples(question) ? d : 0;
  return precision_factor(options) * normals * (kOperationsOfANormal + 4 * (rotation + mixing));
}

Cost cost_of_moments(const Question& question) {
  if (question.network.regime != Regime::nt || question::trains_quadratic(question)) return {};
  const auto N = static_cast<double>(question.neurons());
  return {.operations = components(question) * making_moments_of_nt(N),
          .bytes = kNumber * 4.2 * components(question) * N * N};
}

Cost cost_of_training(const Question& question) {
  if (question::trains_quadratic(question)) return cost_of_quadratic(question);
  const train::Options& options = question.train.options;
  const auto d = static_cast<double>(question.problem.d), N = static_cast<double>(question.neurons());
  const auto batch = static_cast<double>(options.batch), steps = static_cast<double>(options.steps);
  const bool is_nt = question.network.regime == Regime::nt;
  const double all = networks(question) * N;  // neurons
  const double step = (is_nt ? 6 * N : 2 * (all + N)) * d * batch + kOperationsOfAnActivation * all * batch;
  const double risk = components(question) * (is_nt ? moments_of_nt(N, d) : moments_of_rf(all, d));
  const Cost moments = cost_of_moments(question);
  return {
      .operations = steps * precision_factor(options) * step + operations_of_samples(question) +
                    static_cast<double>(options.records) * risk +
                    static_cast<double>(options.test_samples) * 4 * d * N + moments.operations,
      .bytes = kNumber * (kept_numbers(question) + (is_nt ? 13 * d * N : 0.75 * all * all + 4.7 * d * all) +
                          precision_factor(options) * 1.5 * batch * (d + N)) +
               moments.bytes};
}

}  // namespace lazygap::route
