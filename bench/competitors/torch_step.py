"""The steps in PyTorch: gradients by hand, in place or into buffers, no autograd."""

import numpy as np
import torch

import protocol
from protocol import BATCH, DIMENSION, EIGENVALUES, LABEL, State

torch.set_num_threads(protocol.threads())
torch.set_grad_enabled(False)


class Step:
    """variant: orders in memory of W and A (N x d) and of U (N x b), each "C" or "F"; or "stacked", where both
    pre-activations of NT are one product."""

    def __init__(self, state, step_size, variant):
        self.variant = variant
        self.regime, self.activation, self.step_size = state.regime, state.activation, step_size
        self.a, self.c = state.a, state.c
        N = self.N = len(state.W)
        self.X = torch.empty(BATCH, DIMENSION)
        self.squares, self.scaled = torch.empty_like(self.X), torch.empty_like(self.X)
        # Faster than Tensor.normal_.
        self.normals = protocol.Normals(self.X.numpy().reshape(-1))
        self.eigenvalues = torch.tensor(LABEL * EIGENVALUES, dtype=torch.float32)
        self.mean_label = LABEL * EIGENVALUES.sum()
        self.A = None
        if variant == "stacked":
            self.both = torch.tensor(np.concatenate([state.W, state.A]), dtype=torch.float32)
            self.W, self.A = self.both[:N], self.both[N:]
            self.pre = torch.empty(2 * N, BATCH)
            self.U, self.V = self.pre[:N], self.pre[N:]
        else:
            weights, values = variant
            self.both = None
            self.W = self.matrix(state.W, weights)
            if self.regime == "NT":
                self.A = self.matrix(state.A, weights)
            self.U, self.V = (self.matrix(np.zeros((N, BATCH)), values) for _ in range(2))
        self.D = torch.empty_like(self.U)
        self.r, self.q = torch.empty(BATCH), torch.empty(BATCH)

    @staticmethod
    def matrix(values, order):
        values = torch.tensor(np.asarray(values), dtype=torch.float32)
        return values if order == "C" else values.t().contiguous().t()

    def update(self):
        X, U, V, r, q = self.X, self.U, self.V, self.r, self.q
        torch.mul(X, X, out=self.squares)
        torch.mv(self.squares, self.eigenvalues, out=r)
        r.sub_(self.mean_label + self.c)
        if self.both is not None:
            torch.mm(self.both, X.t(), out=self.pre)
        else:
            torch.mm(self.W, X.t(), out=U)
            if self.regime == "NT":
                torch.mm(self.A, X.t(), out=V)
        slope, D = 1.0, U  # afterwards D has sigma'(U) / slope
        if self.regime == "NN":
            if self.activation == "quadratic":
                slope = 2.0
                torch.mul(U, U, out=V)
                torch.sum(V, 0, out=q)
            elif self.activation == "relu":
                U.relu_()
                torch.sum(U, 0, out=q)
                D = U.sign_()
            else:
                # tanh(u) = 1 - 2 s with s = sigmoid(-2 u), which takes a third of the time of torch.tanh.
                slope = 4.0
                U.mul_(-2).sigmoid_()
                torch.sum(U, 0, out=q).mul_(-2).add_(self.N)
                D = torch.addcmul(U, U, U, value=-1, out=V)
            r.sub_(q, alpha=self.a / self.N)
            slope *= self.a
            self.a += 2 * self.step_size / self.N * torch.dot(r, q).item() / BATCH
        else:
            if self.activation == "quadratic":
                slope = 2.0
            elif self.activation == "relu":
                D = U.relu_().sign_()
            else:
                slope = 4.0
                U.mul_(-2).sigmoid_()
                D = torch.addcmul(U, U, U, value=-1, out=self.D)
            V.mul_(D)
            torch.sum(V, 0, out=q)
            r.sub_(q, alpha=slope / self.N)
        self.c += 2 * self.step_size * r.mean().item()
        trained = self.W if self.regime == "NN" else self.A
        factor = 2 * self.step_size * slope / BATCH
        if self.N < DIMENSION:
            D.mul_(r)
        else:
            X = torch.mul(X, r[:, None], out=self.scaled)
        trained.addmm_(D, X, alpha=factor)

    def advance(self):
        self.normals.fill()
        self.update()
        return 1

    def update_on(self, X):
        self.X.copy_(torch.from_numpy(X))
        self.update()
        A = None if self.A is None else self.A.numpy()
        return State(self.regime, self.activation, self.W.numpy(), A, self.a, self.c)


def variants(regime, activation, neurons):
    orders = [(w, u) for w in "CF" for u in "CF"]
    return orders + ["stacked"] if regime == "NT" else orders


if __name__ == "__main__":
    protocol.serve_steps(f"PyTorch {torch.__version__}", Step, variants)
