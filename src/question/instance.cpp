#include "lazygap/question/instance.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <variant>

#include "lazygap/core/error.h"
#include "lazygap/problem/rotation.h"
#include "lazygap/problem/spiked.h"
#include "lazygap/question/keys.h"

namespace lazygap::question {
namespace {

bool is_column(const Matrix& matrix) { return matrix.cols() == 1; }

Matrix as_whole(const Matrix& matrix) {
  return is_column(matrix) ? Matrix(matrix.reshaped().asDiagonal()) : matrix;
}

Problem make_polynomial(const Question& question) {
  const ProblemSpec& spec = question.problem;
  if (spec.matrix) return PolynomialTarget::from_hermite(*spec.matrix);
  Matrix beta = Matrix::Zero(spec.d, PolynomialTarget::kMostDegree);
  for (const auto& [k, law] : spec.hermite)
    beta.col(k - 1) = draw_spectrum(law, spec.d, question.seed, static_cast<std::uint32_t>(k));
  return PolynomialTarget::from_hermite(beta);
}

/// basis^T gamma basis: every route works in the eigenbasis of B, where Gamma has to follow.
Matrix in_basis(const Matrix& gamma, const Matrix& basis) {
  if (gamma.size() == 0) return gamma;
  if (is_column(gamma)) return basis.transpose() * gamma.reshaped().asDiagonal() * basis;
  return basis.transpose() * gamma * basis;
}

SpikedCovariates spiked(const ProblemSpec& spec) { return {spec.d, spec.signals, spec.spike}; }

/// qf, with Gamma in the coordinates of the problem.
Problem make_qf(const Question& question, Matrix& gamma) {
  const ProblemSpec& spec = question.problem;
  if (spec.signals > 0) return spiked(spec).target(draw_spectrum(spec.spectrum, spec.signals, question.seed));
  if (spec.matrix && !is_column(*spec.matrix)) {
    const Diagonalised diagonalised = diagonalise(*spec.matrix);
    gamma = in_basis(gamma, diagonalised.basis);
    return diagonalised.target;
  }
  if (spec.haar_rotated) gamma = in_basis(gamma, haar_rotation(spec.d, question.seed));
  return PolynomialTarget(draw_spectrum(spec.spectrum, spec.d, question.seed));
}

Problem make_mg(const Question& question) {
  const ProblemSpec& spec = question.problem;
  const bool whole_sigma = spec.sigma && !is_column(*spec.sigma);
  if (!spec.matrix && !spec.haar_rotated && !whole_sigma) {
    const Vector delta = draw_spectrum(spec.spectrum, spec.d, question.seed);
    return spec.sigma ? GaussianMixture(spec.sigma->reshaped(), delta) : GaussianMixture(delta);
  }
  const Matrix sigma = spec.sigma ? as_whole(*spec.sigma) : Matrix::Identity(spec.d, spec.d);
  if (spec.matrix) return GaussianMixture::from_matrices(sigma, *spec.matrix);
  const Vector spectrum = draw_spectrum(spec.spectrum, spec.d, question.seed);
  Matrix delta = spectrum.asDiagonal();
  if (spec.haar_rotated) {
    const Matrix rotation = haar_rotation(spec.d, question.seed);
    delta = rotation * spectrum.asDiagonal() * rotation.transpose();
    delta = (delta + delta.transpose()).eval() / 2;
  }
  return GaussianMixture::from_matrices(sigma, delta);
}

/// Appends a value so that no two values look alike: numbers by their bits, lists with their size.
class Append {
 public:
  explicit Append(std::string& text) : text_(&text) {}

  void operator()(bool value) const { bits(value); }
  void operator()(std::int64_t value) const { bits(value); }
  void operator()(double value) const { bits(value); }
  void operator()(const std::string& value) const {
    bits(value.size());
    *text_ += value;
  }
  void operator()(const std::vector<double>& value) const {
    bits(value.size());
    numbers(value.data(), value.size());
  }
  void operator()(const SharedMatrix& value) const {
    bits(value ? value->rows() : 0);
    bits(value ? value->cols() : 0);
    if (value) numbers(value->data(), static_cast<std::size_t>(value->size()));
  }

