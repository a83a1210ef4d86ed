#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lazygap/activation/activation.h"
#include "lazygap/core/matrix.h"
#include "lazygap/curve/predict.h"
#include "lazygap/fit/options.h"
#include "lazygap/limit/state_evolution.h"
#include "lazygap/network/regime.h"
#include "lazygap/network/second_layer.h"
#include "lazygap/problem/problem.h"
#include "lazygap/problem/spectrum.h"
#include "lazygap/train/options.h"

namespace lazygap::question {

/// Which route answers. docs/architecture.md explains the routes; route/route.h has one object for each.
enum class Method { limit, exact, lazy_rich, state_evolution, curve, dynamics, train, fit, flow };
[[nodiscard]] std::string_view to_string(Method method);

/// A matrix that many questions share; null: not given.
using SharedMatrix = std::shared_ptr<const Matrix>;

/// Where x and y come from.
struct ProblemSpec {
  std::string model = "qf";  ///< "qf", "mg" or "polynomial"
  Index d = 450;
  SpectrumLaw spectrum;                  ///< of B (qf) or Delta (mg)
  std::map<Index, SpectrumLaw> hermite;  ///< polynomial: the coefficients of He_k, by k
  SharedMatrix matrix = {};        ///< given whole: B (qf) or Delta (mg), d x d; beta (polynomial), d x K
  bool haar_rotated = false;       ///< B or Delta = Q diag(spectrum) Q^T with Q Haar distributed
  SharedMatrix sigma = {};         ///< mg: Sigma, d x d, or d x 1 for its diagonal; null: identity
  bool indefinite_matrix = false;  ///< whether `matrix`, B or Delta, has eigenvalues of both signs
  Index signals = 0;  ///< qf: above 0, spiked covariates with so many signal coordinates (problem/spiked.h)
  double spike = 1;   ///< their standard deviation r in the coordinates of the data
  double label_noise = 0;      ///< standard deviation of the noise in the labels of train and fit
  double noise_to_signal = 0;  ///< above 0: its variance divided by R0, and label_noise is not read
};

/// An activation by name, by expression or by Hermite coefficients.
struct ActivationSpec {
  std::string name = "quadratic";  ///< empty where one of the others is given
  std::string expression = {}, derivative = {};
  std::vector<double> hermite = {};  ///< lambda_0, lambda_1, ...

  friend bool operator==(const ActivationSpec&, const ActivationSpec&) = default;
};

/// Which functions may be learnt.
struct NetworkSpec {
  Regime regime = Regime::nn;
  Index width = 1;  ///< N; not read where the regime is Bayes
  double rho = 0;   ///< above 0: N is the integer nearest to rho d, at least 1, and width is not read
  bool equal_parameters = false;  ///< RF: N (d + 1) neurons instead of N
  ActivationSpec activation;
  double bias_scale = 0;          ///< tau: first-layer biases b_i ~ N(0, tau^2)
  bool centred = true;            ///< RF: sigma - lambda_0 instead of sigma
  double one_step = 0;            ///< RF: step size eta of one giant step on the first layer; 0: none
  Index one_step_samples = 0;     ///< its samples n1; 0: infinitely many
  double output_scale = 1;        ///< NN trained, lazy_rich: alpha, the factor of the network's output
  bool subtract_start = false;    ///< NN trained: the network of the start is subtracted (lazy_rich: always)
  SharedMatrix first_layer = {};  ///< W of RF and NT, d x N or wider; null: drawn
  SharedMatrix gamma = {};        ///< Gamma for the regime "RF", d x d, or d x 1 for its diagonal
};

/// Training as a plan asks for it. Of `options`, the activation, biases, label noise, seed and draw are those
/// of the question: see route/train.h.
struct TrainSpec {
  train::Options options;
  train::Search search = train::Search::full;
  bool share_between_widths = false;  ///< samples are drawn once for all widths, not for all step sizes only
};

/// Learning curves: how the risk at n samples is predicted.
struct CurveSpec {
  curve::Equivalent equivalent = curve::Equivalent::elliptic;
  bool best_ridge = false;  ///< at the ridge of least predicted risk instead of the one given
};

/// What wide networks with n samples: which of the estimates of limit/state_evolution.h.
struct StateEvolutionSpec {
  limit::WideEstimate estimate = limit::WideEstimate::best_penalty;
};

/// Rows of the table of keys (keys.h) at most.
inline constexpr std::size_t kMostKeys = 128;

/// One question to one route, complete: a value with no plan behind it. For example: what is the exact risk
/// of NT with 50 relu neurons on the quadratic function whose 100 eigenvalues seed 1 draws, for draw 0 of W?
///
/// The fields are set through the table of keys (keys.h), which knows their names, ranges and defaults. What
/// a question does not read, for example the ridge of a question to `train`, changes neither its name nor its
/// answer.
struct Question {
  Method method = Method::limit;
  ProblemSpec problem;
  NetworkSpec network;
  TrainSpec train;
  CurveSpec curve;
  StateEvolutionSpec state_evolution;
  /// Above 0: the default of fit.samples is the integer nearest to this times d^2, that of train.steps so
  /// many over the batch.
  double samples_per_d2 = 0;
  fit::Options fit;  ///< likewise: activation, biases, label noise, seed and draw are those of the question
  std::uint64_t seed = 1;
  std::uint32_t draw = 0;  ///< draw of W and, for train and fit, of the samples

  /// The keys that were set; `complete` gives the others the default that depends on these.
  std::bitset<kMostKeys> given = {};

  /// Neurons of the network: N, or N (d + 1) for RF with equal_parameters; 0 for Bayes.
  [[nodiscard]] Index neurons() const;
  [[nodiscard]] bool is_mixture() const { return problem.model == "mg"; }
};

/// Whether W is drawn: RF and NT. NN is trained from its own start, Bayes has no network.
[[nodiscard]] bool draws_first_layer(Regime regime);
[[nodiscard]] bool is_trained(Regime regime);

/// sigma as the question names it.
[[nodiscard]] Activation make_activation(const ActivationSpec& spec);

/// Whether sigma(u) = u^2 without biases, the case of the paper's theorems on NT and NN. The function
/// decides, not its name: "polynomial(0, 0, 1)" is quadratic, too.
[[nodiscard]] bool is_quadratic(const NetworkSpec& network);
/// Whether it is also trained by the algebra of the quadratic activation (train/sgd.h): no momentum and, for
/// NN, no free second layer.
[[nodiscard]] bool trains_quadratic(const Question& question);
/// Whether B (qf) or Delta (mg) may have eigenvalues of both signs, which a second layer of one sign cannot
/// fit.
[[nodiscard]] bool is_indefinite(const ProblemSpec& problem);
/// The second layers that NN may have, by its training.
[[nodiscard]] SecondLayerSign second_layer_sign(const Question& question);

}  // namespace lazygap::question
