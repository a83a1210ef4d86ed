#include <fmt/ranges.h>

#include <array>

#include "lazygap/problem/polynomial_target.h"
#include "math/symmetric.h"
#include "question/row.h"

/// The rows of [problem].
namespace lazygap::question {
namespace {

const Words<std::string> kModels{{"qf", "qf"}, {"mg", "mg"}, {"polynomial", "polynomial"}};
const Words<bool> kRotations{{"none", false}, {"haar", true}};
const Words<SpectrumLaw::Kind> kLaws{
    {"exponential", SpectrumLaw::Kind::exponential}, {"choice", SpectrumLaw::Kind::choice},
    {"identity", SpectrumLaw::Kind::identity},       {"power", SpectrumLaw::Kind::power},
    {"low_rank", SpectrumLaw::Kind::low_rank},
};
constexpr std::string_view kInverseSquareRoot = "1/sqrt(d)";

bool always(const Question&) { return true; }
bool is_noisy(const Question& q) {
  return q.method == Method::train || q.method == Method::fit || q.method == Method::curve ||
         q.method == Method::dynamics || q.method == Method::state_evolution;
}
bool is_polynomial(const Question& q) { return q.problem.model == "polynomial"; }

std::string needs_model(const Question& q, std::string_view models, bool applies) {
  return applies ? std::string()
                 : fmt::format("belongs to model = {}, but model is \"{}\"", models, q.problem.model);
}
std::string for_qf_or_mg(const Question& q) { return needs_model(q, "\"qf\" or \"mg\"", !is_polynomial(q)); }
std::string for_polynomial(const Question& q) { return needs_model(q, "\"polynomial\"", is_polynomial(q)); }

/// Where a law of coefficients stands in a question: the spectrum (k = 0), or the coefficients of He_k.
const SpectrumLaw* find_law(const Question& q, Index k) {
  if (k == 0) return is_polynomial(q) || q.problem.matrix ? nullptr : &q.problem.spectrum;
  const auto found = q.problem.hermite.find(k);
  return is_polynomial(q) && !q.problem.matrix && found != q.problem.hermite.end() ? &found->second : nullptr;
}
const SpectrumLaw& law_or_default(const Question& q, Index k) {
  static const SpectrumLaw standard;
  const SpectrumLaw* law = find_law(q, k);
  return law != nullptr ? *law : standard;
}
SpectrumLaw& law_of(Question& q, Index k) { return k == 0 ? q.problem.spectrum : q.problem.hermite[k]; }

std::string law_word(const SpectrumLaw& law) {
  return law.kind == SpectrumLaw::Kind::explicit_ ? "explicit" : std::string(word_of(kLaws, law.kind));
}

/// "belongs to law = ..., but law is ..." unless the law of table k is `kind`.
std::function<std::string(const Question&)> only_for(Index k, SpectrumLaw::Kind kind) {
  return [k, kind](const Question& q) {
    const SpectrumLaw* law = find_law(q, k);
    if (law == nullptr || law->kind == kind) return std::string();
    return fmt::format("belongs to law = \"{}\", but law is \"{}\"", word_of(kLaws, kind), law_word(*law));
  };
}

using Parts = std::vector<NamePart>;

/// The part `field` of the law of table k, where the law reads it.
template <class Get>
std::function<Parts(const Question&)> law_part(Index k, std::string place,
                                               std::vector<SpectrumLaw::Kind> kinds, Get get) {
  return [k, place = std::move(place), kinds = std::move(kinds), get](const Question& q) -> Parts {
    const SpectrumLaw* law = find_law(q, k);
    if (law == nullptr) return {};
    for (const SpectrumLaw::Kind kind : kinds)
      if (law->kind == kind) return {{place, get(*law)}};
    return {};
  };
}

Key scale_key(Index k, const std::string& table, const std::string& place) {
  Key key{.path = table + ".scale",
          .kind = Kind::positive_or_word,
          .accepted = "a finite number other than 0, or \"1/sqrt(d)\"",
          .doc = "factor of every entry",
          .words = {kInverseSquareRoot}};
  key.get = [k](const Question& q) -> Value {
    const SpectrumLaw& law = law_or_default(q, k);
    if (law.scale_by_inverse_sqrt_d) return std::string(kInverseSquareRoot);
    return law.scale;
  };
  key.assign = [k](Question& q, const Value& value) {
    SpectrumLaw& law = law_of(q, k);
    law.scale_by_inverse_sqrt_d = std::holds_alternative<std::string>(value);
    law.scale = law.scale_by_inverse_sqrt_d ? 1.0 : std::get<double>(value);
  };
  key.in_range = [](const Value& value) {
    const double* scale = std::get_if<double>(&value);
    return scale == nullptr || (std::isfinite(*scale) && *scale != 0);
  };
  key.is_read = always;
  key.in_name = [k, place](const Question& q) -> Parts {
    const SpectrumLaw* law = find_law(q, k);
    if (law == nullptr) return {};
    return {{place + ".scale", law->scale},
            {place + ".scale_by_inverse_sqrt_d", law->scale_by_inverse_sqrt_d}};
  };
  return key;
}

/// Whether a written plan has the table of the law: not where the entries are given one by one.
bool has_law(const Question& q, Index k) {
  const SpectrumLaw* law = find_law(q, k);
  return law != nullptr && law->kind != SpectrumLaw::Kind::explicit_;
}

constexpr std::size_t kRowsOfALaw = 5;
/// The rows of a law; `place`: of its table in the name.
void add_law(std::vector<Key>& rows, Index k, const std::string& table, const std::string& place,
             const std::string& what) {
  using enum SpectrumLaw::Kind;
  Key law = word_key(
      table + ".law", kLaws, "law of " + what, [k](auto& q) -> auto& {
        if constexpr (std::is_const_v<std::remove_reference_t<decltype(q)>>)
          return law_or_default(q, k).kind;
        else
          return law_of(q, k).kind;
      });
  law.standard_text = "needed where the table is given";
  law.is_read = always;
  law.in_name = [k, place](const Question& q) -> Parts {
    const SpectrumLaw* found = find_law(q, k);
    if (found == nullptr) return {};
    return {{place + ".law", law_word(*found)}};
  };
  rows.push_back(std::move(law));

  Key values = numbers_key(
      table + ".values", "choice: the numbers to choose from", [k](auto& q) -> auto& {
        if constexpr (std::is_const_v<std::remove_reference_t<decltype(q)>>)
          return law_or_default(q, k).values;
        else
          return law_of(q, k).values;
      });
  values.standard_text = "needed for choice";
  values.is_read = always;
  values.in_name = law_part(k, place + ".values", {choice, explicit_},
                            [](const SpectrumLaw& found) { return Value(found.values); });
  values.conflict = only_for(k, choice);
  rows.push_back(std::move(values));

  Key exponent = number_key(
      table + ".exponent", kAnyNumber, "power: entry i is i^-exponent", [k](auto& q) -> auto& {
        if constexpr (std::is_const_v<std::remove_reference_t<decltype(q)>>)
          return law_or_default(q, k).exponent;
        else
          return law_of(q, k).exponent;
      });
  exponent.standard_text = "needed for power";
  exponent.is_read = always;
  exponent.in_name = law_part(k, place + ".exponent", {power},
                              [](const SpectrumLaw& found) { return Value(found.exponent); });
  exponent.conflict = only_for(k, power);
  rows.push_back(std::move(exponent));

  Key rank = integer_key(
      table + ".rank", 1, kMostNeurons, "low_rank: so many ones, then zeros", [k](auto& q) -> auto& {
        if constexpr (std::is_const_v<std::remove_reference_t<decltype(q)>>)
          return law_or_default(q, k).rank;
        else
          return law_of(q, k).rank;
      });
  rank.standard_text = "needed for low_rank";
  rank.is_read = always;
  rank.in_name = law_part(k, place + ".rank", {low_rank}, [](const SpectrumLaw& found) {
    return Value(static_cast<std::int64_t>(found.rank));
  });
  rank.conflict = only_for(k, low_rank);
  rows.push_back(std::move(rank));
  rows.push_back(scale_key(k, table, place));
  for (std::size_t i = rows.size() - kRowsOfALaw; i < rows.size(); ++i)
    rows[i].is_written = [k, fits = rows[i].conflict](const Question& q) {
      return has_law(q, k) && (!fits || fits(q).empty());
    };
}

/// Whether a symmetric matrix has eigenvalues of both signs, beyond rounding.
bool has_both_signs(const Matrix& matrix) {
  const Vector eigenvalues = symmetric_eigenvalues(matrix);
  return eigenvalues.minCoeff() < 0 && eigenvalues.maxCoeff() > 0;
}

/// The matrix of the problem, or all coefficients of a polynomial; a column stands for the eigenvalues.
Key whole_matrix(const std::string& path, Kind kind, const std::string& doc) {
  Key key = matrix_key(
      path, kind, doc, [](auto& q) -> auto& { return q.problem.matrix; });
  key.assign = [is_list = kind == Kind::matrix](Question& q, const Value& value) {
    const auto& matrix = std::get<SharedMatrix>(value);
    if (is_list && matrix->cols() == 1)
      q.problem.spectrum = {.kind = SpectrumLaw::Kind::explicit_,
                            .values = {matrix->data(), matrix->data() + matrix->size()}};
    else
      q.problem.matrix = matrix;
    q.problem.d = matrix->rows();
    if (is_list && matrix->cols() == matrix->rows()) q.problem.indefinite_matrix = has_both_signs(*matrix);
  };
  key.is_written = [polynomial = kind == Kind::rows](const Question& q) {
    return q.problem.matrix && is_polynomial(q) == polynomial;
  };
  key.is_read = always;
  key.place = "problem.matrix";
  key.omitted_at_default = true;
  return key;
}

/// Why the matrix cannot be a covariance of the problem, whole or as its diagonal; empty: it can.
std::string wrong_size(const Question& q, const SharedMatrix& matrix) {
  const Index d = q.problem.d;
  if (!matrix) return {};
  if (matrix->cols() == 1 && matrix->rows() != d)
    return fmt::format("has {} entries, but must have d = {}", matrix->rows(), d);
  if (matrix->cols() != 1 && (matrix->rows() != d || matrix->cols() != d))
    return fmt::format("is a {} x {} matrix, but must be d x d with d = {}, or its diagonal", matrix->rows(),
                       matrix->cols(), d);
  return {};
}

/// Whether numbers of the law are drawn, so that the seed decides them.
bool is_random(const SpectrumLaw* law) {
  return law != nullptr &&
         (law->kind == SpectrumLaw::Kind::exponential || law->kind == SpectrumLaw::Kind::choice);
}

Key seed_key() {
  Key key = integer_key(
      "sweep.seed", 0, std::numeric_limits<std::int64_t>::max(), "everything random follows from it",
      [](auto& q) -> auto& { return q.seed; });
  key.is_read = always;
  key.in_name = [](const Question& q) -> Parts {
    Parts parts;
    const Value seed = static_cast<std::int64_t>(q.seed);
    if (is_random(find_law(q, 0))) parts.push_back({"problem.spectrum.seed", seed});
    for (const auto& [k, law] : q.problem.hermite)
      if (is_random(find_law(q, k))) parts.push_back({fmt::format("problem.he{}.seed", k), seed});
    if (q.problem.haar_rotated) parts.push_back({"problem.rotation.seed", seed});
    const bool draws =
        q.method == Method::exact ? draws_first_layer(q.network.regime) : q.method != Method::limit;
    if (draws) parts.push_back({"seed", seed});
    return parts;
  };
  return key;
}

/// qf and mg: the spectrum by its law, one by one, or a whole matrix.
void add_sources(std::vector<Key>& rows) {
  const std::size_t first_law = rows.size();
  add_law(rows, 0, "problem.spectrum", "problem.spectrum", "the eigenvalues of B (qf) or Delta (mg)");
  for (std::size_t i = first_law; i < rows.size(); ++i)
    rows[i].conflict = [inner = rows[i].conflict](const Question& q) {
      const std::string model = for_qf_or_mg(q);
      return !model.empty() || !inner ? model : inner(q);
    };

  Key eigenvalues = numbers_key(
      "problem.eigenvalues", "the eigenvalues of B (qf) or Delta (mg), one by one",
      [](auto& q) -> auto& { return q.problem.spectrum.values; });
  eigenvalues.assign = [](Question& q, const Value& value) {
    q.problem.spectrum = {.kind = SpectrumLaw::Kind::explicit_,
                          .values = std::get<std::vector<double>>(value)};
    q.problem.d = static_cast<Index>(q.problem.spectrum.values.size());
  };
  eigenvalues.conflict = for_qf_or_mg;
  eigenvalues.is_written = [](const Question& q) {
    const SpectrumLaw* law = find_law(q, 0);
    return law != nullptr && law->kind == SpectrumLaw::Kind::explicit_;
  };
  rows.push_back(std::move(eigenvalues));
  for (const char* path : {"problem.matrix", "problem.file"}) {
    rows.push_back(whole_matrix(path, Kind::matrix,
                                std::string_view(path) == "problem.file"
                                    ? "a file with the eigenvalues or the whole matrix"
                                    : "B or Delta whole, or its eigenvalues"));
    rows.back().conflict = [](const Question& q) {
      const Matrix* matrix = q.problem.matrix.get();
      if (is_polynomial(q) || matrix == nullptr) return for_qf_or_mg(q);
      if (q.problem.haar_rotated) return std::string("gives a whole matrix, but rotation is \"haar\"");
      if (matrix->rows() == matrix->cols()) return std::string();
      return fmt::format("is a {} x {} matrix, but must be d x d, or one row or column of eigenvalues",
                         matrix->rows(), matrix->cols());
    };
  }
  // One field has three spellings; one of them is enough in names and written plans.
  rows.back().is_read = nullptr;
  rows.back().is_written = [](const Question&) { return false; };

  Key rotation = word_key(
      "problem.rotation", kRotations,
      "haar: the eigenvectors of B or Delta are those of a Haar distributed rotation",
      [](auto& q) -> auto& { return q.problem.haar_rotated; });
  rotation.is_read = always;
  rotation.in_name = [](const Question& q) -> Parts {
    if (!q.problem.haar_rotated) return {};
    return {{"problem.rotation.law", std::string("haar")}};
  };
  rotation.conflict = for_qf_or_mg;
  rows.push_back(std::move(rotation));
}

/// polynomial: the coefficients of each He_k by law, or all of them as a matrix.
void add_hermite(std::vector<Key>& rows) {
  for (Index k = 1; k <= PolynomialTarget::kMostDegree; ++k) {
    const std::string table = fmt::format("problem.he{}", k);
    const std::size_t first = rows.size();
    add_law(rows, k, table, table, fmt::format("the coefficients of He_{}", k));
    for (std::size_t i = first; i < rows.size(); ++i)
      rows[i].conflict = [inner = rows[i].conflict](const Question& q) {
        const std::string model = for_polynomial(q);
        return !model.empty() || !inner ? model : inner(q);
      };
  }
  rows.push_back(whole_matrix("problem.coefficients", Kind::rows,
                              "polynomial: d rows of up to 5 numbers, column k those of He_k"));
  rows.back().conflict = for_polynomial;
  rows.back().is_read = nullptr;
}

void add_spikes(std::vector<Key>& rows) {
  add_row(rows,
          integer_key(
              "problem.signals", 0, kMostNeurons,
              "qf: above 0, spiked covariates with so many signal coordinates; the spectrum is that of the "
              "target on them "
              "([theory/spiked.md](theory/spiked.md))",
              [](auto& q) -> auto& { return q.problem.signals; }),
          always, "problem.signals");
  rows.back().omitted_at_default = true;
  rows.back().conflict = [](const Question& q) {
    if (q.problem.signals > 0 && q.problem.model != "qf") return needs_model(q, "\"qf\"", false);
    if (q.problem.signals > q.problem.d)
      return fmt::format("is {}, but must be at most d = {}", q.problem.signals, q.problem.d);
    if (q.problem.signals > 0 && (q.problem.matrix || q.problem.haar_rotated))
      return std::string("goes with a spectrum, not with a whole matrix or a rotation");
    return std::string();
  };
  rows.back().is_written = [](const Question& q) { return q.problem.signals > 0; };
  static const Range kSpike{"a number from 1e-4 to 1e4", [](double r) { return r >= 1e-4 && r <= 1e4; }};
  add_row(
      rows,
      number_key(
          "problem.spike", kSpike, "spiked covariates: standard deviation r of the signal coordinates",
          [](auto& q) -> auto& { return q.problem.spike; }),
      [](const Question& q) { return q.problem.signals > 0; }, "problem.spike");
  rows.back().conflict = [](const Question& q) {
    return std::string(q.problem.signals > 0 ? "" : "belongs to problem.signals, which is not given");
  };
}

}  // namespace

void add_problem_keys(std::vector<Key>& rows) {
  add_row(rows,
          word_key(
              "problem.model", kModels,
              "the quadratic function (qf), the mixture of Gaussians (mg), or a target of degree up to 5 "
              "(polynomial)",
              [](auto& q) -> auto& { return q.problem.model; }),
          always, "problem.model");
  rows.back().standard_text = "needed";
  add_row(rows,
          integer_key(
              "problem.d", 1, kMostNeurons, "dimension of x", [](auto& q) -> auto& { return q.problem.d; }),
          always, "problem.d");
  rows.back().standard_text =
      "needed with `spectrum` and `he1` ...; otherwise the number of eigenvalues or rows";

  add_sources(rows);
  add_hermite(rows);
  add_spikes(rows);
  add_row(rows,
          matrix_key(
              "problem.sigma", Kind::matrix, "mg: Sigma, or its diagonal, from 1e-8 to 1e8",
              [](auto& q) -> auto& { return q.problem.sigma; }),
          always, "problem.sigma");
  rows.back().omitted_at_default = true;
  rows.back().standard_text = "identity";
  rows.back().conflict = [](const Question& q) {
    const std::string model = needs_model(q, "\"mg\"", q.is_mixture());
    return model.empty() ? wrong_size(q, q.problem.sigma) : model;
  };

  add_row(
      rows,
      matrix_key(
          "problem.gamma", Kind::matrix, "Gamma for the regime \"RF\", or its diagonal",
          [](auto& q) -> auto& { return q.network.gamma; }),
      [](const Question& q) { return q.network.regime == Regime::rf; }, "gamma");
  rows.back().conflict = [](const Question& q) { return wrong_size(q, q.network.gamma); };
  add_row(rows,
          number_key(
              "problem.label_noise", kNonnegative,
              "standard deviation of noise in the labels of training and fits; risks are without it",
              [](auto& q) -> auto& { return q.problem.label_noise; }),
          is_noisy, "label_noise");
  rows.back().omitted_at_default = true;
  add_row(rows,
          number_key(
              "problem.noise_to_signal", kNonnegative,
              "variance of that noise divided by R0, in place of label_noise; 0: as label_noise says",
              [](auto& q) -> auto& { return q.problem.noise_to_signal; }),
          is_noisy, "noise_to_signal");
  rows.back().omitted_at_default = true;
  rows.back().conflict = [](const Question& q) {
    return q.problem.noise_to_signal > 0 && q.problem.label_noise > 0
               ? std::string("is given beside problem.label_noise, but only one of them can be")
               : std::string();
  };
  rows.push_back(seed_key());
}

}  // namespace lazygap::question