 private:
  template <class Number>
  void bits(const Number& number) const {
    text_->append(reinterpret_cast<const char*>(&number), sizeof(number));
  }
  void numbers(const double* data, std::size_t count) const {
    text_->append(reinterpret_cast<const char*>(data), count * sizeof(double));
  }

  std::string* text_;
};

/// Everything an instance depends on: what the limit of RF reads of the question. Planning asks for it at
/// every point of the axes, where the name of a question would take most of the time.
std::string instance_name(const Question& question) {
  Question instance = question;
  instance.method = Method::limit;
  instance.network.regime = Regime::rf;
  instance.network.width = 1;
  instance.network.rho = 0;
  instance.network.equal_parameters = false;
  std::string name;
  const Append append(name);
  for (const Key& key : keys())
    if (key.is_read != nullptr && key.is_read(instance)) std::visit(append, key.get(instance));
  // A law that is not given reads like its default.
  for (const auto& [k, law] : instance.problem.hermite) append(static_cast<std::int64_t>(k));
  return name;
}

constexpr std::size_t kRecent = 4;

}  // namespace

Instance make_instance(const Question& question) {
  Activation activation = make_activation(question.network.activation);
  Matrix gamma = question.network.gamma ? *question.network.gamma : Matrix();
  if (question.problem.model == "polynomial")
    return {make_polynomial(question), std::move(activation), std::move(gamma)};
  Problem problem = question.is_mixture() ? make_mg(question) : make_qf(question, gamma);
  Instance instance{std::move(problem), std::move(activation), std::move(gamma)};
  if (question.problem.signals > 0) instance.isotropic_gamma = spiked(question.problem).gamma();
  return instance;
}

double label_noise(const Question& question, const Instance& instance) {
  const ProblemSpec& spec = question.problem;
  return spec.noise_to_signal > 0 ? std::sqrt(spec.noise_to_signal * null_risk(instance.problem))
                                  : spec.label_noise;
}

double instance_bytes(const Question& question) {
  const ProblemSpec& spec = question.problem;
  const auto d = static_cast<double>(spec.d);
  const bool whole_gamma = question.network.gamma && !is_column(*question.network.gamma);
  const bool whole_sigma = spec.sigma && !is_column(*spec.sigma);
  // Measured as multiples of a d x d matrix: roots, eigenvectors and their products on mg, one basis on qf.
  constexpr double kOfMixture = 9, kOfBasis = 8, kOfGamma = 4;
  double matrices = whole_gamma ? kOfGamma : 0;
  if (question.is_mixture() && (spec.matrix || spec.haar_rotated || whole_sigma)) matrices += kOfMixture;
  if (!question.is_mixture() && (spec.matrix || (spec.haar_rotated && question.network.gamma)))
    matrices += kOfBasis;
  return sizeof(double) * (matrices * d * d + 4 * d);
}

FirstLayerLaw first_layer(const Instance& instance, Regime regime) {
  const bool isotropic = regime != Regime::rf && regime != Regime::rf_aligned;
  if (isotropic && instance.isotropic_gamma.size() > 0)
    return FirstLayerLaw::diagonal(instance.problem, instance.isotropic_gamma);
  return first_layer_law(regime, instance.problem, instance.gamma);
}

Matrix draw_first_layer(const Question& question, const Instance& instance) {
  const Index N = question.neurons();
  const SharedMatrix& given = question.network.first_layer;
  if (!given) return first_layer(instance, question.network.regime).sample(N, question.seed, question.draw);
  if (given->rows() != dimension(instance.problem) || given->cols() < N)
    throw UsageError(fmt::format(
        "sweep.first_layer is a {} x {} matrix, but must be d x N or wider, with d = {} and N = {}",
        given->rows(), given->cols(), dimension(instance.problem), N));
  return given->leftCols(N);
}

std::shared_ptr<const Instance> Instances::of(const Question& question) {
  const std::string name = instance_name(question);
  const std::lock_guard lock(mutex_);
  const auto found =
      std::find_if(recent_.begin(), recent_.end(), [&](const Entry& e) { return e.name == name; });
  if (found != recent_.end()) {
    std::rotate(found, found + 1, recent_.end());
    return recent_.back().instance;
  }
  recent_.push_back({name, std::make_shared<const Instance>(make_instance(question))});
  if (recent_.size() > kRecent) recent_.erase(recent_.begin());
  return recent_.back().instance;
}

}  // namespace lazygap::question
