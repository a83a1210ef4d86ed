"""The speed that docs/python.md states: a ridge path against NumPy, epochs of the network against scikit-learn's MLP.

    OPENBLAS_NUM_THREADS=1 python python/bench/speed.py [n]

Interleaved, the least of three; everything on one thread.
"""

import sys
import time
import warnings

import numpy as np
from sklearn.neural_network import MLPRegressor

import lazygap


def seconds(function):
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def interleaved(functions, repeats=3):
    times = {name: [] for name in functions}
    for _ in range(repeats):
        for name, function in functions.items():
            times[name].append(seconds(function))
    return {name: min(t) for name, t in times.items()}


def ridge_path(n, d=100, N=2000):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, d))
    y = X[:, 0] ** 2 + rng.normal(size=n)
    ridges = np.geomspace(1e-6, 1, 20)
    W, b = rng.normal(size=(N, d)) / np.sqrt(d), rng.normal(size=N)

    def gram():
        G, v, block = np.zeros((N, N)), np.zeros(N), 2000
        for i in range(0, n, block):
            F = np.maximum(X[i : i + block] @ W.T + b, 0)
            G += F.T @ F
            v += F.T @ y[i : i + block]
        return G / n, v / n

    def one_factorisation_each():
        G, v = gram()
        for ridge in ridges:
            np.linalg.solve(G + ridge * np.eye(N), v)

    def one_eigendecomposition():
        G, v = gram()
        values, vectors = np.linalg.eigh(G)
        v = vectors.T @ v
        for ridge in ridges:
            vectors @ (v / (values + ridge))

    ours = lambda: lazygap.RandomFeaturesRegressor(N, alpha="gcv", alphas=ridges, random_state=0).fit(X, y)
    fp32 = lambda: lazygap.RandomFeaturesRegressor(N, alpha="gcv", alphas=ridges, precision="float32", random_state=0).fit(X, y)
    return interleaved({"RandomFeaturesRegressor": ours, "RandomFeaturesRegressor, float32": fp32,
                        "NumPy, one factorisation each": one_factorisation_each, "NumPy, one eigen-decomposition": one_eigendecomposition}, 2)


def epochs(n=5000, d=50, N=200, count=10, batch=32):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, d))
    y = X[:, 0] ** 2
    ours = lambda: lazygap.TwoLayerNetworkRegressor(N, step_size=0.01, batch_size=batch, epochs=count, validation_fraction=0, random_state=0).fit(X, y)
    theirs = lambda: MLPRegressor(hidden_layer_sizes=(N,), solver="sgd", batch_size=batch, max_iter=count, n_iter_no_change=count, random_state=0).fit(X, y)
    return interleaved({"TwoLayerNetworkRegressor": ours, "MLPRegressor": theirs})


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    for what, times in (("ridge path", ridge_path(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000)), ("10 epochs", epochs())):
        for name, took in times.items():
            print(f"{what}: {name}: {took:.2f} s", flush=True)
