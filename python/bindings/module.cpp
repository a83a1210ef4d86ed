#include "bindings.h"
#include "lazygap/core/error.h"
#include "lazygap/schedule/provenance.h"

NB_MODULE(_core, module) {
  namespace nb = nanobind;
  using namespace lazygap;
  nb::set_leak_warnings(false);  // an exception that is held keeps what its frames hold
  module.attr("__version__") = LAZYGAP_VERSION;
  // UsageError is a std::invalid_argument, which nanobind makes a ValueError.
  nb::register_exception_translator([](const std::exception_ptr& pointer, void*) {
    try {
      std::rethrow_exception(pointer);
    } catch (const FileError& error) {
      PyErr_SetString(PyExc_OSError, error.what());
    }
  });
  module.def("_wait_for_abandoned", &python::wait_for_abandoned);
  module.def("_forget_abandoned", &python::forget_abandoned);
  module.def("provenance", [] {
    const store::Provenance here = schedule::provenance();
    nb::dict dict;
    dict["commit"] = here.commit;
    dict["compiler"] = here.compiler;
    dict["instruction_set"] = here.instruction_set;
    dict["machine"] = here.machine;
    return dict;
  });
  python::bind_problem(module);
  python::bind_activation(module);
  python::bind_network(module);
  python::bind_limit(module);
  python::bind_exact(module);
  python::bind_curve(module);
  python::bind_train(module);
  python::bind_plan(module);
  python::bind_data(module);
  python::bind_comparison(module);
}
