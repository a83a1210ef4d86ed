#pragma once

namespace lazygap {

/// How f depends on the trained numbers; results depend on it. With u_i = <w_i,x> + b_i:
///   unit        [GMMM19, sec. 2.3]   NN: f(x) = sum_i a_i sigma(u_i) + c, a_i = a fixed
///                                    NT: f(x) = sum_i sigma'(u_i) <a_i,x> + c
///   mean_field  (companion code)     NN: f(x) = (alpha / N) sum_i a_i sigma(u_i) + beta c
///                                    NT: f(x) = (alpha / N) sum_i sigma'(u_i) <a_i,x> + beta c
///               gradients multiplied by N / alpha^2 (NN: w_i, trained b_i, free a_i; NT: a_i),
///               1 / alpha^2 (shared a), 1 / beta^2 (c); labels of qf divided by sqrt(d) during training
/// Loss: mean over the batch of (y - f)^2. At the start: w_i isotropic, c = 0, shared a = 0, free a_i ~ N(0,
/// 1); NT: all a_i = 0.
enum class Parameterisation { unit, mean_field };

/// The second layer of NN: all a_i = a fixed, a_i = a one scalar trained from 0, or a vector trained from
/// a_i ~ N(0, 1) (the last two in mean_field only). A sigma that has one sign fits functions of both signs
/// only with a free one.
enum class SecondLayer { fixed, shared, free };

}  // namespace lazygap
