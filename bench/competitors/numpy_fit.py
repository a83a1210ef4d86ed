"""The RF fit in NumPy and SciPy: fp32 blocks, the symmetric half of the Gram matrix by ssyrk, blocks added up in
fp64, Cholesky."""

import numpy as np
import scipy
from scipy.linalg import cho_factor, cho_solve
from scipy.linalg.blas import sgemm, ssyrk

import protocol

BLOCK = 4000


def fit(W, samples):
    neurons = W.shape[1]
    W = np.asarray(W, np.float32, order="F")
    block = min(BLOCK, samples)
    source = protocol.Samples(block)
    F = np.empty((neurons, block), np.float32, order="F")
    partial = np.zeros((neurons, neurons), np.float32, order="F")
    G = np.zeros((neurons, neurons), order="F")
    g = np.zeros(neurons)
    for first in range(0, samples, block):
        count = min(block, samples - first)
        X, y = source.draw()
        sgemm(1, W, X.T, 0, F, 1, 0, 1)
        np.multiply(F, F, out=F)
        np.subtract(F, 1, out=F)
        ssyrk(1, F[:, :count], 0, partial, 0, 1, 1)
        G += partial
        g += F[:, :count] @ y[:count]
    return cho_solve(cho_factor(G, lower=True, overwrite_a=True, check_finite=False), g, check_finite=False)


if __name__ == "__main__":
    protocol.serve_fits(f"NumPy {np.__version__}, SciPy {scipy.__version__}", fit)
