#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lazygap/plan/plan.h"
#include "lazygap/schedule/cluster.h"
#include "lazygap/schedule/run.h"

namespace lazygap::app {

/// What compare and predict are told beside the file.
struct DataRequest {
  std::string target, y, task, missing, group, activation;  ///< empty: the default
  std::vector<long> widths;
  int folds = 5, repeats = 1;
  double margin = 0.02;
  bool no_curves = false, ordered = false;
  std::uint64_t seed = 1;
};

/// What the command line says; the options that several commands share.
struct Request {
  std::string plan;  ///< file or built-in name; figure: 1, 2 or those; compare, predict: the table
  DataRequest data;
  std::vector<std::pair<std::string, std::string>> overrides;  ///< --set key=value
  bool json = false;
  std::optional<std::string> format;  ///< show: of the table
  std::optional<std::string> out;     ///< --out
  int jobs = 0;                       ///< 0: all cores
  std::string shard;                  ///< "i/n"; empty: everything
  std::vector<std::string> files;     ///< store merge: where from
  bool dry_run = false;
  std::optional<int> machines;  ///< --dry-run: predicts the run on `cluster` with so many machines
  schedule::Cluster cluster;
  bool quiet = false;                ///< no progress
  bool verbose = false;              ///< says beforehand what is to be done, and where results go
  std::optional<std::string> scale;  ///< of figures of two frames: "laptop" (where none is given) or "paper"
  std::string word;                  ///< keys, plans, new: what to look for
  /// Gives a run the processes that it may spread over, and how they ask it to stop; null: there is this one.
  std::function<void(const plan::Plan&, schedule::RunOptions&)> spread = {};
  std::string command_line;  ///< as it was typed, for the report
};

// Each returns the exit code of the program.
int limit(const Request& request);
int exact(const Request& request);
int run(const Request& request);
int figure(const Request& request);
int show(const Request& request);
int plans(const Request& request);
int keys(const Request& request);
int new_plan(const Request& request);
/// store check FILE, store merge TARGET SOURCE...
int look_after_store(const Request& request);
/// compare FILE --target y
int compare_regimes(const Request& request);
/// predict FILE --target y
int predict_regimes(const Request& request);

}  // namespace lazygap::app
