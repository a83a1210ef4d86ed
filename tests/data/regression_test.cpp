#include "lazygap/data/regression.h"

#include <gtest/gtest.h>

#include <Eigen/LU>
#include <cmath>
#include <limits>

#include "data/gaussian_data.h"
#include "support/message.h"

namespace lazygap {
namespace {

using data::RegressionStatistics;
using data::Whitening;
using test::Means;
using test::message;
using test::normals;

constexpr double kStandardErrors = 4.5;  // the largest of some hundred z-scores

/// The target of the table in docs/theory/surrogate.md: |beta|^2 = 0.5, 2 ||B||^2 = 1, a cubic part and noise
/// of power 0.8 together.
struct Target {
  Vector beta, b;
  double cubic = std::sqrt(0.3 / 6), noise = std::sqrt(0.5);

  explicit Target(Index d) : beta(Vector::Zero(d)), b(Vector(d)) {
    beta[0] = std::sqrt(0.5);
    for (Index i = 0; i < d; ++i) b[i] = double(i % 3) - 0.5;
    b /= std::sqrt(2.0) * b.norm();
  }
  [[nodiscard]] Vector labels(const Matrix& X, std::uint32_t draw) const {
    const Matrix squares = (X.array().square() - 1).matrix();
    const Vector x = X.row(0).transpose();
    return X.transpose() * beta + squares.transpose() * b + noise * normals(X.cols(), 1, 1000000 + draw) +
           cubic * (x.array().cube() - 3 * x.array()).matrix();
  }
  /// linear, quadratic, squared trace, rest, Var y.
  [[nodiscard]] Vector truth() const { return Vector{{0.5, 1, b.sum() * b.sum(), 0.8, 2.3}}; }
};

Vector values(const RegressionStatistics& s) {
  return Vector{{s.linear.value, s.quadratic.value, s.squared_trace.value, s.rest.value, s.variance}};
}
Vector errors(const RegressionStatistics& s) {
  return Vector{{s.linear.error, s.quadratic.error, s.squared_trace.error, s.rest.error}};
}

TEST(Regression, IsUnbiasedAndKnowsItsError) {
  // d = 50, n = 250 is the first row of the table; n = 3 d whitened by the same samples the hardest case.
  struct Case {
    Index d, n;
    Whitening whitening;
    int sets;
  };
  for (const Case& c : {Case{50, 250, Whitening::given, 300}, Case{50, 250, Whitening::samples, 300},
                        Case{20, 60, Whitening::samples, 1000}, Case{30, 20, Whitening::given, 500}}) {
    const Target target(c.d);
    Means means, squared_errors;
    for (int set = 0; set < c.sets; ++set) {
      const auto draw = static_cast<std::uint32_t>(set);
      const Matrix X = normals(c.d, c.n, draw);
      const RegressionStatistics s = data::regression_statistics(X, target.labels(X, draw), c.whitening);
      means.add(values(s));
      squared_errors.add(errors(s).cwiseAbs2());
    }
    EXPECT_LT(means.z(target.truth()).cwiseAbs().maxCoeff(), kStandardErrors)
        << c.d << " " << c.n << ": " << means.mean().transpose() << " +- " << means.deviation().transpose();
    // Errors: right, or on the safe side, where whitening with few samples makes pairs less noisy than they
    // look.
    const Vector ratio = squared_errors.mean().cwiseSqrt().cwiseQuotient(means.deviation().head(4));
    EXPECT_GT(ratio.minCoeff(), 0.85) << ratio.transpose();
    EXPECT_LT(ratio.maxCoeff(), 1.35) << ratio.transpose();
  }
}

TEST(Regression, WhiteningDoesNotMixTheParts) {
  // One part at a time: what whitening with the same samples would otherwise move from one to another. B = I
  // is the worst case, since the covariance of the samples is then in y itself.
  constexpr Index d = 20, n = 80;
  for (const int part : {0, 1, 2, 3}) {
    Means means;
    Vector truth = Vector::Zero(3);
    for (std::uint32_t draw = 0; draw < 600; ++draw) {
      const Matrix X = normals(d, n, draw);
      const Matrix squares = (X.array().square() - 1).matrix();
      Vector y;
      if (part == 0) y = X.row(3).transpose();
      if (part == 1) y = squares.colwise().sum().transpose() / std::sqrt(2.0 * d);
      if (part == 2) y = X.row(0).cwiseProduct(X.row(1)).transpose();
      if (part == 3) y = normals(n, 1, 2000000 + draw);
      const RegressionStatistics s = data::regression_statistics(X, y);
      means.add(values(s).head(3));
    }
    if (part == 0) truth[0] = 1;
    if (part == 1) truth = Vector{{0, 1, 0.5 * d}};
    if (part == 2) truth[1] = 1;
    EXPECT_LT(means.z(truth).cwiseAbs().maxCoeff(), kStandardErrors)
        << part << ": " << means.mean().transpose();
  }
}

/// The definition: for every pair the mean and the scatter matrix of the other samples.
Vector by_definition(const Matrix& X, const Vector& y) {
  const Index d = X.rows(), n = X.cols();
  const Vector w = y.array() - y.mean();
  const double permuted = -w.squaredNorm() / double(n * (n - 1)), real_n = double(n), real_d = double(d);
  const double nu = real_n - 3, centre = real_d / (nu - real_d - 1);
  const double c2 = 1 / ((nu - real_d) * (nu - real_d - 1) * (nu - real_d - 3)), c1 = (nu - real_d - 2) * c2;
  const double level = c1 * real_d + c2 * real_d * (real_d + 1);  // E g_ij^2
  Vector sums = Vector::Zero(3);
  for (Index i = 0; i < n; ++i)
    for (Index j = 0; j < n; ++j) {
      if (i == j) continue;
      Matrix rest(d, n - 2);
      for (Index k = 0, column = 0; k < n; ++k)
        if (k != i && k != j) rest.col(column++) = X.col(k);
      const Vector mean = rest.rowwise().mean();
      rest.colwise() -= mean;
      const Matrix inverse = (rest * rest.transpose()).inverse();
      const Vector a = X.col(i) - mean, b = X.col(j) - mean;
      const double g = a.dot(inverse * b);
      const double at_a = a.dot(inverse * a), at_b = b.dot(inverse * b);
      sums += (w[i] * w[j] - permuted) *
              Vector{{g, g * g - level / centre * (at_a + at_b) + level, (at_a - centre) * (at_b - centre)}};
    }
  sums /= real_n * (real_n - 1);
  const double centring = 1 - 2 / real_n + 2 / (real_n * real_n);
  // The linear equations of the moments of an inverse Wishart matrix, solved as such.
  const Matrix mixing{{c1 + c2, c2}, {2 * c2, c1}};
  const double linear = (nu - real_d - 1) * sums[0];
  const Vector squares = mixing.inverse() * sums.tail(2) / centring;
  return Vector{{linear, (squares[0] - 2 * linear * (real_d + 1) / (real_n - 2)) / 2,
                 (squares[1] - 4 * linear / (real_n - 2)) / 4}};
}

TEST(Regression, DowndatesAreThePairsLeftOut) {
  constexpr double kRounding = 1e-9;  // of a condition number of some hundred
  const Matrix X = normals(3, 24, 0);
  const Vector y = Target(3).labels(X, 0);
  const Vector expected = by_definition(X, y);
  const RegressionStatistics s = data::regression_statistics(X, y);
  EXPECT_LT((values(s).head(3) - expected).cwiseAbs().maxCoeff(), kRounding * expected.cwiseAbs().maxCoeff());
}

TEST(Regression, DoesNotSeeTheCoordinates) {
  constexpr double kRounding = 1e-8;  // of the condition number of A, about 100
  const Matrix X = normals(6, 60, 0), A = normals(6, 6, 1);
  const Vector y = Target(6).labels(X, 0);
  const Matrix moved = ((A * X).colwise() + 10 * Vector(normals(6, 1, 2))).eval();
  const RegressionStatistics once = data::regression_statistics(X, y);
  const RegressionStatistics again = data::regression_statistics(moved, (3 * y.array() - 7).matrix());
  EXPECT_TRUE((9 * values(once)).cwiseProduct(Vector{{1, 1, 1, 1, 1}}).isApprox(values(again), kRounding));
  EXPECT_TRUE((9 * errors(once)).isApprox(errors(again), kRounding));
}

TEST(Regression, LabelsOfHeavyTailedFeaturesWithoutSignalAreNoise) {
  // Unbiased at 0 for any law of x.
  constexpr Index d = 10, n = 60;
  for (const Whitening whitening : {Whitening::given, Whitening::samples}) {
    Means means;
    for (std::uint32_t draw = 0; draw < 400; ++draw) {
      const Matrix X = normals(d, n, draw).array().cube() / std::sqrt(15.0);
      means.add(values(data::regression_statistics(X, normals(n, 1, 3000000 + draw), whitening)).head(3));
    }
    EXPECT_LT(means.z(Vector::Zero(3)).cwiseAbs().maxCoeff(), kStandardErrors);
  }
}

TEST(Regression, ClippedPowersArePossible) {
  const auto statistics = [](double linear, double quadratic, double trace) {
    return RegressionStatistics{.samples = 100,
                                .dimension = 10,
                                .variance = 2,
                                .linear = {linear, 0},
                                .quadratic = {quadratic, 0},
                                .squared_trace = {trace, 0}};
  };
  const data::Powers usual = data::clipped_powers(statistics(0.5, 1, 2));
  EXPECT_DOUBLE_EQ(usual.linear, 0.5);
  EXPECT_DOUBLE_EQ(usual.radial, 0.4);
  EXPECT_DOUBLE_EQ(usual.traceless, 0.6);
  EXPECT_DOUBLE_EQ(usual.noise, 0.5);
  for (const auto& s :
       {statistics(-0.1, 1, -1), statistics(3, 2, 1), statistics(0.1, -0.2, 5), statistics(0, 1, 100)}) {
    const data::Powers p = data::clipped_powers(s);
    EXPECT_GE(std::min({p.linear, p.traceless, p.radial, p.noise}), 0);
    EXPECT_NEAR(p.linear + p.traceless + p.radial + p.noise, 2, 1e-14);
  }
}

TEST(Gaussianity, IsOneForGaussiansOnly) {
  constexpr Index d = 20, n = 200;
  constexpr int kSets = 40;
  for (const Whitening whitening : {Whitening::given, Whitening::samples}) {
    Means means;
    Vector error(1);
    for (std::uint32_t draw = 0; draw < kSets; ++draw) {
      const data::Estimate e = data::gaussianity(normals(d, n, draw), whitening);
      means.add(Vector{{e.value}});
      error[0] = e.error;
    }
    // Whitened by the same samples it is known to about d/n.
    const double allowed = whitening == Whitening::given ? 0 : 0.5 * double(d) / n;
    EXPECT_LT(std::abs(means.mean()[0] - 1), allowed + 4 * means.deviation()[0] / std::sqrt(double(kSets)));
    EXPECT_NEAR(error[0] / means.deviation()[0], 1, 0.5);
    // x^3: kurtosis 10395 / 225 = 46.
    const Matrix heavy = normals(d, n, 77).array().cube() / std::sqrt(15.0);
    const data::Estimate e = data::gaussianity(heavy, whitening);
    EXPECT_GT(e.value, 1.3);
  }
}

TEST(Regression, RefusesWhatItCannotAnswer) {
  const Matrix X = normals(5, 40, 0);
  const Vector y = normals(40, 1, 1);
  const auto refuse = [](const Matrix& features, const Vector& labels) {
    return message([&] { return data::regression_statistics(features, labels); });
  };
  EXPECT_EQ(refuse(X, y.head(39)),
            "data::regression_statistics: y has size 39, but must have the number of samples n = 40");
  EXPECT_EQ(refuse(X.leftCols(19), y.head(19)),
            "data::regression_statistics: the number of samples n is 19, but must be at least 20");
  EXPECT_EQ(
      refuse(normals(35, 40, 0), y),
      "data::regression_statistics: there are 40 samples of 35 features, but whitening with the same samples "
      "needs n > 1.1 d + 8");
  EXPECT_EQ(refuse(X, Vector::Ones(40)),
            "data::regression_statistics: y is 1 for all samples, but must not be constant");
  Matrix singular = X;
  singular.row(3) = singular.row(1) - 2 * singular.row(0);
  EXPECT_EQ(refuse(singular, y),
            "data::regression_statistics: the covariance of the features is singular, but must have full "
            "rank d = 5; "
            "leave out features that are constant or depend on others");
  // A feature that only two samples have.
  Matrix rare = X;
  rare.row(2).setZero();
  rare(2, 4) = rare(2, 9) = 1;
  EXPECT_EQ(refuse(rare, y),
            "data::regression_statistics: without samples 4 and 9 the covariance of the features is "
            "singular, but it "
            "must have full rank; leave out features that are 0 or constant in nearly all samples");
  Matrix bad = X;
  bad(1, 2) = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(refuse(bad, y), "data::regression_statistics: X[1,2] is nan, but must be finite");
  EXPECT_EQ(message([&] { return data::gaussianity(X, Whitening::given, 5); }),
            "data::gaussianity: most is 5, but must be at least 20");
}

}  // namespace
}  // namespace lazygap
