#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "lazygap/core/random.h"
#include "lazygap/data/table.h"

/// Data sets whose answer is known, because they are made.
namespace lazygap::compare {

inline Matrix normals(Index rows, Index columns, std::uint32_t index) {
  Matrix M(rows, columns);
  fill_normals({.seed = 11, .purpose = Purpose::testing, .index = index},
               {M.data(), static_cast<std::size_t>(M.size())});
  return M;
}

/// x ~ N(0, I) in d dimensions, y = signal(x), scaled to variance 1, + noise N(0, noise^2).
template <class Signal>
data::Table made(Index d, Index n, double noise, const Signal& signal) {
  Matrix X = normals(d, n, 1), Y(1, n);
  for (Index j = 0; j < n; ++j) Y(0, j) = signal(Vector(X.col(j)));
  const double mean = Y.mean();
  const double scale = std::sqrt((Y.array() - mean).square().mean());
  if (scale > 0) Y = (Y.array() - mean) / scale;
  Y += noise * normals(1, n, 2);
  return data::make_table(std::move(X), std::move(Y));
}

/// (x_1 + x_2 + x_3 + x_4) / 2: a direction that no column has alone.
inline double along(const Vector& x) { return x.head(4).sum() / 2; }

}  // namespace lazygap::compare
