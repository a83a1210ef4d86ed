#include "bindings.h"
#include "lazygap/curve/nt.h"
#include "lazygap/curve/predict.h"
#include "lazygap/curve/rf.h"

namespace lazygap::python {
namespace {

curve::Options to_options(const Activation& activation, bool centred, std::uint64_t seed, std::uint32_t draw,
                          double memory_bytes) {
  return {.activation = activation, .centred = centred, .seed = seed, .draw = draw, .memory_bytes = memory_bytes};
}

nb::dict predict(const curve::Model& model, const Indices& n, std::optional<double> ridge, double label_noise,
                 bool gaussian) {
  const auto equivalent = gaussian ? curve::Equivalent::gaussian : curve::Equivalent::elliptic;
  std::vector<double> ridges, risk, se, train, gcv, degrees;
  std::vector<std::string> doubts;
  for (const Index samples : to_indices(n)) {
    const curve::Setting setting{.samples = samples, .ridge = ridge.value_or(0), .label_noise = label_noise};
    const curve::BestRidge best = ridge ? curve::BestRidge{*ridge, curve::predict(model, setting, equivalent)}
                                        : curve::best_ridge(model, setting, equivalent);
    ridges.push_back(best.ridge);
    risk.push_back(best.prediction.risk);
    se.push_back(best.prediction.risk_se);
    train.push_back(best.prediction.train);
    gcv.push_back(best.prediction.gcv);
    degrees.push_back(best.prediction.degrees);
    doubts.push_back(best.prediction.doubt);
  }
  nb::dict dict;
  dict["ridge"] = to_numpy(ridges);
  dict["risk"] = to_numpy(risk);
  dict["se"] = to_numpy(se);
  dict["train"] = to_numpy(train);
  dict["gcv"] = to_numpy(gcv);
  dict["degrees"] = to_numpy(degrees);
  dict["doubt"] = doubts;
  return dict;
}

template <class Make>
curve::Model make_model(const nb::object& progress, const Make& make) {
  curve::Model model = interruptible(progress, make);
  return model;
}

}  // namespace

void bind_curve(nb::module_& module) {
  nb::module_ curve_module = module.def_submodule("curve");
  nb::class_<curve::Model>(curve_module, "Model")
      .def_ro("residual_risk", &curve::Model::residual_risk)
      .def_ro("message", &curve::Model::message)
      .def_prop_ro("status", [](const curve::Model& self) { return std::string(to_string(self.status)); })
      .def_prop_ro("rank", &curve::Model::rank)
      .def("predict", predict, nb::arg("n"), nb::arg("ridge").none(), nb::arg("label_noise"), nb::arg("gaussian"));
  curve_module.def("rf", [](const ProblemHandle& handle, const Activation& activation, bool centred, const Array2& W,
                            const std::optional<Array1>& biases, std::uint64_t seed, std::uint32_t draw,
                            double memory_bytes, const nb::object& progress) {
    return make_model(progress, [problem = handle.problem, W = to_matrix(W), b = to_vector(biases),
                                 options = to_options(activation, centred, seed, draw, memory_bytes)](Work& work) {
      return curve::rf(problem, W, b, options, work.control());
    });
  }, nb::arg(), nb::arg(), nb::arg(), nb::arg(), nb::arg().none(), nb::arg(), nb::arg(), nb::arg(), nb::arg().none());
  curve_module.def("nt", [](const ProblemHandle& handle, const Activation& activation, const Array2& W,
                            const std::optional<Array1>& biases, std::uint64_t seed, std::uint32_t draw,
                            double memory_bytes, const nb::object& progress) {
    return make_model(progress, [problem = handle.problem, W = to_matrix(W), b = to_vector(biases),
                                 options = to_options(activation, true, seed, draw, memory_bytes)](Work& work) {
      return curve::nt(problem, W, b, options, work.control());
    });
  }, nb::arg(), nb::arg(), nb::arg(), nb::arg().none(), nb::arg(), nb::arg(), nb::arg(), nb::arg().none());
}

}  // namespace lazygap::python
