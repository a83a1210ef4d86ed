#include "dynamics/nt_moments.h"

namespace lazygap::dynamics {

NtMoments::NtMoments(const Matrix& E, double p, const Vector& l, double form, Index batch, double noise)
    : d_(l.size()),
      moving_((l.array() > 0).count()),
      diagonal_rate_(2 * form * l),
      batch_(static_cast<double>(batch)),
      noise_(noise),
      q_(E.cwiseAbs2()),
      S_(E.diagonal() * E.diagonal().transpose()),
      with_p_(p * E.diagonal()),
      p2_(p * p),
      constant_rows_(Vector::Zero(d_)),
      constant_sums_(Vector::Zero(d_)) {
  for (Index k = moving_; k < d_; ++k) add_sums(k, constant_rows_, constant_sums_);
  update_sums();
}

void NtMoments::add_sums(Index k, Vector& rows, Vector& sums) const {
  const Index below = d_ - 1 - k;
  const auto q = q_.col(k).tail(below);
  const auto S = S_.col(k).tail(below);
  rows.tail(below) += q;
  sums.tail(below) += S;
  rows[k] += q.sum() + S_(k, k);
  sums[k] += S.sum() + S_(k, k);
}

void NtMoments::update_sums() {
  rows_ = constant_rows_;
  sums_ = constant_sums_;
  for (Index k = 0; k < moving_; ++k) add_sums(k, rows_, sums_);
  sums_ += with_p_;
  p_sum_ = with_p_.sum() + p2_;
  total_ = sums_.sum() + p_sum_;
  risk_ = 2 * rows_.sum() + total_;
}

void NtMoments::scale(double factor) {
  for (Matrix* moments : {&q_, &S_}) *moments *= factor;
  for (Vector* moments : {&with_p_, &constant_rows_, &constant_sums_}) *moments *= factor;
  p2_ *= factor;
  update_sums();
}

// With A = 1 1^T + 2 diag(1, ..., 1, 0), the mean of a step of z is -eps diag(rate) A z, rate_j = Lambda_jj
// and 2 for p. Its covariance over a batch is eps^2 / b times rate_j rate_k [E[r^2 x_j^2 x_k^2] - (A E[z z^T]
// A)_jk].
void NtMoments::step(double eps) {
  const double square = eps * eps, noise = square / batch_, drift = square - noise;
  const double r2 = risk_ + noise_;
  a_ = 8 * rows_ + 4 * sums_;
  for (Index k = 0; k < moving_; ++k) {
    const Index below = d_ - 1 - k;
    const double rate = diagonal_rate_[k];
    const double *rates = diagonal_rate_.data() + k + 1, *sums = sums_.data() + k + 1, *a = a_.data() + k + 1;
    double *q = q_.col(k).data() + k + 1, *S = S_.col(k).data() + k + 1;
    for (Index j = 0; j < below; ++j) {
      const double lambda = 0.5 * (rates[j] + rate), keep = 1 - 2 * eps * lambda;
      const double fourth = r2 + a_[k] + a[j] + 8 * S[j] + 16 * q[j];      // E[r^2 x_j^2 x_k^2]
      const double both = total_ + 2 * sums_[k] + 2 * sums[j] + 4 * S[j];  // (A E[z z^T] A)_jk
      q[j] = keep * keep * q[j] + noise * lambda * lambda * (fourth - 4 * q[j]);
      S[j] += -eps * (rates[j] * (sums_[k] + 2 * S[j]) + rate * (sums[j] + 2 * S[j])) +
              rates[j] * rate * (drift * both + noise * fourth);
    }
    const double own = S_(k, k);
    S_(k, k) +=
        -2 * eps * rate * (sums_[k] + 2 * own) +
        rate * rate * (drift * (total_ + 4 * sums_[k] + 4 * own) + noise * (3 * r2 + 6 * a_[k] + 24 * own));
  }
  for (Index k = 0; k < d_; ++k) {
    const double rate = diagonal_rate_[k], own = with_p_[k];
    with_p_[k] += -eps * (rate * (p_sum_ + 2 * own) + 2 * sums_[k]) +
                  2 * rate * (drift * (total_ + 2 * sums_[k]) + noise * (r2 + a_[k]));
  }
  p2_ += -4 * eps * p_sum_ + 4 * (drift * total_ + noise * r2);
  update_sums();
}

}  // namespace lazygap::dynamics
