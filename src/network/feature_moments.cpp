#include "network/feature_moments.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>
#include <vector>

#include "network/close_pairs.h"
#include "network/neuron_functions.h"

namespace lazygap {
namespace {

using network::Component;
using network::Expansion;
using network::Neurons;

/// Columns of the Gram matrix computed together: wide enough for the matrix product to run at full speed,
/// narrow enough for its scratch space to be small against K.
constexpr Index kPanel = 256;
/// Pairs more correlated than this, where the series is slow, take the kernel in closed form if there is one.
constexpr double kSeries = 0.9;
/// Up to this width all pairs take the closed form: a kernel costs more than its part of the series, but the
/// series has to be made first.
constexpr Index kClosedFormWidth = 512;

struct Part {
  Component component;
  Neurons neurons;
  Expansion expansion;
  bool close_pairs = false;  ///< whether pairs with |r| > network::kClose take a quadrature
  std::map<std::pair<Index, Index>, double> close_moments{};  ///< of these (i > j), E[phi_i phi_j]
};

/// E[y phi_i] within one component.
Vector projections(const PolynomialTarget& target, const Part& part) {
  const Matrix& c = part.expansion.coefficients;
  Vector v = target.mean() * c.col(0);
  Eigen::ArrayXXd powers = part.neurons.directions;  // w^_i^k entrywise
  double factorial = 1;
  for (Index k = 1; k <= target.degree(); ++k) {
    factorial *= static_cast<double>(k);
    // E[He_k(x_j) phi_i] = w^_ij^k E[He_k(G) phi_i(G)].
    const Vector form = powers.matrix().transpose() * target.coefficients(k);
    v += std::sqrt(factorial) * c.col(k).cwiseProduct(form);
    powers *= part.neurons.directions.array();
  }
  return v;
}
Vector projections(const GaussianMixture&, const Part& part) {
  return part.component.label * part.expansion.coefficients.col(0);
}

}  // namespace

struct FeatureMoments::Storage {
  Activation activation;
  double centre;
  network::ScalarFunction sigma;  ///< sigma - centre
  bool closed_form;               ///< whether there is activation.kernel for pairs with |r| > most()
  std::vector<Part> parts;
  Vector projections, means;
  double mean_label, null_risk;
  double error = 0;

  /// Largest |r| that is left to the series.
  [[nodiscard]] double most(const Part& part) const {
    if (!closed_form) return part.close_pairs ? network::kClose : 1 - network::kParallel;
    return projections.size() <= kClosedFormWidth ? -1 : kSeries;
  }

  /// Fills close_moments and returns their error.
  [[nodiscard]] double set_close_moments(Part& part, const Stage& stage) const {
    double largest = 0;
    network::for_each_close_pair(part.neurons.directions, [&](Index i, Index j) {
      stage.heard();
      const network::PairMoments pair = network::close_pair_moments(sigma, part.neurons, i, j);
      part.close_moments[{i, j}] = pair.k;
      largest = std::max(largest, pair.error);
    });
    return largest;
  }

  /// E[phi_i phi_j] within one component of a pair with correlation r near 1 or -1: from the kernel in closed
  /// form, or by quadrature.
  [[nodiscard]] double pair_moment(const Part& part, Index i, Index j, double r) const {
    if (!closed_form && network::parallel(r))
      return network::parallel_moments(sigma, part.neurons, i, j, r > 0 ? 1 : -1).moment;
    if (!closed_form) return part.close_moments.at({i, j});
    const double si = part.neurons.lengths[i], sj = part.neurons.lengths[j];
    if (si == 0 || sj == 0) return part.expansion.coefficients(i, 0) * part.expansion.coefficients(j, 0);
    // sigma = (sigma - centre) + centre in both factors.
    const double both = part.expansion.coefficients(i, 0) + part.expansion.coefficients(j, 0);
    return activation.kernel(si * si, sj * sj, std::clamp(r, -1.0, 1.0) * si * sj) - centre * both -
           centre * centre;
  }

