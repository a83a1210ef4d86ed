#include "lazygap/network/first_layer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "lazygap/core/error.h"
#include "lazygap/network/regime.h"

namespace lazygap {
namespace {

constexpr double kStandardErrors = 4.5;  // the largest of some 20 z-scores
constexpr double kRounding = 1e-14;

const Problem kQf = PolynomialTarget(Vector{{1.0, 2.0, 5.0}});
const Problem kMg = GaussianMixture(Vector{{2.0, 0.5, 1.0}}, Vector{{1.0, 0.2, 0.4}});

TEST(FirstLayer, LawsAreNormalised) {
  // tr(Gamma) = 1 on qf, tr(Gamma Sigma) = 1 on mg.
  for (const auto& law : {FirstLayerLaw::isotropic(kQf), FirstLayerLaw::aligned(kQf),
                          FirstLayerLaw::diagonal(kQf, Vector{{0, 3, 1}})})
    EXPECT_NEAR(law.gamma().sum(), 1, kRounding);
  const Vector sigma{{2.0, 0.5, 1.0}};
  for (const auto& law : {FirstLayerLaw::isotropic(kMg), FirstLayerLaw::aligned(kMg),
                          FirstLayerLaw::diagonal(kMg, Vector{{0, 3, 1}})})
    EXPECT_NEAR(law.gamma().dot(sigma), 1, kRounding);
}

TEST(FirstLayer, LawsAreProportionalToWhatTheySay) {
  EXPECT_TRUE(FirstLayerLaw::isotropic(kQf).gamma().isApprox(Vector::Constant(3, 1.0 / 3)));
  EXPECT_TRUE(FirstLayerLaw::aligned(kQf).gamma().isApprox(Vector{{1, 2, 5}} / 8));
  EXPECT_TRUE(FirstLayerLaw::isotropic(kMg).gamma().isApprox(Vector::Constant(3, 1 / 3.5)));
  // Sigma^{-1/2} D Sigma^{-1/2} / tr D = Delta Sigma^{-2} / tr D.
  EXPECT_TRUE(FirstLayerLaw::aligned(kMg).gamma().isApprox(Vector{{0.25, 0.8, 0.4}} / (0.5 + 0.4 + 0.4)));
}

TEST(FirstLayer, NeuronsHaveTheCovarianceGamma) {
  constexpr Index N = 40000;
  const FirstLayerLaw law = FirstLayerLaw::aligned(kQf);
  const Matrix W = law.sample(N, 1, 0);
  for (Index i = 0; i < 3; ++i)
    for (Index j = 0; j < 3; ++j) {
      const double expected = i == j ? law.gamma()[i] : 0;
      const double se = std::sqrt(law.gamma()[i] * law.gamma()[j] * (i == j ? 2.0 : 1.0) / N);
      EXPECT_LT(std::abs(W.row(i).dot(W.row(j)) / N - expected), kStandardErrors * se) << i << " " << j;
    }
}

TEST(FirstLayer, ANarrowNetworkIsThePartOfAWideOne) {
  const FirstLayerLaw law = FirstLayerLaw::isotropic(kQf);
  const Matrix wide = law.sample(7, 1, 2);
  EXPECT_EQ(law.sample(3, 1, 2), wide.leftCols(3));
  EXPECT_NE(law.sample(7, 1, 3), wide);
  EXPECT_NE(law.sample(7, 2, 2), wide);
  EXPECT_NE(law.sample(7, 1, 2, Purpose::initial_weights), wide);
}

template <class Call>
std::string message(Call call) {
  try {
    (void)call();
  } catch (const UsageError& error) {
    return error.what();
  }
  return "no error";
}

TEST(FirstLayer, RefusesBadArguments) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  const auto diagonal = [](Vector gamma) {
    return message([&] { return FirstLayerLaw::diagonal(kQf, gamma); });
  };
  EXPECT_EQ(diagonal(Vector{{1, 1}}),
            "FirstLayerLaw::diagonal: gamma has size 2, but must have the dimension d = 3");
  EXPECT_EQ(diagonal(Vector{{1, kNan, 1}}), "FirstLayerLaw::diagonal: gamma[1] is nan, but must be finite");
  EXPECT_EQ(diagonal(Vector{{1, 1, -2}}),
            "FirstLayerLaw::diagonal: gamma[2] is -2, but must be zero or positive");
  EXPECT_EQ(diagonal(Vector::Zero(3)),
            "FirstLayerLaw::diagonal: the trace of Gamma is 0, but must be positive and finite");
  EXPECT_EQ(message([] { return FirstLayerLaw::isotropic(kQf).sample(0, 1, 0); }),
            "FirstLayerLaw::sample: neurons is 0, but must be at least 1");
  const std::string indefinite = message([] {
    return FirstLayerLaw::aligned(PolynomialTarget(Vector{{1.0, -0.5}}));
  });
  EXPECT_NE(indefinite.find("RF(Gamma*) needs a positive semidefinite B"), std::string::npos) << indefinite;
  EXPECT_NE(indefinite.find("-0.5"), std::string::npos) << indefinite;
}

TEST(Regime, NamesGoBothWays) {
  for (const Regime regime :
       {Regime::rf_isotropic, Regime::rf_aligned, Regime::rf, Regime::nt, Regime::nn, Regime::bayes})
    EXPECT_EQ(regime_from_string(to_string(regime)), regime);
  EXPECT_EQ(regime_from_string("NT(I)"), Regime::nt);
  EXPECT_EQ(message([] { return regime_from_string("NTK"); }),
            "'NTK' is not a regime; accepted are RF(I), RF(Gamma*), RF, NT, NN, Bayes");
}

TEST(Regime, ChoosesTheLawOfTheFirstLayer) {
  EXPECT_TRUE(is_rf(Regime::rf) && is_rf(Regime::rf_isotropic) && is_rf(Regime::rf_aligned));
  EXPECT_FALSE(is_rf(Regime::nt) || is_rf(Regime::nn) || is_rf(Regime::bayes));
  EXPECT_EQ(first_layer_law(Regime::rf_aligned, kQf).gamma(), FirstLayerLaw::aligned(kQf).gamma());
  EXPECT_EQ(first_layer_law(Regime::nt, kQf).gamma(), FirstLayerLaw::isotropic(kQf).gamma());
  EXPECT_TRUE(
      first_layer_law(Regime::rf, kQf, Vector{{2, 1, 1}}).gamma().isApprox(Vector{{0.5, 0.25, 0.25}}));
}

}  // namespace
}  // namespace lazygap
