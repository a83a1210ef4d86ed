#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lazygap/core/matrix.h"
#include "lazygap/plan/plan.h"
#include "lazygap/report/summary.h"
#include "lazygap/route/route.h"

namespace lazygap::report {

/// One point of a curve: R/R0 at N neurons after n samples.
struct Point {
  double x = 0;
  std::int64_t N = 0;        ///< 0 where there is no network
  std::optional<double> n;   ///< samples used; empty when infinite
  double ratio = 0;          ///< R/R0, mean over draws
  std::optional<double> se;  ///< its standard error over draws
  std::int64_t draws = 0;    ///< draws in the mean; 0 where nothing is drawn
};

/// A curve or a set of markers of a frame.
struct Series {
  std::string name;    ///< unique in the frame, for example "NN train" or "NT flow N=40"
  std::string regime;  ///< as lazygap::to_string(Regime)
  std::string method;  ///< as question::to_string(Method)
  /// What tells it apart from other series of its regime, for example "N = 40" or "relu"; empty: nothing.
  std::string label;
  int tint = 0;  ///< place of the label among those of the frame, which share a tint; -1: serves all labels
  std::vector<Point> points;
};

/// An axis of a frame.
struct Scale {
  std::string label;  ///< in gnuplot's enhanced text
  bool log = false;
  std::vector<std::string> words = {};  ///< what stands at 0, 1, ... where the axis is one of words
};

/// One panel of a frame of heat maps: Mechanism::before or after.
struct HeatMap {
  std::string title;
  Matrix shares;  ///< m x m
};

/// Everything a frame of a figure shows, as numbers.
struct Frame {
  std::string name;  ///< file name without ending, for example "figure-1-left"
  std::string title;
  std::string size = "page";          ///< figure.size
  bool latex = false;                 ///< figure.latex
  std::string caption;                ///< what was computed: draws, steps, samples
  std::vector<std::string> findings;  ///< what was fitted to the points: exponents
  std::string model;                  ///< "qf", "mg" or "polynomial"
  Index d = 0;                        ///< 0 where it differs between points
  bool joined = false;                ///< markers of a series are joined by a line
  bool along_training = false;        ///< R/R0 against n/d: curves are drawn as lines
  std::string what = "R/R0";          ///< what is drawn, in words
  Scale x, y;
  std::optional<double> mark;     ///< where x = d, on an axis of widths
  bool equal_parameters = false;  ///< widths: RF has N(d+1) neurons where NT and NN have N
  std::vector<Series> series;
  std::vector<HeatMap> maps;  ///< heat maps instead of series
};

/// The frames that `plan` asks for: one, or one for each value of figure.facet.
///
///   left    R/R0 of every route against N. Limits are smooth curves: they are evaluated between the
///           plan's widths, too
///   right   the risk along training at the best step size, averaged over draws, with the gradient flow
///           of the same draws and the limits for n = infinity
///   axes    R/R0 of every route against any key that is swept
///
/// Where the training recorded its mechanism (train.mechanism), a right frame is followed by two more for the
/// largest width: NAME-mechanism, overlaps, change and tangent kernel against n/d, and NAME-directions, heat
/// maps. A left frame or one of axes is then followed by NAME-kernel: the cosine of the tangent kernels at
/// the start and the end against the same key, between those of NN and NT where lazy_rich knows them.
///
/// Where widths are drawn for several spikes of spiked covariates, NAME-collapse follows: the same points
/// against N over the square of the effective dimension.
///
/// Points without a result are left out. Throws UsageError where the name of the plan cannot be a file name.
[[nodiscard]] std::vector<Frame> make_frames(const Plan& plan, const std::vector<Row>& rows);

/// What the frame shows, in one sentence, for readers who cannot see it.
[[nodiscard]] std::string describe(const Frame& frame);

}  // namespace lazygap::report
