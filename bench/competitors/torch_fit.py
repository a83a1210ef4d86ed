"""The RF fit in PyTorch. It has no product that computes one half of a symmetric matrix only, so the Gram matrix
is computed in panels from the diagonal on."""

import torch

import protocol

torch.set_num_threads(protocol.threads())
torch.set_grad_enabled(False)

BLOCK = 4000
PANEL = 500


def fit(W, samples):
    neurons = W.shape[1]
    W = torch.tensor(W, dtype=torch.float32)
    block = min(BLOCK, samples)
    source = protocol.Samples(block)
    F = torch.empty(block, neurons)
    G = torch.zeros(neurons, neurons, dtype=torch.float64)
    g = torch.zeros(neurons, dtype=torch.float64)
    panels = [(first, min(first + PANEL, neurons)) for first in range(0, neurons, PANEL)]
    for first in range(0, samples, block):
        count = min(block, samples - first)
        X, y = source.draw()
        torch.mm(torch.from_numpy(X), W, out=F)
        F.square_().sub_(1)
        rows = F[:count]
        for begin, end in panels:
            G[begin:end, begin:] += rows[:, begin:end].t() @ rows[:, begin:]
        g += rows.t() @ torch.from_numpy(y[:count])
    L = torch.linalg.cholesky(G, upper=True)
    return torch.cholesky_solve(g[:, None], L, upper=True)[:, 0].numpy()


if __name__ == "__main__":
    protocol.serve_fits(f"PyTorch {torch.__version__}", fit)
