// The fp32 kernels of the training step with any activation, on the panels of panels.h. One panel of
// pre-activations (b x 48) is finished while it is in the cache: activation, its share of q.

#include <algorithm>
#include <vector>

#include "lazygap/core/check.h"
#include "train/activation_kernels.h"
#include "train/panels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "train/activation_kernels_fp32.cpp"
#include <hwy/foreach_target.h>  // must come before highway.h
//
#include <hwy/highway.h>

#include "train/panels-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lazygap::train::fp32::HWY_NAMESPACE {
namespace {

/// C = A B or C += A B, see multiply.
void Multiply(const Scalars& a, Index rows, Index depth, const float* b, float* c, Index width, bool add) {
  multiply(a, rows, depth, b, width, c, width, width, add);
}

/// q_j += sum_i a_ij b_ij, i < columns, rows j of b `width` apart.
void AddDots(const float* a, Index a_stride, const float* b, Index width, Index columns, std::span<float> q) {
  for (float& sum : q) {
    sum += dot(a, b, columns);
    a += a_stride;
    b += width;
  }
}

/// out_k *= a_k.
void MultiplyBy(const float* HWY_RESTRICT a, Index size, float* HWY_RESTRICT out) {
  for (Index k = 0; k < size; ++k) out[k] *= a[k];
}

/// out_ji = weight_j a_ji v_i; without v it counts as 1.
void Weigh(std::span<const float> weight, const float* HWY_RESTRICT a, const float* HWY_RESTRICT v,
           Index width, float* HWY_RESTRICT out) {
  const auto row = [&](auto d, Index i, float w) HWY_ATTR {
    constexpr Index n = hn::MaxLanes(decltype(d)());
    for (; i + n <= width; i += n) {
      auto x = hn::Mul(hn::Set(d, w), hn::LoadU(d, a + i));
      if (v != nullptr) x = hn::Mul(x, hn::LoadU(d, v + i));
      hn::StoreU(x, d, out + i);
    }
    return i;
  };
  for (const float w : weight) {
    row(hn::CappedTag<float, 4>(), row(Full(), 0, w), w);
    a += width;
    out += width;
  }
}

}  // namespace
}  // namespace lazygap::train::fp32::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lazygap::train {
namespace fp32 {
namespace {

HWY_EXPORT(Multiply);
HWY_EXPORT(AddDots);
HWY_EXPORT(Weigh);
HWY_EXPORT(MultiplyBy);

Eigen::Map<Eigen::ArrayXf> array(float* data, Index size) { return {data, size}; }

/// out = W^T X + b on one panel, b x width; without b it counts as 0.
void project(const Panel& W, const float* b, const Samples& X, float* out) {
  const Index width = W.width;
  if (b != nullptr)
    for (Index j = 0; j < X.b; ++j) std::copy_n(b, width, out + j * width);
  for (Index k = 0; k < X.d; k += kBlock) HWY_DYNAMIC_DISPATCH(Multiply)
  ({X.data + k, X.stride, 1}, X.b, std::min(kBlock, X.d - k), W.data + k * width, out, width,
   k > 0 || b != nullptr);
}

/// A parameter of `rows` numbers a neuron and its velocity, which has no panels without momentum or where the
/// parameter is not trained. No neurons: it is absent.
struct Moving {
  Index rows = 0, neurons = 0;
  Panels value, velocity;

  /// `start`: rows x neurons.
  Moving(const Matrix& start, bool trained, double momentum)
      : rows(start.rows()), neurons(start.cols()), value(panels_of(start)) {
    if (trained && momentum > 0) velocity = Panels(rows, 0, neurons);
  }

  [[nodiscard]] bool has_velocity() const { return !velocity.all().empty(); }
  /// The values of panel p, null where the parameter is absent.
  [[nodiscard]] const float* data(std::size_t p) const {
    return value.all().empty() ? nullptr : value.all()[p].data;
  }
  [[nodiscard]] Matrix parameter() const { return matrix_of(value, rows, neurons); }
  [[nodiscard]] Matrix moment() const {
    return has_velocity() ? matrix_of(velocity, rows, neurons) : Matrix();
  }
  void resume(const Matrix& parameter, const Matrix& of_parameter) {
    value = panels_of(parameter);
    if (has_velocity()) velocity = panels_of(of_parameter);
  }

