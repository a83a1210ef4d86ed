#pragma once

#include <string>
#include <vector>

#include "lazygap/report/frame.h"

/// How the two kinds of frames are filled.
namespace lazygap::report {

/// R/R0 against a key: the width (frame left) or figure.x. `collapsed`: the width is divided by the square of
/// the effective dimension (problem/spiked.h).
void add_against_key(Frame& frame, const Plan& plan, const std::vector<Row>& rows, bool collapsed = false);
/// Whether the plan has curves against the width that lie on one another in that unit: several spikes.
[[nodiscard]] bool collapses(const Plan& plan);
/// R/R0 against n/d along training.
void add_training(Frame& frame, const Plan& plan, const std::vector<Row>& rows);

/// What training does to the first layer at the last point of the plan; none where no run has recorded it.
[[nodiscard]] std::vector<Frame> mechanism_frames(const Plan& plan, const std::vector<Row>& rows);

/// The same rows with the cosine of the tangent kernels at the start and the end in place of R/R0: SGD where
/// it recorded its mechanism, lazy_rich, and the lines between which they lie, NN (scale 0) and NT (1). Empty
/// where no run recorded it.
[[nodiscard]] std::vector<Row> kernel_rows(const Plan& plan, const std::vector<Row>& rows);

[[nodiscard]] inline Point point_at(Index N, double x, double ratio) {
  Point point;
  point.x = x;
  point.N = N;
  point.ratio = ratio;
  return point;
}
[[nodiscard]] inline Point point_at(Index N, double x, const Average& average, std::optional<double> n) {
  Point point = point_at(N, x, average.ratio);
  point.n = n;
  point.se = average.se;
  point.draws = average.draws;
  return point;
}

/// The tint of a series that serves all labels of its regime.
inline constexpr int kSharedTint = -1;

/// A series without points; `tint`: the place of the label among those of the frame.
[[nodiscard]] Series named(Regime regime, Method method, const std::string& label, int tint);
/// Adds the series unless it is empty.
void add(Frame& frame, Series series);

/// Place of `label` in `labels`, where it is added if it is new.
[[nodiscard]] int place_of(std::vector<std::string>& labels, const std::string& label);

}  // namespace lazygap::report
