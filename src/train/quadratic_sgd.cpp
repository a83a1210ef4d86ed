#include "train/quadratic_sgd.h"

#include <fmt/format.h>

#include <Eigen/Dense>
#include <cmath>
#include <optional>
#include <type_traits>

#include "lazygap/core/processor.h"
#include "lazygap/network/nt_basis.h"
#include "train/ensemble.h"
#include "train/kernels.h"
#include "train/kernels_bf16.h"
#include "train/protocol.h"
#include "train/state.h"

namespace lazygap::train {
namespace {

/// f(x) = c + x^T S x in the units of the problem.
struct QuadraticForm {
  Matrix S;
  double c = 0;

  Vector operator()(const Matrix& X) const {
    return (S * X).cwiseProduct(X).colwise().sum().transpose().array() + c;
  }
};

template <class Real>
std::span<Real> as_span(VectorOf<Real>& values) {
  return {values.data(), static_cast<std::size_t>(values.size())};
}

/// draw_batch with X rounded to bf16; labels of a polynomial target are those of the rounded samples.
void draw_rounded_batch(const Problem& problem, double label_noise, const RandomAddress& address,
                        MatrixOf<float>& X, VectorOf<float>& y) {
  const auto* target = std::get_if<PolynomialTarget>(&problem);
  if (target != nullptr)
    draw_normals<float>(address, X);
  else
    draw_samples<float>(problem, address, X, y);
  round_to_bf16({X.data(), static_cast<std::size_t>(X.size())});
  if (target != nullptr) set_labels<float>(*target, X, y);
  add_label_noise<float>(label_noise, address, y);
}

/// NN with W (or its factor L), a and the offset o. Layer: the kernels, Neurons<Real> or Bf16Neurons.
template <class Real, class Layer = Neurons<Real>>
class TwoLayer {
 public:
  using Number = Real;

  TwoLayer(const Problem& problem, Index neurons, const Options& options)
      : TwoLayer(problem, neurons, options, initial_weights(problem, neurons, options),
                 uses_lq(problem, neurons, options)) {}

  [[nodiscard]] bool draws_as(const TwoLayer&) const { return true; }
  void draw(const RandomAddress& address, Samples<Real>& samples) const {
    if constexpr (std::is_same_v<Layer, Bf16Neurons>)
      draw_rounded_batch(problem_, label_noise_, address, samples.X, samples.y);
    else
      draw_batch(problem_, label_noise_, address, samples.X, samples.y);
  }

  double step(const Samples<Real>& samples, double step_size) {
    const auto& [X, y] = samples;
    neurons_.forward(X, as_span(q_));
    if (start_) start_->forward(X, as_span(q_start_));
    const double b = static_cast<double>(X.cols());
    const double rate = step_size * scaling_.weights * a_ / b;
    BatchMeans mean;
    for (Index j = 0; j < X.cols(); ++j) {
      const double q = static_cast<double>(q_[j]);
      double r = scaling_.label * static_cast<double>(y[j]) - scaling_.kappa * a_ * q - offset_;
      if (start_) r += scaling_.kappa * a_start_ * static_cast<double>(q_start_[j]);
      mean.r += r;
      mean.r2 += r * r;
      mean.rq += r * q;
      q_[j] = static_cast<Real>(rate * r);
    }
    if (!std::isfinite(mean.r2)) return mean.r2;
    neurons_.update(X, as_span(q_));
    offset_ += 2 * step_size * mean.r / b;
    if (shared_) a_ += step_size * scaling_.shared * mean.rq / b;
    return mean.r2 / b / (scaling_.label * scaling_.label);
  }

  [[nodiscard]] QuadraticForm function() const {
    const Matrix W = neurons_.matrix();
    const double factor = scaling_.kappa / scaling_.label;
    if (!start_) return {scaling_.kappa * a_ / scaling_.label * W * W.transpose(), offset_ / scaling_.label};
    const Matrix W_0 = start_->matrix();
    return {factor * (a_ * W * W.transpose() - a_start_ * W_0 * W_0.transpose()), offset_ / scaling_.label};
  }
  [[nodiscard]] double risk() const {
    const QuadraticForm f = function();
    return population_risk(problem_, f.S, f.c);
  }

