#include "curve/nt_ways.h"
#include "math/symmetric.h"
#include "network/neuron_functions.h"

namespace lazygap::curve {
namespace {

/// The lower d x d blocks of G, from whitened coordinates to those of the data.
void mix_blocks(const Problem& problem, Index d, Matrix& G) {
  for (Index j = 0; j < G.cols(); j += d)
    for (Index i = j; i < G.rows(); i += d) {
      const Matrix half = network::mix(problem, G.block(i, j, d, d));
      G.block(i, j, d, d) = network::mix(problem, half.transpose()).transpose();
    }
}

}  // namespace

bool nt_dense(const TangentProblem& nt, const Control& control, Model& model) {
  const Index d = nt.W.rows(), N = nt.W.cols(), size = d * N;
  Matrix G(size, size);
  nt.moments.gram(G);
  if (!std::holds_alternative<PolynomialTarget>(nt.problem)) mix_blocks(nt.problem, d, G);
  if (stopped(control, 0.1)) return false;
  Eigenbasis basis;
  try {
    basis = symmetric_eigenbasis(std::move(G), Stage(control).part(0.1, 0.7));
  } catch (const Stopped&) {
    return false;
  }

  const Vector projections =
      basis.vectors.transpose() * network::mix(nt.problem, nt.moments.projections()).reshaped();
  set_spectrum(basis.values, projections, null_risk(nt.problem), model);
  const Index rank = model.power_values.size();
  auto kept = basis.vectors.rightCols(rank);  // eigenvalues increase
  const Vector a = kept * projections.tail(rank).cwiseQuotient(model.power_values);
  kept *= model.power_values.cwiseSqrt().cwiseInverse().asDiagonal();
  const Vector means = network::mix(nt.problem, nt.moments.means()).reshaped();
  const double mean_label = network::mean_label(nt.problem);
  const auto visit = [&](const Matrix& X, Vector& leverage, Vector& fitted) {
    const Matrix S = nt.gates(X);
    Matrix F(size, X.cols());
    for (Index j = 0; j < X.cols(); ++j) F.col(j) = (X.col(j) * S.col(j).transpose()).reshaped();
    F.colwise() -= means;
    fitted = (F.transpose() * a).array() + mean_label;
    leverage = (kept.transpose() * F).colwise().squaredNorm().transpose();
  };
  if (!add_fresh_samples(nt.problem, nt.options, nt.options.leverage_samples, after(0.7, control), visit,
                         model))
    return false;
  model.message = "eigenvalues of the (N d) x (N d) matrix";
  model.status = Status::ok;
  return true;
}

}  // namespace lazygap::curve
