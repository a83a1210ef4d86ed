"""The RF fit by scikit-learn's Ridge (Cholesky) on the whole matrix of fp32 features, as long as it fits."""

import numpy as np
import sklearn
from sklearn.linear_model import Ridge

import protocol

MOST_BYTES = 4e9


def fit(W, samples):
    if 4.0 * samples * W.shape[1] > MOST_BYTES:
        raise MemoryError(f"the features of {samples} samples need more than {MOST_BYTES:g} bytes")
    X, y = protocol.Samples(samples).draw()
    F = X @ W.astype(np.float32)
    np.multiply(F, F, out=F)
    np.subtract(F, 1, out=F)
    # Next to nothing beside the smallest eigenvalue of F^T F, but scikit-learn wants a ridge.
    return Ridge(alpha=1e-3, fit_intercept=False, solver="cholesky", copy_X=False).fit(F, y).coef_


if __name__ == "__main__":
    protocol.serve_fits(f"scikit-learn {sklearn.__version__}", fit)
