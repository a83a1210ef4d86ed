#include "lazygap/train/data_network.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <optional>
#include <utility>

#include "core/stage.h"
#include "data/shuffle.h"
#include "lazygap/core/check.h"
#include "lazygap/core/error.h"
#include "lazygap/core/random.h"
#include "lazygap/network/first_layer.h"
#include "train/activation_kernels.h"
#include "train/run.h"

namespace lazygap::train {
namespace {

using data::DataSet;
using data::Rows;

constexpr auto kFunction = "train::train_network";
/// The grid of the search: 2^-j of the largest stable step size, j = kFirst .. kFirst + kSteps - 1.
constexpr int kSteps = 8, kFirst = -1;
/// Epochs before the first comparison of step sizes.
constexpr std::int64_t kFirstComparison = 4;
/// The falls of the step size, and by how much.
constexpr int kFalls = 2;
constexpr double kFall = 0.25;
/// Step sizes below the grid, each kFall of the one before, where every one of the grid has diverged.
constexpr int kSmallerSteps = 6;

/// y = mean + scale t, t of mean 0 and mean variance 1 over the outputs.
struct Labels {
  Vector mean;
  double scale = 1;
  double weight = 1;  ///< mean weight of the training samples
};

Labels labels_of(const DataSet& data, Rows rows) {
  Labels labels{.mean = data::mean_outputs(data, rows)};
  double variance = 0, sum = 0;
  for (const Index row : rows) {
    variance += data.weight(row) * (data.Y.col(row) - labels.mean).squaredNorm();
    sum += data.weight(row);
  }
  const double scale = std::sqrt(variance / sum / static_cast<double>(data.outputs()));
  if (scale > 0) labels.scale = scale;
  labels.weight = sum / static_cast<double>(rows.size());
  return labels;
}

struct Parameters {
  Matrix W;
  Vector b, v;
};

/// The weights at the start, a in the normalisation of the mean field.
Parameters initial(Index d, Index outputs, const DataOptions& options) {
  Parameters start{.W = Matrix(d, options.neurons),
                   .b = sample_biases(options.bias_scale, options.neurons, options.seed, options.draw),
                   .v = Vector(outputs * options.neurons)};
  if (start.b.size() == 0) start.b = Vector::Zero(options.neurons);
  for (Index i = 0; i < options.neurons; ++i) {
    RandomAddress address{.seed = options.seed,
                          .purpose = Purpose::initial_weights,
                          .index = options.draw,
                          .step = static_cast<std::uint32_t>(i)};
    fill_normals(address, {start.W.col(i).data(), static_cast<std::size_t>(d)});
    address.purpose = Purpose::second_layer;
    fill_normals(address, {&start.v[i * outputs], static_cast<std::size_t>(outputs)});
  }
  start.W /= std::sqrt(static_cast<double>(d));
  return start;
}

/// What all runs of a search share.
struct Task {
  const DataSet& data;
  Rows train, validation;
  const DataOptions& options;
  data::Standardisation standardisation;
  Labels labels;
  Parameters start;
  Vector offset;  ///< k, in units of t
  std::int64_t first_epoch = 0;
};

/// One step size in training.
template <class Real>
class EpochRun {
 public:
  EpochRun(const Task& task, double step_size)
      : task_(&task),
        start_size_(step_size),
        size_(step_size),
        batch_(std::min<Index>(task.options.batch, static_cast<Index>(task.train.size()))),
        neurons_(make(task.start)),
        offset_(task.offset),
        velocity_(Vector::Zero(task.offset.size())),
        best_parameters_(task.start),
        best_offset_(task.offset),
        residuals_(task.data.outputs(), batch_) {
    // A search without a validation part goes by the loss of the last epoch.
    if (!task.validation.empty()) best_error_ = validation_error();
  }

  [[nodiscard]] bool has_ended() const {
    return ended_ || diverged_ || std::ssize(curve_) >= task_->options.epochs;
  }
  [[nodiscard]] bool has_diverged() const { return diverged_; }
  [[nodiscard]] double start_size() const { return start_size_; }
  /// What step sizes are compared by.
  [[nodiscard]] double score() const {
    if (diverged_) return std::numeric_limits<double>::infinity();
    if (!task_->validation.empty()) return best_error_;
    return curve_.empty() ? std::numeric_limits<double>::infinity() : curve_.back().training;
  }

