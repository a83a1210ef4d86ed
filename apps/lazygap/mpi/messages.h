#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lazygap/network/weights.h"
#include "lazygap/question/question.h"
#include "lazygap/store/result.h"

/// What ranks say to one another: JSON objects, sent as CBOR, which keeps every bit of a number.
namespace lazygap::app::mpi {

using nlohmann::json;
using question::Question;
using question::SharedMatrix;

/// The matrices of questions by their question::content_name. They are sent apart from the questions, to each
/// rank once, so that a rank needs none of the files of a plan.
using Matrices = std::map<std::string, SharedMatrix>;

/// A question: method, regime, draw, step size, the keys that were given, and the key of its answer in a
/// store. A matrix is given by its name; `matrices` gets it.
[[nodiscard]] json to_json(const Question& question, Matrices& matrices);
/// The question again. Throws std::runtime_error unless its answer has the key that the sender saw.
[[nodiscard]] Question question_from_json(const json& object, const Matrices& matrices);

[[nodiscard]] json to_json(const Matrix& matrix);
[[nodiscard]] SharedMatrix matrix_from_json(const json& object);

/// Every field; store::to_json is for people and leaves out what is not finite.
[[nodiscard]] json result_to_json(const store::Result& result);
[[nodiscard]] store::Result result_from_json(const json& object);

/// The trained numbers of a network, every bit of them.
[[nodiscard]] json weights_to_json(const Weights& weights);
[[nodiscard]] Weights weights_from_json(const json& object);

/// What the numbers of a rank depend on, and what it has.
[[nodiscard]] json introduction(int rank, double memory_bytes);
/// Why two ranks cannot work together, in a sentence; empty: they can.
[[nodiscard]] std::string refusal(const json& first, const json& other);

}  // namespace lazygap::app::mpi