  [[nodiscard]] FirstLayer first_layer() const { return {neurons_.matrix()}; }
  [[nodiscard]] Weights trained() const {
    const Index N = count_;
    Weights network{.W = is_factor_ ? lq_product(neurons_.matrix(), initial_weights(problem_, N, options_))
                                    : neurons_.matrix(),
                    .a = Vector::Constant(N, scaling_.kappa * a_ / scaling_.label),
                    .c = offset_ / scaling_.label};
    if (!start_) return network;
    return with_start(std::move(network), initial_weights(problem_, N, options_), {},
                      Vector::Constant(N, -scaling_.kappa * a_start_ / scaling_.label));
  }

  [[nodiscard]] bool finite() const {
    return neurons_.matrix().allFinite() && std::isfinite(a_) && std::isfinite(offset_);
  }

  void save(StateWriter& state) const {
    state.put(neurons_.matrix());
    state.put(a_);
    state.put(offset_);
  }
  void load(StateReader& state) {
    Matrix W = neurons_.matrix();
    state.get(W);
    neurons_ = Layer(W, q_.size());
    state.get(a_);
    state.get(offset_);
  }

 private:
  TwoLayer(const Problem& problem, Index neurons, const Options& options, const Matrix& W, bool is_factor)
      : problem_(problem),
        options_(options),
        count_(neurons),
        is_factor_(is_factor),
        scaling_(scaling(problem, neurons, options)),
        shared_(options.second_layer == SecondLayer::shared),
        label_noise_(options.label_noise),
        a_(second_layer_at_start(options)),
        neurons_(is_factor ? lq_factor(W) : W, options.batch),
        q_(options.batch) {
    // A shared second layer starts at 0, and there is nothing to subtract.
    if (!options.subtract_start || a_start_ == 0) return;
    start_.emplace(is_factor_ ? lq_factor(W) : W, options.batch);
    q_start_.resize(options.batch);
  }

  const Problem& problem_;
  Options options_;
  Index count_;
  bool is_factor_;
  Scaling scaling_;
  bool shared_;
  double label_noise_;
  double a_;
  double a_start_ = a_;
  double offset_ = 0;
  Layer neurons_;
  VectorOf<Real> q_;
  std::optional<Layer> start_;  // the network of the start, where it is subtracted
  VectorOf<Real> q_start_;
};

/// The step of NT on the symmetric matrix `form`: r_j = residual(j, q_j), form_jk += rate (l_j + l_k) G_jk
/// with G = mean[r x x^T]. Returns the means over the batch.
template <class Real, class Residual>
BatchMeans form_step(SymmetricForm<Real>& form, const MatrixOf<Real>& X, VectorOf<Real>& q, double rate,
                     const Residual& residual) {
  form.forward(X, as_span(q));
  const double b = static_cast<double>(X.cols());
  BatchMeans mean;
  for (Index j = 0; j < X.cols(); ++j) {
    const double r = residual(j, static_cast<double>(q[j]));
    mean.r += r / b;
    mean.r2 += r * r / b;
    q[j] = static_cast<Real>(rate / b * r);
  }
  if (std::isfinite(mean.r2)) form.update(X, as_span(q));
  return mean;
}

/// NT on a quadratic target: E = U^T (label B) U - U^T S U and offset' = o - label b0, so that r = x^T E x -
/// offset' with x drawn in the basis U.
template <class Real>
class ErrorForm {
 public:
  using Number = Real;

  ErrorForm(const PolynomialTarget& problem, Index neurons, const Options& options)
      : problem_(problem),
        options_(options),
        neurons_(neurons),
        scaling_(scaling(problem, neurons, options)),
        basis_(nt_basis(frozen_weights(problem, neurons, options), problem.eigenvalues())),
        label_noise_(options.label_noise),
        offset_(-scaling_.label * problem.offset()),
        error_(start(), basis_.l, options.batch),
        q_(options.batch) {}

  [[nodiscard]] bool draws_as(const ErrorForm&) const { return true; }
  /// y is the noise alone: the label is part of the form.
  void draw(const RandomAddress& address, Samples<Real>& samples) const {
    draw_normals<Real>(address, samples.X);
    samples.y.setZero();
    add_label_noise<Real>(label_noise_, address, samples.y);
  }

  double step(const Samples<Real>& samples, double step_size) {
    const BatchMeans mean =
        form_step(error_, samples.X, q_, -step_size * scaling_.form, [&](Index j, double q) {
          return q - offset_ + scaling_.label * static_cast<double>(samples.y[j]);  // y: noise
        });
    offset_ += 2 * step_size * mean.r;
    return mean.r2 / (scaling_.label * scaling_.label);
  }

