#include "bindings.h"

namespace lazygap::python {
namespace {

template <class Function>
NumPy apply(const Function& function, const Array1& u) {
  Vector out = to_vector(u);
  for (double& number : out) number = function(number);
  return to_numpy(std::move(out));
}

}  // namespace

void bind_activation(nb::module_& module) {
  nb::class_<Activation>(module, "Activation")
      .def_ro("name", &Activation::name)
      .def_ro("kinks", &Activation::kinks)
      .def_prop_ro("has_derivative", [](const Activation& self) { return static_cast<bool>(self.derivative); })
      .def("value", [](const Activation& self, const Array1& u) { return apply(self.value, u); })
      .def("derivative", [](const Activation& self, const Array1& u) { return apply(self.derivative, u); })
      .def("hermite",
           [](const Activation& self, Index count, double scale, double bias) {
             return to_numpy(hermite_coefficients(self, count, scale, bias));
           })
      .def_prop_ro("lambda_tilde", [](const Activation& self) { return self.hermite.lambda_tilde; });
  module.def("activation_from_name", [](const std::string& name) { return activation_from_name(name); });
  module.def("activation_from_expression", [](const std::string& expression, const std::string& derivative) {
    return activation_from_expression(expression, derivative);
  });
  module.def("activation_from_hermite", [](const std::vector<double>& lambda) {
    return activation_from_hermite_coefficients(lambda);
  });
  module.def("activation_names", &activation_names);
}

}  // namespace lazygap::python
