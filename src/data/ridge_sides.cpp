#include "data/ridge_sides.h"

#include <cblas.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "data/feature_blocks.h"
#include "lazygap/core/error.h"
#include "math/symmetric.h"
#include "math/symmetric_eigen.h"

namespace lazygap::data {
namespace {

/// Neurons whose features the dual side has in memory at a time.
constexpr Index kNeurons = 256;

/// calls visit(first, rows first .. first + b - 1) for blocks of the training part.
template <class Visit>
void for_each_block(const Training& training, const Stage& stage, const Visit& visit) {
  const Index n = training.samples();
  for (Index first = 0; first < n; first += training.options.block) {
    stage.done(first, n);
    const Index b = std::min(training.options.block, n - first);
    visit(first, training.rows.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(b)));
  }
}

/// Random features in fp32.
MatrixOf<float> single_features(const FeatureMap& map, const Matrix& Z) {
  const auto& [activation, W, biases, centred] = map.network;
  MatrixOf<float> U = W.cast<float>().transpose() * Z.cast<float>();
  if (biases.size() > 0) U.colwise() += biases.cast<float>();
  if (activation.block) {
    MatrixOf<float> derivative(U.rows(), 1);
    const auto size = static_cast<std::size_t>(U.rows());
    for (Index j = 0; j < U.cols(); ++j)
      activation.block({U.col(j).data(), size}, {U.col(j).data(), size}, {derivative.data(), size});
  } else {
    for (float& u : U.reshaped()) u = static_cast<float>(activation.value(u));
  }
  if (centred) U.array() -= static_cast<float>(activation.hermite.lambda_0);
  return U;
}

bool is_single(const Training& training) {
  return training.options.fp32 && training.map.kind == FeatureKind::random;
}

/// The features of a block, in the precision of Real.
template <class Real>
MatrixOf<Real> features_of(const Training& training, Rows rows) {
  const Matrix Z = gather(training.data.X, rows, training.map.standardisation);
  if constexpr (std::is_same_v<Real, float>)
    return single_features(training.map, Z);
  else
    return block_features(training.map, Z);
}

/// sum_j (v_j / V) f_j f_j^T (lower triangle), mean f, and sum_j (v_j / V) f_j (y_j - mean y)^T.
struct Moments {
  Matrix second, cross;
  Vector mean;
};

template <class Real>
Moments moments(const Training& training, const Stage& stage) {
  const Index p = training.map.size();
  const auto size = static_cast<blasint>(p);
  Moments sum{Matrix::Zero(p, p), Matrix::Zero(p, training.t.cols()), Vector::Zero(p)};
  MatrixOf<float> partial;
  if (std::is_same_v<Real, float>) partial.resize(p, p);
  for_each_block(training, stage, [&](Index first, Rows rows) {
    MatrixOf<Real> F = features_of<Real>(training, rows);
    const auto root = training.root_weights.segment(first, F.cols());
    F *= root.template cast<Real>().asDiagonal();
    const auto columns = static_cast<blasint>(F.cols());
    if constexpr (std::is_same_v<Real, float>) {
      cblas_ssyrk(CblasColMajor, CblasLower, CblasNoTrans, size, columns, 1, F.data(), size, 0,
                  partial.data(), size);
      for (Index j = 0; j < p; ++j)
        sum.second.col(j).tail(p - j) += partial.col(j).tail(p - j).template cast<double>();
    } else {
      cblas_dsyrk(CblasColMajor, CblasLower, CblasNoTrans, size, columns, 1, F.data(), size, 1,
                  sum.second.data(), size);
    }
    const Matrix wide = F.template cast<double>();
    sum.mean.noalias() += wide * root;
    sum.cross.noalias() += wide * training.t.middleRows(first, F.cols());
  });
  return sum;
}

/// Keeps the eigenvalues that are positive.
Decomposition positive_part(Matrix M, RidgeSide side, const Stage& stage) {
  if (!M.diagonal().allFinite())
    throw UsageError("data::fit_ridge: the features overflow; the data or the neurons are too large");
  const Vector values = decompose_symmetric(M, stage);
  const double noise = kMatrixPrecision * std::abs(values[values.size() - 1]);
  const Index r = (values.array() > noise).count();
  return {.side = side, .values = values.tail(r), .vectors = M.rightCols(r)};
}

/// visit(first, count, features' factor of these neurons on all samples Z).
template <class Visit>
void for_each_neurons(const Training& training, const Matrix& Z, const Stage& stage, const Visit& visit) {
  const Index N = training.map.network.W.cols();
  for (Index first = 0; first < N; first += kNeurons) {
    stage.done(first, N);
    const Index count = std::min(kNeurons, N - first);
    visit(first, count, neuron_values(training.map, first, count, Z));
  }
}

/// F^T F, n x n, lower triangle.
Matrix inner_products(const Training& training, const Matrix& Z, const Stage& stage) {
  const Index n = Z.cols();
  const auto size = static_cast<blasint>(n);
  Matrix K = Matrix::Zero(n, n);
  const auto add = [&](const Matrix& S) {
    cblas_dsyrk(CblasColMajor, CblasLower, CblasTrans, size, static_cast<blasint>(S.rows()), 1, S.data(),
                static_cast<blasint>(S.rows()), 1, K.data(), size);
  };
  if (training.map.kind == FeatureKind::linear) {
    add(Z);
    return K;
  }
  for_each_neurons(training, Z, stage, [&](Index, Index, const Matrix& S) { add(S); });
  if (training.map.kind == FeatureKind::tangent) {
    const Matrix gates = std::move(K);
    K = Matrix::Zero(n, n);
    add(Z);
    K.array() *= gates.array();
  }
  return K;
}

}  // namespace