  /// Moves panel p in the direction A G, A rows x b, G b x width. Without momentum, G holds the step size.
  void move(std::size_t p, float momentum, float step_size, const Scalars& A, Index samples, const float* G) {
    const Panel& of_value = value.all()[p];
    const Panel& moved = has_velocity() ? velocity.all()[p] : of_value;
    const Index width = moved.width, size = rows * width;
    if (has_velocity()) array(moved.data, size) *= momentum;
    for (Index j = 0; j < samples; j += kBlock) HWY_DYNAMIC_DISPATCH(Multiply)
    ({A.data + j * A.k_stride, A.row_stride, A.k_stride}, rows, std::min(kBlock, samples - j), G + j * width,
     moved.data, width, true);
    if (has_velocity()) array(of_value.data, size) += step_size * array(moved.data, size);
  }
};

/// What both kinds of network have in a step.
struct Step {
  Activation activation;
  Index d, batch;
  float momentum;
  std::vector<float> weight;  // times the step size, unless there is momentum
  std::vector<float> dots;    // what each panel adds to q, batch numbers for each
  Team* team = nullptr;
  struct Scratch {
    Buffer first, second;            // batch x kWidth
    std::vector<float> output = {};  // of one of several outputs, batch
  };
  std::vector<Scratch> scratch;  // of each thread

  Step(const Activation& sigma, Index features, double heavy_ball, Index most_samples)
      : activation(sigma),
        d(features),
        batch(most_samples),
        momentum(static_cast<float>(heavy_ball)),
        weight(static_cast<std::size_t>(most_samples)) {
    share(nullptr);
  }

  void share(Team* with) {
    team = with;
    scratch.resize(team == nullptr ? 1 : static_cast<std::size_t>(team->size()));
    for (Scratch& own : scratch)
      if (!own.first) own = {.first = zeros(batch * kWidth), .second = zeros(batch * kWidth)};
  }

  /// visit(p, scratch) for all panels, backwards or not. Each thread has its own panels in every step, which
  /// so stay in its cache.
  template <class Visit>
  void for_each(std::span<const Panel> panels, bool backwards, const Visit& visit) {
    const auto visit_part = [&](std::size_t begin, std::size_t end, Scratch& own) {
      for (std::size_t i = begin; i < end; ++i) visit(backwards ? begin + end - 1 - i : i, own);
    };
    const std::size_t count = panels.size(), parts = std::min(scratch.size(), count);
    if (parts <= 1) return visit_part(0, count, scratch.front());
    // As many columns for each: full panels come first, and narrow ones at the end.
    const auto columns = static_cast<std::size_t>(panels.back().first + panels.back().width);
    const auto begin_of = [&](std::size_t part) {
      const auto first = static_cast<Index>(part * columns / parts);
      return static_cast<std::size_t>(
          std::find_if(panels.begin(), panels.end(),
                       [&](const Panel& panel) { return panel.first + panel.width / 2 >= first; }) -
          panels.begin());
    };
    team->for_each(static_cast<Index>(parts), [&](Index i) {
      const auto part = static_cast<std::size_t>(i);
      visit_part(part == 0 ? 0 : begin_of(part), part + 1 == parts ? count : begin_of(part + 1),
                 scratch[part]);
    });
  }

  /// q = the sum over panels, in their order, of what `add` adds to zeros: add(p, scratch, numbers).
  template <class Add>
  void sum(std::span<const Panel> panels, std::span<float> q, const Add& add) {
    dots.assign(panels.size() * q.size(), 0.0f);
    for_each(panels, false, [&](std::size_t p, Scratch& own) {
      add(p, own, std::span<float>(dots.data() + p * q.size(), q.size()));
    });
    std::fill(q.begin(), q.end(), 0.0f);
    for (std::size_t p = 0; p < panels.size(); ++p)
      for (std::size_t j = 0; j < q.size(); ++j) q[j] += dots[p * q.size() + j];
  }

  std::span<const float> weights(std::span<const float> given, double step_size) {
    if (weight.size() < given.size()) weight.resize(given.size());  // several outputs
    const float factor = momentum > 0 ? 1.0f : static_cast<float>(step_size);
    std::transform(given.begin(), given.end(), weight.begin(), [&](float w) { return factor * w; });
    return {weight.data(), given.size()};
  }

  /// Replaces the pre-activations of a panel by sigma'; sigma goes to `value`.
  void activate(float* u, Index size, float* value) const {
    const auto count = static_cast<std::size_t>(size);
    evaluate<float>(activation, {u, count}, {value, count}, {u, count});
  }
};

/// The second layer, k x N.
Matrix second_layer(const TwoLayerNeurons<float>::Parameters& start) {
  const Index N = start.W.cols(), k = start.v.size() / N;
  check_size("TwoLayerNeurons", "v", start.v.size(), "outputs times the number of neurons N",
             std::max<Index>(1, k) * N);
  return start.v.reshaped(k, N);
}

}  // namespace
}  // namespace fp32

template <>
struct TwoLayerNeurons<float>::Storage {
  fp32::Step step;
  Training training;
  fp32::Moving W, b, v;
  fp32::Panels value, derivative;  // of sigma; the values are kept where v is trained
};

