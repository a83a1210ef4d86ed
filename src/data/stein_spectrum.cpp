#include "lazygap/data/stein_spectrum.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "data/samples.h"
#include "math/symmetric.h"

namespace lazygap::data {
namespace {

/// Eigenvalues beyond this multiple of the radius count as outliers.
constexpr double kEdge = 1.05;

}  // namespace

SteinSpectrum stein_spectrum(const Matrix& X, const Vector& y, Whitening whitening) {
  constexpr auto kFunction = "data::stein_spectrum";
  check_samples(kFunction, X, y, whitening);
  const Matrix Z = whitened(kFunction, X, whitening);
  const Index d = Z.rows();
  const auto n = static_cast<double>(Z.cols());
  const Vector centred = y.array() - y.mean();
  const Eigenbasis basis = symmetric_eigenbasis(Z * (centred / (2 * n)).asDiagonal() * Z.transpose());
  std::vector<Index> order(static_cast<std::size_t>(d));
  std::iota(order.begin(), order.end(), Index(0));
  std::stable_sort(order.begin(), order.end(),
                   [&](Index i, Index j) { return std::abs(basis.values[i]) > std::abs(basis.values[j]); });
  SteinSpectrum spectrum{.eigenvalues = basis.values(order), .directions = basis.vectors(Eigen::all, order)};
  spectrum.radius = std::sqrt(centred.squaredNorm() / (n - 1) * static_cast<double>(d) / n);
  while (spectrum.visible < d && std::abs(spectrum.eigenvalues[spectrum.visible]) > kEdge * spectrum.radius)
    ++spectrum.visible;
  spectrum.debiased = spectrum.eigenvalues.head(spectrum.visible).unaryExpr([&](double b) {
    return (b + std::copysign(std::sqrt(b * b - spectrum.radius * spectrum.radius), b)) / 2;
  });
  return spectrum;
}

}  // namespace lazygap::data
