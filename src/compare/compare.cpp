#include "lazygap/compare/compare.h"

#include <fmt/format.h>

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <exception>
#include <mutex>
#include <numeric>
#include <thread>

#include "lazygap/core/check.h"
#include "lazygap/core/error.h"
#include "lazygap/data/ridge_model.h"
#include "lazygap/train/data_network.h"

namespace lazygap::compare {
namespace {

using data::DataSet;
using data::Rows;

/// The parts of the training samples of the learning curves, beside all of them.
constexpr Index kSubsets[] = {8, 4, 2};
/// Fewer samples than this are no basis for a fit of its own.
constexpr Index kLeastSubset = 20;
/// Fewer samples than this for each feature make the verdict weak.
constexpr double kFewSamples = 5;
/// A risk this small beside R0 is too good to be true: the target may be among the features.
constexpr double kLeakage = 1e-6;

/// One fit of the comparison.
struct Task {
  Model model;
  Index neurons;
  std::size_t split;
  Index part;  ///< of 1/part of the training samples
};

double area_under_curve(const std::vector<double>& scores, const std::vector<bool>& positive) {
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return scores[a] < scores[b]; });
  double rank_sum = 0, count = 0;
  for (std::size_t i = 0; i < order.size();) {
    std::size_t end = i;
    while (end < order.size() && scores[order[end]] == scores[order[i]]) ++end;
    const double rank = 0.5 * static_cast<double>(i + 1 + end);  // ties share the mean of their ranks
    for (; i < end; ++i)
      if (positive[order[i]]) rank_sum += rank, ++count;
  }
  const double others = static_cast<double>(scores.size()) - count;
  return (rank_sum - count * (count + 1) / 2) / (count * others);
}

class Work {
 public:
  Work(const data::Table& table, const Options& options, const std::vector<data::Split>& splits,
       const Control& control)
      : table_(table), set_(table.set()), options_(options), splits_(splits), control_(control) {}

  [[nodiscard]] Score run(const Task& task) {
    const auto begin = std::chrono::steady_clock::now();
    const data::Split& split = splits_[task.split];
    std::vector<Index> train = split.train, validation = split.validation;
    if (task.part > 1) {
      train = data::nested_subset(train, static_cast<Index>(train.size()) / task.part, options_.seed);
      validation =
          data::nested_subset(validation, static_cast<Index>(validation.size()) / task.part, options_.seed);
    }
    std::vector<Index> fitted = train;
    fitted.insert(fitted.end(), validation.begin(), validation.end());
    std::sort(fitted.begin(), fitted.end());
    Score score{.model = task.model,
                .neurons = task.neurons,
                .split = task.split,
                .samples = static_cast<Index>(fitted.size())};
    const Matrix values =
        task.model == Model::nn ? train_nn(task, train, validation, score) : fit_ridge(task, fitted, score);
    if (values.size() > 0) judge(values, fitted, split.test, score);
    score.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    return score;
  }

  Learnt learnt;  ///< of the widest NN on all samples of the first split

 private:
  Matrix fit_ridge(const Task& task, Rows fitted, Score& score) {
    const data::FeatureKind kind = task.model == Model::linear ? data::FeatureKind::linear
                                   : task.model == Model::rf   ? data::FeatureKind::random
                                                               : data::FeatureKind::tangent;
    const data::FeatureMap map = data::make_feature_map({.kind = kind,
                                                         .activation = options_.activation,
                                                         .neurons = std::max<Index>(1, task.neurons),
                                                         .bias_scale = options_.bias_scale,
                                                         .seed = options_.seed,
                                                         .draw = static_cast<std::uint32_t>(task.split)},
                                                        data::standardisation(set_, fitted));
    const data::RidgeModel model = data::fit_ridge(set_, fitted, {}, map, {}, {.stop = control_.stop});
    score.status = model.status;
    if (model.status != Status::ok) return {};
    score.criterion = model.errors.minCoeff();
    return data::predict(model, set_.X, splits_[task.split].test);
  }

