#include "bindings.h"
#include "lazygap/exact/bayes.h"
#include "lazygap/exact/lazy_rich.h"
#include "lazygap/exact/nn.h"
#include "lazygap/exact/nt.h"
#include "lazygap/exact/rf.h"

namespace lazygap::python {
namespace {

nb::list rf(const ProblemHandle& handle, const Activation& activation, bool centred, const Array2& W,
            const std::optional<Array1>& biases, const Indices& widths, const nb::object& progress) {
  const auto answers = interruptible(
      progress, [problem = handle.problem, widths = to_indices(widths),
                 network = Network{activation, to_matrix(W), to_vector(biases), centred}](Work& work) {
        return exact::rf(problem, network, widths, work.control());
      });
  nb::list list;
  for (const Answer& answer : answers) list.append(to_dict(answer));
  return list;
}

nb::dict nt(const ProblemHandle& handle, const Activation& activation, const Array2& W,
            const std::optional<Array1>& biases, const nb::object& progress) {
  return to_dict(interruptible(
      progress, [problem = handle.problem,
                 network = Network{activation, to_matrix(W), to_vector(biases)}](Work& work) {
        return exact::nt(problem, network, work.control());
      }));
}

}  // namespace

void bind_exact(nb::module_& module) {
  nb::module_ exact_module = module.def_submodule("exact");
  exact_module.def("rf", rf, nb::arg(), nb::arg(), nb::arg(), nb::arg(), nb::arg().none(), nb::arg(), nb::arg().none());
  exact_module.def("nt", nt, nb::arg(), nb::arg(), nb::arg(), nb::arg().none(), nb::arg().none());
  exact_module.def("nn", [](const ProblemHandle& handle, Index N, const std::string& sign) {
    return to_dict(exact::nn(handle.problem, N, to_sign(sign)));
  });
  exact_module.def("nt_mean", [](const ProblemHandle& handle, Index N) {
    return exact::nt_mean(std::get<PolynomialTarget>(handle.problem), N);
  });
  exact_module.def("bayes", [](const ProblemHandle& handle) {
    return exact::bayes(std::get<GaussianMixture>(handle.problem));
  });
  exact_module.def("lazy_rich", [](const ProblemHandle& handle, const Array2& W, const std::vector<double>& alphas) {
    const auto answers =
        interruptible(nb::none(), [problem = std::get<PolynomialTarget>(handle.problem), W_0 = to_matrix(W),
                                   alphas](Work&) { return exact::lazy_rich(problem, W_0, alphas); });
    std::vector<double> risks, cosines;
    for (const exact::LazyRich& answer : answers) {
      risks.push_back(answer.answer.risk);
      cosines.push_back(answer.kernel_cosine);
    }
    return std::pair(to_numpy(risks), to_numpy(cosines));
  });
}

}  // namespace lazygap::python
