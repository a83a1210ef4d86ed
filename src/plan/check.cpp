#include "plan/check.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "core/machine.h"
#include "lazygap/core/error.h"
#include "lazygap/network/parity.h"
#include "lazygap/plan/cells.h"
#include "lazygap/route/route.h"
#include "plan/plan_keys.h"

namespace lazygap::plan {
namespace {

using question::find_key;
using question::key_at;
using question::keys;
using Leaves = std::map<std::string, const toml::node*, std::less<>>;

/// Complains about keys, whether the document gives them or not.
class Complaints {
 public:
  Complaints(const Document& document, const Reader& reader, const Leaves& leaves)
      : document_(document), reader_(reader), leaves_(leaves) {}

  /// Throws "PLACE: KEY SENTENCE"; the place is that of the innermost table where the key is absent.
  [[noreturn]] void complain(const std::string& path, const std::string& sentence) const {
    const auto leaf = leaves_.find(path);
    reader_.complain(leaf != leaves_.end() ? *leaf->second : table_of(path), path, sentence);
  }
  [[nodiscard]] bool has(const std::string& path) const { return leaves_.contains(path); }

 private:
  const toml::node& table_of(const std::string& path) const {
    const toml::node* node = &document_.root();
    for (std::size_t begin = 0, dot; (dot = path.find('.', begin)) != std::string::npos; begin = dot + 1) {
      const toml::table* table = node->as_table();
      const toml::node* next = table == nullptr ? nullptr : table->get(path.substr(begin, dot - begin));
      if (next == nullptr) break;
      node = next;
    }
    return *node;
  }
  const Document& document_;
  const Reader& reader_;
  const Leaves& leaves_;
};

bool is_set(const Plan& plan, const char* path) {
  const Key& key = key_at(path);
  return question::is_given(plan.base, key) || plan.axis_of(key) != nullptr;
}

template <class List, class Entry>
bool contains(const List& list, const Entry& entry) {
  return std::find(list.begin(), list.end(), entry) != list.end();
}

/// A law needs the numbers that only it has.
void add_missing_of_law(const std::string& table, const SpectrumLaw& law, const Plan& plan,
                        std::vector<std::string>& missing) {
  const std::pair<SpectrumLaw::Kind, const char*> needs[] = {{SpectrumLaw::Kind::choice, ".values"},
                                                             {SpectrumLaw::Kind::power, ".exponent"},
                                                             {SpectrumLaw::Kind::low_rank, ".rank"}};
  for (const auto& [kind, field] : needs)
    if (law.kind == kind && !is_set(plan, (table + field).c_str())) missing.push_back(table + field);
}

void add_missing_of_problem(const Plan& plan, std::vector<std::string>& missing) {
  const question::ProblemSpec& problem = plan.base.problem;
  const bool by_law = !problem.matrix && problem.spectrum.kind != SpectrumLaw::Kind::explicit_;
  if (!is_set(plan, "problem.model")) missing.emplace_back("problem.model");
  if (!is_set(plan, "problem.model") || !by_law) return;
  if (!is_set(plan, "problem.d")) missing.emplace_back("problem.d");
  if (problem.model == "polynomial") {
    for (const auto& [k, law] : problem.hermite) {
      const std::string table = fmt::format("problem.he{}", k);
      if (!is_set(plan, (table + ".law").c_str())) missing.push_back(table + ".law");
      add_missing_of_law(table, law, plan, missing);
    }
    return;
  }
  if (!is_set(plan, "problem.spectrum.law"))
    missing.emplace_back(question::is_given(plan.base, key_at("problem.spectrum.scale")) ||
                                 question::is_given(plan.base, key_at("problem.spectrum.values"))
                             ? "problem.spectrum.law"
                             : "problem.spectrum");
  add_missing_of_law("problem.spectrum", problem.spectrum, plan, missing);
}

/// Every key that is missing, in one message.
void check_needed(const Plan& plan, const Complaints& complaints) {
  std::vector<std::string> missing;
  for (const PlanKey& key : plan_keys())
    if (key.is_needed && !complaints.has(key.path) && !(key.path == "sweep.regimes" && !plan.regimes.empty()))
      missing.push_back(key.path);
  add_missing_of_problem(plan, missing);
  if (!is_set(plan, "network.width") && !is_set(plan, "network.rho")) missing.emplace_back("sweep.neurons");
  if (plan.figure.frame == "axes" && plan.figure.x == nullptr) missing.emplace_back("figure.x");
  if (missing.empty()) return;
  const std::string others = missing.size() > 1
                                 ? fmt::format("; so {} {}", missing.size() > 2 ? "are" : "is",
                                               fmt::join(missing.begin() + 1, missing.end(), ", "))
                                 : "";
  complaints.complain(missing[0], fmt::format("is missing, but is needed{}", others));
}

/// A polynomial needs coefficients.
void check_coefficients(const Plan& plan, const Complaints& complaints) {
  const question::ProblemSpec& problem = plan.base.problem;
  if (problem.model == "polynomial" && !problem.matrix && problem.hermite.empty())
    complaints.complain("problem.coefficients",
                        "is missing; it, or at least one of he1, he2, he3, he4, he5, is needed");
}

/// The sentence of a key that contradicts another one. A key that belongs to something else may be idle at
/// some points of the axes, but not at all of them.
void check_conflicts(const Plan& plan, const Complaints& complaints) {
  std::map<const Key*, std::pair<std::string, std::size_t>> idle;
  const auto complain = [&](const Key& key, const std::string& sentence) {
    complaints.complain(plan.axis_of(key) != nullptr ? "axes." + key.path : key.path, sentence);
  };
  for (std::size_t point = 0; point < plan.points(); ++point) {
    const Question question = plan.at(Method::limit, Regime::nn, point);
    for (const Key& key : keys()) {
      if (!key.conflict || !question::is_given(question, key)) continue;
      const std::string sentence = key.conflict(question);
      if (sentence.empty()) continue;
      if (!sentence.starts_with("belongs to ")) complain(key, sentence);
      auto& [first, count] = idle[&key];
      if (++count == 1) first = sentence;
    }
  }
  for (const Key& key : keys())
    if (const auto found = idle.find(&key); found != idle.end() && found->second.second == plan.points())
      complain(key, found->second.first);
  const question::ProblemSpec& problem = plan.base.problem;
  if (problem.model == "polynomial" && problem.matrix && !problem.hermite.empty())
    complaints.complain(fmt::format("problem.he{}.law", problem.hermite.begin()->first),
                        "is given beside problem.coefficients, but only one of them can be");
}

/// The key that says what the problem is.
std::string source_of(const Complaints& complaints) {
  for (const char* path : {"problem.eigenvalues", "problem.matrix", "problem.file", "problem.coefficients"})
    if (complaints.has(path)) return path;
  for (int k = 1; k <= 5; ++k)
    if (complaints.has(fmt::format("problem.he{}.law", k))) return fmt::format("problem.he{}", k);
  return "problem.spectrum";
}

void check_instances(const Plan& plan, const Complaints& complaints) {
  const double available = available_memory();
  for (std::size_t point = 0; point < plan.points(); ++point) {
    const Question question = plan.at(Method::limit, Regime::nn, point);
    try {
      static_cast<void>(question::make_activation(question.network.activation));
    } catch (const UsageError& error) {
      const auto& spec = question.network.activation;
      const char* path = !spec.name.empty()         ? "activation.name"
                         : !spec.expression.empty() ? "activation.expression"
                                                    : "activation.hermite";
      complaints.complain(path, fmt::format("cannot be used: {}", error.what()));
    }
    const double bytes = question::instance_bytes(question);
    constexpr double kMebi = 1 << 20;
    if (bytes > available)
      complaints.complain("problem.d",
                          fmt::format("is {}, whose matrices take about {:.0f} MiB, but {:.0f} MiB of memory "
                                      "are available",
                                      question.problem.d, bytes / kMebi, available / kMebi));
    try {
      static_cast<void>(plan.instances->of(question));
    } catch (const UsageError& error) {
      const std::string why = error.what();
      const bool is_sigma = question.problem.sigma && (why.find("of sigma is") != std::string::npos ||
                                                       why.find(": sigma[") != std::string::npos);
      complaints.complain(is_sigma ? "problem.sigma" : source_of(complaints), "cannot be used: " + why);
    }
  }
}

void check_regimes(const Plan& plan, const Complaints& complaints) {
  if (!plan.base.is_mixture() && plan.axis_of(key_at("problem.model")) == nullptr &&
      contains(plan.regimes, Regime::bayes))
    complaints.complain("sweep.regimes",
                        "contains Bayes, but the Bayes risk belongs to model = \"mg\"; on qf it is 0");
  if (contains(plan.regimes, Regime::rf) && !is_set(plan, "problem.gamma"))
    complaints.complain(
        "sweep.regimes",
        "contains RF, which needs problem.gamma, the eigenvalues of Gamma; without it use RF(I)");
  const auto instance = plan.instances->of(plan.at(Method::limit, Regime::nn, 0));
  for (const Regime regime : plan.regimes) try {
      static_cast<void>(first_layer(*instance, regime));
    } catch (const UsageError& error) {
      complaints.complain(
          "sweep.regimes",
          fmt::format("contains {}, which is impossible here: {}{}", to_string(regime),
                      regime == Regime::rf ? "problem.gamma cannot be used: " : "", error.what()));
    }
}

/// Why a route answers none of the plan's questions; empty: it answers some.
std::string refusal(const Plan& plan, Method method) {
  const route::Route& route = route::route_of(method);
  std::vector<std::string> reasons;
  for (const Regime regime : plan.regimes) {
    if (!route.applies(regime)) continue;
    if (method == Method::fit && !contains(plan.fit_regimes, regime)) continue;
    for (std::size_t point = 0; point < plan.points(); ++point) {
      const Question question = plan.at(method, regime, point);
      const auto reason = route.refuses(question, *plan.instances->of(question));
      if (!reason) return {};
      const std::string sentence = fmt::format("{}: {}", to_string(regime), *reason);
      if (!contains(reasons, sentence)) reasons.push_back(sentence);
    }
  }
  if (reasons.empty()) {
    std::vector<std::string_view> answered;
    for (const std::string& word : regime_words())
      if (const Regime regime = regime_from_string(word); route.applies(regime) && word == to_string(regime))
        answered.push_back(to_string(regime));
    const bool not_named = method == Method::fit && contains(plan.regimes, Regime::nt);
    return fmt::format("it answers {}, none of which is asked for{}", fmt::join(answered, ", "),
                       not_named ? ": NT has to be named in fit.regimes" : "");
  }
  return fmt::format("{}", fmt::join(reasons, "; "));
}

/// bf16 that nothing of the plan would use: named where it is asked for, not where the route refuses it.
void check_bf16(const Plan& plan, const Complaints& complaints) {
  if (plan.base.train.options.precision != train::Precision::bf16) return;
  const bool trains_nn = contains(plan.regimes, Regime::nn) && plan.asks(Method::train);
  bool used = false;
  for (std::size_t point = 0; trains_nn && !used && point < plan.points(); ++point)
    used = question::trains_quadratic(plan.at(Method::train, Regime::nn, point));
  if (!used)
    complaints.complain("train.precision",
                        "is \"bf16\", but bf16 is for training NN with the quadratic activation without "
                        "biases, momentum or a free second layer, which is not asked for");
}

/// A prediction that nobody makes.
void check_prediction(const Plan& plan, const Complaints& complaints) {
  if (plan.base.train.search == train::Search::predicted && plan.asks(Method::train) &&
      !plan.asks(Method::dynamics))
    complaints.complain(
        "train.search",
        "is \"predicted\", but sweep.methods does not contain dynamics, which predicts the step "
        "size; \"full\" and \"halving\" need no prediction");
}

void check_methods(const Plan& plan, const Complaints& complaints) {
  check_prediction(plan, complaints);
  check_bf16(plan, complaints);
  for (const Method method : plan.methods)
    if (const std::string why = refusal(plan, method); !why.empty())
      complaints.complain("sweep.methods",
                          fmt::format("contains {}, which has no answer here: {}", to_string(method), why));
}

void check_figure(const Plan& plan, const Complaints& complaints) {
  const FigureSpec& figure = plan.figure;
  if (figure.frame == "right" && !plan.asks(Method::train) && !plan.asks(Method::flow) &&
      !plan.asks(Method::dynamics))
    complaints.complain(
        "sweep.methods",
        "contains none of train, flow and dynamics, but figure.frame = \"right\" shows risks along training");
  const auto check_swept = [&](const Key* key, const char* path) {
    if (key != nullptr && plan.axis_of(*key) == nullptr && key->path != "train.step_size" &&
        key->path != "network.regime")
      complaints.complain(path,
                          fmt::format("names {}, but that is not swept: [axes] says what is", key->path));
  };
  check_swept(figure.x, "figure.x");
  check_swept(figure.facet, "figure.facet");
  for (const Key* key : figure.series) check_swept(key, "figure.series");
  for (const Key* key : plan.best) check_swept(key, "sweep.best");
  if (plan.best_by != "risk" && plan.best.empty())
    complaints.complain(
        "sweep.best_by",
        fmt::format("is \"{}\", but sweep.best names no axis to keep the best value of", plan.best_by));
  if (figure.frame != "axes" && figure.x != nullptr)
    complaints.complain("figure.x",
                        fmt::format("belongs to figure.frame = \"axes\", but frame is \"{}\"", figure.frame));
}

}  // namespace

void check_plan(Plan& plan, const Document& document, const Reader& reader, const Leaves& leaves) {
  const Complaints complaints(document, reader, leaves);
  check_needed(plan, complaints);
  check_conflicts(plan, complaints);
  check_coefficients(plan, complaints);
  check_instances(plan, complaints);
  check_regimes(plan, complaints);
  check_methods(plan, complaints);
  check_figure(plan, complaints);
}

namespace {

bool answers_somewhere(const Plan& plan, Method method, Regime regime) {
  for (std::size_t point = 0; point < plan.points(); ++point) {
    const Question question = plan.at(method, regime, point);
    if (!route::route_of(method).refuses(question, *plan.instances->of(question))) return true;
  }
  return false;
}

}  // namespace

std::vector<std::string> remarks(const Plan& plan) {
  std::vector<std::string> sentences;
  const auto add = [&](std::string sentence) {
    if (!contains(sentences, sentence)) sentences.push_back(std::move(sentence));
  };
  std::map<std::pair<Method, Regime>, bool> answered;
  // Most points share an instance with the one before; what is true of it is looked up once.
  std::map<Regime, std::shared_ptr<const question::Instance>> looked_at;
  for (std::size_t point = 0; point < plan.points(); ++point)
    for (const Regime regime : plan.regimes) {
      const Question limit = plan.at(Method::limit, regime, point);
      const auto instance = plan.instances->of(limit);
      for (const Method method : plan.methods) {
        const route::Route& route = route::route_of(method);
        if (!route.applies(regime)) continue;
        const Question question = plan.at(method, regime, point);
        if (const auto reason = route.refuses(question, *instance)) {
          const auto [somewhere, is_new] = answered.try_emplace({method, regime}, false);
          if (is_new) somewhere->second = answers_somewhere(plan, method, regime);
          add(fmt::format("{}: left out for {}{}: {}", to_string(method), to_string(regime),
                          somewhere->second ? " at some points" : "", *reason));
        }
        if (const std::string warning = route.warns(question, *instance); !warning.empty())
          add(fmt::format("{}: {}", to_string(regime), warning));
      }
      if (std::exchange(looked_at[regime], instance) == instance) continue;
      const auto* target = std::get_if<PolynomialTarget>(&instance->problem);
      if (regime == Regime::rf_aligned && target != nullptr && !target->is_quadratic())
        add("RF(Gamma*): Gamma* = B / tr B is the best Gamma for the quadratic part of the target only");
      if (is_blind(regime, instance->activation, limit.network.bias_scale, instance->problem))
        add(fmt::format(
            "{}: blind to this target, R/R0 = 1: the Hermite coefficients of {} that would see it "
            "vanish; activation.biases > 0 or another activation helps",
            to_string(regime), instance->activation.name));
    }
  return sentences;
}

}  // namespace lazygap::plan
