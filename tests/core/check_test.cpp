#include "lazygap/core/check.h"

#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <string>

#include "lazygap/core/error.h"
#include "lazygap/core/status.h"

namespace lazygap {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// The text of the UsageError, "" where none is thrown.
std::string message(const std::function<void()>& call) {
  try {
    call();
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

TEST(Check, Finite) {
  EXPECT_EQ(message([] { check_finite("f", "x", 1.0); }), "");
  EXPECT_EQ(message([] { check_finite("f", "x", kNan); }), "f: x is nan, but must be finite");
  EXPECT_EQ(message([] { check_finite("f", "x", -kInfinity); }), "f: x is -inf, but must be finite");
  EXPECT_EQ(message([] { check_finite("f", "v", Vector::Ones(3).eval()); }), "");
  EXPECT_EQ(message([] { check_finite("f", "v", Vector(0)); }), "");
  EXPECT_EQ(message([] {
              check_finite("f", "v", Vector{{1, 2, kInfinity}});
            }),
            "f: v[2] is inf, but must be finite");
  EXPECT_EQ(message([] {
              check_finite("f", "W", Matrix{{1, kNan}, {2, 3}});
            }),
            "f: W[0,1] is nan, but must be finite");
}

TEST(Check, Sign) {
  EXPECT_EQ(message([] { check_positive("f", "rho", 1e-300); }), "");
  EXPECT_EQ(message([] { check_positive("f", "rho", 0); }), "f: rho is 0, but must be positive and finite");
  EXPECT_EQ(message([] { check_positive("f", "rho", kNan); }),
            "f: rho is nan, but must be positive and finite");
  EXPECT_EQ(message([] { check_positive("f", "rho", kInfinity); }),
            "f: rho is inf, but must be positive and finite");
  EXPECT_EQ(message([] { check_nonnegative("f", "ridge", 0); }), "");
  EXPECT_EQ(message([] { check_nonnegative("f", "ridge", -0.5); }),
            "f: ridge is -0.5, but must be zero or positive, and finite");
  EXPECT_EQ(message([] { check_nonnegative("f", "ridge", kNan); }),
            "f: ridge is nan, but must be zero or positive, and finite");
}

TEST(Check, Sizes) {
  EXPECT_EQ(message([] { check_at_least("f", "N", 1, 1); }), "");
  EXPECT_EQ(message([] { check_at_least("f", "N", 0, 1); }), "f: N is 0, but must be at least 1");
  EXPECT_EQ(message([] { check_not_empty("f", "v", 1); }), "");
  EXPECT_EQ(message([] { check_not_empty("f", "v", 0); }), "f: v is empty, but must have at least one entry");
  EXPECT_EQ(message([] { check_size("f", "v", 3, "the dimension d", 3); }), "");
  EXPECT_EQ(message([] { check_size("f", "v", 2, "the dimension d", 3); }),
            "f: v has size 2, but must have the dimension d = 3");
}

TEST(Status, WordsGoBothWays) {
  for (const Status status : {Status::none, Status::ok, Status::diverged, Status::not_converged,
                              Status::failed, Status::eliminated})
    EXPECT_EQ(status_from_string(to_string(status)), status);
  EXPECT_EQ(message([] { (void)status_from_string("fine"); }),
            "status_from_string: \"fine\" is not one of none, ok, diverged, not_converged, failed, eliminated");
}

}  // namespace
}  // namespace lazygap
