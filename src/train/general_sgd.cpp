#include "train/general_sgd.h"

#include <fmt/format.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <span>
#include <utility>

#include "lazygap/core/error.h"
#include "network/feature_moments.h"
#include "network/tangent_moments.h"
#include "train/ensemble.h"
#include "train/protocol.h"
#include "train/state.h"

namespace lazygap::train {
namespace {

constexpr double kNotANumber = std::numeric_limits<double>::quiet_NaN();
/// Bound on the truncation error of the kernels above which a risk is not called exact.
constexpr double kKernelError = 1e-6;
/// Records do not need the last digits of the series: training is fp32.
constexpr double kRecordTolerance = 1e-9;

/// value_ij = sigma(u_ij), derivative_ij = sigma'(u_ij). Nothing is allocated.
template <class Real>
void evaluate(const Activation& activation, const MatrixOf<Real>& U, MatrixOf<Real>& value,
              MatrixOf<Real>& derivative) {
  const auto size = static_cast<std::size_t>(U.size());
  if constexpr (std::is_same_v<Real, float>)
    if (activation.block)
      return activation.block({U.data(), size}, {value.data(), size}, {derivative.data(), size});
  for (Index k = 0; k < U.size(); ++k) {
    const auto u = static_cast<double>(U.data()[k]);
    value.data()[k] = static_cast<Real>(activation.value(u));
    derivative.data()[k] = static_cast<Real>(activation.derivative(u));
  }
}

/// A trained matrix and its velocity: heavy ball, see Options::momentum. A vector is a matrix of one column.
template <class Real>
class Trained {
 public:
  Trained(const Matrix& start, double momentum)
      : value_(start.cast<Real>()), momentum_(static_cast<Real>(momentum)) {
    if (momentum > 0) velocity_ = MatrixOf<Real>::Zero(start.rows(), start.cols());
  }

  [[nodiscard]] const MatrixOf<Real>& value() const { return value_; }
  [[nodiscard]] Matrix matrix() const { return value_.template cast<double>(); }

  /// `direction`: minus the gradient, a product of matrices.
  template <class Direction>
  void move(double step_size, const Direction& direction) {
    const auto eps = static_cast<Real>(step_size);
    if (momentum_ == 0) {
      value_.noalias() += eps * direction;
      return;
    }
    velocity_ *= momentum_;
    velocity_.noalias() += direction;
    value_ += eps * velocity_;
  }

  void save(StateWriter& state) const {
    state.put(matrix());
    state.put(Matrix(velocity_.template cast<double>()));
  }
  void load(StateReader& state) {
    Matrix value(value_.rows(), value_.cols()), velocity(velocity_.rows(), velocity_.cols());
    state.get(value);
    state.get(velocity);
    value_ = value.cast<Real>();
    velocity_ = velocity.cast<Real>();
  }

 private:
  MatrixOf<Real> value_, velocity_;
  Real momentum_;
};

/// The same for one number.
struct TrainedNumber {
  double value = 0;
  double velocity = 0;
  void move(double step_size, double momentum, double direction) {
    velocity = momentum * velocity + direction;
    value += step_size * velocity;
  }
};

/// What both regimes have: the samples of a step, their pre-activations and residuals.
template <class Real>
class Batch {
 public:
  using Number = Real;
  static constexpr bool kSamplesDependOnNetwork = false;

  void draw(const RandomAddress& address, Samples<Real>& samples) const {
    draw_batch(problem_, options_.label_noise, address, samples.X, samples.y);
  }

 protected:
  Batch(const Problem& problem, Index neurons, const Options& options)
      : problem_(problem),
        options_(options),
        scaling_(scaling(problem, neurons, options)),
        U_(neurons, options.batch),
        value_(neurons, options.batch),
        derivative_(neurons, options.batch),
        q_(options.batch, 1),
        r_(options.batch, 1) {}

  /// sigma(u), sigma'(u) at u = W^T X + b; `b` may be empty.
  void forward(const MatrixOf<Real>& X, const MatrixOf<Real>& W, const MatrixOf<Real>& b) {
    U_.noalias() = W.transpose() * X;
    if (b.size() > 0) U_.colwise() += b.col(0);
    evaluate(options_.activation, U_, value_, derivative_);
  }

