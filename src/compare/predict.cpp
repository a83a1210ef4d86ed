#include "lazygap/compare/predict.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "core/stage.h"
#include "lazygap/core/check.h"
#include "lazygap/core/error.h"
#include "lazygap/core/random.h"
#include "lazygap/curve/two_level.h"
#include "lazygap/data/ridge_model.h"
#include "lazygap/data/split.h"
#include "lazygap/data/stein_spectrum.h"
#include "lazygap/limit/rf.h"

namespace lazygap::compare {
namespace {

constexpr auto kFunction = "compare::predict";
/// The fourth moments are not Gaussian where they are off by more than this and by three standard errors.
constexpr double kNotGaussian = 0.15;
/// Samples for each feature below which the statistics say little.
constexpr double kFewSamples = 5;
/// A purpose of random numbers beside those of core/random.h.
constexpr auto kBootstrap = static_cast<Purpose>(31);

/// The statistics that are drawn anew, as a vector.
using Statistics = Vector;
using Formula = std::function<double(const Statistics&)>;

struct Drawn {
  Statistics value, error;
};

/// The value at the estimates, and quantiles over draws around them.
Interval interval(const Drawn& drawn, const Formula& formula, const PredictOptions& options) {
  std::vector<double> values;
  Vector z(drawn.value.size());
  for (int k = 0; k < options.draws; ++k) {
    fill_normals({.seed = options.seed, .purpose = kBootstrap, .step = static_cast<std::uint32_t>(k)},
                 {z.data(), static_cast<std::size_t>(z.size())});
    values.push_back(formula(drawn.value + drawn.error.cwiseProduct(z)));
  }
  std::sort(values.begin(), values.end());
  const auto quantile = [&](double p) {
    return values[static_cast<std::size_t>(std::lround(p * static_cast<double>(values.size() - 1)))];
  };
  const double tail = (1 - options.level) / 2;
  return {.value = formula(drawn.value), .lower = quantile(tail), .upper = quantile(1 - tail)};
}

data::RegressionStatistics with(const data::RegressionStatistics& from, const Statistics& s) {
  data::RegressionStatistics changed = from;
  changed.linear.value = s[0];
  changed.quadratic.value = s[1];
  changed.squared_trace.value = s[2];
  return changed;
}

/// A target with these powers: beta along the diagonal, eigenvalues of B around their mean.
PolynomialTarget target_of(const data::Powers& powers, Index d) {
  const auto real_d = static_cast<double>(d);
  Matrix beta = Matrix::Zero(d, 2);
  beta.col(0).setConstant(std::sqrt(powers.linear / real_d));
  beta.col(1).setConstant(std::sqrt(powers.radial / 2 / real_d));
  // +-s, and 0 in the middle of an odd number: the trace stays what it is.
  const Index pairs = d / 2;
  if (pairs > 0) {
    const double s = std::sqrt(powers.traceless / 2 / static_cast<double>(2 * pairs));
    for (Index i = 0; i < pairs; ++i) {
      beta(2 * i, 1) += s;
      beta(2 * i + 1, 1) -= s;
    }
  }
  return PolynomialTarget::from_hermite(beta);
}

/// R/R0 of RF at n samples, at its best ridge.
double rf_at_n(const data::Powers& powers, Index d, Index N, Index n, double variance,
               const HermiteSummary& hermite) {
  constexpr double kNoPower = 1e-9;
  if (powers.linear + powers.traceless + powers.radial < kNoPower * variance) return 1;
  const PolynomialTarget target = target_of(powers, d);
  const curve::AveragedModel model = curve::averaged_rf(target, FirstLayerLaw::isotropic(target), hermite);
  double best = variance;  // of the largest ridge
  constexpr int kDecades = 8, kPerDecade = 3;
  for (int i = 0; i <= kDecades * kPerDecade; ++i) {
    const double ridge = std::pow(10.0, static_cast<double>(i) / kPerDecade - kDecades + 1);
    const curve::Prediction prediction =
        curve::predict(model, N, {.samples = n, .ridge = ridge, .label_noise = std::sqrt(powers.noise)});
    if (std::isfinite(prediction.risk)) best = std::min(best, prediction.risk + powers.noise);
  }
  return best / variance;
}

/// R/R0 for infinitely many samples.
double limit_ratio(const std::string& model, const data::Powers& powers, double variance, Index d, Index N,
                   const data::SteinSpectrum& spectrum) {
  const double rho = static_cast<double>(N) / static_cast<double>(d);
  double learnt = 0;
  if (model == "linear") {
    learnt = powers.linear;
  } else if (model == "RF") {
    learnt = powers.radial * rho / (1 + rho);
  } else if (model == "NT") {
    const double left = std::max(0.0, 1 - rho);
    learnt = (1 - left * left) * powers.traceless + (1 - left) * powers.radial;
  } else if (spectrum.visible == 0 || N >= d) {
    learnt = N >= d ? powers.traceless + powers.radial : 0;
  } else {
    for (Index i = 0; i < std::min(N, spectrum.visible); ++i)
      learnt += 2 * spectrum.debiased[i] * spectrum.debiased[i];
  }
  return std::clamp(1 - learnt / variance, 0.0, 1.0);
}

double class_ratio(const std::string& model, const Statistics& s, Index d, Index N,
                   const HermiteSummary& hermite) {
  const auto real_d = static_cast<double>(d);
  const double rho = static_cast<double>(N) / real_d;
  const double delta = std::max(0.0, s[0]), D = std::max(0.0, s[1]);
  const double trace = std::clamp(s[2], 0.0, D * real_d);
  if (model == "linear") return 1 / (1 + delta);
  if (model == "NN") return 2 / (2 + (N >= d ? D : 0.0));
  if (model == "NT") {
    const double left = std::max(0.0, 1 - rho), tau = D > 0 ? trace / (real_d * D) : 0;
    return 2 / (2 + (1 - left * left * (1 - tau) - left * tau) * D);
  }
  const double psi = limit::rf_psi(Vector::Ones(d), hermite, rho);
  const double x = hermite.lambda_1 * hermite.lambda_1 * psi, y = hermite.lambda_2 * hermite.lambda_2 * psi;
  return 1 / (1 + delta * x / (1 + x) + trace / (4 * real_d) * y / (1 + y / 2));
}

/// Leave-one-out R/R0 of the fitted model, without biases.
double loo_ratio(const data::Table& table, const std::string& model, Index N, const PredictOptions& options,
                 const Control& control) {
  const data::DataSet set = table.set();
  const std::vector<Index> rows =
      data::nested_subset(data::all_rows(set.samples()), options.most_samples, options.seed);
  const data::FeatureKind kind = model == "linear" ? data::FeatureKind::linear
                                 : model == "RF"   ? data::FeatureKind::random
                                                   : data::FeatureKind::tangent;
  const data::FeatureMap map = data::make_feature_map({.kind = kind,
                                                       .activation = options.activation,
                                                       .neurons = std::max<Index>(1, N),
                                                       .seed = options.seed},
                                                      data::standardisation(set, rows));
  const data::RidgeModel fit = data::fit_ridge(set, rows, {}, map, {}, {.stop = control.stop});
  if (fit.status != Status::ok) throw Stopped();
  const double mean = data::mean_outputs(set, rows)[0];
  double variance = 0;
  for (const Index row : rows) variance += (set.Y(0, row) - mean) * (set.Y(0, row) - mean);
  return fit.errors.minCoeff() / (variance / static_cast<double>(rows.size()));
}

std::string judgement_of(const Surrogate& surrogate, Index n, Index d, bool& believable) {
  const double off = surrogate.gaussianity.value - 1;
  believable = false;
  if (std::abs(off) > kNotGaussian && std::abs(off) > 3 * surrogate.gaussianity.error)
    return fmt::format(
        "Do not believe the surrogate: the fourth moments of the features are {:.2f} ± {:.2f} times those of "
        "Gaussian "
        "ones; believe the leave-one-out errors, which assume nothing, instead.",
        surrogate.gaussianity.value, surrogate.gaussianity.error);
  if (static_cast<double>(n) < kFewSamples * static_cast<double>(d))
    return fmt::format(
        "Do not believe the surrogate much: {} samples for {} features are fewer than {} each, and the "
        "intervals are "
        "wide; the leave-one-out errors assume nothing.",
        n, d, kFewSamples);
  believable = true;
  return fmt::format(
      "The fourth moments of the features are {:.2f} ± {:.2f} times those of Gaussian ones: the surrogate "
      "may be "
      "believed as far as linear and quadratic parts go; parts of higher degree count as noise in it.",
      surrogate.gaussianity.value, surrogate.gaussianity.error);
}

void check(const data::Table& table, const PredictOptions& options) {
  if (table.Y.rows() != 1)
    throw UsageError(
        fmt::format("{}: the target has {} {}, but the surrogate is for a regression with one output "
                    "or two classes",
                    kFunction, table.is_classification() ? table.classes.size() : table.Y.rows(),
                    table.is_classification() ? "classes" : "outputs"));
  constexpr int kLeastDraws = 40;
  check_at_least(kFunction, "draws", options.draws, kLeastDraws);
  check_not_empty(kFunction, "widths", static_cast<Index>(options.widths.size()));
  for (const Index N : options.widths) check_at_least(kFunction, "a width", N, 1);
  if (!(options.level > 0 && options.level < 1))
    throw UsageError(
        fmt::format("{}: level is {}, but must be above 0 and below 1", kFunction, options.level));
}

/// Columns that vary; a covariance is singular with the others.
Matrix varying(const Matrix& X) {
  std::vector<Index> rows;
  for (Index i = 0; i < X.rows(); ++i)
    if (X.row(i).minCoeff() < X.row(i).maxCoeff()) rows.push_back(i);
  return X(rows, Eigen::all);
}

void predict_regression(const Matrix& X, const Vector& y, Index n, const PredictOptions& options,
                        const Stage& stage, Surrogate& surrogate) {
  surrogate.regression = data::regression_statistics(X, y);
  stage.done(0.5);
  const data::SteinSpectrum spectrum = data::stein_spectrum(X, y);
  surrogate.visible = spectrum.visible;
  const data::RegressionStatistics& found = surrogate.regression;
  const Drawn drawn{.value = Vector{{found.linear.value, found.quadratic.value, found.squared_trace.value}},
                    .error = Vector{{found.linear.error, found.quadratic.error, found.squared_trace.error}}};
  const Index d = X.rows();
  for (Predicted& p : surrogate.predicted) {
    stage.heard();
    p.surrogate = interval(
        drawn,
        [&](const Statistics& s) {
          return limit_ratio(p.model, data::clipped_powers(with(found, s)), found.variance, d, p.neurons,
                             spectrum);
        },
        options);
    if (p.model == "RF")
      p.at_n = interval(
          drawn,
          [&](const Statistics& s) {
            return rf_at_n(data::clipped_powers(with(found, s)), d, p.neurons, n, found.variance,
                           options.activation.hermite);
          },
          options);
  }
}

void predict_classes(const Matrix& X, const Vector& y, const PredictOptions& options, Surrogate& surrogate) {
  surrogate.of_classes = data::class_statistics(X, y);
  const data::ClassStatistics& found = surrogate.of_classes;
  const Drawn drawn{
      .value = Vector{{found.squared_mean.value, found.squared_norm.value, found.squared_trace.value}},
      .error = Vector{{found.squared_mean.error, found.squared_norm.error, found.squared_trace.error}}};
  for (Predicted& p : surrogate.predicted)
    p.surrogate = interval(
        drawn,
        [&](const Statistics& s) {
          return class_ratio(p.model, s, X.rows(), p.neurons, options.activation.hermite);
        },
        options);
}

}  // namespace

Surrogate predict(const data::Table& table, const PredictOptions& options, const Control& control) {
  check(table, options);
  Surrogate surrogate{.classes = table.is_classification()};
  surrogate.predicted.push_back({.model = "linear"});
  for (const char* model : {"RF", "NT", "NN"})
    for (const Index N : options.widths) surrogate.predicted.push_back({.model = model, .neurons = N});
  const std::vector<Index> rows =
      data::nested_subset(data::all_rows(table.X.cols()), options.most_samples, options.seed);
  const Matrix X = varying(table.X(Eigen::all, rows));
  const Vector y = table.Y(0, rows).transpose();
  try {
    const Stage stage(control);
    surrogate.gaussianity = data::gaussianity(X);
    stage.done(0.3);
    if (surrogate.classes)
      predict_classes(X, y, options, surrogate);
    else
      predict_regression(X, y, table.X.cols(), options, stage.part(0.3, 0.7), surrogate);
    if (options.leave_one_out)
      for (std::size_t i = 0; i < surrogate.predicted.size(); ++i) {
        Predicted& p = surrogate.predicted[i];
        stage.done(0.7 + 0.3 * static_cast<double>(i) / static_cast<double>(surrogate.predicted.size()));
        if (p.model != "NN") p.leave_one_out = loo_ratio(table, p.model, p.neurons, options, control);
      }
  } catch (const Stopped&) {
    return {};
  }
  surrogate.judgement = judgement_of(surrogate, table.X.cols(), X.rows(), surrogate.believable);
  surrogate.status = Status::ok;
  return surrogate;
}

}  // namespace lazygap::compare
