"""Exact risks at finite N and d: the smallest population risk within a regime, for infinitely many samples.

Neurons are drawn, w_i ~ N(0, Gamma), as plans draw them (draw k of seed s is the same W there), or given as `weights`.
"""

import numpy as np

from . import _core
from ._check import count, counts, nonnegative, one_of, seed as check_seed, weights_and_biases
from ._progress import reporting
from ._risks import Risks
from .activations import activation as make_activation
from .problems import as_mixture, as_problem

_SIGNS = ("free", "positive", "negative", "one_sign")


def rf(problem, N=None, *, activation="quadratic", gamma="isotropic", bias_scale=0.0, centred=True, draws=10, seed=1,
       weights=None, biases=None, progress=None):
    """Random features: the minimum over a of E (y - sum_i a_i phi(<w_i, x> + b_i))^2, phi = sigma - lambda_0 (centred).

    Parameters
    ----------
    problem : Problem or array of shape (d,) or (d, d)
    N : int or sequence of int
        Widths. With `weights`: the first N rows of them, all of them if not given.
    activation : str or Activation
    gamma : "isotropic", "aligned" or array of shape (d,) or (d, d)
    bias_scale : float
        tau >= 0, first-layer biases b_i ~ N(0, tau^2).
    draws, seed : int
        Draws of W. All widths of a draw share one Gram matrix.
    weights : array of shape (N, d), optional
        Neurons of your own; `biases` of shape (N,) beside them.
    progress : bool or callable
        True: a bar; a function gets the fraction that is done.

    Returns
    -------
    Risks
        `.ratio` of shape (draws, widths), `.mean`, `.se`.

    Examples
    --------
    >>> import lazygap
    >>> risks = lazygap.exact.rf([1.0] * 20, [10, 300], draws=2)
    >>> risks.ratio.shape
    (2, 2)
    >>> bool(risks.mean[1] < 1e-10)                             # more features than quadratic functions
    True
    """
    problem = as_problem(problem)
    sigma = make_activation(activation)
    tau = nonnegative("bias_scale", bias_scale)
    networks, widths = _networks(problem, N, problem._gamma(gamma), tau, draws, seed, weights, biases)
    order = np.unique(widths)
    rows = []
    with reporting(progress, "exact RF") as tell:
        for k, (W, b) in enumerate(networks(int(order[-1]))):
            answers = _core.exact.rf(problem._core, sigma._core, bool(centred), W, b, order,
                                     _part_of(tell, k, networks.draws))
            by_width = dict(zip(order.tolist(), answers))
            rows.append([by_width[width] for width in widths.tolist()])
    return _risks("RF", problem, widths, rows)


def nt(problem, N=None, *, activation="quadratic", bias_scale=0.0, draws=10, seed=1, weights=None, biases=None,
       progress=None):
    """The neural tangent model: the minimum over c and a_i of E (y - c - sum_i sigma'(<w_i, x> + b_i) <a_i, x>)^2.

    Parameters as in `rf`; W is isotropic.

    Examples
    --------
    >>> import lazygap
    >>> bool(lazygap.exact.nt([1.0] * 20, 20, draws=1).mean[0] < 1e-10)
    True
    """
    problem = as_problem(problem)
    sigma = make_activation(activation)
    tau = nonnegative("bias_scale", bias_scale)
    networks, widths = _networks(problem, N, "isotropic", tau, draws, seed, weights, biases)
    total, done, rows = networks.draws * len(widths), 0, []
    with reporting(progress, "exact NT") as tell:
        for W, b in networks(int(widths.max())):
            row = []
            for width in widths.tolist():
                some_b = None if b is None else b[:width]
                row.append(_core.exact.nt(problem._core, sigma._core, W[:width], some_b, _part_of(tell, done, total)))
                done += 1
            rows.append(row)
    return _risks("NT", problem, widths, rows)


