#include "lazygap/data/classes.h"

#include <gtest/gtest.h>

#include <cmath>

#include "data/gaussian_data.h"
#include "support/message.h"

namespace lazygap {
namespace {

using data::ClassStatistics;
using data::Whitening;
using test::Means;
using test::message;
using test::normals;

constexpr double kStandardErrors = 4.5;

/// Classes N(+-delta e_1, I -+ diag(D)), n_plus samples of the first, then n_minus of the second.
struct Made {
  Matrix X;
  Vector y;
};
Made make(const Vector& D, double delta, Index n_plus, Index n_minus, std::uint32_t draw) {
  Made made{.X = normals(D.size(), n_plus + n_minus, draw), .y = Vector::Ones(n_plus + n_minus)};
  made.y.tail(n_minus).setConstant(-1);
  for (Index i = 0; i < made.y.size(); ++i) {
    made.X.col(i).array() *= (1 - made.y[i] * D.array()).sqrt();
    made.X(0, i) += delta * made.y[i];
  }
  return made;
}

Vector values(const ClassStatistics& s) {
  return Vector{{s.squared_mean.value, s.squared_norm.value, s.trace.value, s.squared_trace.value}};
}
Vector errors(const ClassStatistics& s) {
  return Vector{{s.squared_mean.error, s.squared_norm.error, s.trace.error, s.squared_trace.error}};
}
Vector truth(const Vector& D, double delta) {
  return Vector{{delta * delta, D.squaredNorm(), D.sum(), D.sum() * D.sum()}};
}

/// The paper's Delta, {1, 1.5, 2} / sqrt(d).
Vector paper_delta(Index d) {
  Vector D(d);
  for (Index i = 0; i < d; ++i) D[i] = (1 + 0.5 * double(i % 3)) / std::sqrt(double(d));
  return D;
}

void expect_unbiased(const Vector& D, Index n_plus, Index n_minus, Whitening whitening, int sets,
                     const Vector& allowed) {
  Means means, squared_errors;
  for (int set = 0; set < sets; ++set) {
    const Made made = make(D, 0.6, n_plus, n_minus, static_cast<std::uint32_t>(set));
    const ClassStatistics s = data::class_statistics(made.X, made.y, whitening);
    means.add(values(s));
    squared_errors.add(errors(s).cwiseAbs2());
  }
  const Vector se = means.deviation() / std::sqrt(double(sets));
  for (Index k = 0; k < 4; ++k)
    EXPECT_LT(std::abs(means.mean()[k] - truth(D, 0.6)[k]), kStandardErrors * se[k] + allowed[k])
        << k << ": " << means.mean()[k] << " for " << truth(D, 0.6)[k];
  const Vector ratio = squared_errors.mean().cwiseSqrt().cwiseQuotient(means.deviation());
  EXPECT_GT(ratio.minCoeff(), 0.8) << ratio.transpose();
  // The jackknife over groups counts what belongs to pairs of samples, not to single ones, twice.
  EXPECT_LT(ratio.maxCoeff(), whitening == Whitening::given ? 1.7 : 1.35) << ratio.transpose();
}

TEST(Classes, GivenWhiteningIsUnbiased) {
  // d = 100 with 50 and 200 samples a class are rows of the table in docs/theory/surrogate.md.
  expect_unbiased(paper_delta(100), 50, 50, Whitening::given, 150, Vector::Zero(4));
  expect_unbiased(paper_delta(100), 200, 200, Whitening::given, 40, Vector::Zero(4));
  expect_unbiased(paper_delta(20), 30, 90, Whitening::given, 300, Vector::Zero(4));
}

TEST(Classes, WhiteningWithTheSamplesIsUnbiasedToFirstOrderInD) {
  // Without classes of different covariance it is unbiased.
  expect_unbiased(Vector::Zero(20), 60, 60, Whitening::samples, 300, Vector::Zero(4));
  expect_unbiased(Vector::Zero(20), 40, 100, Whitening::samples, 300, Vector::Zero(4));
  // Eigenvalues of D up to 0.3: up to 5 % are of higher order (docs/theory/surrogate.md).
  Vector D(20);
  for (Index i = 0; i < 20; ++i) D[i] = 0.15 * double(i % 3) - 0.05;
  expect_unbiased(D, 200, 200, Whitening::samples, 150, 0.05 * truth(D, 0.6).cwiseAbs());
}

TEST(Classes, DoesNotSeeTheCoordinatesOrTheOrder) {
  constexpr double kRounding = 1e-8;  // of the condition number of A, about 100
  const Made made = make(paper_delta(8), 0.6, 50, 60, 0);
  const Matrix A = normals(8, 8, 1);
  const ClassStatistics once = data::class_statistics(made.X, made.y);
  const ClassStatistics again = data::class_statistics(((A * made.X).array() + 3).matrix(), made.y);
  EXPECT_TRUE(values(once).isApprox(values(again), kRounding));
  const ClassStatistics reversed = data::class_statistics(made.X.rowwise().reverse(), made.y.reverse());
  EXPECT_TRUE(values(once).isApprox(values(reversed), kRounding));
  EXPECT_EQ(once.samples_plus, 50);
  EXPECT_EQ(once.samples_minus, 60);
}

TEST(Classes, RefusesWhatItCannotAnswer) {
  const Made made = make(paper_delta(5), 0.6, 30, 30, 0);
  Vector y = made.y;
  y[7] = 2;
  EXPECT_EQ(message([&] { return data::class_statistics(made.X, y); }),
            "data::class_statistics: y[7] is 2, but must be 1 or -1");
  y = made.y;
  y.head(15).setConstant(-1);
  EXPECT_EQ(message([&] { return data::class_statistics(made.X, y); }),
            "data::class_statistics: the number of samples with y = 1 is 15, but must be at least 20");
}

}  // namespace
}  // namespace lazygap