  /// r_j = label y_j - kappa q_j - offset from q; the means over the batch in fp64.
  BatchMeans residuals(const VectorOf<Real>& y, double kappa) {
    const auto b = static_cast<double>(q_.size());
    BatchMeans mean;
    for (Index j = 0; j < q_.size(); ++j) {
      const double q = static_cast<double>(q_(j, 0));
      const double r = scaling_.label * static_cast<double>(y[j]) - kappa * q - offset_.value;
      mean.r += r / b;
      mean.r2 += r * r / b;
      mean.rq += r * q / b;
      r_(j, 0) = static_cast<Real>(r);
    }
    return mean;
  }

  /// sigma'(u_ij) r_j (neurons / batch): with it the directions of the neurons are products of matrices.
  void weight_derivative() {
    r_ *= static_cast<Real>(scaling_.neurons / static_cast<double>(r_.size()));
    derivative_.array().rowwise() *= r_.col(0).transpose().array();
  }

  /// The loss of a batch in the units of the problem.
  [[nodiscard]] double loss(const BatchMeans& mean) const {
    return mean.r2 / (scaling_.label * scaling_.label);
  }

  const Problem& problem_;
  Options options_;
  Scaling scaling_;
  TrainedNumber offset_;
  MatrixOf<Real> U_, value_, derivative_;  // N x b
  MatrixOf<Real> q_, r_;                   // b x 1
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

/// NN: f = kappa a sum_i v_i sigma(<w_i,x> + b_i) + o, with v = 1 and a number a, or v free and a = 1.
template <class Real>
class TwoLayer : public Batch<Real> {
 public:
  TwoLayer(const Problem& problem, Index neurons, const Options& options)
      : Batch<Real>(problem, neurons, options),
        W_(initial_weights(problem, neurons, options), options.momentum),
        b_(initial_biases(neurons, options), options.momentum),
        v_(is_free() ? initial_second_layer(neurons, options) : Vector(Vector::Ones(neurons)),
           options.momentum),
        ones_(MatrixOf<Real>::Ones(options.batch, 1)) {
    if (options.second_layer == SecondLayer::fixed) a_.value = options.second_layer_value;
    if (is_free()) a_.value = 1;
  }

  double step(const Samples<Real>& samples, double step_size) {
    this->forward(samples.X, W_.value(), b_.value());
    q_.noalias() = value_.transpose() * v_.value();
    const BatchMeans mean = this->residuals(samples.y, scaling_.kappa * a_.value);
    if (!std::isfinite(mean.r2)) return mean.r2;
    this->weight_derivative();
    derivative_.array().colwise() *= static_cast<Real>(a_.value) * v_.value().col(0).array();
    W_.move(step_size, samples.X * derivative_.transpose());
    if (options_.train_biases) b_.move(step_size, derivative_ * ones_);
    if (is_free()) v_.move(step_size, value_ * r_);
    if (options_.second_layer == SecondLayer::shared)
      a_.move(step_size, options_.momentum, scaling_.shared * mean.rq);
    offset_.move(step_size, options_.momentum, 2 * mean.r);
    return this->loss(mean);
  }

  [[nodiscard]] double risk() const {
    if (!finite()) return kNotANumber;
    try {
      const FeatureMoments moments(problem_, options_.activation, W_.matrix(), b_.matrix(), 0,
                                   kRecordTolerance);
      if (!(moments.error() <= kKernelError)) return kNotANumber;
      return moments.risk(second_layer(), offset_.value / scaling_.label);
    } catch (const UsageError&) {  // sigma(u) has no second moment at these weights
      return kNotANumber;
    }
  }

  [[nodiscard]] std::function<Vector(const Matrix&)> function() const {
    return [W = W_.matrix(), b = Vector(b_.matrix()), a = second_layer(), c = offset_.value / scaling_.label,
            sigma = options_.activation.value](const Matrix& X) -> Vector {
      return (pre_activations(W, b, X).unaryExpr(sigma).transpose() * a).array() + c;
    };
  }

