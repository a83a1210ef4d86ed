#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lazygap/core/matrix.h"
#include "lazygap/experiment/plan.h"
#include "lazygap/experiment/summary.h"

namespace lazygap::report {

/// One point of a curve: R/R0 at width N after n samples.
struct Point {
  double x = 0;             ///< N on the left frame (RF with equal parameters: N/(d+1)), n/d on the right one
  std::int64_t N = 0;       ///< 0 where there is no network
  std::optional<double> n;  ///< samples used; empty when infinite
  double ratio = 0;         ///< R/R0, mean over draws
  std::optional<double> se;  ///< its standard error over draws
  std::int64_t draws = 0;    ///< draws in the mean; 0 where nothing is drawn
};

/// A curve or a set of markers of a frame.
struct Series {
  std::string name;    ///< unique in the frame, for example "NN train" or "NT flow N=40"
  std::string regime;  ///< as lazygap::to_string(Regime)
  std::string method;  ///< "limit", "exact", "train", "fit" or "flow"
  std::int64_t N = 0;  ///< width on the right frame; 0 on the left one
  std::vector<Point> points;
};

/// Everything a frame of a figure shows, as numbers.
struct Frame {
  std::string name;  ///< file name without ending, for example "figure-1-left"
  std::string title;
  std::string model;  ///< "qf", "mg" or "polynomial"
  Index d = 0;
  bool along_training = false;    ///< false: R/R0 against N (log axis); true: R/R0 against n/d
  bool equal_parameters = false;  ///< left: RF has N(d+1) neurons where NT and NN have N
  std::vector<Series> series;
};

/// The frame that `plan` asks for. Limits become smooth curves: they are evaluated between the plan's widths,
/// too. Left: every route's R/R0 against N. Right: the risk along training at the best step size, averaged
/// over draws, with the gradient flow and the limits for n = infinity. What is missing is left out. Throws
/// UsageError where the name of the plan cannot be a file name.
[[nodiscard]] Frame make_frame(const experiment::Plan& plan, const std::vector<experiment::Row>& rows,
                               const std::vector<experiment::Curves>& curves);

/// What the frame shows, in one sentence, for readers who cannot see it.
[[nodiscard]] std::string describe(const Frame& frame);

}  // namespace lazygap::report
