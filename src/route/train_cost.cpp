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
  return {.operations = steps * products * 4 * trained * batch + operations_of_samples(question) +
                        records * 2 * d * d * width +
                        static_cast<double>(options.test_samples) * 2 * d * width +
                        kFactorisation * 4 * d * d * d,
          .bytes = kNumber * (kept_numbers(question) + 2 * d * N + 2 * d * width + 6 * d * d +
                              2 * batch * (d + width) + records * 3)};
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
          .bytes = kNumber * 3 * components(question) * N * N};
}

Cost cost_of_training(const Question& question) {
  if (question::trains_quadratic(question)) return cost_of_quadratic(question);
  const train::Options& options = question.train.options;
  const auto d = static_cast<double>(question.problem.d), N = static_cast<double>(question.neurons());
  const auto batch = static_cast<double>(options.batch), steps = static_cast<double>(options.steps);
  const bool is_nt = question.network.regime == Regime::nt;
  const double step = (is_nt ? 6 : 4) * d * N * batch + kOperationsOfAnActivation * N * batch;
  const double risk = components(question) * (is_nt ? moments_of_nt(N, d) : moments_of_rf(N, d));
  const Cost moments = cost_of_moments(question);
  return {
      .operations = steps * precision_factor(options) * step + operations_of_samples(question) +
                    static_cast<double>(options.records) * risk +
                    static_cast<double>(options.test_samples) * 4 * d * N + moments.operations,
      .bytes = kNumber * (kept_numbers(question) + (is_nt ? 0 : N * N) + 6 * d * N + 3 * batch * (d + N)) +
               moments.bytes};
}

}  // namespace lazygap::route