  [[nodiscard]] bool finite() const {
    return W_.value().allFinite() && b_.value().allFinite() && v_.value().allFinite() &&
           std::isfinite(a_.value) && std::isfinite(offset_.value);
  }

  void save(StateWriter& state) const {
    for (const Trained<Real>* matrix : {&W_, &b_, &v_}) matrix->save(state);
    state.put(a_);
    state.put(offset_);
  }
  void load(StateReader& state) {
    for (Trained<Real>* matrix : {&W_, &b_, &v_}) matrix->load(state);
    state.get(a_);
    state.get(offset_);
  }

 private:
  using Base = Batch<Real>;
  using Base::derivative_, Base::offset_, Base::options_, Base::problem_, Base::q_, Base::r_, Base::scaling_,
      Base::value_;

  [[nodiscard]] bool is_free() const { return options_.second_layer == SecondLayer::free; }
  /// The factors of sigma in the units of the problem.
  [[nodiscard]] Vector second_layer() const {
    return scaling_.kappa * a_.value / scaling_.label * v_.matrix();
  }

  Trained<Real> W_, b_, v_;
  TrainedNumber a_;
  MatrixOf<Real> ones_;
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
        W_(frozen_W_.cast<Real>()),
        b_(frozen_b_.cast<Real>()),
        A_(Matrix::Zero(frozen_W_.rows(), neurons), options.momentum),
        moments_(std::move(moments)) {}

  double step(const Samples<Real>& samples, double step_size) {
    this->forward(samples.X, W_, b_);
    value_.noalias() = A_.value().transpose() * samples.X;
    q_ = derivative_.cwiseProduct(value_).colwise().sum().transpose();
    const BatchMeans mean = this->residuals(samples.y, scaling_.kappa);
    if (!std::isfinite(mean.r2)) return mean.r2;
    this->weight_derivative();
    A_.move(step_size, samples.X * derivative_.transpose());
    offset_.move(step_size, options_.momentum, 2 * mean.r);
    return this->loss(mean);
  }

  [[nodiscard]] double risk() const {
    if (!moments_ || !finite()) return kNotANumber;
    return moments_->risk(scaling_.kappa / scaling_.label * A_.matrix(), offset_.value / scaling_.label);
  }

  [[nodiscard]] std::function<Vector(const Matrix&)> function() const {
    return [W = frozen_W_, b = frozen_b_, A = Matrix(scaling_.kappa / scaling_.label * A_.matrix()),
            c = offset_.value / scaling_.label,
            derivative = options_.activation.derivative](const Matrix& X) -> Vector {
      const Matrix D = pre_activations(W, b, X).unaryExpr(derivative);
      return D.cwiseProduct(A.transpose() * X).colwise().sum().transpose().array() + c;
    };
  }

  [[nodiscard]] bool finite() const { return A_.value().allFinite() && std::isfinite(offset_.value); }

  void save(StateWriter& state) const {
    A_.save(state);
    state.put(offset_);
  }
  void load(StateReader& state) {
    A_.load(state);
    state.get(offset_);
  }

 private:
  using Base = Batch<Real>;
  using Base::derivative_, Base::offset_, Base::options_, Base::q_, Base::scaling_, Base::value_;

  Matrix frozen_W_;
  Vector frozen_b_;
  MatrixOf<Real> W_, b_;
  Trained<Real> A_;
  std::shared_ptr<const TangentMoments> moments_;
};

/// Multiply-adds that one record of the exact risk takes as long as, on trained weights, where neurons have
/// become alike and the series are long: measured at d = 100 to 450, N = 10 to 450. Kernels in closed form
/// need no series, smooth activations a short one. The moments of NT are computed once; a record is then a
/// product with them.
double record_cost(Regime regime, const Options& options, Index neurons, Index d) {
  const auto N = static_cast<double>(neurons);
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
  return options.precision == Precision::fp32 ? "general, fp32" : "general, fp64";
}

}  // namespace lazygap::train