template <>
TwoLayerNeurons<float>::TwoLayerNeurons(const Activation& activation, const Parameters& start,
                                        const Training& training, Index batch)
    : storage_(new Storage{fp32::Step(activation, start.W.rows(), training.momentum, batch), training,
                           fp32::Moving(start.W, true, training.momentum),
                           fp32::Moving(start.b.transpose(), training.b, training.momentum),
                           fp32::Moving(fp32::second_layer(start), training.v, training.momentum),
                           training.v ? fp32::Panels(batch, 0, start.W.cols()) : fp32::Panels(),
                           fp32::Panels(batch, 0, start.W.cols())}) {
  if (start.b.size() > 0 || training.b)
    check_size("TwoLayerNeurons", "b", start.b.size(), "the number of neurons N", start.W.cols());
}
template <>
TwoLayerNeurons<float>::~TwoLayerNeurons() = default;
template <>
TwoLayerNeurons<float>::TwoLayerNeurons(TwoLayerNeurons&&) noexcept = default;
template <>
TwoLayerNeurons<float>& TwoLayerNeurons<float>::operator=(TwoLayerNeurons&&) noexcept = default;

template <>
TwoLayerNeurons<float>::Parameters TwoLayerNeurons<float>::parameters() const {
  return {storage_->W.parameter(), storage_->b.parameter().reshaped(), storage_->v.parameter().reshaped()};
}
template <>
TwoLayerNeurons<float>::Parameters TwoLayerNeurons<float>::velocities() const {
  return {storage_->W.moment(), storage_->b.moment().reshaped(), storage_->v.moment().reshaped()};
}
template <>
void TwoLayerNeurons<float>::resume(const Parameters& parameters, const Parameters& velocities) {
  storage_->W.resume(parameters.W, velocities.W);
  storage_->b.resume(parameters.b.transpose(), velocities.b.transpose());
  const auto outputs = [&](const Vector& v) -> Matrix {
    return v.reshaped(storage_->v.rows, v.size() / storage_->v.rows);
  };
  storage_->v.resume(outputs(parameters.v), outputs(velocities.v));
}

template <>
void TwoLayerNeurons<float>::forward(const Eigen::Ref<const MatrixOf<float>>& X, std::span<float> q) {
  using namespace fp32;  // HWY_DYNAMIC_DISPATCH takes no qualified name
  Storage& s = *storage_;
  const auto outputs = static_cast<std::size_t>(s.v.rows);
  const fp32::Samples x =
      fp32::samples("TwoLayerNeurons::forward", X, s.step.d, s.step.batch, q.size() / outputs);
  s.step.sum(s.W.value.all(), q, [&](std::size_t p, fp32::Step::Scratch& own, std::span<float> dots) {
    const fp32::Panel& panel = s.W.value.all()[p];
    const Index real = s.W.value.end(panel) - panel.first;
    float* const slope = s.derivative.all()[p].data;
    float* const sigma = s.training.v ? s.value.all()[p].data : own.first.get();
    fp32::project(panel, s.b.data(p), x, slope);
    s.step.activate(slope, x.b * panel.width, sigma);
    if (outputs == 1) {
      HWY_DYNAMIC_DISPATCH(AddDots)(s.v.data(p), 0, sigma, panel.width, real, dots);
      return;
    }
    own.output.resize(static_cast<std::size_t>(s.step.batch));
    for (std::size_t c = 0; c < outputs; ++c) {
      const std::span<float> of_output(own.output.data(), static_cast<std::size_t>(x.b));
      std::fill(of_output.begin(), of_output.end(), 0.0f);
      HWY_DYNAMIC_DISPATCH(AddDots)
      (s.v.data(p) + static_cast<Index>(c) * panel.width, 0, sigma, panel.width, real, of_output);
      for (std::size_t j = 0; j < of_output.size(); ++j) dots[j * outputs + c] += of_output[j];
    }
  });
}

