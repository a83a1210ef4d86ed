#include "../src/train/kernels.h"

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "lazygap/core/error.h"
#include "lazygap/core/processor.h"
#include "lazygap/core/random.h"
#include "reference/training_step.h"

namespace lazygap::train {
namespace {

/// Numbers that fp32 holds exactly, so that both precisions start from the same ones.
Matrix normals(Index rows, Index cols, std::uint32_t step) {
  MatrixOf<float> z(rows, cols);
  fill_normals({.seed = 11, .purpose = Purpose::testing, .index = 0, .step = step},
               std::span<float>(z.data(), static_cast<std::size_t>(z.size())));
  return z.cast<double>();
}

struct Size {
  Index d, columns, b;  // columns: N of Neurons, the number of non-zero l of SymmetricForm
};

/// Around every width of vectors and panels; b around the row tiles and past the 512 of one block.
std::vector<Size> sizes() {
  std::vector<Size> list;
  for (const Index d : {1, 2, 5, 17, 48, 67})
    for (const Index b : {1, 3, 8, 13}) list.push_back({d, (d + 1) / 2, b});
  for (const Index columns :
       {1, 3, 4, 5, 8, 9, 15, 16, 17, 20, 24, 31, 33, 40, 47, 48, 49, 63, 65, 96, 97, 101})
    list.push_back({101, columns, 9});
  for (const Index columns : {1, 47, 48, 49}) list.push_back({101, columns, 1});
  list.push_back({7, 50, 100});
  list.push_back({570, 20, 1});
  list.push_back({19, 19, 1030});
  return list;
}

/// Rounding errors of a sum of n terms behave like a random walk: eps sqrt(n) times the sum of the absolute
/// values of its terms, and a few eps for the products. The references, applied to absolute values, give that
/// sum.
template <class Real>
void expect_close(const Matrix& result, const Matrix& expected, const Matrix& absolute, Index terms) {
  const double tolerance = (4 + std::sqrt(static_cast<double>(terms))) * std::numeric_limits<Real>::epsilon();
  ASSERT_EQ(result.rows(), expected.rows());
  ASSERT_EQ(result.cols(), expected.cols());
  const Matrix excess = (result - expected).cwiseAbs() - tolerance * absolute;
  EXPECT_LE(excess.maxCoeff(), 0);
}

template <class Real>
void expect_neurons_match(const Size& size) {
  SCOPED_TRACE(testing::Message() << "d=" << size.d << " N=" << size.columns << " b=" << size.b);
  const Matrix W = normals(size.d, size.columns, 1), X = normals(size.d, size.b, 2);
  const Vector weight = normals(size.b, 1, 3).col(0);
  const MatrixOf<Real> x = X.cast<Real>();
  const VectorOf<Real> w = weight.cast<Real>();
  const std::span<const Real> weights(w.data(), static_cast<std::size_t>(size.b));
  VectorOf<Real> q(size.b);
  // Room for more samples than a step brings, as in the last step of a run.
  Neurons<Real> neurons(W, size.b + 2);
  EXPECT_EQ(neurons.matrix(), W);

  const Index terms = size.d + size.columns;
  neurons.forward(x, {q.data(), static_cast<std::size_t>(size.b)});
  expect_close<Real>(q.template cast<double>(), reference::neurons_forward(W, X),
                     reference::neurons_forward(W.cwiseAbs(), X.cwiseAbs()), terms);

  const Matrix change = reference::neurons_update(W, X, weight) - W;
  const Matrix absolute = reference::neurons_update(W.cwiseAbs(), X.cwiseAbs(), weight.cwiseAbs());
  neurons.update(x, weights);
  expect_close<Real>(neurons.matrix(), W + change, absolute, size.d + size.b);
  // The P of the last forward survives an update.
  neurons.update(x, weights);
  expect_close<Real>(neurons.matrix(), W + 2 * change, 2 * absolute, size.d + size.b);
}

enum class Rest { dense, diagonal };

template <class Real>
void expect_form_matches(const Size& size, Rest rest) {
  SCOPED_TRACE(testing::Message() << "d=" << size.d << " moving=" << size.columns << " b=" << size.b
                                  << (rest == Rest::dense ? " dense" : " diagonal"));
  const Index d = size.d, m = std::min(size.columns, d);
  const Matrix Z = normals(d, d, 4), X = normals(d, size.b, 5);
  Matrix E = Z.triangularView<Eigen::Lower>();
  if (rest == Rest::diagonal)
    E.bottomRightCorner(d - m, d - m) = Vector(Z.diagonal().tail(d - m)).asDiagonal();
  E = Matrix(E.selfadjointView<Eigen::Lower>());
  Vector l = Vector::Zero(d);
  for (Index i = 0; i < m; ++i) l[i] = 1.0 + static_cast<double>(m - i) / 64;
  const Vector weight = normals(size.b, 1, 6).col(0);
  const MatrixOf<Real> x = X.cast<Real>();
  const VectorOf<Real> w = weight.cast<Real>();
  VectorOf<Real> q(size.b);
  const auto expect_forward = [&](SymmetricForm<Real>& form, const Matrix& matrix) {
    form.forward(x, {q.data(), static_cast<std::size_t>(size.b)});
    expect_close<Real>(q.template cast<double>(), reference::form_forward(matrix, X),
                       reference::form_forward(matrix.cwiseAbs(), X.cwiseAbs()), 2 * d);
  };
  SymmetricForm<Real> form(E, l, size.b + 2);
  EXPECT_EQ(form.matrix(), E);
  expect_forward(form, E);

  form.update(x, {w.data(), static_cast<std::size_t>(size.b)});
  const Matrix result = form.matrix();
  EXPECT_EQ(result, result.transpose());
  EXPECT_EQ(result.bottomRightCorner(d - m, d - m), E.bottomRightCorner(d - m, d - m));
  expect_close<Real>(result, reference::form_update(E, l, X, weight),
                     reference::form_update(E.cwiseAbs(), l, X.cwiseAbs(), weight.cwiseAbs()), size.b);
  expect_forward(form, result);

  // A form made from matrix() goes on with the same numbers: that is how an interrupted run resumes.
  VectorOf<Real> again(size.b);
  SymmetricForm<Real>(result, l, size.b).forward(x, {again.data(), static_cast<std::size_t>(size.b)});
  EXPECT_EQ(again, q);
}

/// Every instruction set compiled in that this processor has.
class InstructionSet : public testing::TestWithParam<std::int64_t> {
 protected:
  void SetUp() override { hwy::SetSupportedTargetsForTest(GetParam()); }
  void TearDown() override { hwy::SetSupportedTargetsForTest(0); }
};

TEST_P(InstructionSet, NeuronsMatchTheReference) {
  for (const Size& size : sizes()) expect_neurons_match<float>(size);
}

TEST_P(InstructionSet, SymmetricFormMatchesTheReference) {
  for (const Size& size : sizes())
    for (const Rest rest : {Rest::dense, Rest::diagonal}) expect_form_matches<float>(size, rest);
}

INSTANTIATE_TEST_SUITE_P(Kernels, InstructionSet, testing::ValuesIn(hwy::SupportedAndGeneratedTargets()),
                         [](const auto& parameter) { return std::string(hwy::TargetName(parameter.param)); });

TEST(Kernels, DoublePrecisionMatchesTheReference) {
  for (const Size& size : sizes()) {
    expect_neurons_match<double>(size);
    expect_form_matches<double>(size, Rest::dense);
    expect_form_matches<double>(size, Rest::diagonal);
  }
}

TEST(Kernels, SamplesMayBeColumnsOfALargerMatrix) {
  const Matrix W = normals(30, 7, 1);
  const MatrixOf<float> all = normals(40, 9, 2).cast<float>();
  const MatrixOf<float> part = all.block(3, 2, 30, 5);
  std::vector<float> a(5), b(5);
  Neurons<float> neurons(W, 5);
  neurons.forward(all.block(3, 2, 30, 5), a);
  neurons.forward(part, b);
  EXPECT_EQ(a, b);
}

TEST(Kernels, WrongShapesAreErrors) {
  const MatrixOf<float> X = normals(30, 5, 2).cast<float>();
  std::vector<float> q(5), few(4);
  Neurons<float> neurons(normals(30, 7, 1), 5), small(normals(30, 7, 1), 4), other(normals(29, 7, 1), 5);
  EXPECT_THROW(neurons.forward(X, few), UsageError);
  EXPECT_THROW(small.forward(X, q), UsageError);
  EXPECT_THROW(other.forward(X, q), UsageError);
}

TEST(Kernels, NotANumberReachesTheResult) {
  MatrixOf<float> X = normals(30, 5, 2).cast<float>();
  X(7, 3) = std::numeric_limits<float>::quiet_NaN();
  std::vector<float> q(5);
  Neurons<float>(normals(30, 7, 1), 5).forward(X, q);
  for (std::size_t j = 0; j < 5; ++j) EXPECT_EQ(std::isnan(q[j]), j == 3) << j;
  SymmetricForm<float>(Matrix::Identity(30, 30), Vector::Ones(30), 5).forward(X, q);
  for (std::size_t j = 0; j < 5; ++j) EXPECT_EQ(std::isnan(q[j]), j == 3) << j;
}

}  // namespace
}  // namespace lazygap::train
