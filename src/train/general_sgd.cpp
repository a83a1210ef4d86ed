#include "train/general_sgd.h"

#include <fmt/format.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "lazygap/core/error.h"
#include "lazygap/core/processor.h"
#include "network/feature_moments.h"
#include "network/tangent_moments.h"
#include "train/activation_kernels.h"
#include "train/ensemble.h"
#include "train/protocol.h"
#include "train/state.h"

namespace lazygap::train {
namespace {

/// Neurons start with a length of about 1, and stay within a few times that wherever training succeeds.
constexpr double kLongestNeuron = 300;

constexpr double kNotANumber = std::numeric_limits<double>::quiet_NaN();
/// Bound on the truncation error of the kernels above which a risk is not called exact.
constexpr double kKernelError = 1e-6;
/// Records do not need the last digits of the series: training is fp32.
constexpr double kRecordTolerance = 1e-9;
/// Below this it is rounding.
constexpr double kLeastTolerance = 1e-15;

/// A number that is trained, with its velocity: heavy ball, see Options::momentum.
struct TrainedNumber {
  double value = 0;
  double velocity = 0;
  void move(double step_size, double momentum, double direction) {
    velocity = momentum * velocity + direction;
    value += step_size * velocity;
  }
};

/// What both regimes have: the values of the network on the samples of a step, and their residuals.
template <class Real>
class Batch {
 public:
  using Number = Real;

  [[nodiscard]] bool draws_as(const Batch&) const { return true; }
  void draw(const RandomAddress& address, Samples<Real>& samples) const {
    draw_batch(problem_, options_.label_noise, address, samples.X, samples.y);
  }

 protected:
  Batch(const Problem& problem, Index neurons, const Options& options)
      : problem_(problem),
        options_(options),
        scaling_(scaling(problem, neurons, options)),
        q_(options.batch),
        weight_(options.batch) {}

  /// r_j = label y_j - kappa q_j - offset; the means over the batch in fp64. The weights of the samples in
  /// the direction of a step: r_j (neurons / batch) times `factor`.
  BatchMeans residuals(const VectorOf<Real>& y, double kappa, double factor) {
    const auto b = static_cast<double>(q_.size());
    factor *= scaling_.neurons / b;
    BatchMeans mean;
    for (Index j = 0; j < q_.size(); ++j) {
      const double q = static_cast<double>(q_[j]);
      double r = scaling_.label * static_cast<double>(y[j]) - kappa * q - offset_.value;
      if (at_start_.size() > 0) r += static_cast<double>(at_start_[j]);
      mean.r += r / b;
      mean.r2 += r * r / b;
      mean.rq += r * q / b;
      weight_[j] = static_cast<Real>(factor * r);
    }
    return mean;
  }

  [[nodiscard]] std::span<Real> values() { return {q_.data(), static_cast<std::size_t>(q_.size())}; }
  [[nodiscard]] std::span<const Real> weights() const {
    return {weight_.data(), static_cast<std::size_t>(weight_.size())};
  }

  /// The loss of a batch in the units of the problem.
  [[nodiscard]] double loss(const BatchMeans& mean) const {
    return mean.r2 / (scaling_.label * scaling_.label);
  }

  const Problem& problem_;
  Options options_;
  Scaling scaling_;
  TrainedNumber offset_;
  VectorOf<Real> q_, weight_;
  VectorOf<Real> at_start_;  // what is subtracted from f at each sample; empty: nothing
};

/// The first-layer biases at the start; empty where the network has none.
Vector initial_biases(Index neurons, const Options& options) {
  const Vector b = sample_biases(options.bias_scale, neurons, options.seed, options.draw);
  return b.size() == 0 && options.train_biases ? Vector(Vector::Zero(neurons)) : b;
}

/// u = W^T X + b; `b` may be empty.
Matrix pre_activations(const Matrix& W, const Vector& b, const Matrix& X) {
  Matrix U = W.transpose() * X;
  if (b.size() > 0) U.colwise() += b;
  return U;
}

/// Vectors are saved as matrices of one column.
void put(StateWriter& state, const Vector& vector) { state.put(Matrix(vector)); }
void get(StateReader& state, Vector& vector) {
  Matrix column = vector;
  state.get(column);
  vector = column.col(0);
}

/// NN: f = kappa a sum_i v_i sigma(<w_i,x> + b_i) + o, with v = 1 and a number a, or v free and a = 1.
template <class Real>
class TwoLayer : public Batch<Real> {
 public:
  TwoLayer(const Problem& problem, Index neurons, const Options& options)
      : Batch<Real>(problem, neurons, options),
        network_(options.activation,
                 {.W = initial_weights(problem, neurons, options),
                  .b = initial_biases(neurons, options),
                  .v = is_free() ? initial_second_layer(neurons, options) : Vector(Vector::Ones(neurons))},
                 {.b = options.train_biases, .v = is_free(), .momentum = options.momentum}, options.batch) {
    a_.value = is_free() ? 1 : second_layer_at_start(options);
    // A shared second layer starts at 0, and there is nothing to subtract.
    if (!options.subtract_start || a_.value == 0) return;
    auto start = network_.parameters();
    start.v *= -a_.value;
    start_.emplace(options.activation, start, typename TwoLayerNeurons<Real>::Training(), options.batch);
    this->at_start_.resize(options.batch);
  }

