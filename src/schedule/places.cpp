#include "schedule/places.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "schedule/jobs.h"

namespace lazygap::schedule {

Place this_process(const RunOptions& options, std::shared_ptr<question::Instances> instances) {
  const auto answer = [instances = std::move(instances)](std::span<const question::Question> questions,
                                                         const route::Control& control) {
    const auto instance = instances->of(questions.front());
    route::route_of(questions.front().method).answer(*instance, questions, control);
  };
  return {.answer = answer, .cores = job_count(options), .memory_bytes = memory_limit(options)};
}

std::vector<Place> places_of(const plan::Plan& plan, const RunOptions& options) {
  return options.places.empty() ? std::vector{this_process(options, plan.instances)} : options.places;
}

int cores_of(const std::vector<Place>& places) {
  int cores = 0;
  for (const Place& place : places) cores += place.cores;
  return cores;
}

std::map<std::string, double> memory_of(const std::vector<Place>& places) {
  std::map<std::string, double> memory;
  for (const Place& place : places) {
    const auto [entry, is_new] = memory.try_emplace(place.host, place.memory_bytes);
    if (!is_new) entry->second = std::min(entry->second, place.memory_bytes);
  }
  return memory;
}

double largest_memory(const std::vector<Place>& places) {
  double largest = 0;
  for (const auto& [host, memory] : memory_of(places)) largest = std::max(largest, memory);
  return largest;
}

int cores_for(double work, double left, int cores, bool is_threaded) {
  if (!is_threaded || !(left > 0)) return 1;
  // Sums of work round; a group that is all there is gets all cores.
  constexpr double kRounding = 1e-9;
  return std::clamp(static_cast<int>(std::floor(cores * work / left + kRounding)), 1, cores);
}

}  // namespace lazygap::schedule