  Matrix train_nn(const Task& task, Rows train, Rows validation, Score& score) {
    const train::DataNetwork network = train::train_network(set_, train, validation,
                                                            {.activation = options_.activation,
                                                             .neurons = task.neurons,
                                                             .bias_scale = options_.bias_scale,
                                                             .epochs = options_.epochs,
                                                             .seed = options_.seed,
                                                             .draw = static_cast<std::uint32_t>(task.split)},
                                                            {.stop = control_.stop});
    score.status = network.status;
    if (network.status != Status::ok) return {};
    for (const train::Epoch& epoch : network.curve)
      if (epoch.number == network.best || std::isnan(score.criterion)) score.criterion = epoch.validation;
    if (task.split == 0 && task.part == 1 && task.neurons == options_.widths.back()) keep(network);
    return train::predict(network, set_.X, splits_[task.split].test);
  }

  void keep(const train::DataNetwork& network) {
    const auto d = static_cast<double>(network.W.rows()), N = static_cast<double>(network.W.cols());
    const Eigen::SelfAdjointEigenSolver<Matrix> solver(d / N * network.W * network.W.transpose());
    learnt = {.neurons = network.W.cols(),
              .eigenvalues = solver.eigenvalues().reverse(),
              .edge = (1 + std::sqrt(d / N)) * (1 + std::sqrt(d / N)),
              .directions = solver.eigenvectors().rowwise().reverse()};
    for (Index j = 0; j < learnt.directions.cols(); ++j) {
      Index largest = 0;
      learnt.directions.col(j).cwiseAbs().maxCoeff(&largest);
      if (learnt.directions(largest, j) < 0) learnt.directions.col(j) *= -1;
    }
  }

  void judge(const Matrix& values, Rows fitted, Rows test, Score& score) const {
    const Vector mean = data::mean_outputs(set_, fitted);
    double risk = 0, null = 0;
    for (Index j = 0; j < values.cols(); ++j) {
      const auto y = set_.Y.col(test[static_cast<std::size_t>(j)]);
      risk += (y - values.col(j)).squaredNorm();
      null += (y - mean).squaredNorm();
    }
    score.ratio = risk / null;
    if (!table_.is_classification()) return;
    const Index k = values.rows();
    double right = 0, area = 0;
    const auto label = [&](Index j) {
      return table_.labels[static_cast<std::size_t>(test[static_cast<std::size_t>(j)])];
    };
    for (Index j = 0; j < values.cols(); ++j) {
      Index predicted = 0;
      if (k == 1)
        predicted = values(0, j) > 0 ? 1 : 0;
      else
        values.col(j).maxCoeff(&predicted);
      right += predicted == label(j);
    }
    score.accuracy = right / static_cast<double>(values.cols());
    for (Index c = 0; c < k; ++c) {
      std::vector<double> scores;
      std::vector<bool> positive;
      for (Index j = 0; j < values.cols(); ++j) {
        scores.push_back(values(c, j));
        positive.push_back(label(j) == (k == 1 ? 1 : c));
      }
      area += area_under_curve(scores, positive) / static_cast<double>(k);
    }
    score.auc = area;
  }

  const data::Table& table_;
  DataSet set_;
  const Options& options_;
  const std::vector<data::Split>& splits_;
  const Control& control_;
};

/// Calls run(i) for i = 0 .. count-1 on `jobs` threads; the first exception comes out.
template <class Run>
void in_parallel(std::size_t count, int jobs, const Run& run) {
  std::atomic<std::size_t> next = 0;
  std::exception_ptr failure;
  std::mutex mutex;
  const auto work = [&] {
    for (std::size_t i = next++; i < count; i = next++) {
      try {
        run(i);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!failure) failure = std::current_exception();
        next = count;
      }
    }
  };
  {
    std::vector<std::jthread> threads;
    for (int t = 1; t < jobs; ++t) threads.emplace_back(work);
    work();
  }
  if (failure) std::rethrow_exception(failure);
}

bool fits(Model model, Index neurons, Index samples, Index d, const Options& options) {
  if (model != Model::nt && model != Model::rf) return true;
  const Index features = model == Model::nt ? neurons * d : neurons;
  return std::min(samples, features) <= options.most_order;
}

