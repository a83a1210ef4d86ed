"""Learning curves: the risk of ridge regression on n samples, predicted without drawing them (docs/theory/curve.md)."""

import numpy as np

from . import _core
from ._check import counts, nonnegative
from ._progress import reporting
from ._risks import Risks
from .activations import activation as make_activation
from .exact import _networks, _part_of
from .problems import as_problem

_MEMORY = 2e9


def rf(problem, n, N=None, *, ridge=0.0, label_noise=0.0, activation="quadratic", gamma="isotropic", bias_scale=0.0,
       centred=True, draws=1, seed=1, weights=None, biases=None, equivalent="elliptic", memory=_MEMORY, progress=None):
    """Random features: predicted risk of argmin (1/n) sum_j (y_j - f(x_j))^2 + ridge |a|^2.

    Parameters
    ----------
    problem : Problem or array of shape (d,) or (d, d)
    n, N : int or sequence of int
        Numbers of samples and widths.
    ridge : float or "best"
        "best": the ridge of least predicted risk, for each n.
    label_noise : float
        Standard deviation of noise in the labels; risks are distances to the target itself.
    equivalent : "elliptic" or "gaussian"
    memory : float
        Bytes that matrices may take.
    activation, gamma, bias_scale, centred, draws, seed, weights, biases, progress :
        As in `lazygap.exact.rf`.

    Returns
    -------
    Risks
        `.ratio` of shape (draws, widths, samples); `.details` has ridge, se (of each prediction), train, gcv, degrees,
        doubt (why a number may not be trusted; empty where it may).

    Examples
    --------
    >>> import lazygap
    >>> risks = lazygap.curve.rf([1.0] * 20, n=[50, 500, 5000], N=40, ridge="best")
    >>> bool((risks.mean[0, 1:] < risks.mean[0, :-1]).all())            # more samples, less risk
    True
    """
    problem = as_problem(problem)
    sigma, tau = make_activation(activation), nonnegative("bias_scale", bias_scale)
    networks, widths = _networks(problem, N, problem._gamma(gamma), tau, draws, seed, weights, biases)

    def model(W, b, draw, tell):
        return _core.curve.rf(problem._core, sigma._core, bool(centred), W, b, seed, draw, float(memory), tell)

    return _curves("RF", problem, n, ridge, label_noise, equivalent, networks, widths, model, progress)


def nt(problem, n, N=None, *, ridge=0.0, label_noise=0.0, activation="quadratic", bias_scale=0.0, draws=1, seed=1,
       weights=None, biases=None, equivalent="elliptic", memory=_MEMORY, progress=None):
    """The neural tangent model, likewise; its offset is free. Parameters as in `rf`.

    >>> import lazygap
    >>> lazygap.curve.nt([1.0] * 20, n=[500], N=10, ridge=1e-3).ratio.shape
    (1, 1, 1)
    """
    problem = as_problem(problem)
    sigma, tau = make_activation(activation), nonnegative("bias_scale", bias_scale)
    networks, widths = _networks(problem, N, "isotropic", tau, draws, seed, weights, biases)

    def model(W, b, draw, tell):
        return _core.curve.nt(problem._core, sigma._core, W, b, seed, draw, float(memory), tell)

    return _curves("NT", problem, n, ridge, label_noise, equivalent, networks, widths, model, progress)


def _curves(regime, problem, n, ridge, label_noise, equivalent, networks, widths, model, progress):
    samples, _ = counts("n", n)
    if isinstance(ridge, str) and ridge != "best":
        raise ValueError(f"ridge is {ridge!r}, but must be zero or a positive number, or 'best'")
    given = None if isinstance(ridge, str) else nonnegative("ridge", ridge)
    if equivalent not in ("elliptic", "gaussian"):
        raise ValueError(f"equivalent is {equivalent!r}, but must be 'elliptic' or 'gaussian'")
    noise = nonnegative("label_noise", label_noise)
    total, done, rows, status, message = networks.draws * len(widths), 0, [], [], []
    with reporting(progress, f"curve {regime}") as tell:
        for draw, (W, b) in enumerate(networks(int(widths.max()))):
            predictions, models = [], []
            for width in widths.tolist():
                made = model(W[:width], None if b is None else b[:width], draw, _part_of(tell, done, total))
                predictions.append(made.predict(samples, given, noise, equivalent == "gaussian"))
                models.append(made)
                done += 1
            rows.append(predictions)
            status.append([made.status for made in models])
            message.append([made.message for made in models])
    field = lambda name: np.array([[prediction[name] for prediction in row] for row in rows])
    details = {name: field(name) for name in ("ridge", "train", "gcv", "degrees", "doubt")}
    details["se"] = field("se") / problem.null_risk
    return Risks(regime, widths, field("risk") / problem.null_risk, np.array(status), np.array(message),
                 problem.null_risk, n=samples, details=details)