  double step(const Samples<Real>& samples, double step_size) {
    network_.forward(samples.X, this->values());
    if (start_) {
      start_->forward(samples.X, {this->at_start_.data(), static_cast<std::size_t>(this->at_start_.size())});
      this->at_start_ *= static_cast<Real>(-scaling_.kappa);
    }
    const BatchMeans mean = this->residuals(samples.y, scaling_.kappa * a_.value, a_.value);
    if (!std::isfinite(mean.r2)) return mean.r2;
    network_.update(samples.X, this->weights(), step_size);
    if (options_.second_layer == SecondLayer::shared)
      a_.move(step_size, options_.momentum, scaling_.shared * mean.rq);
    offset_.move(step_size, options_.momentum, 2 * mean.r);
    return this->loss(mean);
  }

  void share(Team* team) { network_.share(team); }

  [[nodiscard]] double risk() const {
    if (!finite()) return kNotANumber;
    const auto [W, b, a] = whole();
    // Neurons of such a length vary so fast that their moments would take any amount of memory. A network
    // that comes here has exploded, whatever its loss on one batch.
    if (W.colwise().norm().maxCoeff() > kLongestNeuron * options_.activation.length)
      return std::numeric_limits<double>::infinity();
    try {
      // Of the difference of two networks the moments cancel, and more digits of them are needed.
      const double tolerance =
          start_ ? std::max(kLeastTolerance, kRecordTolerance / cancellation(a)) : kRecordTolerance;
      const FeatureMoments moments(problem_, options_.activation, W, b, 0, tolerance);
      const double allowed = start_ ? kKernelError / cancellation(a) : kKernelError;
      if (!(moments.error() <= allowed)) return kNotANumber;
      return moments.risk(a, offset_.value / scaling_.label);
    } catch (const UsageError&) {  // sigma(u) has no second moment at these weights
      return kNotANumber;
    }
  }

  [[nodiscard]] std::function<Vector(const Matrix&)> function() const {
    const auto network = whole();
    return [W = network.W, b = network.b, a = network.v, c = offset_.value / scaling_.label,
            sigma = options_.activation.value](const Matrix& X) -> Vector {
      return (pre_activations(W, b, X).unaryExpr(sigma).transpose() * a).array() + c;
    };
  }

  [[nodiscard]] FirstLayer first_layer() const {
    auto network = network_.parameters();
    return {std::move(network.W), std::move(network.b)};
  }
  [[nodiscard]] Weights trained() const {
    auto network = whole();
    return {.W = std::move(network.W),
            .a = std::move(network.v),
            .b = std::move(network.b),
            .c = offset_.value / scaling_.label};
  }

  [[nodiscard]] bool finite() const {
    const auto [W, b, v] = network_.parameters();
    return W.allFinite() && b.allFinite() && v.allFinite() && std::isfinite(a_.value) &&
           std::isfinite(offset_.value);
  }

  void save(StateWriter& state) const {
    for (const auto& part : {network_.parameters(), network_.velocities()}) {
      state.put(part.W);
      put(state, part.b);
      put(state, part.v);
    }
    state.put(a_);
    state.put(offset_);
  }
  void load(StateReader& state) {
    auto parameters = network_.parameters(), velocities = network_.velocities();
    for (auto* part : {&parameters, &velocities}) {
      state.get(part->W);
      get(state, part->b);
      get(state, part->v);
    }
    network_.resume(parameters, velocities);
    state.get(a_);
    state.get(offset_);
  }