  void epoch(const Stage& stage) {
    const std::int64_t number = task_->first_epoch + static_cast<std::int64_t>(curve_.size()) + 1;
    const std::vector<Index> order = data::permutation({.seed = task_->options.seed,
                                                        .purpose = Purpose::training,
                                                        .index = task_->options.draw,
                                                        .step = static_cast<std::uint32_t>(number)},
                                                       static_cast<Index>(task_->train.size()));
    double loss = 0;
    std::vector<Index> rows;
    for (std::size_t first = 0; first < order.size(); first += static_cast<std::size_t>(batch_)) {
      if (first / static_cast<std::size_t>(batch_) % kPollSteps == 0) stage.heard();
      rows.clear();
      const std::size_t end = std::min(order.size(), first + static_cast<std::size_t>(batch_));
      for (std::size_t j = first; j < end; ++j)
        rows.push_back(task_->train[static_cast<std::size_t>(order[j])]);
      const double of_batch = step(rows);
      loss += of_batch * static_cast<double>(rows.size());
      // The mean of t^2 is 1 for each output.
      if (watch_.is_explosion(of_batch, kExplosion * static_cast<double>(task_->data.outputs()))) {
        diverged_ = true;
        return;
      }
    }
    close_epoch(number, loss / static_cast<double>(order.size()));
  }

  [[nodiscard]] DataNetwork network() const {
    const Task& task = *task_;
    const Index k = task.data.outputs(), N = task.options.neurons;
    const bool best = !task.validation.empty();
    const Parameters parameters = best ? best_parameters_ : now();
    const double factor = task.labels.scale * task.options.alpha / static_cast<double>(N);
    return {.status = diverged_ ? Status::diverged : Status::ok,
            .activation = task.options.activation,
            .standardisation = task.standardisation,
            .W = parameters.W,
            .biases = parameters.b,
            .second_layer = factor * parameters.v.reshaped(k, N),
            .offset = task.labels.mean + task.labels.scale * (best ? best_offset_ : offset_),
            .step_size = start_size_,
            .epochs = task.first_epoch + static_cast<std::int64_t>(curve_.size()),
            .best = best ? best_epoch_ : task.first_epoch + static_cast<std::int64_t>(curve_.size()),
            .curve = curve_};
  }

 private:
  [[nodiscard]] TwoLayerNeurons<Real> make(const Parameters& parameters) const {
    const DataOptions& options = task_->options;
    return {options.activation,
            {parameters.W, parameters.b, parameters.v},
            {.b = options.train_biases, .v = true, .momentum = options.momentum},
            batch_};
  }

  [[nodiscard]] Parameters now() const {
    auto [W, b, v] = neurons_.parameters();
    return {std::move(W), std::move(b), std::move(v)};
  }

  /// Takes a step on these samples; the loss before it, in units of t^2.
  double step(Rows rows) {
    const DataSet& data = task_->data;
    const auto b = static_cast<Index>(rows.size());
    const DataOptions& options = task_->options;
    const double kappa = options.alpha / static_cast<double>(options.neurons);
    const MatrixOf<Real> X = data::gather(data.X, rows, task_->standardisation).cast<Real>();
    auto q = residuals_.leftCols(b);
    const std::span<Real> values(q.data(), static_cast<std::size_t>(q.size()));
    neurons_.forward(X, values);
    double loss = 0;
    Vector mean = Vector::Zero(data.outputs());
    const double of_all = static_cast<double>(b);
    for (Index j = 0; j < b; ++j) {
      const Index row = rows[static_cast<std::size_t>(j)];
      const double weight = data.weight(row) / task_->labels.weight;
      for (Index c = 0; c < data.outputs(); ++c) {
        const double t = (data.Y(c, row) - task_->labels.mean[c]) / task_->labels.scale;
        const double r = t - kappa * static_cast<double>(q(c, j)) - offset_[c];
        loss += weight * r * r / of_all;
        mean[c] += weight * r / of_all;
        q(c, j) = static_cast<Real>(2 * weight * r / (of_all * options.alpha));
      }
    }
    if (!std::isfinite(loss)) return loss;
    neurons_.update(X, values, size_);
    velocity_ = options.momentum * velocity_ + 2 * mean;
    offset_ += size_ * velocity_;
    return loss;
  }

  /// In units of y^2.
  [[nodiscard]] double validation_error() {
    const DataSet& data = task_->data;
    const double kappa = task_->options.alpha / static_cast<double>(task_->options.neurons);
    double error = 0, sum = 0;
    MatrixOf<Real> q(data.outputs(), batch_);
    for (std::size_t first = 0; first < task_->validation.size(); first += static_cast<std::size_t>(batch_)) {
      const Rows rows = task_->validation.subspan(
          first, std::min(static_cast<std::size_t>(batch_), task_->validation.size() - first));
      const auto b = static_cast<Index>(rows.size());
      neurons_.forward(data::gather(data.X, rows, task_->standardisation).cast<Real>(),
                       {q.data(), static_cast<std::size_t>(b * data.outputs())});
      for (Index j = 0; j < b; ++j) {
        const Index row = rows[static_cast<std::size_t>(j)];
        const Vector f =
            task_->labels.mean + task_->labels.scale * (kappa * q.col(j).template cast<double>() + offset_);
        error += data.weight(row) * (data.Y.col(row) - f).squaredNorm();
        sum += data.weight(row);
      }
    }
    return error / sum;
  }

