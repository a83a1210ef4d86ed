#include "lazygap/plan/plan.h"

#include <nlohmann/json.hpp>

#include "bindings.h"
#include "lazygap/report/frame.h"
#include "lazygap/report/summary.h"
#include "lazygap/report/table.h"
#include "lazygap/schedule/estimate.h"
#include "lazygap/schedule/run.h"
#include "lazygap/store/json.h"
#include "lazygap/store/store.h"

namespace lazygap::python {
namespace {

using plan::Plan;
using store::Store;

/// A store in a file or, without one, in memory.
Store open_store(const std::string& file) { return file.empty() ? Store::in_memory() : Store::open(file); }

std::shared_ptr<Store> share_store(const std::string& file) { return std::make_shared<Store>(open_store(file)); }

std::string message_of(const schedule::RunReport& report) {
  nlohmann::json json{{"cells", report.cells},         {"reused", report.reused},
                      {"computed", report.computed},   {"diverged", report.diverged},
                      {"failed", report.failed},       {"not_converged", report.not_converged},
                      {"stopped", report.stopped},     {"seconds", report.seconds}};
  return json.dump();
}

std::string run(const Plan& plan, const std::shared_ptr<Store>& store, int jobs, int part, int of,
                const nb::object& progress) {
  return message_of(interruptible(progress, [plan, store, jobs, part, of](Work& work) {
    schedule::RunOptions options{.jobs = jobs, .share = {.part = part, .of = of}};
    options.stop = [&] { return work.is_stopped(); };
    options.progress = [&](const schedule::Progress& state) {
      work.set_fraction(state.fraction);
      if (!state.message.empty()) work.set_message(state.message);
    };
    return schedule::run_plan(plan, *store, options);
  }));
}

nlohmann::json to_json(const report::Frame& frame) {
  nlohmann::json series = nlohmann::json::array();
  for (const report::Series& one : frame.series) {
    nlohmann::json points = nlohmann::json::array();
    for (const report::Point& point : one.points)
      points.push_back({{"x", point.x},
                        {"N", point.N},
                        {"n", point.n ? nlohmann::json(*point.n) : nlohmann::json()},
                        {"ratio", point.ratio},
                        {"se", point.se ? nlohmann::json(*point.se) : nlohmann::json()},
                        {"draws", point.draws}});
    series.push_back({{"name", one.name},
                      {"regime", one.regime},
                      {"method", one.method},
                      {"label", one.label},
                      {"tint", one.tint},
                      {"points", points}});
  }
  return {{"name", frame.name},
          {"title", frame.title},
          {"caption", frame.caption},
          {"findings", frame.findings},
          {"model", frame.model},
          {"d", frame.d},
          {"joined", frame.joined},
          {"along_training", frame.along_training},
          {"x", {{"label", frame.x.label}, {"log", frame.x.log}}},
          {"y", {{"label", frame.y.label}, {"log", frame.y.log}}},
          {"mark", frame.mark ? nlohmann::json(*frame.mark) : nlohmann::json()},
          {"description", report::describe(frame)},
          {"series", series}};
}

/// JSON texts are the way of nested results to Python: numbers read back as the same bits.
std::string dump(const nlohmann::json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string results(const Plan& plan, const Store& store) {
  nlohmann::json list = nlohmann::json::array();
  for (const store::Result& result : schedule::results_of(plan, store)) list.push_back(store::to_json(result));
  return dump(list);
}

std::string estimate(const Plan& plan, const Store& store, int jobs) {
  schedule::RunOptions options{.jobs = jobs};
  nlohmann::json list = nlohmann::json::array();
  for (const schedule::GroupEstimate& group : schedule::estimate_plan(plan, store, options).groups)
    list.push_back({{"method", to_string(group.method)},
                    {"regime", to_string(group.regime)},
                    {"N", group.widths},
                    {"cells", group.cells},
                    {"finished", group.finished},
                    {"seconds", group.seconds},
                    {"bytes", group.bytes},
                    {"path", group.path}});
  return dump(list);
}

std::string table(const report::Table& table) { return dump({{"header", table.header}, {"lines", table.lines}}); }

}  // namespace

void bind_plan(nb::module_& module) {
  nb::class_<Plan>(module, "Plan")
      .def_ro("name", &Plan::name)
      .def_prop_ro("toml", [](const Plan& self) { return plan::to_toml(self); })
      .def_prop_ro("remarks", [](const Plan& self) { return plan::remarks(self); });
  nb::class_<Store>(module, "Store");
  module.def("load_plan", [](const std::string& file_or_name, const plan::Overrides& overrides) {
    return plan::load_plan(file_or_name, overrides);
  });
  module.def("plan_from_text", [](const std::string& text, const std::string& label,
                                  const plan::Overrides& overrides) {
    return plan::plan_from_text(text, label, overrides);
  });
  module.def("built_in_plans", &plan::built_in_plans);
  module.def("built_in_plan", [](const std::string& name) { return plan::built_in_plan(name); });
  module.def("open_store", [](const std::string& file) { return share_store(file); });
  module.def("open_store_read_only",
             [](const std::string& file) { return std::make_shared<Store>(Store::open_read_only(file)); });
  module.def("merge_stores", [](const std::shared_ptr<Store>& target, const std::string& source) {
    store::merge(*target, Store::open_read_only(source));
  });
  module.def("run", run, nb::arg("plan"), nb::arg("store"), nb::arg("jobs"), nb::arg("part"), nb::arg("of"),
             nb::arg("progress").none());
  module.def("results", [](const Plan& plan, const std::shared_ptr<Store>& store) { return results(plan, *store); });
  module.def("estimate", [](const Plan& plan, const std::shared_ptr<Store>& store, int jobs) {
    return estimate(plan, *store, jobs);
  });
  module.def("full_table", [](const Plan& plan, const std::shared_ptr<Store>& store) {
    return table(report::full_table(plan, report::summarise(plan, *store)));
  });
  module.def("readable_table", [](const Plan& plan, const std::shared_ptr<Store>& store) {
    return table(report::readable_table(plan, report::summarise(plan, *store)));
  });
  module.def("frames", [](const Plan& plan, const std::shared_ptr<Store>& store) {
    nlohmann::json list = nlohmann::json::array();
    for (const report::Frame& frame : report::make_frames(plan, report::summarise(plan, *store)))
      list.push_back(to_json(frame));
    return dump(list);
  });
  module.def("keys", [] {
    nlohmann::json list = nlohmann::json::array();
    for (const plan::KeyDescription& key : plan::describe_keys())
      list.push_back({{"path", key.path}, {"accepted", key.accepted}, {"standard", key.standard}, {"doc", key.doc}});
    return dump(list);
  });
}

}  // namespace lazygap::python