template <>
void TwoLayerNeurons<float>::update(const Eigen::Ref<const MatrixOf<float>>& X, std::span<const float> weight,
                                    double step_size) {
  using namespace fp32;  // HWY_DYNAMIC_DISPATCH takes no qualified name
  Storage& s = *storage_;
  const Index outputs = s.v.rows;
  const fp32::Samples x = fp32::samples("TwoLayerNeurons::update", X, s.step.d, s.step.batch,
                                        weight.size() / static_cast<std::size_t>(outputs));
  const std::span<const float> weights = s.step.weights(weight, step_size);
  const auto eps = static_cast<float>(step_size);
  // Backwards: the panels that the forward pass touched last are still in the cache.
  s.step.for_each(s.W.value.all(), true, [&](std::size_t p, fp32::Step::Scratch& own) {
    constexpr float kOne = 1;
    const float momentum = s.step.momentum;
    const Index width = s.W.value.all()[p].width;
    float* const G = own.first.get();
    if (outputs == 1) {
      HWY_DYNAMIC_DISPATCH(Weigh)(weights, s.derivative.all()[p].data, s.v.data(p), width, G);
    } else {
      HWY_DYNAMIC_DISPATCH(Multiply)
      ({weights.data(), outputs, 1}, x.b, outputs, s.v.data(p), G, width, false);
      HWY_DYNAMIC_DISPATCH(MultiplyBy)(s.derivative.all()[p].data, x.b * width, G);
    }
    s.W.move(p, momentum, eps, {x.data, 1, x.stride}, x.b, G);
    if (s.training.b) s.b.move(p, momentum, eps, {&kOne, 0, 0}, x.b, G);
    if (s.training.v) s.v.move(p, momentum, eps, {weights.data(), 1, outputs}, x.b, s.value.all()[p].data);
  });
}

template <>
void TwoLayerNeurons<float>::share(Team* team) {
  storage_->step.share(team);
}

template <>
struct TangentNeurons<float>::Storage {
  fp32::Step step;
  fp32::Moving W, b, A;
  fp32::Panels derivative;
};

template <>
TangentNeurons<float>::TangentNeurons(const Activation& activation, const Matrix& W, const Vector& b,
                                      const Matrix& A, double momentum, Index batch)
    : storage_(new Storage{fp32::Step(activation, W.rows(), momentum, batch), fp32::Moving(W, false, 0),
                           fp32::Moving(b.transpose(), false, 0), fp32::Moving(A, true, momentum),
                           fp32::Panels(batch, 0, W.cols())}) {
  check_size("TangentNeurons", "A", A.cols(), "the number of neurons N", W.cols());
  if (b.size() > 0) check_size("TangentNeurons", "b", b.size(), "the number of neurons N", W.cols());
}
template <>
TangentNeurons<float>::~TangentNeurons() = default;
template <>
TangentNeurons<float>::TangentNeurons(TangentNeurons&&) noexcept = default;
template <>
TangentNeurons<float>& TangentNeurons<float>::operator=(TangentNeurons&&) noexcept = default;

template <>
Matrix TangentNeurons<float>::parameters() const {
  return storage_->A.parameter();
}
template <>
Matrix TangentNeurons<float>::velocities() const {
  return storage_->A.moment();
}
template <>
void TangentNeurons<float>::resume(const Matrix& parameters, const Matrix& velocities) {
  storage_->A.resume(parameters, velocities);
}

template <>
void TangentNeurons<float>::forward(const Eigen::Ref<const MatrixOf<float>>& X, std::span<float> q) {
  using namespace fp32;  // HWY_DYNAMIC_DISPATCH takes no qualified name
  Storage& s = *storage_;
  const fp32::Samples x = fp32::samples("TangentNeurons::forward", X, s.step.d, s.step.batch, q.size());
  s.step.sum(s.W.value.all(), q, [&](std::size_t p, fp32::Step::Scratch& own, std::span<float> dots) {
    const fp32::Panel& panel = s.W.value.all()[p];
    float* const slope = s.derivative.all()[p].data;
    fp32::project(panel, s.b.data(p), x, slope);
    s.step.activate(slope, x.b * panel.width, own.first.get());
    float* const products = own.second.get();  // <a_i, x_j>
    fp32::project(s.A.value.all()[p], nullptr, x, products);
    HWY_DYNAMIC_DISPATCH(AddDots)
    (slope, panel.width, products, panel.width, s.W.value.end(panel) - panel.first, dots);
  });
}

template <>
void TangentNeurons<float>::share(Team* team) {
  storage_->step.share(team);
}

template <>
void TangentNeurons<float>::update(const Eigen::Ref<const MatrixOf<float>>& X, std::span<const float> weight,
                                   double step_size) {
  using namespace fp32;  // HWY_DYNAMIC_DISPATCH takes no qualified name
  Storage& s = *storage_;
  const fp32::Samples x = fp32::samples("TangentNeurons::update", X, s.step.d, s.step.batch, weight.size());
  const std::span<const float> weights = s.step.weights(weight, step_size);
  s.step.for_each(s.A.value.all(), true, [&](std::size_t p, fp32::Step::Scratch& own) {
    float* const G = own.first.get();
    HWY_DYNAMIC_DISPATCH(Weigh)
    (weights, s.derivative.all()[p].data, nullptr, s.A.value.all()[p].width, G);
    s.A.move(p, s.step.momentum, static_cast<float>(step_size), {x.data, 1, x.stride}, x.b, G);
  });
}

}  // namespace lazygap::train
#endif  // HWY_ONCE
