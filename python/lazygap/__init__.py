"""Risks of two-layer networks in the random-features (RF), neural-tangent (NT) and trained (NN) regimes.

>>> import numpy as np, lazygap
>>> B = np.linspace(0.1, 2, 100)                     # eigenvalues of the quadratic target <x, B x>
>>> lazygap.limit.nn(B, [10, 50, 100]).round(3)      # R / R0, one for each width
array([0.74 , 0.143, 0.   ])

`limit`, `exact` and `curve` are theory, `train` and `flow` train one network, `run` runs a plan, the estimators and
`compare` work on tables X, y. Only NumPy is needed for the theory; each function says which further package it needs.
"""

import atexit as _atexit
import os as _os

from . import _core
from . import activations, curve, exact, limit, problems
from ._core import __version__
from .activations import Activation, activation
from .plans import Plan, Results, built_in_plans, keys, run
from .problems import Problem, mixture, polynomial, quadratic
from .training import Run, flow, train

# Computations that Ctrl-C has left behind end before the interpreter does; a forked child has none of them.
_atexit.register(_core._wait_for_abandoned)
_os.register_at_fork(after_in_child=_core._forget_abandoned)

# These need scikit-learn, which is imported at the first use only.
_ESTIMATORS = (
    "RandomFeaturesRegressor",
    "RandomFeaturesClassifier",
    "NeuralTangentRegressor",
    "NeuralTangentClassifier",
    "TwoLayerNetworkRegressor",
    "TwoLayerNetworkClassifier",
    "RandomFeatures",
)

__all__ = [
    "Activation",
    "Plan",
    "Problem",
    "Results",
    "Run",
    "activation",
    "activations",
    "built_in_plans",
    "compare",
    "curve",
    "exact",
    "flow",
    "keys",
    "limit",
    "mixture",
    "polynomial",
    "predict",
    "problems",
    "quadratic",
    "run",
    "train",
    *_ESTIMATORS,
]


def __getattr__(name):
    if name in _ESTIMATORS:
        from . import estimators

        return getattr(estimators, name)
    if name in ("compare", "predict"):
        from . import comparison

        return getattr(comparison, name)
    raise AttributeError(f"module 'lazygap' has no attribute {name!r}")


def __dir__():
    return sorted(__all__ + ["__version__"])