  void close_epoch(std::int64_t number, double loss) {
    curve_.push_back(
        {.number = number, .step_size = size_, .training = loss * task_->labels.scale * task_->labels.scale});
    if (task_->validation.empty()) return;
    const double error = curve_.back().validation = validation_error();
    if (!std::isfinite(error)) {
      diverged_ = true;
    } else if (error < best_error_) {
      best_error_ = error;
      best_epoch_ = number;
      best_parameters_ = now();
      best_offset_ = offset_;
      waited_ = 0;
    } else if (++waited_ >= task_->options.patience) {
      waited_ = 0;
      if (falls_++ == kFalls) {
        ended_ = true;
        return;
      }
      size_ *= kFall;
      neurons_ = make(best_parameters_);  // without velocities
      offset_ = best_offset_;
      velocity_.setZero();
    }
  }

  const Task* task_;
  double start_size_, size_;
  Index batch_;
  TwoLayerNeurons<Real> neurons_;
  Vector offset_, velocity_;
  Parameters best_parameters_;
  Vector best_offset_;
  MatrixOf<Real> residuals_;
  Watch watch_;
  double best_error_ = std::numeric_limits<double>::infinity();
  std::int64_t best_epoch_ = 0, waited_ = 0;
  int falls_ = 0;
  bool ended_ = false, diverged_ = false;
  std::vector<Epoch> curve_;
};

/// The runs of a search by their score, the best first.
template <class Real>
void rank(std::vector<EpochRun<Real>>& runs) {
  std::stable_sort(runs.begin(), runs.end(),
                   [](const auto& a, const auto& b) { return a.score() < b.score(); });
}

/// A search among step sizes by successive halving.
///
/// A large step size can be ahead in the first epochs and diverge later, or lead to where all neurons of relu
/// are silent. What is given up therefore waits, and the best of it goes on where all others have ended with
/// a worse score. Where every step size has diverged, smaller ones than those of the grid follow.
template <class Real>
class Search {
 public:
  Search(const Task& task, const std::vector<double>& step_sizes) : task_(&task) {
    racing_.reserve(step_sizes.size());
    for (const double size : step_sizes) racing_.emplace_back(task, size);
    if (step_sizes.size() > 1) smaller_ = step_sizes.front();
  }

  void run(const Stage& stage) {
    for (std::int64_t epoch = 0;; ++epoch) {
      stage.done(std::min(epoch, task_->options.epochs), task_->options.epochs);
      if (epoch == next_) give_up_half();
      bool is_running = false;
      for (auto& run : racing_)
        if (!run.has_ended()) {
          run.epoch(stage);
          is_running = true;
        }
      if (!is_running && !resumes()) return;
    }
  }

  [[nodiscard]] const EpochRun<Real>& best() {
    rank(racing_);
    return racing_.front();
  }

 private:
  /// After kFirstComparison, twice that, ... epochs.
  void give_up_half() {
    next_ *= 2;
    rank(racing_);
    const auto kept = racing_.begin() + std::ssize(racing_) - std::ssize(racing_) / 2;
    std::move(kept, racing_.end(), std::back_inserter(waiting_));
    racing_.erase(kept, racing_.end());
    rank(waiting_);
  }

  /// Whether another step size is tried, now that those in the race have ended.
  bool resumes() {
    next_ = -1;  // no more halving
    if (!waiting_.empty() && waiting_.front().score() < best().score()) {
      racing_.push_back(std::move(waiting_.front()));
      waiting_.erase(waiting_.begin());
      return true;
    }
    if (smaller_ == 0 || !best().has_diverged() || smaller_steps_++ == kSmallerSteps) return false;
    smaller_ *= kFall;
    racing_.clear();
    racing_.emplace_back(*task_, smaller_);
    return true;
  }

