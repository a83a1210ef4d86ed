#include <algorithm>
#include <set>
#include <utility>

#include "lazygap/experiment/cells.h"
#include "lazygap/fit/nt.h"

/// Operation counts and memory of the cells, for --dry-run and for the order in which they are computed.
namespace lazygap::experiment {
namespace {

/// Multiplications and additions that take as long as drawing one normal number, roughly.
constexpr double kOperationsOfANormal = 150;
/// fp32 counts half: twice as many numbers in a register.
constexpr double kSingle = 0.5;
/// Products of bf16 numbers, twice as fast again.
constexpr double kBf16 = 0.25;
/// Factorisations run further from the peak of the processor than products.
constexpr double kFactorisation = 3;

/// Degree of the Hermite series behind the moments of general features, and conjugate-gradient steps on them:
/// typical ones.
constexpr double kSeriesDegree = 48;
constexpr double kGeneralIterations = 80;
/// Operations that take as long as one value of an activation, with its derivative.
constexpr double kOperationsOfAnActivation = 60;

/// Second moments of N general features: the Gram matrix of RF, or one product with that of NT.
double moments_of_rf(double N, double d) { return N * N * (2 * d + 2 * kSeriesDegree); }
double moments_of_nt(double N, double d) { return N * N * 8 * d; }
double making_moments_of_nt(double N) { return N * N * 6 * kSeriesDegree; }

Cost exact_cost(const Plan& plan, const Cell& cell) {
  const auto d = static_cast<double>(plan.problem.d);
  const auto N = static_cast<double>(cell.N);
  const double narrow = std::min(N, d);
  constexpr double kNumber = sizeof(double);
  const double components = plan.problem.model == "mg" ? 2 : 1;
  const bool general = !is_quadratic(plan) || (is_rf(cell.regime) && !plan.activation.centred);
  if (is_rf(cell.regime)) {
    const double rank = general ? N : std::min(N, d * (d + 1) / 2);
    const double gram = general ? components * moments_of_rf(N, d) : 2 * N * N * d + 2 * d * d * N;
    return {.operations = gram + kFactorisation * N * rank * rank / 3,
            .bytes = kNumber * (N * N + 3 * d * N + 2 * d * d + (general ? kSeriesDegree * N : 0))};
  }
  if (cell.regime == Regime::nt && general)
    return {.operations = components * (kGeneralIterations * moments_of_nt(N, d) + making_moments_of_nt(N)),
            .bytes = kNumber * (3 * components * N * N + 10 * d * N)};
  if (cell.regime == Regime::nt) {
    // An orthogonal basis and two products; on mg again and again in conjugate gradients.
    const double iterations = plan.problem.model == "mg" ? 20 : 0;
    return {.operations = kFactorisation * 4 * d * d * narrow + (1 + iterations) * 8 * d * d * narrow +
                          kOperationsOfANormal * d * N,
            .bytes = kNumber * (3 * d * N + 8 * d * d)};
  }
  return {.operations = 1e7 + 1e4 * d, .bytes = 10 * kNumber * d};
}

/// As train/sgd.h: NT has no second layer that could be free.
bool is_quadratic_form(const Plan& plan, const Cell& cell) {
  const train::Options& options = plan.train.options;
  return is_quadratic(plan) && options.momentum == 0 &&
         (cell.regime == Regime::nt || options.second_layer != train::SecondLayer::free);
}

/// NT with quadratic activation on other targets than qf works in coordinates of its own.
bool rotates_samples(const Plan& plan, const Cell& cell) {
  return cell.regime == Regime::nt && plan.problem.model != "qf" && is_quadratic_form(plan, cell);
}

/// The coordinates in which a mixture has diagonal covariances may be oblique to those in which it is
/// whitened.
bool mixes_samples(const ProblemPlan& problem) {
  return problem.model == "mg" &&
         (problem.haar_rotated || problem.matrix.cols() > 1 || problem.sigma.cols() > 1);
}

/// Operations of making the samples of one training.
double sampling(const Plan& plan, const Cell& cell) {
  const train::Options& options = plan.train.options;
  const auto d = static_cast<double>(plan.problem.d);
  const double normals = static_cast<double>(options.steps * options.batch) * d;
  // Products with d x d matrices, or two with d x N ones, that run at half the speed.
  const double rotation = rotates_samples(plan, cell) ? std::min(d, 2 * static_cast<double>(cell.N)) : 0;
  const double mixing = mixes_samples(plan.problem) ? d : 0;
  return (options.precision == train::Precision::fp64 ? 1 : kSingle) * normals *
         (kOperationsOfANormal + 4 * (rotation + mixing));
}

/// The moments of NT with a general activation.
Cost tangent_moments(const Plan& plan, const Cell& cell) {
  if (cell.regime != Regime::nt || is_quadratic_form(plan, cell)) return {};
  const auto N = static_cast<double>(cell.N);
  const double components = plan.problem.model == "mg" ? 2 : 1;
  return {.operations = components * making_moments_of_nt(N),
          .bytes = sizeof(double) * 3 * components * N * N};
}

Cost train_cost(const Plan& plan, const Cell& cell) {
  const auto d = static_cast<double>(plan.problem.d);
  const auto N = static_cast<double>(cell.N);
  const train::Options& options = plan.train.options;
  const auto batch = static_cast<double>(options.batch);
  const auto steps = static_cast<double>(options.steps);
  const auto records = static_cast<double>(options.records);
  const auto test_samples = static_cast<double>(options.test_samples);
  const double precision = options.precision == train::Precision::fp64 ? 1 : kSingle;
  constexpr double kNumber = sizeof(double);
  const bool is_nt = cell.regime == Regime::nt;
  if (!is_quadratic_form(plan, cell)) {
    const double components = plan.problem.model == "mg" ? 2 : 1;
    const double step = (is_nt ? 6 : 4) * d * N * batch + kOperationsOfAnActivation * N * batch;
    const double risk = components * (is_nt ? moments_of_nt(N, d) : moments_of_rf(N, d));
    const Cost moments = tangent_moments(plan, cell);
    return {.operations = steps * precision * step + sampling(plan, cell) + records * risk +
                          test_samples * 4 * d * N + moments.operations,
            .bytes = kNumber * ((is_nt ? 0 : N * N) + 6 * d * N + 3 * batch * (d + N)) + moments.bytes};
  }
  const double narrow = std::min(N, d);
  const double width = is_nt || options.reduction == train::Reduction::automatic ? narrow : N;
  const double trained = is_nt ? d * narrow - narrow * narrow / 2 : d * width;
  const bool bf16 = options.precision == train::Precision::bf16 && cell.regime == Regime::nn;
  const double products = bf16 ? kBf16 : precision;
  return {.operations = steps * products * 4 * trained * batch + sampling(plan, cell) +
                        records * 2 * d * d * width + test_samples * 2 * d * width +
                        kFactorisation * 4 * d * d * d,
          .bytes = kNumber * (2 * d * N + 2 * d * width + 6 * d * d + 2 * batch * (d + width) + records * 3)};
}

Cost fit_cost(const Plan& plan, const Cell& cell) {
  const auto d = static_cast<double>(plan.problem.d);
  const auto N = static_cast<double>(cell.N);
  const auto n = static_cast<double>(plan.fit.samples);
  if (cell.regime == Regime::nt) {
    const fit::NtCost cost = fit::nt_cost(plan.problem.d, cell.N, {.samples = plan.fit.samples});
    return {.operations = cost.operations, .bytes = cost.bytes};
  }
  const auto block = static_cast<double>(fit::Options().block);
  const bool fp64 = plan.fit.precision == fit::Precision::fp64;
  const double evaluation =
      2 * N * d + kOperationsOfANormal * d + (is_quadratic(plan) ? 0 : kOperationsOfAnActivation * N);
  return {.operations = n * (fp64 ? 1 : kSingle) * (N * N + evaluation) + kFactorisation * N * N * N / 3,
          .bytes = 24 * N * N + (fp64 ? 8 : 4) * block * (N + d) + sizeof(double) * 2 * d * N};
}

Cost cell_cost(const Plan& plan, const Cell& cell) {
  const auto d = static_cast<double>(plan.problem.d);
  const auto N = static_cast<double>(cell.N);
  constexpr double kNumber = sizeof(double);
  switch (cell.method) {
    case Method::limit:
      return {.operations = 1e5 + 1e3 * d, .bytes = 10 * kNumber * d};
    case Method::exact:
      return exact_cost(plan, cell);
    case Method::train:
      return train_cost(plan, cell);
    case Method::fit:
      return fit_cost(plan, cell);
    case Method::flow:
      // Evaluations of the right-hand side, from runs of the paper's length at d = 450; other problems
      // differ.
      return {.operations = (cell.regime == Regime::nn ? 9000 : 600) * 4 * d * d * std::min(N, d),
              .bytes = kNumber * (2 * d * N + 20 * d * d)};
  }
  return {};
}

/// Part of the steps of a grid that successive halving takes: measured, docs/theory/train.md.
constexpr double kHalving = 0.5;

}  // namespace

Cost group_cost(const Plan& plan, std::span<const Cell> cells) {
  if (cells.front().method != Method::train)
    return cell_cost(plan, cells.back());  // the widest does it for all
  Cost sum;
  // Networks of a draw have samples in common, of one width and draw the moments too; 0 stands for any width.
  std::set<std::pair<Index, Index>> samples, moments;
  for (const Cell& cell : cells) {
    const Cost whole = cell_cost(plan, cell), shared = tangent_moments(plan, cell);
    sum.operations += whole.operations;
    sum.bytes += whole.bytes;
    if (!samples.emplace(rotates_samples(plan, cell) ? cell.N : 0, cell.draw).second)
      sum.operations -= sampling(plan, cell);
    if (!moments.emplace(cell.N, cell.draw).second) {
      sum.operations -= shared.operations;
      sum.bytes -= shared.bytes;
    }
  }
  if (is_halving(plan, cells)) sum.operations *= kHalving;
  return sum;
}

}  // namespace lazygap::experiment
