"""The steps in JAX: many of them compiled into one loop on the device, whose state is donated, gradients by
hand."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

import protocol
from protocol import BATCH, DIMENSION, EIGENVALUES, LABEL, State

eigenvalues = jnp.asarray(LABEL * EIGENVALUES, jnp.float32)
mean_label = float(LABEL * EIGENVALUES.sum())


def normals(key):
    """Box-Muller: on a processor faster than jax.random.normal, which inverts the distribution function."""
    words = jax.random.bits(key, (BATCH, DIMENSION), jnp.uint32)
    half = DIMENSION // 2
    u = (words[:, :half] >> 8).astype(jnp.float32) * 2.0**-24
    angle = words[:, half:].astype(jnp.int32).astype(jnp.float32) * (np.pi * 2.0**-31)
    radius = jnp.sqrt(-2 * jnp.log(1 - u))
    return jnp.concatenate([radius * jnp.cos(angle), radius * jnp.sin(angle)], axis=1)


DRAWS = 20


@jax.jit
def draw(key):
    def body(_, carry):
        key, total = carry
        key, drawn = jax.random.split(key)
        return key, total + normals(drawn)

    return lax.fori_loop(0, DRAWS, body, (key, jnp.zeros((BATCH, DIMENSION))))


class Draws:
    """Samples alone, which cost every case the same."""

    def __init__(self, generator):
        self.generator, self.key = generator, jax.random.key(1, impl=generator)

    def advance(self):
        self.key, _ = jax.block_until_ready(draw(self.key))
        return DRAWS


@functools.cache
def fastest_generator():
    return protocol.fastest([Draws(name) for name in ("threefry2x32", "rbg", "unsafe_rbg")]).generator


def update(regime, activation, order, step_size, state, X):
    """state = (W, A, a, c); order "N x d" or "d x N" of W and A."""
    W, A, a, c = state
    d_first = order == "d x N"
    N = W.shape[1] if d_first else W.shape[0]
    forward = lambda M: X @ M if d_first else X @ M.T  # b x N
    U = forward(W)
    if activation == "quadratic":
        value, D = U * U, 2 * U
    elif activation == "relu":
        value, D = jnp.maximum(U, 0), (U > 0).astype(jnp.float32)
    else:
        value = jnp.tanh(U)
        D = 1 - value * value
    q = jnp.sum(value, 1) if regime == "NN" else jnp.sum(D * forward(A), 1)
    r = (X * X) @ eigenvalues - mean_label - c - (a if regime == "NN" else 1) * q / N
    factor = (2 * step_size / BATCH) * r * (a if regime == "NN" else 1)
    if N < DIMENSION:
        Y, D = X, D * factor[:, None]
    else:
        Y = X * factor[:, None]
    G = Y.T @ D if d_first else D.T @ Y
    c = c + 2 * step_size * jnp.mean(r)
    if regime == "NN":
        return W + G, A, a + 2 * step_size / N * jnp.mean(r * q), c
    return W, A + G, a, c


@functools.partial(jax.jit, static_argnums=(0, 1, 2, 3), donate_argnums=(4,))
def run(regime, activation, order, step_size, carry, steps):
    def body(_, carry):
        key, state = carry
        key, drawn = jax.random.split(key)
        return key, update(regime, activation, order, step_size, state, normals(drawn))

    return lax.fori_loop(0, steps, body, carry)


class Step:
    """variant: order of W and A in memory, "d x N" or "N x d", and the generator of random words."""

    def __init__(self, state, step_size, variant):
        self.variant = variant
        self.order, generator = variant
        self.regime, self.activation, self.step_size = state.regime, state.activation, step_size
        matrix = lambda M: jnp.asarray(M.T if self.order == "d x N" else M, jnp.float32)
        A = matrix(state.A) if state.A is not None else jnp.zeros(())
        start = (matrix(state.W), A, jnp.float32(state.a), jnp.float32(state.c))
        self.carry = (jax.random.key(1, impl=generator), start)
        # Enough steps at a time that the call is nothing, about 20 ms.
        self.steps = max(4, 40000 // max(len(state.W), 100))

    def advance(self):
        arguments = (self.regime, self.activation, self.order, self.step_size)
        self.carry = jax.block_until_ready(run(*arguments, self.carry, self.steps))
        return self.steps

    def update_on(self, X):
        step = jax.jit(update, static_argnums=(0, 1, 2, 3))
        state = step(self.regime, self.activation, self.order, self.step_size, self.carry[1], X)
        W, A, a, c = (np.asarray(part) for part in state)
        back = lambda M: M.T if self.order == "d x N" else M
        return State(self.regime, self.activation, back(W), back(A) if A.ndim else None, a, c)


def variants(regime, activation, neurons):
    return [(order, fastest_generator()) for order in ("d x N", "N x d")]


if __name__ == "__main__":
    protocol.serve_steps(f"JAX {jax.__version__}", Step, variants)
