"""Risks as N, d -> infinity with N / d -> rho, for infinitely many samples, divided by R0.

The first argument of each function is a `Problem`, or an array: the eigenvalues of B, of shape (d,), or B itself. Widths N
are a whole number or a list; the answer is a float or an array of the same length.
"""

import numpy as np

from . import _core
from ._check import counts, nonnegative, one_of
from .activations import activation as make_activation
from .problems import as_mixture, as_problem

_SIGNS = ("free", "positive", "negative", "one_sign")


def rf(problem, N, *, activation="quadratic", gamma="isotropic", bias_scale=0.0):
    """R / R0 of random features.  [GMMM19, Thm 1, eq. (10); Thm 4, eq. (15)]

    Parameters
    ----------
    problem : Problem or array of shape (d,) or (d, d)
    N : int or sequence of int
    activation : str or Activation
    gamma : "isotropic", "aligned" or array of shape (d,) or (d, d)
        Covariance of the neurons, rescaled to tr Gamma = 1 (mg: tr Gamma Sigma = 1); "aligned": Gamma*.
    bias_scale : float
        tau >= 0, first-layer biases b_i ~ N(0, tau^2).

    Examples
    --------
    >>> import lazygap
    >>> lazygap.limit.rf([1.0] * 100, [50, 100, 200]).round(4)          # 1 - rho / (1 + rho) for B = I
    array([0.6667, 0.5   , 0.3333])
    """
    problem = as_problem(problem)
    widths, is_scalar = counts("N", N)
    rhos = [width / problem.dimension for width in widths.tolist()]
    sigma = make_activation(activation)
    tau = nonnegative("bias_scale", bias_scale)
    return _shaped(_core.limit.rf(problem._core, problem._gamma(gamma), sigma._core, tau, rhos), is_scalar)


def nt(problem, N):
    """R / R0 of the neural tangent model, quadratic activation, isotropic W.  [GMMM19, Thm 2; Thm 5]

    >>> import lazygap
    >>> lazygap.limit.nt([1.0] * 100, 25)                               # 1 - rho for B = I
    0.75
    """
    problem = as_problem(problem)
    widths, is_scalar = counts("N", N)
    return _shaped(_core.limit.nt(problem._core, [w / problem.dimension for w in widths.tolist()]), is_scalar)


def nn(problem, N, *, sign="free"):
    """R / R0 of the trained network, quadratic activation: what N neurons can fit.  [GMMM19, Thm 3; Thm 6]

    `sign` is that of the second layer: "free", "positive", "negative", or "one_sign" (whichever is better).

    >>> import lazygap
    >>> lazygap.limit.nn([1.0] * 100, 25)
    0.75
    """
    problem = as_problem(problem)
    widths, is_scalar = counts("N", N)
    return _shaped(_core.limit.nn(problem._core, widths.tolist(), one_of("sign", sign, _SIGNS)), is_scalar)


def bayes(problem):
    """The Bayes risk of a mixture, R0 = 1.

    >>> import lazygap
    >>> 0 < lazygap.limit.bayes(lazygap.mixture(d=450)) < 1
    True
    """
    return _core.limit.bayes(as_mixture(problem)._core)


def compare(problem, N, *, activation="quadratic"):
    """The three regimes side by side: a structured array with the fields N, rf, nt, nn.

    >>> import lazygap
    >>> lazygap.limit.compare([1.0] * 100, [50, 100])["nn"]
    array([0.5, 0. ])
    """
    widths, _ = counts("N", N)
    table = np.zeros(len(widths), dtype=[("N", "i8"), ("rf", "f8"), ("nt", "f8"), ("nn", "f8")])
    table["N"] = widths
    table["rf"] = rf(problem, widths, activation=activation)
    table["nt"] = nt(problem, widths)
    table["nn"] = nn(problem, widths)
    return table


def _shaped(array, is_scalar):
    return float(array[0]) if is_scalar else array
