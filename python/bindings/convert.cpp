#include <algorithm>

#include "bindings.h"

namespace lazygap::python {
namespace {

template <class Owned>
NumPy owned_by_python(Owned* owned, std::initializer_list<std::size_t> shape) {
  nb::capsule owner(owned, [](void* pointer) noexcept { delete static_cast<Owned*>(pointer); });
  return NumPy(owned->data(), shape, owner);
}

}  // namespace

Vector to_vector(const Array1& array) {
  return Eigen::Map<const Vector>(array.data(), static_cast<Index>(array.shape(0)));
}

Vector to_vector(const std::optional<Array1>& array) { return array ? to_vector(*array) : Vector(); }

Matrix to_matrix(const Array2& array) {
  return Eigen::Map<const Matrix>(array.data(), static_cast<Index>(array.shape(1)),
                                  static_cast<Index>(array.shape(0)));
}

std::vector<Index> to_indices(const Indices& array) {
  return {array.data(), array.data() + array.shape(0)};
}

NumPy to_numpy(Vector vector) {
  auto* owned = new Vector(std::move(vector));
  return owned_by_python(owned, {static_cast<std::size_t>(owned->size())});
}

NumPy to_numpy(const std::vector<double>& numbers) {
  return to_numpy(Vector(Eigen::Map<const Vector>(numbers.data(), static_cast<Index>(numbers.size()))));
}

NumPy to_numpy(Matrix matrix) {
  auto* owned = new Matrix(std::move(matrix));
  return owned_by_python(owned,
                         {static_cast<std::size_t>(owned->cols()), static_cast<std::size_t>(owned->rows())});
}

nb::dict to_dict(const Answer& answer) {
  nb::dict dict;
  dict["risk"] = answer.risk;
  dict["status"] = std::string(to_string(answer.status));
  dict["message"] = answer.message;
  dict["rank"] = answer.diagnostics.rank;
  dict["iterations"] = answer.diagnostics.iterations;
  dict["residual"] = answer.diagnostics.residual;
  dict["kernel_error"] = answer.diagnostics.kernel_error;
  return dict;
}

FirstLayerLaw to_law(const Problem& problem, const nb::object& gamma) {
  if (nb::isinstance<nb::str>(gamma)) {
    return nb::cast<std::string>(gamma) == "aligned" ? FirstLayerLaw::aligned(problem)
                                                     : FirstLayerLaw::isotropic(problem);
  }
  if (nb::cast<int>(gamma.attr("ndim")) == 1)
    return FirstLayerLaw::diagonal(problem, to_vector(nb::cast<Array1>(gamma)));
  return FirstLayerLaw::full(problem, to_matrix(nb::cast<Array2>(gamma)));
}

SecondLayerSign to_sign(const std::string& word) {
  if (word == "positive") return SecondLayerSign::positive;
  if (word == "negative") return SecondLayerSign::negative;
  return word == "one_sign" ? SecondLayerSign::one_sign : SecondLayerSign::free;
}

}  // namespace lazygap::python
