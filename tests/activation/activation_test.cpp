#include "lazygap/activation/activation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <string>
#include <thread>

#include "lazygap/core/error.h"
#include "limit/csv.h"

namespace lazygap {
namespace {

// The accuracy hermite_coefficients promises, relative to sqrt(k! E[sigma^2]).
constexpr double kCoefficient = 1e-13;
constexpr double kPi = 3.14159265358979323846;

template <class Call>
std::string message_of(Call call) {
  try {
    static_cast<void>(call());
  } catch (const UsageError& error) {
    return error.what();
  }
  return "no error";
}

void expect_mentions(const std::string& message, const std::string& part) {
  EXPECT_NE(message.find(part), std::string::npos) << message;
}

/// The names of tests/activation/table.csv; arguments are separated by semicolons there.
std::string name_of(const test::Row& row) {
  std::string name = row[0];
  std::replace(name.begin(), name.end(), ';', ',');
  return name;
}

std::set<std::string> table_names() {
  std::set<std::string> names;
  for (const test::Row& row : test::read_csv("activation/table.csv")) names.insert(name_of(row));
  return names;
}

double factorial(Index k) { return std::tgamma(static_cast<double>(k) + 1); }

TEST(ActivationTable, HermiteCoefficientsAgreeWithFortyDigits) {
  for (const test::Row& row : test::read_csv("activation/table.csv")) {
    const Activation activation = activation_from_name(name_of(row));
    const double s = std::stod(row[1]), b = std::stod(row[2]);
    const Vector expected = test::numbers(row[3]);
    const Vector lambda = hermite_coefficients(activation, expected.size(), s, b);
    const double norm = normalised_hermite_coefficients(activation, 200, s, b).norm();
    for (Index k = 0; k < lambda.size(); ++k)
      EXPECT_NEAR(lambda[k], expected[k], kCoefficient * norm * std::sqrt(factorial(k)))
          << activation.name << " s=" << s << " b=" << b << " k=" << k;
    if (s == 1 && b == 0) {
      EXPECT_NEAR(activation.hermite.lambda_0, expected[0], kCoefficient * norm) << activation.name;
      EXPECT_NEAR(activation.hermite.lambda_1, expected[1], kCoefficient * norm) << activation.name;
      EXPECT_NEAR(activation.hermite.lambda_2, expected[2], kCoefficient * norm * 2) << activation.name;
    }
  }
}

TEST(ActivationTable, HoldsEveryNamedActivation) {
  std::set<std::string> words;
  for (const std::string& name : table_names()) words.insert(name.substr(0, name.find('(')));
  for (const std::string& usage : activation_names())
    EXPECT_TRUE(words.contains(usage.substr(0, usage.find_first_of(" (")))) << usage;
}

TEST(Activation, DerivativesAreSlopes) {
  for (const std::string& name : table_names()) {
    const Activation activation = activation_from_name(name);
    if (!activation.derivative) continue;
    for (double u = -5.03; u < 5; u += 0.27) {
      constexpr double kStep = 1e-5;
      const double slope = (activation.value(u + kStep) - activation.value(u - kStep)) / (2 * kStep);
      // Second-order differences of functions with third derivatives up to 1e4, and rounding 1e-16/1e-5 of
      // values up to 1e4.
      EXPECT_NEAR(activation.derivative(u), slope, 1e-6 * (1 + std::abs(activation.value(u))))
          << name << " at " << u;
    }
  }
}

TEST(Activation, ValuesStayAccurateFarOut) {
  EXPECT_DOUBLE_EQ(activation_from_name("softplus").value(800), 800);
  EXPECT_DOUBLE_EQ(activation_from_name("softplus").value(-40), std::exp(-40));
  EXPECT_DOUBLE_EQ(activation_from_name("sigmoid").value(-40), std::exp(-40));
  EXPECT_EQ(activation_from_name("sigmoid").value(-1000), 0);
  EXPECT_EQ(activation_from_name("tanh").derivative(1000), 0);
  EXPECT_EQ(activation_from_name("gelu").value(100), 100);
  EXPECT_EQ(activation_from_name("gelu").value(-100), 0);
  EXPECT_EQ(activation_from_name("swish").value(-1000), 0);
  EXPECT_EQ(activation_from_name("relu").value(-3), 0);
}

TEST(Activation, SummariesInClosedForm) {
  const HermiteSummary relu = activation_from_name("relu").hermite;
  EXPECT_NEAR(relu.lambda_0, 1 / std::sqrt(2 * kPi), kCoefficient);
  EXPECT_NEAR(relu.lambda_1, 0.5, kCoefficient);
  EXPECT_NEAR(relu.lambda_2, 1 / std::sqrt(2 * kPi), kCoefficient);
  EXPECT_NEAR(relu.lambda_tilde, 0.25 - 1 / (2 * kPi), kCoefficient);
  const HermiteSummary sign = activation_from_name("sign").hermite;
  EXPECT_EQ(sign.lambda_0, 0);
  EXPECT_NEAR(sign.lambda_1, std::sqrt(2 / kPi), kCoefficient);
  EXPECT_EQ(sign.lambda_2, 0);
  EXPECT_NEAR(sign.lambda_tilde, 1 - 2 / kPi, kCoefficient);
  const HermiteSummary erf = activation_from_name("erf").hermite;
  EXPECT_NEAR(erf.lambda_1, 2 / std::sqrt(3 * kPi), kCoefficient);
  EXPECT_NEAR(erf.lambda_tilde, 2 / kPi * std::asin(2.0 / 3) - 4 / (3 * kPi), kCoefficient);
  const HermiteSummary sine = activation_from_name("sin").hermite;
  EXPECT_NEAR(sine.lambda_1, std::exp(-0.5), kCoefficient);
  EXPECT_NEAR(sine.lambda_tilde, (1 - std::exp(-2)) / 2 - std::exp(-1), kCoefficient);
  const HermiteSummary cosine = activation_from_name("cos").hermite;
  EXPECT_NEAR(cosine.lambda_2, -std::exp(-0.5), kCoefficient);
  EXPECT_NEAR(cosine.lambda_tilde, (1 + std::exp(-2)) / 2 - std::exp(-1), kCoefficient);
  const HermiteSummary cubic = activation_from_name("hermite(3)").hermite;
  EXPECT_EQ(cubic.lambda_2, 0);
  EXPECT_EQ(cubic.lambda_tilde, 6);
}

TEST(Activation, ParityShowsAsExactZeros) {
  for (const char* odd : {"tanh", "erf", "sin", "sign"}) {
    const Vector lambda = hermite_coefficients(activation_from_name(odd), 12, 1.7);
    for (Index k = 0; k < 12; k += 2) EXPECT_EQ(lambda[k], 0) << odd << k;
    EXPECT_NE(lambda[1], 0) << odd;
  }
  for (const char* even : {"abs", "cos", "quadratic"}) {
    const Vector lambda = hermite_coefficients(activation_from_name(even), 12, 1.7);
    for (Index k = 1; k < 12; k += 2) EXPECT_EQ(lambda[k], 0) << even << k;
    EXPECT_NE(lambda[2], 0) << even;
  }
}

TEST(Activation, LambdaTildeIsTheSumOfTheSeries) {
  for (const std::string& name : table_names()) {
    const Activation activation = activation_from_name(name);
    const Vector c = normalised_hermite_coefficients(activation, 300);
    const double sum = c.tail(298).squaredNorm();
    EXPECT_LE(sum, activation.hermite.lambda_tilde * (1 + 1e-12)) << name;
    // The slowest tail is that of a step: sum_{k>300} of about k^{-3/2}.
    EXPECT_GE(sum, activation.hermite.lambda_tilde * (1 - 0.1)) << name;
  }
}

TEST(Activation, NormalisationsOfTheCoefficientsAgree) {
  const Activation relu = activation_from_name("relu");
  const Vector lambda = hermite_coefficients(relu, 150, 0.6, 0.4),
               c = normalised_hermite_coefficients(relu, 150, 0.6, 0.4);
  for (Index k = 0; k < 150; ++k)
    EXPECT_NEAR(lambda[k], c[k] * std::sqrt(factorial(k)), 1e-12 * std::abs(lambda[k])) << k;
}

TEST(ActivationFromName, TakesArguments) {
  EXPECT_EQ(activation_from_name("leaky_relu").value(-1), -0.01);
  EXPECT_EQ(activation_from_name(" leaky_relu( 0.25 ) ").value(-1), -0.25);
  EXPECT_EQ(activation_from_name("leaky_relu(0.25)").name, "leaky_relu(0.25)");
  EXPECT_DOUBLE_EQ(activation_from_name("hermite(4)").value(1.5), std::pow(1.5, 4) - 6 * 1.5 * 1.5 + 3);
  EXPECT_DOUBLE_EQ(activation_from_name("polynomial(1,2,3)").value(2), 1 + 4 + 12);
  EXPECT_EQ(activation_from_name("quadratic").hermite.lambda_2, Activation::quadratic().hermite.lambda_2);
  EXPECT_FALSE(activation_from_name("sign").derivative);
}

TEST(ActivationFromName, RefusesWhatItCannotMean) {
  const auto message = [](const char* name) {
    return message_of([&] { return activation_from_name(name); });
  };
  expect_mentions(message("rleu"), "\"rleu\" is not an activation, but must be one of quadratic; relu;");
  expect_mentions(message(""), "\"\" is not an activation");
  expect_mentions(message("relu(1)"), "has 1 arguments, but should be written as relu");
  expect_mentions(message("leaky_relu(1, 2)"), "has 2 arguments");
  expect_mentions(message("hermite"), "hermite(k)");
  expect_mentions(message("hermite()"), "\"\" is not a finite number");
  expect_mentions(message("hermite(3"), "closing bracket");
  expect_mentions(message("hermite(2.5)"), "whole number from 2 to 20");
  expect_mentions(message("hermite(1)"), "whole number from 2 to 20");
  expect_mentions(message("hermite(nan)"), "\"nan\" is not a finite number");
  expect_mentions(message("polynomial(1, x)"), "\"x\" is not a finite number");
  expect_mentions(message("polynomial(1, 2)"), "affine");
  expect_mentions(message("polynomial(1, 2, 0)"), "affine");
  expect_mentions(message("leaky_relu(1)"), "affine");
}

TEST(Activation, NumbersFarOutsideAreRefusedAsSuch) {
  const std::string large = "but must be at most 1e15 (the root of E sigma(G)^2, G ~ N(0,1))";
  const std::string small =
      "but must be at least 1e-15 (the root of E sigma(G)^2, G ~ N(0,1), without its affine part)";
  const auto name = [](const char* text) { return message_of([&] { return activation_from_name(text); }); };
  const auto expression = [](const char* text) {
    return message_of([&] { return activation_from_expression(text); });
  };
  // The root of E (a G^2)^2 is sqrt(3) a, without the affine part sqrt(2) a.
  EXPECT_EQ(name("polynomial(0,0,1e160)"),
            "activation \"polynomial(0,0,1e160)\" has the size 1.73e+160, " + large);
  EXPECT_EQ(name("polynomial(0,0,1e-200)"),
            "activation \"polynomial(0,0,1e-200)\" has the size 1.41e-200, " + small);
  EXPECT_EQ(name("polynomial(0,0,-1e300,1e300)"),
            "activation \"polynomial(0,0,-1e300,1e300)\" has the size 4.24e+300, " + large);
  expect_mentions(name("polynomial(1e20,0,1)"), "has the size 1e+20, " + large);
  expect_mentions(name("polynomial(0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1e308)"),
                  "has the size inf, " + large);
  expect_mentions(name("polynomial(0,0,5e-324)"), small);
  expect_mentions(name("leaky_relu(-1e170)"), large);
  EXPECT_EQ(expression("1e-200*u^2"), "activation \"1e-200*u^2\" has the size 1.73e-200, " + small);
  expect_mentions(expression("1e160*u^2"), "has the size 1.73e+160, " + large);
  expect_mentions(expression("1e-320*u^2"), small);
  expect_mentions(expression("u^2+1e200"), large);
  expect_mentions(expression("max(u-36,0)"), small);
  const std::vector<double> far{0, 0, 1e200};
  expect_mentions(message_of([&] { return activation_from_hermite_coefficients(far); }), large);
  for (const char* text :
       {"polynomial(0,0,1e14)", "polynomial(0,0,1e-14)", "hermite(20)", "leaky_relu(1e10)"})
    EXPECT_GT(activation_from_name(text).hermite.lambda_tilde, 0) << text;
  for (const char* text : {"1e14*u^2", "1e-14*u^2"})
    EXPECT_GT(activation_from_expression(text).hermite.lambda_tilde, 0) << text;
}

TEST(Activation, MessagesQuoteLittleOfTheText) {
  const std::string text = "max(u,\x1b[31m" + std::string(100'000, '(');
  for (const std::string& message : {message_of([&] { return activation_from_name(text); }),
                                     message_of([&] { return activation_from_expression(text); })}) {
    EXPECT_LT(message.size(), 1000u);
    EXPECT_EQ(message.find('\x1b'), std::string::npos);
    expect_mentions(message, "\"max(u,\\x1b[31m" + std::string(29, '(') + "…\"");  // 40 in all
  }
}

TEST(ActivationFromHermiteCoefficients, HasThem) {
  const std::vector<double> given{0.5, 0, -1, 0, 3};
  const Activation activation = activation_from_hermite_coefficients(given);
  const Vector lambda = hermite_coefficients(activation, 7);
  for (Index k = 0; k < 7; ++k)
    EXPECT_NEAR(lambda[k], k < 5 ? given[static_cast<std::size_t>(k)] : 0, 1e-11) << k;
  EXPECT_DOUBLE_EQ(activation.hermite.lambda_tilde, 1.0 / 2 + 9.0 / 24);
  const std::vector<double> affine{1, 2};
  expect_mentions(message_of([&] { return activation_from_hermite_coefficients(affine); }), "affine");
  const std::vector<double> bad{0, 0, std::numeric_limits<double>::quiet_NaN()};
  expect_mentions(message_of([&] { return activation_from_hermite_coefficients(bad); }), "nan");
  const std::vector<double> many(22, 1.0);
  expect_mentions(message_of([&] { return activation_from_hermite_coefficients(many); }), "at most 20");
}

struct Twin {
  const char* expression;
  const char* derivative;
  const char* name;
};

TEST(ActivationFromExpression, AgreesWithTheNamedOne) {
  for (const Twin& twin :
       {Twin{"max(u,0)", "u>0 ? 1 : 0", "relu"}, Twin{"abs(u)", "sign(u)", "abs"},
        Twin{"tanh(u)", "1-tanh(u)^2", "tanh"}, Twin{"erf(u)", "", "erf"}, Twin{"u/(1+exp(-u))", "", "swish"},
        Twin{"u^2", "2*u", "quadratic"}, Twin{"u>0 ? 1 : -1", "", "sign"},
        Twin{"u>0 ? u : 0.25*u", "", "leaky_relu(0.25)"}}) {
    const Activation written = activation_from_expression(twin.expression, twin.derivative);
    const Activation named = activation_from_name(twin.name);
    EXPECT_EQ(written.name, twin.expression);
    EXPECT_EQ(static_cast<bool>(written.derivative), *twin.derivative != 0);
    ASSERT_EQ(written.kinks, named.kinks) << twin.expression;
    EXPECT_NEAR(written.hermite.lambda_tilde / named.hermite.lambda_tilde, 1, 1e-12) << twin.expression;
    const Vector difference =
        hermite_coefficients(written, 10, 0.8, 0.3) - hermite_coefficients(named, 10, 0.8, 0.3);
    // sqrt(9!) = 600 times the promised accuracy.
    EXPECT_LT(difference.cwiseAbs().maxCoeff(), 600 * kCoefficient) << twin.expression;
    for (const double u : {-1.3, 0.4})
      EXPECT_NEAR(written.value(u), named.value(u), 1e-15) << twin.expression;
  }
}

TEST(ActivationFromExpression, FindsKinks) {
  const auto kinks = [](const char* expression) { return activation_from_expression(expression).kinks; };
  EXPECT_EQ(kinks("max(u-0.25,0)"), std::vector<double>{0.25});
  EXPECT_EQ(kinks("max(u-0.25,0)+1"), std::vector<double>{0.25});
  EXPECT_EQ(kinks("min(max(u,-1),1)"), (std::vector<double>{-1, 1}));
  EXPECT_EQ(kinks("max(u,0)^2"), std::vector<double>{0});
  const std::vector<double> odd = kinks("max(u-sqrt(2),0)+1");
  ASSERT_EQ(odd.size(), 1u);
  EXPECT_NEAR(odd[0], std::sqrt(2.0), 1e-9);
  EXPECT_TRUE(kinks("sin(3*u)+u^3").empty());
  // E max(G - k, 0)^2 = (1 + k^2) Phi(-k) - k phi(k).
  const double k = std::sqrt(2.0);
  EXPECT_NEAR(activation_from_expression("max(u-sqrt(2),0)^2").hermite.lambda_0,
              (1 + k * k) * std::erfc(k / std::sqrt(2.0)) / 2 - k * std::exp(-k * k / 2) / std::sqrt(2 * kPi),
              1e-13);
}

TEST(ActivationFromExpression, ResolvesSteepFunctions) {
  const Activation steep = activation_from_expression("tanh(40*u)");
  EXPECT_TRUE(steep.kinks.empty());
  const Vector lambda = hermite_coefficients(steep, 2),
               plain = hermite_coefficients(activation_from_name("tanh"), 2, 40);
  EXPECT_NEAR(lambda[1], plain[1], 1e-13);
}

TEST(ActivationFromExpression, RefusesWithTheReason) {
  const auto message = [](const char* expression, const char* derivative = "") {
    return message_of([&] { return activation_from_expression(expression, derivative); });
  };
  expect_mentions(message("2*u+1"), "affine");
  expect_mentions(message("3"), "affine");
  expect_mentions(message("u + 1e-30*u^2"), "affine");
  expect_mentions(message("exp(u^2/4)"), "grows too fast");
  expect_mentions(message("exp(u^2)"), "grows too fast");
  expect_mentions(message("exp(u^4)"), "grows too fast");
  expect_mentions(message("sqrt(u)"), "is nan at u");
  expect_mentions(message("ln(u)"), "is nan at u");
  expect_mentions(message(""), "an expression in u is needed");
  expect_mentions(message("max(u,0"), "an expression in u is needed");
  expect_mentions(message("max(x,0)"), "an expression in u is needed");
  expect_mentions(message("u, u^2"), "one expression is needed, not 2");
  expect_mentions(message("max(u,0)^2", "max(u,0)"), "the derivative given is");
  expect_mentions(message("max(u,0)^2", "2*max(u,0"), "an expression in u is needed");
  expect_mentions(message("sign(u)", "0"), "jumps at u = 0");
  expect_mentions(message("sin(1/u)"), "not piecewise smooth");
  expect_mentions(message("sqrt(abs(u))"), "not piecewise smooth");
}

TEST(ActivationFromExpression, AcceptsTheFastestGrowthThatCanBeIntegrated) {
  // lambda_0 = E exp(G^2/5) = (1 - 2/5)^(-1/2).
  EXPECT_NEAR(activation_from_expression("exp(u^2/5)").hermite.lambda_0, 1 / std::sqrt(0.6), 1e-13);
}

TEST(ActivationFromExpression, MayBeCalledFromSeveralThreads) {
  const Activation activation = activation_from_expression("max(u,0)^2+u");
  constexpr int kPoints = 20000;
  std::vector<double> expected[2];
  for (const double side : {1.0, -1.0})
    for (int i = 0; i < kPoints; ++i) expected[side < 0].push_back(activation.value(side * 1e-3 * i));
  bool same[2] = {true, true};
  const auto work = [&](int which) {
    for (int i = 0; i < kPoints; ++i) {
      const double u = (which == 0 ? 1 : -1) * 1e-3 * i;
      same[which] = same[which] && activation.value(u) == expected[which][static_cast<std::size_t>(i)];
    }
  };
  std::thread other(work, 1);
  work(0);
  other.join();
  EXPECT_TRUE(same[0]);
  EXPECT_TRUE(same[1]);
}

TEST(HermiteCoefficients, RefuseBadArguments) {
  const Activation relu = activation_from_name("relu");
  expect_mentions(message_of([&] { return hermite_coefficients(relu, 0); }), "count is 0");
  expect_mentions(message_of([&] { return hermite_coefficients(relu, 151); }), "at most 150");
  expect_mentions(message_of([&] { return normalised_hermite_coefficients(relu, 1001); }), "at most 1000");
  expect_mentions(message_of([&] { return hermite_coefficients(relu, 3, 0); }), "scale is 0");
  expect_mentions(message_of([&] { return hermite_coefficients(relu, 3, 1, std::nan("")); }), "bias is nan");
  // Square integrable at s = 1, not at s = 2.
  const Activation fast = activation_from_expression("exp(u^2/8)");
  expect_mentions(message_of([&] { return hermite_coefficients(fast, 3, 2); }), "grows too fast");
}

}  // namespace
}  // namespace lazygap
