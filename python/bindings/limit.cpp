#include "lazygap/limit/limit.h"

#include "bindings.h"
#include "lazygap/limit/rf_biases.h"

namespace lazygap::python {
namespace {

std::vector<double> ratios_of_rf(const Problem& problem, const FirstLayerLaw& law, const Activation& activation,
                                 double bias_scale, const std::vector<double>& rhos) {
  if (bias_scale != 0) return limit::rf_ratios(problem, law, activation, bias_scale, rhos);
  std::vector<double> ratios;
  for (const double rho : rhos) ratios.push_back(limit::rf_ratio(problem, law, activation.hermite, rho));
  return ratios;
}

}  // namespace

void bind_limit(nb::module_& module) {
  nb::module_ limit_module = module.def_submodule("limit");
  limit_module.def("rf", [](const ProblemHandle& handle, const nb::object& gamma, const Activation& activation,
                            double bias_scale, const std::vector<double>& rhos) {
    const FirstLayerLaw law = to_law(handle.problem, gamma);
    return to_numpy(interruptible(
        nb::none(), [problem = handle.problem, law, activation, bias_scale, rhos](Work&) {
          return ratios_of_rf(problem, law, activation, bias_scale, rhos);
        }));
  });
  limit_module.def("rf_wide", [](const ProblemHandle& handle, const nb::object& gamma) {
    return limit::rf_ratio_wide(handle.problem, to_law(handle.problem, gamma));
  });
  limit_module.def("nt", [](const ProblemHandle& handle, const std::vector<double>& rhos) {
    std::vector<double> ratios;
    for (const double rho : rhos) ratios.push_back(limit::nt_ratio(handle.problem, rho));
    return to_numpy(ratios);
  });
  limit_module.def("nn", [](const ProblemHandle& handle, const std::vector<Index>& N, const std::string& sign) {
    std::vector<double> ratios;
    for (const Index width : N) ratios.push_back(limit::nn_ratio(handle.problem, width, to_sign(sign)));
    return to_numpy(ratios);
  });
  limit_module.def("bayes", [](const ProblemHandle& handle) {
    return limit::bayes_ratio(std::get<GaussianMixture>(handle.problem));
  });
}

}  // namespace lazygap::python
