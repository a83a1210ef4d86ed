#include "lazygap/data/ridge_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/machine.h"
#include "data/feature_blocks.h"
#include "data/ridge_sides.h"
#include "lazygap/core/check.h"
#include "lazygap/core/error.h"

namespace lazygap::data {
namespace {

constexpr auto kFunction = "data::fit_ridge";
/// The default path: this many a decade, from and to multiples of the largest eigenvalue.
constexpr int kPerDecade = 3;
constexpr int kLeastDecade = -9, kLeastDecadeSingle = -6, kMostDecade = 2;
/// A sample with a leverage this near to 1 determines its own prediction: without it nothing is known of it.
constexpr double kFullLeverage = 1e-10;

void check_options(const RidgeOptions& options) {
  check_at_least(kFunction, "block", options.block, 1);
  for (const double ridge : options.ridges) check_nonnegative(kFunction, "a ridge", ridge);
  if (options.choice == RidgeChoice::fixed && options.ridges.size() != 1)
    throw UsageError(
        fmt::format("{}: there are {} ridges, but a fixed ridge is one", kFunction, options.ridges.size()));
}

Vector path_of(const RidgeOptions& options, const Vector& values) {
  if (!options.ridges.empty()) {
    Vector path = Eigen::Map<const Vector>(options.ridges.data(), static_cast<Index>(options.ridges.size()));
    std::sort(path.begin(), path.end());
    return path;
  }
  const double largest = values.size() > 0 ? values.maxCoeff() : 1;  // no feature varies: any ridge
  const int from = options.fp32 ? kLeastDecadeSingle : kLeastDecade;
  Vector path(kPerDecade * (kMostDecade - from) + 1);
  for (Index i = 0; i < path.size(); ++i)
    path[i] = largest * std::pow(10.0, from + static_cast<double>(i) / kPerDecade);
  return path;
}

/// s / (s + ridge) for each ridge, r x ridges.
Matrix shrinkage(const Vector& values, const Vector& path) {
  Matrix kept(values.size(), path.size());
  for (Index l = 0; l < path.size(); ++l) kept.col(l) = values.array() / (values.array() + path[l]);
  return kept;
}

Vector gcv_errors(const Training& training, const Decomposition& side, const Matrix& kept) {
  const auto n = static_cast<double>((training.root_weights.array() > 0).count());
  Vector errors(kept.cols());
  for (Index l = 0; l < kept.cols(); ++l) {
    const double left = 1 - (1 + kept.col(l).sum()) / n;
    const double loss =
        side.outside + ((1 - kept.col(l).array()).matrix().asDiagonal() * side.projected).squaredNorm();
    errors[l] = left > kFullLeverage ? loss / (left * left) : std::numeric_limits<double>::infinity();
  }
  return errors;
}

Vector loo_errors(const Training& training, const Decomposition& side, const Matrix& kept,
                  const Stage& stage) {
  Vector errors = Vector::Zero(kept.cols());
  for_each_row_block(training, side, stage, [&](Index first, const Matrix& U) {
    const Matrix leverages = kept.transpose() * U.cwiseAbs2();  // ridges x b
    const auto root = training.root_weights.segment(first, U.cols());
    const auto t = training.t.middleRows(first, U.cols());
    for (Index l = 0; l < kept.cols(); ++l) {
      const Matrix residuals = t - U.transpose() * (kept.col(l).asDiagonal() * side.projected);
      for (Index j = 0; j < U.cols(); ++j) {
        if (root[j] == 0) continue;
        const double left = 1 - root[j] * root[j] - leverages(l, j);
        errors[l] += left > kFullLeverage ? residuals.row(j).squaredNorm() / (left * left)
                                          : std::numeric_limits<double>::infinity();
      }
    }
  });
  return errors;
}

/// The k columns of modes of each ridge side by side: U^T alpha = projected / (s + ridge).
Matrix modes(const Decomposition& side, const Vector& path) {
  const Index k = side.projected.cols();
  Matrix all(side.values.size(), k * path.size());
  for (Index l = 0; l < path.size(); ++l)
    all.middleCols(l * k, k) =
        (side.values.array() + path[l]).inverse().matrix().asDiagonal() * side.projected;
  return all;
}

Vector validation_errors(const Training& training, Rows validation, const Decomposition& side,
                         const Vector& path, const Stage& stage) {
  const DataSet& data = training.data;
  const Coefficients all = coefficients(training, side, modes(side, path), stage);
  const Index k = data.outputs();
  Vector errors = Vector::Zero(path.size());
  double weights = 0;
  for (std::size_t first = 0; first < validation.size(); first += training.options.block) {
    stage.heard();
    const Rows rows = validation.subspan(
        first, std::min(static_cast<std::size_t>(training.options.block), validation.size() - first));
    const Matrix F = features(training.map, data.X, rows);
    const Matrix values = (all.a.transpose() * F).colwise() - all.mean_value;
    for (Index j = 0; j < F.cols(); ++j) {
      const Index row = rows[static_cast<std::size_t>(j)];
      weights += data.weight(row);
      for (Index l = 0; l < path.size(); ++l)
        errors[l] += data.weight(row) *
                     (data.Y.col(row) - training.mean_y - values.col(j).segment(l * k, k)).squaredNorm();
    }
  }
  return errors / weights;
}

/// Empty for a fixed ridge, which has no error to be chosen by.
Vector path_errors(const Training& training, Rows validation, const Decomposition& side, const Vector& path,
                   const Stage& stage) {
  const Matrix kept = shrinkage(side.values, path);
  switch (training.options.choice) {
    case RidgeChoice::loo:
      return loo_errors(training, side, kept, stage);
    case RidgeChoice::gcv:
      return gcv_errors(training, side, kept);
    case RidgeChoice::validation:
      return validation_errors(training, validation, side, path, stage);
    case RidgeChoice::fixed:
      break;
  }
  return {};
}

RidgeSide side_of(Index samples, Index features, RidgeSide wanted) {
  if (wanted != RidgeSide::automatic) return wanted;
  return features <= samples ? RidgeSide::primal : RidgeSide::dual;
}

void fit(const Training& training, Rows validation, const Stage& stage, RidgeModel& model) {
  model.side = side_of(training.samples(), model.map.size(), training.options.side);
  const Decomposition side = model.side == RidgeSide::primal ? decompose_primal(training, stage.part(0, 0.6))
                                                             : decompose_dual(training, stage.part(0, 0.6));
  model.ridges = path_of(training.options, side.values);
  model.errors = path_errors(training, validation, side, model.ridges, stage.part(0.6, 0.9));
  // Of ridges that are equally good the largest: the simplest function.
  Index best = 0;
  for (Index l = 1; l < model.errors.size(); ++l)
    if (model.errors[l] <= model.errors[best]) best = l;
  model.ridge = model.ridges[best];
  const Vector chosen{{model.ridge}};
  model.degrees_of_freedom = 1 + shrinkage(side.values, chosen).sum();
  Coefficients found = coefficients(training, side, modes(side, chosen), stage.part(0.9, 1));
  model.intercept = training.mean_y - found.mean_value;
  model.coefficients = std::move(found.a);
  model.status = Status::ok;
}

}  // namespace

RidgeModel fit_ridge(const DataSet& data, Rows train, Rows validation, const FeatureMap& map,
                     const RidgeOptions& options, const Control& control) {
  check_data_set(kFunction, data);
  check_options(options);
  check_rows(kFunction, "the training part", data, train, 2);
  check_rows(kFunction, "the validation part", data, validation,
             options.choice == RidgeChoice::validation ? 1 : 0);
  check_size(kFunction, "X", data.dimension(), "the number of features of the map",
             map.standardisation.mean.size());
  RidgeModel model{.map = map};
  try {
    fit(Training(data, train, map, options), validation, Stage(control), model);
    if (control.progress) control.progress(1);
  } catch (const Stopped&) {
    return RidgeModel{.map = map};
  }
  return model;
}

Matrix predict(const RidgeModel& model, const MatrixView& X, Rows rows) {
  check_size("data::predict", "X", X.rows(), "the number of features of the model",
             model.map.standardisation.mean.size());
  constexpr std::size_t kBlock = 1024;
  Matrix values(model.intercept.size(), static_cast<Index>(rows.size()));
  const Index d = X.rows(), N = model.map.network.W.cols();
  for (std::size_t first = 0; first < rows.size(); first += kBlock) {
    const Rows block = rows.subspan(first, std::min(kBlock, rows.size() - first));
    const Matrix Z = gather(X, block, model.map.standardisation);
    auto out = values.middleCols(static_cast<Index>(first), Z.cols());
    if (model.map.kind != FeatureKind::tangent) {
      out = (model.coefficients.transpose() * block_features(model.map, Z)).colwise() + model.intercept;
      continue;
    }
    const Matrix S = neuron_values(model.map, 0, N, Z);
    for (Index c = 0; c < values.rows(); ++c) {
      const Eigen::Map<const Matrix> A(model.coefficients.col(c).data(), d, N);
      out.row(c) = S.cwiseProduct(A.transpose() * Z).colwise().sum().array() + model.intercept[c];
    }
  }
  return values;
}

FitCost ridge_cost(Index samples, Index outputs, const FeatureMap& map, const RidgeOptions& options) {
  const auto n = static_cast<double>(samples), p = static_cast<double>(map.size()),
             d = static_cast<double>(map.standardisation.mean.size()),
             N = static_cast<double>(map.network.W.cols()), k = static_cast<double>(outputs),
             block = static_cast<double>(std::min(options.block, samples));
  const double path = options.ridges.empty() ? kPerDecade * (kMostDecade - kLeastDecade) + 1
                                             : static_cast<double>(options.ridges.size());
  const bool primal = side_of(samples, map.size(), options.side) == RidgeSide::primal;
  const double order = primal ? p : n;
  // An eigen-decomposition takes as long as this many multiplications of matrices of its order.
  constexpr double kDecomposition = 8;
  double operations = kDecomposition * order * order * order + n * N * (d + 60);
  operations += primal ? n * p * p / 2 : n * n * (map.kind == FeatureKind::random ? p : N + d) / 2;
  if (options.choice == RidgeChoice::loo)
    operations += (primal ? n * p * p + n * N * d : 0) + path * n * order * (1 + k);
  const double matrices = 3 * order * order;  // the matrix, its eigenvectors, the workspace of LAPACK
  const double blocks = primal ? 3 * block * p : n * (d + 2 * std::min(N, 256.0));
  return {.seconds = operations / matrix_product_rate(), .bytes = 8 * (matrices + blocks + p * k)};
}

}  // namespace lazygap::data