 private:
  using Base = Batch<Real>;
  using Base::offset_, Base::options_, Base::problem_, Base::scaling_;

  [[nodiscard]] bool is_free() const { return options_.second_layer == SecondLayer::free; }
  /// The factors of sigma in the units of the problem.
  [[nodiscard]] Vector second_layer(const Vector& v) const {
    return scaling_.kappa * a_.value / scaling_.label * v;
  }
  /// All neurons of f, v the factors of sigma in the units of the problem.
  [[nodiscard]] typename TwoLayerNeurons<Real>::Parameters whole() const {
    auto network = network_.parameters();
    network.v = second_layer(network.v);
    if (!start_) return network;
    const auto start = start_->parameters();
    Weights both =
        with_start({.W = std::move(network.W), .a = std::move(network.v), .b = std::move(network.b)}, start.W,
                   start.b, scaling_.kappa / scaling_.label * start.v);
    return {.W = std::move(both.W), .b = std::move(both.b), .v = std::move(both.a)};
  }
  /// How many times larger than R0 the parts of f are that cancel.
  [[nodiscard]] double cancellation(const Vector& a) const {
    const HermiteSummary& sigma = options_.activation.hermite;
    const double second_moment =
        sigma.lambda_0 * sigma.lambda_0 + sigma.lambda_1 * sigma.lambda_1 + sigma.lambda_tilde;
    const double largest = a.template lpNorm<1>();
    return std::max(1.0, largest * largest * second_moment / null_risk(problem_));
  }

  TwoLayerNeurons<Real> network_;
  TrainedNumber a_;
  std::optional<TwoLayerNeurons<Real>> start_;  // minus the network of the start, where it is subtracted
};

/// What the exact risk of NT needs, or nothing where it is not known.
std::shared_ptr<const TangentMoments> tangent_moments(const Problem& problem, Index neurons,
                                                      const Options& options) {
  try {
    auto moments = std::make_shared<const TangentMoments>(problem, options.activation,
                                                          frozen_weights(problem, neurons, options),
                                                          initial_biases(neurons, options));
    if (moments->error() <= kKernelError) return moments;
  } catch (const UsageError&) {  // sigma'(u) has no second moment at these weights
  }
  return {};
}

/// NT: f = kappa sum_i sigma'(<w_i,x> + b_i) <a_i,x> + o, A = (a_1 ... a_N).
template <class Real>
class Tangent : public Batch<Real> {
 public:
  /// `moments` as tangent_moments gives them.
  Tangent(const Problem& problem, Index neurons, const Options& options,
          std::shared_ptr<const TangentMoments> moments)
      : Batch<Real>(problem, neurons, options),
        frozen_W_(frozen_weights(problem, neurons, options)),
        frozen_b_(initial_biases(neurons, options)),
        network_(options.activation, frozen_W_, frozen_b_, Matrix::Zero(frozen_W_.rows(), neurons),
                 options.momentum, options.batch),
        moments_(std::move(moments)) {}

  double step(const Samples<Real>& samples, double step_size) {
    network_.forward(samples.X, this->values());
    const BatchMeans mean = this->residuals(samples.y, scaling_.kappa, 1);
    if (!std::isfinite(mean.r2)) return mean.r2;
    network_.update(samples.X, this->weights(), step_size);
    offset_.move(step_size, options_.momentum, 2 * mean.r);
    return this->loss(mean);
  }

  void share(Team* team) { network_.share(team); }

  [[nodiscard]] double risk() const {
    if (!moments_ || !finite()) return kNotANumber;
    return moments_->risk(scaling_.kappa / scaling_.label * network_.parameters(),
                          offset_.value / scaling_.label);
  }

  [[nodiscard]] std::function<Vector(const Matrix&)> function() const {
    return [W = frozen_W_, b = frozen_b_, A = Matrix(scaling_.kappa / scaling_.label * network_.parameters()),
            c = offset_.value / scaling_.label,
            derivative = options_.activation.derivative](const Matrix& X) -> Vector {
      const Matrix D = pre_activations(W, b, X).unaryExpr(derivative);
      return D.cwiseProduct(A.transpose() * X).colwise().sum().transpose().array() + c;
    };
  }

