#include "mpi/messages.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "lazygap/plan/cells.h"
#include "lazygap/question/keys.h"
#include "lazygap/question/name.h"
#include "schedule/runs.h"
#include "support/message.h"
#include "support/temporary_folder.h"

namespace lazygap::app::mpi {
namespace {

using namespace lazygap::test;

/// What comes out at the other end of the post.
json posted(const json& message) { return json::from_cbor(json::to_cbor(message)); }

void expect_same_questions(const Plan& plan) {
  std::set<std::tuple<Method, Regime, std::size_t>> seen;
  for (const Cell& cell : make_cells(plan)) {
    if (!seen.emplace(cell.method, cell.regime, cell.point).second) continue;
    const Question question = question_of(plan, cell);
    Matrices matrices, received;
    const json message = posted(to_json(question, matrices));
    for (const auto& [name, matrix] : matrices) received[name] = matrix_from_json(posted(to_json(*matrix)));
    const Question back = question_from_json(message, received);
    EXPECT_EQ(route::name(back), route::name(question));
    for (const question::Key& key : question::keys())
      EXPECT_TRUE(question::equal(key.get(back), key.get(question))) << plan.name << " " << key.path;
    EXPECT_EQ(back.draw, question.draw);
    EXPECT_EQ(back.train.options.step_size, question.train.options.step_size);
  }
}

TEST(Messages, CarryTheQuestionsOfEveryBuiltInPlan) {
  for (const std::string& name : plan::built_in_plans())
    expect_same_questions(plan::load_plan(name, {{"sweep.draws", "1"}, {"train.draws", "1"}}));
}

TEST(Messages, CarryMatricesApartFromQuestions) {
  const TemporaryFolder folder;
  const std::string file = folder.write("b.csv", "0.5,0.25,0\n0.25,1,0\n0,0,0.1\n").string();
  const Plan plan =
      plan::plan_from_text("name = \"m\"\n[problem]\nmodel = \"qf\"\nd = 3\nmatrix = \"" + file +
                               "\"\n[sweep]\nregimes = [\"NT\"]\nneurons = [2]\nmethods = [\"exact\"]\n",
                           "m.toml");
  expect_same_questions(plan);
  Matrices matrices;
  const Question question = question_of(plan, make_cells(plan).front());
  const json message = to_json(question, matrices);
  ASSERT_EQ(matrices.size(), 1u);
  EXPECT_EQ(*matrices.begin()->second, *question.problem.matrix);
  EXPECT_EQ(message.dump().find("0.25"), std::string::npos) << message.dump();
}

TEST(Messages, AQuestionThatIsReadOtherwiseIsRefused) {
  Matrices matrices;
  json message = to_json(question_of(small_plan(), make_cells(small_plan()).back()), matrices);
  message["keys"]["fit.ridge"] = 0.5;
  EXPECT_EQ(test::message<std::runtime_error>([&] {
              (void)question_from_json(message, {});
            }).find("a rank reads a question otherwise than rank 0: {"),
            0u);
}

TEST(Messages, CarryEveryBitOfAResult) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  store::Result result{.key = "k",
                       .parameters = "{}",
                       .model = "mg",
                       .regime = "NT",
                       .method = "train",
                       .d = 7,
                       .N = 3,
                       .rho = 3.0 / 7,
                       .n = 900,
                       .draw = 2,
                       .step_size = 0.1,
                       .risk = kInfinity,
                       .null_risk = std::nextafter(1.0, 2.0),
                       .ratio = std::nan(""),
                       .test_ratio = -0.0,
                       .gcv_ratio = 0.25,
                       .status = Status::diverged,
                       .message = "it diverged"};
  result.trajectory = {{.step = 1, .samples = 10, .risk = 0.1},
                       {.step = 2, .samples = 20, .risk = kInfinity}};
  result.mechanism = {.ranks = {1},
                      .points = {{.step = 1,
                                  .samples = 10,
                                  .eigenvalues = {0.1, 1.0 / 3},
                                  .overlaps = {0.5},
                                  .change = 0.1,
                                  .kernel_cosine = 0.9}},
                      .before = Matrix::Constant(2, 2, 0.1),
                      .after = Matrix::Constant(2, 2, 0.2)};
  result.weights = "weights/k";
  result.provenance.machine = "machine";
  const store::Result back = result_from_json(posted(result_to_json(result)));
  expect_same_numbers({back}, {result});
  EXPECT_EQ(back.parameters, result.parameters);
  EXPECT_EQ(back.model + back.regime + back.method, "mgNTtrain");
  EXPECT_EQ(back.d, 7);
  EXPECT_EQ(back.N, 3);
  EXPECT_EQ(back.n, result.n);
  EXPECT_EQ(back.draw, 2);
  EXPECT_EQ(back.step_size, result.step_size);
  EXPECT_EQ(bits(back.rho), bits(result.rho));
  EXPECT_EQ(bits(back.null_risk), bits(result.null_risk));
  EXPECT_TRUE(std::isnan(back.ratio));
  EXPECT_EQ(bits(*back.test_ratio), bits(-0.0));
  EXPECT_FALSE(back.se || back.test_se || back.train_ratio || back.loo_ratio);
  EXPECT_EQ(back.gcv_ratio, 0.25);
  EXPECT_EQ(back.weights, "weights/k");
  ASSERT_EQ(back.mechanism.points.size(), 1u);
  EXPECT_EQ(back.mechanism.points[0].eigenvalues, result.mechanism.points[0].eigenvalues);
  EXPECT_EQ(back.mechanism.before, result.mechanism.before);
  EXPECT_EQ(back.message, result.message);
  EXPECT_EQ(back.trajectory[1].samples, 20);
  EXPECT_EQ(back.provenance.machine, "machine");
}

TEST(Messages, CarryEveryBitOfTheTrainedNumbers) {
  Weights weights{.W = Matrix(2, 3), .a = Vector::Constant(3, 1.0 / 3), .c = -0.0};
  weights.W << 0.1, 0.2, std::nan(""), 1e-320, 5, 6;
  const Weights back = weights_from_json(posted(weights_to_json(weights)));
  ASSERT_EQ(back.W.cols(), 3);
  for (Index i = 0; i < weights.W.size(); ++i) EXPECT_EQ(bits(back.W.data()[i]), bits(weights.W.data()[i]));
  EXPECT_EQ(back.a, weights.a);
  EXPECT_EQ(back.A.size() + back.b.size(), 0);
  EXPECT_EQ(bits(back.c), bits(-0.0));
}

TEST(Messages, RanksThatComputeOtherNumbersAreRefused) {
  const json first = introduction(0, 1e9);
  json other = introduction(2, 2e9);
  EXPECT_EQ(refusal(first, other), "");  // memory is not a number of the results
  other["host"] = "b";
  for (const char* fact : {"program", "instruction set", "bf16 products", "OpenBLAS core"}) {
    json changed = other;
    changed[fact] = "another";
    const std::string sentence = refusal(first, changed);
    EXPECT_EQ(sentence.find("rank 2 on b has \"another\" where rank 0 on "), 0u) << sentence;
    EXPECT_NE(sentence.find(std::string("(") + fact + "), so that their numbers may differ"),
              std::string::npos);
  }
}

}  // namespace
}  // namespace lazygap::app::mpi
