#include "bindings.h"

namespace lazygap::python {

void bind_network(nb::module_& module) {
  // Gamma and W (N, d) are in the working coordinates of the problem.
  module.def("first_layer",
             [](const ProblemHandle& problem, const nb::object& gamma, Index neurons, std::uint64_t seed,
                std::uint32_t draw) {
               return to_numpy(to_law(problem.problem, gamma).sample(neurons, seed, draw));
             });
  module.def("biases", [](double tau, Index neurons, std::uint64_t seed, std::uint32_t draw) {
    return to_numpy(sample_biases(tau, neurons, seed, draw));
  });
}

}  // namespace lazygap::python