  const Task* task_;
  std::vector<EpochRun<Real>> racing_, waiting_;
  std::int64_t next_ = kFirstComparison;
  double smaller_ = 0;  ///< the smallest step size tried; 0: no search
  int smaller_steps_ = 0;
};

template <class Real>
DataNetwork train(const Task& task, const std::vector<double>& step_sizes, const Stage& stage) {
  Search<Real> search(task, step_sizes);
  bool is_stopped = false;
  try {
    search.run(stage);
  } catch (const Stopped&) {
    is_stopped = true;
  }
  DataNetwork network = search.best().network();
  if (is_stopped) network.status = Status::none;
  return network;
}

void check(const DataSet& data, Rows train, Rows validation, const DataOptions& options) {
  data::check_data_set(kFunction, data);
  data::check_rows(kFunction, "the training part", data, train, 2);
  data::check_rows(kFunction, "the validation part", data, validation, 0);
  check_at_least(kFunction, "neurons", options.neurons, 1);
  check_at_least(kFunction, "batch", options.batch, 1);
  check_at_least(kFunction, "epochs", options.epochs, 1);
  check_at_least(kFunction, "patience", options.patience, 1);
  check_nonnegative(kFunction, "bias_scale", options.bias_scale);
  check_nonnegative(kFunction, "step_size", options.step_size);
  check_positive(kFunction, "alpha", options.alpha);
  if (!(options.momentum >= 0 && options.momentum < 1))
    throw UsageError(
        fmt::format("{}: momentum is {}, but must be at least 0 and below 1", kFunction, options.momentum));
  if (options.precision == Precision::bf16)
    throw UsageError(fmt::format("{}: precision is bf16, but must be fp32 or fp64", kFunction));
  if (!options.activation.derivative)
    throw UsageError(fmt::format("{}: NN needs a derivative of the activation {}, but it has none", kFunction,
                                 options.activation.name));
}

Task make_task(const DataSet& data, Rows train, Rows validation, const DataOptions& options,
               const DataNetwork* start) {
  Task task{.data = data,
            .train = train,
            .validation = validation,
            .options = options,
            .standardisation = start != nullptr ? start->standardisation : data::standardisation(data, train),
            .labels = labels_of(data, train),
            .start = {},
            .offset = Vector::Zero(data.outputs())};
  if (start == nullptr) {
    task.start = initial(data.dimension(), data.outputs(), options);
    return task;
  }
  check_size(kFunction, "start", start->W.rows(), "the number of features of X", data.dimension());
  check_size(kFunction, "start", start->W.cols(), "the number of neurons", options.neurons);
  check_size(kFunction, "start", start->offset.size(), "the number of outputs", data.outputs());
  const double factor = static_cast<double>(options.neurons) / (task.labels.scale * options.alpha);
  task.start = {start->W, start->biases, factor * start->second_layer.reshaped()};
  task.offset = (start->offset - task.labels.mean) / task.labels.scale;
  task.first_epoch = start->epochs;
  return task;
}

}  // namespace

std::vector<double> data_step_sizes(const DataSet& data, Rows train, const DataOptions& options) {
  // The linearised network at the start, per output: kernel E[a^2 sigma'^2] (|x|^2 + 1) + E[sigma^2] on the
  // diagonal, sigma' and sigma near 1/2. A sample of its own batch counts with 1/b, the others as the
  // population, whose largest direction has the share of the largest eigenvalue, at most about a third.
  constexpr double kPopulation = 0.3;
  const auto d = static_cast<double>(data.dimension());
  const auto b = static_cast<double>(std::min<Index>(options.batch, static_cast<Index>(train.size())));
  const double stable = 2 / ((d + 2) * (1 / b + kPopulation) + 2);
  std::vector<double> sizes;
  for (int j = kFirst + kSteps - 1; j >= kFirst; --j) sizes.push_back(stable * std::pow(2.0, -j));
  return sizes;
}

DataNetwork train_network(const DataSet& data, Rows train, Rows validation, const DataOptions& options,
                          const Control& control, const DataNetwork* start) {
  check(data, train, validation, options);
  const Task task = make_task(data, train, validation, options, start);
  std::vector<double> sizes{options.step_size};
  if (options.step_size == 0)
    sizes = start != nullptr ? std::vector<double>{start->step_size} : data_step_sizes(data, train, options);
  const Stage stage(control);
  DataNetwork network = options.precision == Precision::fp32 ? train::train<float>(task, sizes, stage)
                                                             : train::train<double>(task, sizes, stage);
  if (control.progress && network.status != Status::none) control.progress(1);
  return network;
}

Matrix predict(const DataNetwork& network, const data::MatrixView& X, Rows rows) {
  check_size("train::predict", "X", X.rows(), "the number of features of the network", network.W.rows());
  constexpr std::size_t kBlock = 1024;
  Matrix values(network.offset.size(), static_cast<Index>(rows.size()));
  for (std::size_t first = 0; first < rows.size(); first += kBlock) {
    const Rows block = rows.subspan(first, std::min(kBlock, rows.size() - first));
    Matrix U = network.W.transpose() * data::gather(X, block, network.standardisation);
    if (network.biases.size() > 0) U.colwise() += network.biases;
    for (double& u : U.reshaped()) u = network.activation.value(u);
    values.middleCols(static_cast<Index>(first), U.cols()) =
        (network.second_layer * U).colwise() + network.offset;
  }
  return values;
}

}  // namespace lazygap::train