Training::Training(const DataSet& set, Rows train, const FeatureMap& features, const RidgeOptions& choice)
    : data(set),
      rows(train),
      map(features),
      options(choice),
      root_weights(static_cast<Index>(train.size())),
      mean_y(mean_outputs(set, train)),
      t(static_cast<Index>(train.size()), set.outputs()) {
  for (Index j = 0; j < samples(); ++j) root_weights[j] = set.weight(rows[static_cast<std::size_t>(j)]);
  root_weights = (root_weights / root_weights.sum()).cwiseSqrt();
  for (Index j = 0; j < samples(); ++j)
    t.row(j) = root_weights[j] * (set.Y.col(rows[static_cast<std::size_t>(j)]) - mean_y).transpose();
}

Decomposition decompose_primal(const Training& training, const Stage& stage) {
  Moments sum = is_single(training) ? moments<float>(training, stage.part(0, 0.7))
                                    : moments<double>(training, stage.part(0, 0.7));
  sum.second.triangularView<Eigen::Lower>() -= sum.mean * sum.mean.transpose();
  Decomposition result = positive_part(std::move(sum.second), RidgeSide::primal, stage.part(0.7, 1));
  result.projected =
      result.values.cwiseSqrt().cwiseInverse().asDiagonal() * (result.vectors.transpose() * sum.cross);
  result.outside = std::max(0.0, training.t.squaredNorm() - result.projected.squaredNorm());
  result.mean = std::move(sum.mean);
  return result;
}

Decomposition decompose_dual(const Training& training, const Stage& stage) {
  const Matrix Z = gather(training.data.X, training.rows, training.map.standardisation);
  Matrix K = inner_products(training, Z, stage.part(0, 0.5));
  K.triangularView<Eigen::StrictlyUpper>() = K.transpose();
  const Vector share = training.root_weights.cwiseAbs2();
  const Vector mean = K * share;
  K.colwise() -= mean;
  K.rowwise() -= mean.transpose();
  K.array() += share.dot(mean);
  K = training.root_weights.asDiagonal() * K * training.root_weights.asDiagonal();
  Decomposition result = positive_part(std::move(K), RidgeSide::dual, stage.part(0.5, 1));
  result.projected = result.vectors.transpose() * training.t;
  result.outside = std::max(0.0, training.t.squaredNorm() - result.projected.squaredNorm());
  return result;
}

void for_each_row_block(const Training& training, const Decomposition& side, const Stage& stage,
                        const std::function<void(Index, const Matrix&)>& visit) {
  MatrixOf<float> single;
  Matrix scaled;
  if (side.side == RidgeSide::primal) {
    scaled = side.vectors * side.values.cwiseSqrt().cwiseInverse().asDiagonal();
    if (is_single(training)) single = scaled.cast<float>();
  }
  for_each_block(training, stage, [&](Index first, Rows rows) {
    const auto b = static_cast<Index>(rows.size());
    if (side.side == RidgeSide::dual) return visit(first, side.vectors.middleRows(first, b).transpose());
    Matrix U;
    if (single.size() > 0) {
      const MatrixOf<float> F = features_of<float>(training, rows).colwise() - side.mean.cast<float>().eval();
      U = (single.transpose() * F).cast<double>();
    } else {
      const Matrix F = features_of<double>(training, rows).colwise() - side.mean;
      U.noalias() = scaled.transpose() * F;
    }
    visit(first, U * training.root_weights.segment(first, b).asDiagonal());
  });
}

Coefficients coefficients(const Training& training, const Decomposition& side, const Matrix& modes,
                          const Stage& stage) {
  if (side.side == RidgeSide::primal) {
    Coefficients result{.a = side.vectors * (side.values.cwiseSqrt().asDiagonal() * modes), .mean_value = {}};
    result.mean_value = result.a.transpose() * side.mean;
    return result;
  }
  const FeatureMap& map = training.map;
  const Matrix Z = gather(training.data.X, training.rows, map.standardisation);
  // 1^T of the weighted samples is 0 in G G^T and in t: the mean of the features drops out of G^T alpha.
  const Matrix alpha = training.root_weights.asDiagonal() * (side.vectors * modes);
  const Vector share = training.root_weights.cwiseAbs2();
  Coefficients result{.a = Matrix(map.size(), modes.cols()), .mean_value = Vector::Zero(modes.cols())};
  if (map.kind == FeatureKind::linear) {
    result.a = Z * alpha;
    result.mean_value = result.a.transpose() * (Z * share);
    return result;
  }
  const Index d = Z.rows();
  for_each_neurons(training, Z, stage, [&](Index first, Index count, const Matrix& S) {
    if (map.kind == FeatureKind::random) {
      result.a.middleRows(first, count) = S * alpha;
      result.mean_value += result.a.middleRows(first, count).transpose() * (S * share);
      return;
    }
    const Matrix mean = Z * share.asDiagonal() * S.transpose();  // d x count
    for (Index c = 0; c < modes.cols(); ++c) {
      const Matrix A = Z * alpha.col(c).asDiagonal() * S.transpose();
      result.a.col(c).segment(first * d, count * d) = A.reshaped();
      result.mean_value[c] += A.cwiseProduct(mean).sum();
    }
  });
  return result;
}

}  // namespace lazygap::data