  [[nodiscard]] QuadraticForm function() const {
    Matrix S = -basis_.U * error_.matrix() * basis_.U.transpose() / scaling_.label;
    S.diagonal() += problem_.eigenvalues();
    return {S, offset_ / scaling_.label + problem_.offset()};
  }
  [[nodiscard]] double risk() const {
    const Matrix E = error_.matrix();
    const double mean = E.trace() - offset_;
    return (2 * E.squaredNorm() + mean * mean) / (scaling_.label * scaling_.label);
  }

  [[nodiscard]] FirstLayer first_layer() const { return {frozen_weights(problem_, neurons_, options_)}; }
  [[nodiscard]] Weights trained() const {
    Matrix W = first_layer().W;
    const Matrix S = basis_.U.transpose() * problem_.eigenvalues().asDiagonal() * basis_.U -
                     error_.matrix() / scaling_.label;
    Matrix A = nt_second_layer(W, basis_.U, basis_.l, S);
    return {.W = std::move(W), .A = std::move(A), .c = offset_ / scaling_.label + problem_.offset()};
  }

  [[nodiscard]] bool finite() const { return error_.matrix().allFinite() && std::isfinite(offset_); }

  void save(StateWriter& state) const {
    state.put(basis_);
    state.put(error_.matrix());
    state.put(offset_);
  }
  void load(StateReader& state) {
    state.get(basis_);
    Matrix E(dimension(), dimension());
    state.get(E);
    error_ = SymmetricForm<Real>(E, basis_.l, q_.size());
    state.get(offset_);
  }

 private:
  [[nodiscard]] Index dimension() const { return problem_.dimension(); }
  [[nodiscard]] Matrix start() const {
    Matrix E = scaling_.label * basis_.U.transpose() * problem_.eigenvalues().asDiagonal() * basis_.U;
    // Diagonal by the choice of the basis; rounding must not make the kernels carry it along as full.
    const Index null = (basis_.l.array() == 0).count();
    auto constant = E.bottomRightCorner(null, null);
    constant = Matrix(constant.diagonal().asDiagonal());
    return E;
  }

  const PolynomialTarget& problem_;
  Options options_;
  Index neurons_;
  Scaling scaling_;
  NtBasis basis_;
  double label_noise_;
  double offset_;
  SymmetricForm<Real> error_;
  VectorOf<Real> q_;
};

/// x -> Q^T x with Q orthogonal, whose first N columns are those of U up to signs. For 2 N < d, Q is a
/// product of Householder reflections, I - V T V^T with V d x N, which take 4 d N operations a sample;
/// otherwise Q = U takes 2 d^2.
template <class Real>
class Rotation {
 public:
  Rotation(const Matrix& U, Index N, Index batch) : Q_(U) {
    const Index d = U.rows();
    if (2 * N < d) {
      const Eigen::HouseholderQR<Matrix> qr(U.leftCols(N));
      const Matrix V = qr.matrixQR().template triangularView<Eigen::UnitLower>();
      // T^-1 + T^-T = V^T V, because Q is orthogonal.
      Matrix inverse = V.transpose() * V;
      inverse.diagonal() /= 2;
      const Matrix VT = inverse.template triangularView<Eigen::Upper>().template solve<Eigen::OnTheRight>(V);
      Q_ = Matrix::Identity(d, d) - VT * V.transpose();
      reflectors_ = V.cast<Real>();
      projection_ = VT.transpose().cast<Real>();
    } else {
      projection_ = U.transpose().cast<Real>();
    }
    product_.resize(projection_.rows(), batch);
  }

  [[nodiscard]] const Matrix& matrix() const { return Q_; }

  void operator()(MatrixOf<Real>& X) {
    product_.noalias() = projection_ * X;
    if (reflectors_.size() > 0)
      X.noalias() -= reflectors_ * product_;
    else
      X.swap(product_);
  }

 private:
  Matrix Q_;
  MatrixOf<Real> reflectors_;  // V, or empty
  MatrixOf<Real> projection_;  // (V T)^T, or U^T
  MatrixOf<Real> product_;
};

/// NT on any problem: S in the basis Q of a Rotation, on rotated samples Q^T x.
template <class Real>
class RotatedForm {
 public:
  using Number = Real;

  RotatedForm(const Problem& problem, Index neurons, const Options& options)
      : problem_(problem),
        options_(options),
        neurons_(neurons),
        scaling_(scaling(problem, neurons, options)),
        basis_(nt_basis(frozen_weights(problem, neurons, options))),
        rotation_(basis_.U, neurons, options.batch),
        label_noise_(options.label_noise),
        form_(Matrix::Zero(dimension(problem), dimension(problem)), basis_.l, options.batch),
        q_(options.batch) {}