  [[nodiscard]] FirstLayer first_layer() const { return {frozen_W_, frozen_b_}; }
  [[nodiscard]] Weights trained() const {
    return {.W = frozen_W_,
            .A = scaling_.kappa / scaling_.label * network_.parameters(),
            .b = frozen_b_,
            .c = offset_.value / scaling_.label};
  }

  [[nodiscard]] bool finite() const {
    return network_.parameters().allFinite() && std::isfinite(offset_.value);
  }

  void save(StateWriter& state) const {
    state.put(network_.parameters());
    state.put(network_.velocities());
    state.put(offset_);
  }
  void load(StateReader& state) {
    Matrix parameters = network_.parameters(), velocities = network_.velocities();
    state.get(parameters);
    state.get(velocities);
    network_.resume(parameters, velocities);
    state.get(offset_);
  }

 private:
  using Base = Batch<Real>;
  using Base::offset_, Base::options_, Base::scaling_;

  Matrix frozen_W_;
  Vector frozen_b_;
  TangentNeurons<Real> network_;
  std::shared_ptr<const TangentMoments> moments_;
};

/// Multiply-adds that one record of the exact risk takes as long as, on trained weights, where neurons have
/// become alike and the series are long: measured at d = 100 to 450, N = 10 to 450. Kernels in closed form
/// need no series, smooth activations a short one. The moments of NT are computed once; a record is then a
/// product with them.
double record_cost(Regime regime, const Options& options, Index neurons, Index d) {
  // The network of the start has neurons, too.
  const auto N = static_cast<double>(options.subtract_start ? 2 * neurons : neurons);
  if (regime == Regime::nt) return 8 * N * N * static_cast<double>(d);
  const bool closed_form = options.activation.kernel && options.bias_scale == 0;
  const double expansion = closed_form ? 4e5 : options.activation.kinks.empty() ? 2e6 : 1e7;
  return N * (expansion + 1e3 * N);
}

/// Records cost at most about this fraction of the steps.
constexpr double kRecordFraction = 0.25;

/// As few records as that needs, at least the start and the end.
void thin_records(Regime regime, const Problem& problem, Index neurons, Options& options) {
  const Index d = dimension(problem);
  const double products = regime == Regime::nn ? 2 : 3;
  const double step = products * static_cast<double>(d * neurons * options.batch);
  const double affordable =
      kRecordFraction * static_cast<double>(options.steps) * step / record_cost(regime, options, neurons, d);
  if (affordable < static_cast<double>(options.records))
    options.records = std::max<std::int64_t>(2, static_cast<std::int64_t>(affordable));
}

template <class Real>
std::vector<Outcome> train(Regime regime, const Problem& problem, std::span<const Network> networks,
                           const Options& options, Search search, const GroupHooks& hooks) {
  if (regime == Regime::nn) {
    const auto make = [&](const Network& network, Options& own) {
      thin_records(regime, problem, network.neurons, own);
      return TwoLayer<Real>(problem, network.neurons, own);
    };
    return Ensemble<TwoLayer<Real>>(regime, problem, networks, options, search, hooks, make)();
  }
  // Step sizes share the moments, which take most of the memory.
  std::map<std::pair<Index, std::uint32_t>, std::shared_ptr<const TangentMoments>> moments;
  const auto make = [&](const Network& network, Options& own) {
    thin_records(regime, problem, network.neurons, own);
    const auto [place, is_new] = moments.try_emplace({network.neurons, network.draw});
    if (is_new) place->second = tangent_moments(problem, network.neurons, own);
    return Tangent<Real>(problem, network.neurons, own, place->second);
  };
  return Ensemble<Tangent<Real>>(regime, problem, networks, options, search, hooks, make)();
}

}  // namespace

std::vector<Outcome> general_networks(Regime regime, const Problem& problem,
                                      std::span<const Network> networks, const Options& options,
                                      Search search, const GroupHooks& hooks) {
  return options.precision == Precision::fp32
             ? train<float>(regime, problem, networks, options, search, hooks)
             : train<double>(regime, problem, networks, options, search, hooks);
}

std::string general_path(const Options& options) {
  return options.precision == Precision::fp32 ? fmt::format("general, {} fp32", instruction_set())
                                              : "general, fp64";
}

}  // namespace lazygap::train