std::vector<Task> all_tasks(Index samples, Index d, const Options& options, std::size_t splits) {
  std::vector<Task> tasks;
  for (std::size_t s = 0; s < splits; ++s) {
    tasks.push_back({Model::linear, 0, s, 1});
    for (const Model model : {Model::rf, Model::nt, Model::nn}) {
      for (const Index N : options.widths)
        if (fits(model, N, samples, d, options)) tasks.push_back({model, N, s, 1});
      if (model != Model::nn && options.wide > 0 && fits(model, options.wide, samples, d, options))
        tasks.push_back({model, options.wide, s, 1});
    }
  }
  if (!options.learning_curves) return tasks;
  const std::size_t of_curves = std::min(splits, static_cast<std::size_t>(options.folds));
  for (const Index part : kSubsets) {
    if (samples / part < kLeastSubset) continue;
    for (std::size_t s = 0; s < of_curves; ++s)
      for (const Model model : {Model::linear, Model::rf, Model::nt, Model::nn}) {
        const Index N = model == Model::linear ? 0 : options.widths.back();
        if (fits(model, N, samples / part, d, options)) tasks.push_back({model, N, s, part});
      }
  }
  return tasks;
}

/// Of the scores that `counts`, that of the least criterion.
template <class Counts>
const Score* best_of(const std::vector<Score>& scores, std::size_t split, const Counts& counts) {
  const Score* best = nullptr;
  for (const Score& score : scores)
    if (score.split == split && std::isfinite(score.ratio) && counts(score) &&
        (best == nullptr || score.criterion < best->criterion))
      best = &score;
  return best;
}

/// Empty where a split lacks one of the models.
Chosen choose(const Comparison& comparison, const Options& options) {
  Chosen chosen;
  const auto is_kernel = [](const Score& s) { return s.model == Model::rf || s.model == Model::nt; };
  for (std::size_t s = 0; s < comparison.splits; ++s) {
    const Score* linear =
        best_of(comparison.scores, s, [](const Score& score) { return score.model == Model::linear; });
    const Score* nn =
        best_of(comparison.scores, s, [](const Score& score) { return score.model == Model::nn; });
    const Score* kernel = best_of(comparison.scores, s, [&](const Score& score) {
      return is_kernel(score) && score.neurons <= options.widths.back();
    });
    const Score* wide = best_of(comparison.scores, s, is_kernel);
    if (linear == nullptr || nn == nullptr || kernel == nullptr || wide == nullptr) return {};
    chosen.linear.push_back(linear->ratio);
    chosen.kernel.push_back(kernel->ratio);
    chosen.wide_kernel.push_back(wide->ratio);
    chosen.nn.push_back(nn->ratio);
  }
  return chosen;
}

std::vector<std::string> remarks(const data::Table& table, const Comparison& comparison,
                                 const Options& options) {
  std::vector<std::string> found;
  const auto n = static_cast<double>(comparison.samples), d = static_cast<double>(comparison.dimension);
  if (n < kFewSamples * d)
    found.push_back(
        fmt::format("There are {} samples for {} features: with fewer than {} for each, all verdicts are "
                    "weak.",
                    comparison.samples, comparison.dimension, kFewSamples));
  Index constant = 0;
  for (Index i = 0; i < table.X.rows(); ++i)
    constant += table.X.row(i).minCoeff() == table.X.row(i).maxCoeff();
  if (constant > 0)
    found.push_back(fmt::format("{} of the features are constant and tell nothing.", constant));
  if (table.dropped > 0)
    found.push_back(fmt::format("{} samples with missing values were left out.", table.dropped));
  if (table.filled > 0)
    found.push_back(fmt::format(
        "{} missing values were replaced by the mean of their column, over all samples.", table.filled));
  Index diverged = 0, trained = 0;
  for (const Score& score : comparison.scores) {
    trained += score.model == Model::nn;
    diverged += score.model == Model::nn && score.status == Status::diverged;
  }
  if (diverged > 0) found.push_back(fmt::format("{} of {} networks diverged.", diverged, trained));
  for (const Model model : {Model::rf, Model::nt})
    for (const Index N : options.widths)
      if (!fits(model, N, comparison.samples, comparison.dimension, options))
        found.push_back(fmt::format(
            "{} with N = {} is left out: its matrix would be of order {}, beyond {}.", to_string(model), N,
            std::min(comparison.samples, model == Model::nt ? N * comparison.dimension : N),
            options.most_order));
  if (comparison.decision.linear.value < kLeakage)
    found.push_back("Linear regression explains everything: the target may be among the features.");
  return found;
}