  /// Adds weight * E[phi_i phi_j] to the lower triangle of K, of the features it has room for.
  void add_gram(const Part& part, Matrix& K, const Stage& stage) const {
    const Index N = K.rows(), last = part.expansion.coefficients.cols() - 1;
    const auto directions = part.neurons.directions.leftCols(N);
    const auto c = part.expansion.coefficients.topRows(N);
    const double weight = part.component.weight;
    const double most_of_series = most(part);
    stage.for_each((N + kPanel - 1) / kPanel, [&](Index panel) {
      const Index start = panel * kPanel, columns = std::min(kPanel, N - start);
      Matrix R(N - start, columns);
      Eigen::ArrayXd sum(N - start);
      R.noalias() = directions.rightCols(N - start).transpose() * directions.middleCols(start, columns);
      for (Index j = start; j < start + columns; ++j) {
        const Index rows = N - j - 1;
        const auto r = R.col(j - start).tail(rows).array();
        auto entries = sum.head(rows);
        if (most_of_series > 0) {  // not every pair has its kernel
          entries = c(j, last) * c.col(last).tail(rows).array();
          for (Index k = last - 1; k >= 0; --k) entries = entries * r + c(j, k) * c.col(k).tail(rows).array();
        }
        for (Index i = 0; i < rows; ++i)
          if (std::abs(r[i]) > most_of_series) entries[i] = pair_moment(part, j + 1 + i, j, r[i]);
        K.col(j).tail(rows).array() += weight * entries;
        K(j, j) += weight * part.expansion.moment[j];
      }
    });
  }
};

FeatureMoments::FeatureMoments(const Problem& problem, const Activation& activation, const Matrix& W,
                               const Vector& biases, double centre, double tolerance, const Stage& stage)
    : storage_(std::make_unique<Storage>(Storage{
          .activation = activation,
          .centre = centre,
          .sigma = {.value = [sigma = activation.value, centre](double u) { return sigma(u) - centre; },
                    .kinks = activation.kinks,
                    .length = activation.length},
          .closed_form = activation.kernel && biases.size() == 0,
          .parts = {},
          .projections = Vector::Zero(W.cols()),
          .means = Vector::Zero(W.cols()),
          .mean_label = network::mean_label(problem),
          .null_risk = lazygap::null_risk(problem)})) {
  Storage& m = *storage_;
  const Matrix whitened = network::whiten_neurons(problem, W);
  const std::vector<Component> components = network::components(problem);
  for (const Component& component : components) {
    const Stage own = stage.share(static_cast<Index>(m.parts.size()), static_cast<Index>(components.size()));
    Part part{.component = component,
              .neurons = network::act_on_normals(component, whitened, biases),
              .expansion = {}};
    const auto expand = [&](const Stage& looking) {
      return network::expand(m.sigma, part.neurons,
                             network::largest_correlation(part.neurons.directions, m.most(part), looking),
                             false, tolerance, own.part(0.5, 0.5));
    };
    part.expansion = expand(own.part(0, 0.5));
    part.close_pairs = !m.closed_form && part.expansion.error > tolerance && !m.sigma.kinks.empty() &&
                       network::few_close_pairs(part.neurons.directions);
    if (part.close_pairs) {
      part.expansion = expand(own.part(0.5, 0.5));
      m.error = std::max(m.error, m.set_close_moments(part, own));
    }
    m.projections +=
        component.weight * std::visit([&](const auto& p) { return lazygap::projections(p, part); }, problem);
    m.means += component.weight * part.expansion.coefficients.col(0);
    m.error = std::max(m.error, part.expansion.error);
    m.parts.push_back(std::move(part));
  }
}

FeatureMoments::~FeatureMoments() = default;
FeatureMoments::FeatureMoments(FeatureMoments&&) noexcept = default;

void FeatureMoments::gram(Matrix& K, const Stage& stage) const {
  K.triangularView<Eigen::Lower>().setZero();
  const std::vector<Part>& parts = storage_->parts;
  for (std::size_t k = 0; k < parts.size(); ++k)
    storage_->add_gram(parts[k], K, stage.share(static_cast<Index>(k), static_cast<Index>(parts.size())));
}

const Vector& FeatureMoments::projections() const { return storage_->projections; }
const Vector& FeatureMoments::means() const { return storage_->means; }
double FeatureMoments::error() const { return storage_->error; }

double FeatureMoments::risk(const Vector& a, double c, const Stage& stage) const {
  return risks({&a}, c, stage).front();
}

std::vector<double> FeatureMoments::risks(const std::vector<const Vector*>& solutions, double c,
                                          const Stage& stage) const {
  const Storage& m = *storage_;
  Matrix K(m.projections.size(), m.projections.size());
  gram(K, stage);
  // Var y + (E y - c)^2 is E (y - c)^2.
  const double without = m.null_risk + (m.mean_label - c) * (m.mean_label - c);
  std::vector<double> risks;
  for (const Vector* a : solutions) {
    stage.heard();
    const Vector product = K.selfadjointView<Eigen::Lower>() * *a;
    risks.push_back(without - 2 * a->dot(m.projections - c * m.means) + a->dot(product));
  }
  return risks;
}

}  // namespace lazygap
