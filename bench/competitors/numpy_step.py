"""The steps in NumPy: products by SciPy's sgemm, which adds to W in place, everything else by ufuncs into
buffers."""

import numpy as np
import scipy
from scipy.linalg.blas import sgemm

import protocol
from protocol import BATCH, DIMENSION, EIGENVALUES, LABEL, State

f32 = np.float32


def add_product(C, alpha, A, B, beta):
    """C = alpha A B + beta C in place; each array contiguous in C or in Fortran order."""
    if not C.flags.f_contiguous:
        C, A, B = C.T, B.T, A.T
    a, trans_a = (A, 0) if A.flags.f_contiguous else (A.T, 1)
    b, trans_b = (B, 0) if B.flags.f_contiguous else (B.T, 1)
    sgemm(alpha, a, b, beta, C, trans_a, trans_b, 1)


class Step:
    """variant: orders in memory of W and A (N x d) and of U (N x b), each "C" or "F"; or "stacked", where both
    pre-activations of NT are one product."""

    def __init__(self, state, step_size, variant):
        self.variant = variant
        self.regime, self.activation, self.step_size = state.regime, state.activation, step_size
        self.a, self.c = state.a, state.c
        N = self.N = len(state.W)
        self.X = np.empty((BATCH, DIMENSION), f32)
        self.squares = np.empty_like(self.X)
        self.scaled = np.empty_like(self.X)
        self.normals = protocol.Normals(self.X.reshape(-1))
        self.eigenvalues = (LABEL * EIGENVALUES).astype(f32)
        self.mean_label = f32(LABEL * EIGENVALUES.sum())
        self.A = None
        if variant == "stacked":
            self.both = np.concatenate([state.W, state.A]).astype(f32)
            self.W, self.A = self.both[:N], self.both[N:]
            self.pre = np.empty((2 * N, BATCH), f32)
            self.U, self.V = self.pre[:N], self.pre[N:]
        else:
            weights, values = variant
            self.both = None
            self.W = np.array(state.W, f32, order=weights)
            if self.regime == "NT":
                self.A = np.array(state.A, f32, order=weights)
            self.U, self.V = (np.empty((N, BATCH), f32, order=values) for _ in range(2))
        self.ones = np.ones(N, f32)
        self.r = np.empty(BATCH, f32)

    def column_sums(self, V):
        return np.dot(self.ones, V)

    def update(self):
        X, U, V = self.X, self.U, self.V
        np.multiply(X, X, out=self.squares)
        r = np.dot(self.squares, self.eigenvalues, out=self.r)
        r -= self.mean_label + f32(self.c)
        if self.both is not None:
            add_product(self.pre, 1, self.both, X.T, 0)
        else:
            add_product(U, 1, self.W, X.T, 0)
            if self.regime == "NT":
                add_product(V, 1, self.A, X.T, 0)
        slope, D = 1.0, U  # afterwards D has sigma'(U) / slope
        if self.regime == "NN":
            if self.activation == "quadratic":
                slope = 2.0
                q = self.column_sums(np.multiply(U, U, out=V))
            elif self.activation == "relu":
                D = np.greater(U, 0, out=V, casting="unsafe")
                q = np.einsum("ij,ij->j", U, D)
            else:
                np.tanh(U, out=U)
                q = self.column_sums(U)
                np.multiply(U, U, out=U)
                np.subtract(1, U, out=U)
            r -= f32(self.a / self.N) * q
            slope *= self.a
            self.a += 2 * self.step_size / self.N * float(np.dot(r, q)) / BATCH
        else:
            if self.activation == "quadratic":
                slope = 2.0
            elif self.activation == "relu":
                np.greater(U, 0, out=U, casting="unsafe")
            else:
                np.tanh(U, out=U)
                np.multiply(U, U, out=U)
                np.subtract(1, U, out=U)
            np.multiply(V, D, out=V)
            r -= f32(slope / self.N) * self.column_sums(V)
        self.c += 2 * self.step_size * float(r.mean())
        trained = self.W if self.regime == "NN" else self.A
        factor = 2 * self.step_size * slope / BATCH
        if self.N < DIMENSION:
            np.multiply(D, r, out=D)
        else:
            X = np.multiply(X, r[:, None], out=self.scaled)
        add_product(trained, factor, D, X, 1)

    def advance(self):
        self.normals.fill()
        self.update()
        return 1

    def update_on(self, X):
        self.X[:] = X
        self.update()
        return State(self.regime, self.activation, self.W, self.A, self.a, self.c)


def variants(regime, activation, neurons):
    orders = [(w, u) for w in "CF" for u in "CF"]
    return orders + ["stacked"] if regime == "NT" else orders


if __name__ == "__main__":
    protocol.serve_steps(f"NumPy {np.__version__}, SciPy {scipy.__version__}", Step, variants)