void check_options(const data::Table& table, const Options& options) {
  constexpr auto kFunction = "compare::compare";
  check_not_empty(kFunction, "widths", static_cast<Index>(options.widths.size()));
  for (std::size_t i = 0; i < options.widths.size(); ++i) {
    check_at_least(kFunction, "a width", options.widths[i], 1);
    if (i > 0 && options.widths[i] <= options.widths[i - 1])
      throw UsageError(fmt::format("{}: the widths {} and {} are not increasing", kFunction,
                                   options.widths[i - 1], options.widths[i]));
  }
  check_positive(kFunction, "margin", options.margin);
  check_at_least(kFunction, "jobs", options.jobs, 1);
  if (!(options.level > 0.5 && options.level < 1))
    throw UsageError(
        fmt::format("{}: level is {}, but must be above 0.5 and below 1", kFunction, options.level));
  if (!(options.validation > 0))
    throw UsageError(fmt::format("{}: validation is {}, but NN needs a validation part: above 0", kFunction,
                                 options.validation));
  data::check_data_set(kFunction, table.set());
}

}  // namespace

std::string_view to_string(Model model) {
  switch (model) {
    case Model::linear:
      return "linear";
    case Model::rf:
      return "RF";
    case Model::nt:
      return "NT";
    case Model::nn:
      break;
  }
  return "NN";
}

Mean mean_score(const Comparison& comparison, const std::vector<Score>& scores, Model model, Index neurons,
                Index samples, double Score::*value, double level) {
  std::vector<double> values;
  for (const Score& score : scores)
    // Folds differ by a sample or two.
    if (score.model == model && score.neurons == neurons && std::isfinite(score.*value) &&
        (samples == 0 || std::abs(score.samples - samples) <= 2 + samples / 20))
      values.push_back(score.*value);
  if (values.size() < 2) return {.value = values.empty() ? std::nan("") : values.front()};
  return corrected_mean(values, comparison.test_over_train, level);
}

Comparison compare(const data::Table& table, const Options& options, const Control& control) {
  check_options(table, options);
  const std::vector<data::Split> splits =
      data::make_splits(table.X.cols(), {.kind = options.kind,
                                         .folds = options.folds,
                                         .repeats = options.repeats,
                                         .validation = options.validation,
                                         .seed = options.seed,
                                         .groups = options.groups,
                                         .classes = options.kind == data::SplitKind::shuffled
                                                        ? std::span<const Index>(table.labels)
                                                        : std::span<const Index>()});
  Comparison result{.samples = table.X.cols(), .dimension = table.X.rows(), .splits = splits.size()};
  result.table = {.features = table.features,
                  .target = table.target,
                  .classes = table.classes,
                  .dropped = table.dropped,
                  .filled = table.filled,
                  .hash = table.hash};
  const auto tested = static_cast<double>(splits.back().test.size());
  const auto fitted = static_cast<double>(splits.back().train.size() + splits.back().validation.size());
  result.test_over_train = tested / fitted;
  result.null_risk =
      (table.Y.colwise() - table.Y.rowwise().mean()).squaredNorm() / static_cast<double>(table.Y.cols());
  const std::vector<Task> tasks =
      all_tasks(static_cast<Index>(fitted), table.X.rows(), options, splits.size());
  std::vector<Score> scores(tasks.size());
  Work work(table, options, splits, control);
  std::atomic<std::size_t> done = 0;
  std::mutex progress;
  in_parallel(tasks.size(), options.jobs, [&](std::size_t i) {
    if (control.stop && control.stop()) return;
    scores[i] = work.run(tasks[i]);
    const std::lock_guard lock(progress);
    ++done;
    if (control.progress) control.progress(static_cast<double>(done) / static_cast<double>(tasks.size()));
  });
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    if (scores[i].status == Status::none) return result;
    (tasks[i].part == 1 ? result.scores : result.learning).push_back(scores[i]);
  }
  const Chosen chosen = choose(result, options);
  if (!chosen.nn.empty())
    result.decision = decide(chosen, result.test_over_train, options.margin, options.level);
  else
    result.decision.sentence = "Undecided: on some split one of the regimes gave no number.";
  result.learnt = std::move(work.learnt);
  result.status = Status::ok;
  result.remarks = remarks(table, result, options);
  return result;
}

}  // namespace lazygap::compare
