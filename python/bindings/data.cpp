#include <cstdint>
#include <stdexcept>

#include "bindings.h"
#include "lazygap/core/error.h"
#include "lazygap/data/ridge_model.h"
#include "lazygap/train/data_network.h"

namespace lazygap::python {
namespace {

/// X (n, d), Y (n, k) and weights (n), used where they lie.
data::DataSet data_set(const Array2& X, const Array2& Y, const std::optional<Array1>& weights) {
  const auto size = [](const auto& array, std::size_t axis) { return static_cast<Index>(array.shape(axis)); };
  return {.X = {X.data(), size(X, 1), size(X, 0)},
          .Y = {Y.data(), size(Y, 1), size(Y, 0)},
          .weights = {weights ? weights->data() : nullptr, weights ? size(*weights, 0) : 0}};
}

data::MatrixView view_of(const Array2& X) {
  return {X.data(), static_cast<Index>(X.shape(1)), static_cast<Index>(X.shape(0))};
}

std::vector<Index> rows(const std::optional<Indices>& given, Index n) {
  return given ? to_indices(*given) : data::all_rows(n);
}

data::FeatureKind kind_of(const std::string& word) {
  if (word == "tangent") return data::FeatureKind::tangent;
  return word == "linear" ? data::FeatureKind::linear : data::FeatureKind::random;
}

data::FeatureMap feature_map(const std::string& kind, const Activation& activation, const Array2& W,
                             const Array1& biases, const Array1& mean, const Array1& scale) {
  return {.kind = kind_of(kind),
          .network = {.activation = activation, .W = to_matrix(W), .biases = to_vector(biases)},
          .standardisation = {to_vector(mean), to_vector(scale)}};
}

data::RidgeChoice choice_of(const std::string& word) {
  if (word == "loo") return data::RidgeChoice::loo;
  if (word == "gcv") return data::RidgeChoice::gcv;
  return word == "validation" ? data::RidgeChoice::validation : data::RidgeChoice::fixed;
}

data::RidgeSide side_of(const std::string& word) {
  if (word == "primal") return data::RidgeSide::primal;
  return word == "dual" ? data::RidgeSide::dual : data::RidgeSide::automatic;
}

data::RidgeOptions ridge_options(const std::string& choice, const std::vector<double>& ridges, const std::string& side,
                                 bool fp32) {
  return {.choice = choice_of(choice), .ridges = ridges, .side = side_of(side), .fp32 = fp32};
}

nb::dict fit_ridge(const Array2& X, const Array2& Y, const std::optional<Array1>& weights,
                   const std::optional<Indices>& train, const std::optional<Indices>& validation,
                   const std::string& kind, const Activation& activation, Index neurons, double bias_scale,
                   std::uint64_t seed, bool standardise, const data::RidgeOptions& options,
                   const nb::object& progress) {
  const data::FeatureOptions features{.kind = kind_of(kind),
                                      .activation = activation,
                                      .neurons = neurons,
                                      .bias_scale = bias_scale,
                                      .seed = seed};
  data::RidgeModel model = interruptible(progress, [=](Work& work) {
    const data::DataSet table = data_set(X, Y, weights);
    data::check_data_set("fit", table);
    const std::vector<Index> fitted = rows(train, table.samples());
    const std::vector<Index> held = validation ? to_indices(*validation) : std::vector<Index>();
    const data::FeatureMap map = data::make_feature_map(
        features, standardise ? data::standardisation(table, fitted) : data::Standardisation::none(table.dimension()));
    return data::fit_ridge(table, fitted, held, map, options, work.control());
  });
  nb::dict dict;
  dict["weights"] = to_numpy(std::move(model.map.network.W));
  dict["biases"] = to_numpy(std::move(model.map.network.biases));
  dict["mean"] = to_numpy(std::move(model.map.standardisation.mean));
  dict["scale"] = to_numpy(std::move(model.map.standardisation.scale));
  dict["coefficients"] = to_numpy(std::move(model.coefficients));  // (k, p)
  dict["intercept"] = to_numpy(std::move(model.intercept));
  dict["ridge"] = model.ridge;
  dict["ridges"] = to_numpy(std::move(model.ridges));
  dict["errors"] = to_numpy(std::move(model.errors));
  dict["degrees"] = model.degrees_of_freedom;
  dict["side"] = model.side == data::RidgeSide::dual ? "dual" : "primal";
  return dict;
}

NumPy predict_ridge(const Array2& X, const data::FeatureMap& map, const Array2& coefficients, const Array1& intercept) {
  return to_numpy(interruptible(nb::none(), [=](Work&) {
    data::RidgeModel model;
    model.status = Status::ok;
    model.map = map;
    model.coefficients = to_matrix(coefficients);
    model.intercept = to_vector(intercept);
    const data::MatrixView table = view_of(X);
    return data::predict(model, table, data::all_rows(table.cols()));
  }));
}

NumPy features(const Array2& X, const data::FeatureMap& map) {
  return to_numpy(interruptible(nb::none(), [=](Work&) {
    const data::MatrixView table = view_of(X);
    return data::features(map, table, data::all_rows(table.cols()));
  }));
}

train::DataNetwork network_of(const nb::dict& dict) {
  train::DataNetwork network;
  network.status = Status::ok;
  network.activation = nb::cast<const Activation&>(dict["activation"]);
  network.standardisation = {to_vector(nb::cast<Array1>(dict["mean"])), to_vector(nb::cast<Array1>(dict["scale"]))};
  network.W = to_matrix(nb::cast<Array2>(dict["weights"]));
  network.biases = to_vector(nb::cast<Array1>(dict["biases"]));
  network.second_layer = to_matrix(nb::cast<Array2>(dict["second_layer"])).transpose();
  network.offset = to_vector(nb::cast<Array1>(dict["offset"]));
  network.step_size = nb::cast<double>(dict["step_size"]);
  network.epochs = nb::cast<std::int64_t>(dict["epochs"]);
  return network;
}

nb::dict network_dict(train::DataNetwork network) {
  nb::dict dict;
  dict["status"] = std::string(to_string(network.status));
  dict["weights"] = to_numpy(std::move(network.W));
  dict["biases"] = to_numpy(std::move(network.biases));
  dict["second_layer"] = to_numpy(Matrix(network.second_layer.transpose()));  // (k, N)
  dict["offset"] = to_numpy(std::move(network.offset));
  dict["mean"] = to_numpy(std::move(network.standardisation.mean));
  dict["scale"] = to_numpy(std::move(network.standardisation.scale));
  dict["step_size"] = network.step_size;
  dict["epochs"] = network.epochs;
  dict["best"] = network.best;
  Matrix curve(4, static_cast<Index>(network.curve.size()));
  for (Index i = 0; i < curve.cols(); ++i) {
    const train::Epoch& epoch = network.curve[static_cast<std::size_t>(i)];
    curve.col(i) << static_cast<double>(epoch.number), epoch.step_size, epoch.training, epoch.validation;
  }
  dict["curve"] = to_numpy(std::move(curve));
  return dict;
}

nb::dict train_network(const Array2& X, const Array2& Y, const std::optional<Indices>& train_rows,
                       const std::optional<Indices>& validation, const Activation& activation, const nb::dict& given,
                       const std::optional<nb::dict>& start, const nb::object& progress) {
  const auto get = [&]<class Type>(const char* name, Type& field) { field = nb::cast<Type>(given[name]); };
  train::DataOptions options{.activation = activation};
  get("neurons", options.neurons);
  get("bias_scale", options.bias_scale);
  get("alpha", options.alpha);
  get("momentum", options.momentum);
  get("batch", options.batch);
  get("step_size", options.step_size);
  get("epochs", options.epochs);
  get("patience", options.patience);
  get("seed", options.seed);
  options.precision = nb::cast<bool>(given["fp64"]) ? train::Precision::fp64 : train::Precision::fp32;
  const auto from = start ? std::make_shared<const train::DataNetwork>(network_of(*start)) : nullptr;
  return network_dict(interruptible(progress, [=](Work& work) {
    const data::DataSet table = data_set(X, Y, std::nullopt);
    data::check_data_set("fit", table);
    const std::vector<Index> fitted = rows(train_rows, table.samples());
    const std::vector<Index> held = validation ? to_indices(*validation) : std::vector<Index>();
    return train::train_network(table, fitted, held, options, work.control(), from.get());
  }));
}

NumPy predict_network(const Array2& X, const nb::dict& dict) {
  const auto network = std::make_shared<const train::DataNetwork>(network_of(dict));
  return to_numpy(interruptible(nb::none(), [=](Work&) {
    const data::MatrixView table = view_of(X);
    return train::predict(*network, table, data::all_rows(table.cols()));
  }));
}

}  // namespace

void bind_data(nb::module_& module) {
  nb::class_<data::RidgeOptions>(module, "RidgeOptions");
  nb::class_<data::FeatureMap>(module, "FeatureMap");
  module.def("ridge_options", ridge_options);
  module.def("feature_map", feature_map);
  module.def("draw_features", [](const std::string& kind, const Activation& activation, Index neurons, double bias_scale,
                                 std::uint64_t seed, const Array1& mean, const Array1& scale) {
    const data::FeatureMap map = data::make_feature_map(
        {.kind = kind_of(kind), .activation = activation, .neurons = neurons, .bias_scale = bias_scale, .seed = seed},
        {to_vector(mean), to_vector(scale)});
    return std::pair(to_numpy(Matrix(map.network.W)), to_numpy(Vector(map.network.biases)));
  });
  module.def("fit_ridge", fit_ridge, nb::arg("X"), nb::arg("Y"), nb::arg("weights").none(), nb::arg("train").none(),
             nb::arg("validation").none(), nb::arg("kind"), nb::arg("activation"), nb::arg("neurons"),
             nb::arg("bias_scale"), nb::arg("seed"), nb::arg("standardise"), nb::arg("options"),
             nb::arg("progress").none());
  module.def("predict_ridge", predict_ridge);
  module.def("features", features);
  module.def("ridge_cost", [](Index n, Index k, Index d, const std::string& kind, Index neurons,
                              const data::RidgeOptions& options) {
    const data::FeatureMap map =
        data::make_feature_map({.kind = kind_of(kind), .neurons = neurons}, data::Standardisation::none(d));
    const data::FitCost cost = data::ridge_cost(n, k, map, options);
    return std::pair(cost.seconds, cost.bytes);
  });
  module.def("train_network", train_network, nb::arg("X"), nb::arg("Y"), nb::arg("train").none(),
             nb::arg("validation").none(), nb::arg("activation"), nb::arg("options"), nb::arg("start").none(),
             nb::arg("progress").none());
  module.def("predict_network", predict_network);
}

}  // namespace lazygap::python