  /// Bases are compared, not widths: that of a saved state may come from another processor.
  [[nodiscard]] bool draws_as(const RotatedForm& other) const { return basis_.U == other.basis_.U; }
  /// X is Q^T x.
  void draw(const RandomAddress& address, Samples<Real>& samples) {
    draw_batch(problem_, label_noise_, address, samples.X, samples.y);
    rotation_(samples.X);
  }

  double step(const Samples<Real>& samples, double step_size) {
    const BatchMeans mean = form_step(
        form_, samples.X, q_, step_size * scaling_.form,
        [&](Index j, double q) { return scaling_.label * static_cast<double>(samples.y[j]) - q - offset_; });
    offset_ += 2 * step_size * mean.r;
    return mean.r2 / (scaling_.label * scaling_.label);
  }

  [[nodiscard]] QuadraticForm function() const {
    const Matrix& Q = rotation_.matrix();
    return {Q * form_.matrix() * Q.transpose() / scaling_.label, offset_ / scaling_.label};
  }
  [[nodiscard]] double risk() const {
    const QuadraticForm f = function();
    return population_risk(problem_, f.S, f.c);
  }

  [[nodiscard]] FirstLayer first_layer() const { return {frozen_weights(problem_, neurons_, options_)}; }
  [[nodiscard]] Weights trained() const {
    Matrix W = first_layer().W;
    Matrix A = nt_second_layer(W, rotation_.matrix(), basis_.l, form_.matrix() / scaling_.label);
    return {.W = std::move(W), .A = std::move(A), .c = offset_ / scaling_.label};
  }

  [[nodiscard]] bool finite() const { return form_.matrix().allFinite() && std::isfinite(offset_); }

  void save(StateWriter& state) const {
    state.put(basis_);
    state.put(form_.matrix());
    state.put(offset_);
  }
  void load(StateReader& state) {
    state.get(basis_);
    rotation_ = Rotation<Real>(basis_.U, neurons_, q_.size());
    Matrix S = form_.matrix();
    state.get(S);
    form_ = SymmetricForm<Real>(S, basis_.l, q_.size());
    state.get(offset_);
  }

 private:
  const Problem& problem_;
  Options options_;
  Index neurons_;
  Scaling scaling_;
  NtBasis basis_;
  Rotation<Real> rotation_;
  double label_noise_;
  double offset_ = 0;
  SymmetricForm<Real> form_;
  VectorOf<Real> q_;
};

/// The quadratic target on which r = x^T E x - offset', or nullptr.
const PolynomialTarget* error_form_target(const Problem& problem) {
  const auto* target = std::get_if<PolynomialTarget>(&problem);
  return target != nullptr && target->is_quadratic() ? target : nullptr;
}

template <class Real, class Layer = Neurons<Real>>
std::vector<Outcome> train(Regime regime, const Problem& problem, std::span<const Network> networks,
                           const Options& options, Search search, const GroupHooks& hooks) {
  const auto run = [&]<class Model>(const auto& target) {
    const auto make = [&](const Network& network, const Options& own) {
      return Model(target, network.neurons, own);
    };
    return Ensemble<Model>(regime, problem, networks, options, search, hooks, make)();
  };
  if (regime == Regime::nn) return run.template operator()<TwoLayer<Real, Layer>>(problem);
  if (const PolynomialTarget* target = error_form_target(problem))
    return run.template operator()<ErrorForm<Real>>(*target);
  return run.template operator()<RotatedForm<Real>>(problem);
}

}  // namespace

std::vector<Outcome> quadratic_networks(Regime regime, const Problem& problem,
                                        std::span<const Network> networks, const Options& options,
                                        Search search, const GroupHooks& hooks) {
  if (options.precision == Precision::fp64)
    return train<double>(regime, problem, networks, options, search, hooks);
  if (options.precision == Precision::bf16)
    return train<float, Bf16Neurons>(regime, problem, networks, options, search, hooks);
  return train<float>(regime, problem, networks, options, search, hooks);
}

std::string quadratic_path(Regime regime, const Problem& problem, Index neurons, const Options& options) {
  const char* algebra = uses_lq(problem, neurons, options) ? "LQ" : "direct";
  if (regime == Regime::nt) algebra = error_form_target(problem) != nullptr ? "error form" : "symmetric form";
  if (options.precision == Precision::fp64) return fmt::format("{}, fp64", algebra);
  return fmt::format("{}, {} {}", algebra, instruction_set(),
                     options.precision == Precision::bf16 ? "bf16" : "fp32");
}

}  // namespace lazygap::train