def nn(problem, N, *, sign="free"):
    """The trained network, quadratic activation: the minimum over W, a and c. Nothing is drawn.  [GMMM19, Thm 3]

    `sign` is that of the second layer, as in `lazygap.limit.nn`. Returns R / R0, a float or an array.

    >>> import lazygap
    >>> lazygap.exact.nn([3.0, 2.0, 1.0], [1, 2, 3]).round(4)
    array([0.3571, 0.0714, 0.    ])
    """
    problem = as_problem(problem)
    widths, is_scalar = counts("N", N)
    one_of("sign", sign, _SIGNS)
    ratios = np.array([_core.exact.nn(problem._core, w, sign)["risk"] for w in widths.tolist()]) / problem.null_risk
    return float(ratios[0]) if is_scalar else ratios


def bayes(problem):
    """The Bayes risk E (y - E[y|x])^2 of a mixture at this d; R0 = 1.

    >>> import lazygap
    >>> 0 < lazygap.exact.bayes(lazygap.mixture(d=50)) < 1
    True
    """
    return _core.exact.bayes(as_mixture(problem)._core)


def lazy_rich(problem, alpha, *, weights=None, N=None, draw=0, seed=1):
    """Where training with output scale alpha ends, quadratic activation, a = 1: (R / R0, cosine of the tangent kernels).

    alpha -> 0 gives NN, alpha -> infinity NT.  [COB19; docs/theory/lazy_rich.md]

    Parameters
    ----------
    problem : Problem or array, a quadratic or polynomial target
    alpha : float or sequence of float
        Positive.
    weights : array of shape (N, d), optional
        W at the start; otherwise `N` isotropic neurons of (seed, draw).

    Examples
    --------
    >>> import lazygap
    >>> ratio, cosine = lazygap.exact.lazy_rich([1.0] * 20, [1e-3, 1e3], N=5)
    >>> bool(cosine[1] > 0.99)
    True
    """
    problem = as_problem(problem)
    if problem._core.is_mixture:
        raise ValueError(f"problem is {problem!r}, but must be a quadratic or polynomial target")
    alphas = np.atleast_1d(np.asarray(alpha, dtype=np.float64))
    if weights is not None:
        W = problem._to_working(weights_and_biases(weights, None, problem.dimension)[0])
    else:
        W = _core.first_layer(problem._core, "isotropic", count("N", N), check_seed("seed", seed), check_seed("draw", draw))
    risks, cosines = _core.exact.lazy_rich(problem._core, W, alphas.tolist())
    ratios = risks / problem.null_risk
    return (float(ratios[0]), float(cosines[0])) if np.ndim(alpha) == 0 else (ratios, cosines)


class _Networks:
    """The draws of W and b at the widest width, in working coordinates."""

    def __init__(self, draws, make):
        self.draws, self._make = draws, make

    def __call__(self, widest):
        for draw in range(self.draws):
            yield self._make(draw, widest)


def _networks(problem, N, gamma, tau, draws, seed, weights, biases):
    if weights is not None:
        W, b = weights_and_biases(weights, biases, problem.dimension)
        widths = counts("N", W.shape[0] if N is None else N)[0]
        if widths.max() > W.shape[0]:
            raise ValueError(f"N is {widths.max()}, but weights has {W.shape[0]} rows")
        W = problem._to_working(W)
        return _Networks(1, lambda draw, widest: (W[:widest], None if b is None else b[:widest])), widths
    if biases is not None:
        raise ValueError("biases belong to weights, but no weights are given")
    if N is None:
        raise ValueError("N is not given: needed are widths, as N=[10, 100], or weights of shape (N, d)")
    widths = counts("N", N)[0]
    draws, seed = count("draws", draws), check_seed("seed", seed)

    def make(draw, widest):
        W = _core.first_layer(problem._core, gamma, widest, seed, draw)
        return W, (_core.biases(tau, widest, seed, draw) if tau > 0 else None)

    return _Networks(draws, make), widths


def _part_of(tell, done, total):
    return lambda fraction, messages: tell((done + fraction) / total, messages)


def _risks(regime, problem, widths, rows):
    field = lambda name: np.array([[answer[name] for answer in row] for row in rows])
    details = {name: field(name) for name in ("rank", "iterations", "residual", "kernel_error")}
    return Risks(regime, widths, field("risk") / problem.null_risk, field("status"), field("message"),
                 problem.null_risk, details=details)
