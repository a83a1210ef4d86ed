#include "bindings.h"
#include "lazygap/question/instance.h"
#include "question.h"

namespace lazygap::python {
namespace {

/// x (n, d) and y (n) of problem/problem.h, in working coordinates.
std::pair<NumPy, NumPy> samples(const ProblemHandle& self, Index n, std::uint64_t seed, std::uint32_t index) {
  const Problem problem = self.problem;
  auto drawn = interruptible(nb::none(), [=](Work&) {
    Matrix X(dimension(problem), n);
    Vector y(n);
    draw_samples<double>(problem, {.seed = seed, .purpose = Purpose::testing, .index = index}, X, y);
    return std::pair(std::move(X), std::move(y));
  });
  return {to_numpy(std::move(drawn.first)), to_numpy(std::move(drawn.second))};
}

}  // namespace

void bind_problem(nb::module_& module) {
  nb::class_<ProblemHandle>(module, "Problem")
      .def_prop_ro("dimension", [](const ProblemHandle& self) { return dimension(self.problem); })
      .def_prop_ro("null_risk", [](const ProblemHandle& self) { return null_risk(self.problem); })
      .def_prop_ro("is_mixture",
                   [](const ProblemHandle& self) { return std::holds_alternative<GaussianMixture>(self.problem); })
      .def_prop_ro("beta",
                   [](const ProblemHandle& self) -> std::optional<NumPy> {
                     const auto* target = std::get_if<PolynomialTarget>(&self.problem);
                     if (target == nullptr) return std::nullopt;
                     return to_numpy(Matrix(target->beta().transpose()));
                   },
                   nb::rv_policy::move)
      .def_prop_ro("whitened_delta",
                   [](const ProblemHandle& self) -> std::optional<NumPy> {
                     const auto* mixture = std::get_if<GaussianMixture>(&self.problem);
                     if (mixture == nullptr) return std::nullopt;
                     return to_numpy(mixture->whitened_delta());
                   },
                   nb::rv_policy::move)
      .def("population_risk",
           [](const ProblemHandle& self, const Array2& S, double c) {
             return population_risk(self.problem, to_matrix(S), c);
           })
      .def("samples", samples, nb::arg("n"), nb::arg("seed"), nb::arg("index"));

  module.def("quadratic", [](const Array1& eigenvalues, std::optional<double> offset) {
    return ProblemHandle{offset ? PolynomialTarget(to_vector(eigenvalues), *offset)
                                : PolynomialTarget(to_vector(eigenvalues))};
  }, nb::arg("eigenvalues"), nb::arg("offset").none());
  module.def("quadratic_matrix", [](const Array2& B, std::optional<double> offset) {
    Diagonalised diagonalised = diagonalise(to_matrix(B), offset);
    return std::pair(ProblemHandle{std::move(diagonalised.target)},
                     to_numpy(Matrix(diagonalised.basis.transpose())));
  }, nb::arg("B"), nb::arg("offset").none());
  module.def("polynomial", [](const Array2& beta) {
    return ProblemHandle{PolynomialTarget::from_hermite(to_matrix(beta).transpose())};
  });
  module.def("mixture", [](const Array1& sigma, const Array1& delta) {
    return ProblemHandle{GaussianMixture(to_vector(sigma), to_vector(delta))};
  });
  module.def("mixture_matrices", [](const Array2& sigma, const Array2& delta) {
    return ProblemHandle{GaussianMixture::from_matrices(to_matrix(sigma), to_matrix(delta))};
  });
  module.def("problem_of", [](const nb::dict& keys) {
    question::Question asked = to_question(keys);
    question::complete(asked);
    return ProblemHandle{question::make_instance(asked).problem};
  });
}

}  // namespace lazygap::python
