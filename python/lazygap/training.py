"""Training of one network by one-pass SGD, and its limit of small steps, the gradient flow."""

import os

import numpy as np

from . import _core
from ._check import count, need, nonnegative, one_of, real_array, seed as check_seed
from ._progress import reporting
from .activations import activation as make_activation
from .problems import as_problem

_REGIMES = ("NN", "NT")


class Run:
    """A trained network and its risk along the training.

    Attributes
    ----------
    curve : structured array with the fields step, samples, risk, ratio
        Exact population risk along the run; ratio = risk / R0.
    risk, ratio : float
        At the end; NaN where the run diverged.
    test_ratio, test_se : float
        The paper's estimate on fresh samples, divided by R0, and its standard error.
    status : str
        "ok", "diverged", or "not_converged" (flow).
    step_size : float
        The one that was used: the best of `search` where it was searched.
    search : dict of float to (float, str)
        Final R / R0 and status for each step size of the grid; a loser that was given up early has the status
        "eliminated".
    path : str
        The algebra and precision that ran.
    weights : array of shape (N, d), or None
        W at the end (NT: the frozen W), in the coordinates of the data. NN wider than d with the quadratic activation is
        trained as d neurons that make the same function, and has N again at the end.
    biases, second_layer : arrays of shape (N,), or None
    tangent : array of shape (N, d), or None
        NT: the a_i of sum_i sigma'(<w_i, x> + b_i) <a_i, x>.
    offset : float
        c.
    """

    def __init__(self, regime, problem, sigma, outcome, search):
        self.regime, self._sigma = regime, sigma
        self.null_risk = problem.null_risk
        self.status, self.path, self.steps_done = outcome["status"], outcome["path"], outcome["steps_done"]
        self.risk, self.ratio = outcome["risk"], outcome["risk"] / self.null_risk
        self.test_ratio = outcome["test_risk"] / self.null_risk
        self.test_se = outcome["test_se"] / self.null_risk
        self.step_size, self.search = outcome.get("step_size"), search
        self.curve = np.zeros(len(outcome["steps"]), dtype=[("step", "i8"), ("samples", "f8"), ("risk", "f8"), ("ratio", "f8")])
        self.curve["step"], self.curve["samples"] = outcome["steps"], outcome["samples"]
        self.curve["risk"] = outcome["risks"]
        self.curve["ratio"] = self.curve["risk"] / self.null_risk
        self.weights = problem._from_working(outcome["W"])
        self.biases, self.second_layer, self.offset = outcome["b"], outcome["a"], outcome["c"]
        self.tangent = problem._from_working(outcome["A"])

    def predict(self, X):
        """f(x) for each row of X, of shape (n, d)."""
        X = real_array("X", X, (2,))
        if self.weights is None:
            raise ValueError("this run has no network: it has not come to its end")
        u = X @ self.weights.T
        if self.biases is not None:
            u += self.biases
        if self.tangent is not None:
            return (self._sigma.derivative(u) * (X @ self.tangent.T)).sum(axis=1) + self.offset
        return self._sigma(u) @ self.second_layer + self.offset

    def to_frame(self):
        """The curve as a pandas DataFrame."""
        return need("pandas", "plot", "to_frame()").DataFrame(self.curve)

    def plot(self, ax=None):
        """R / R0 along the training. Returns the matplotlib axes."""
        from ._style import colour, new_axes

        ax = new_axes(ax)
        ax.plot(self.curve["samples"], self.curve["ratio"], color=colour(self.regime, 0), label=self.regime)
        ax.set_xlabel("samples $n$")
        ax.set_ylabel("$R / R_0$")
        ax.set_ylim(bottom=0)
        ax.legend()
        return ax

    def __repr__(self):
        return f"<lazygap.Run {self.regime}, {self.status}, R/R0 = {self.ratio:.5f}, {self.path}>"


def train(problem, N, *, regime="NN", activation="quadratic", step_size="search", search="halving", bias_scale=0.0,
          label_noise=0.0, seed=1, draw=0, checkpoint=None, progress=None, **options):
    """Trains one network by one-pass SGD.

    Parameters
    ----------
    problem : Problem or array of shape (d,) or (d, d)
    N : int
        Neurons.
    regime : "NN" or "NT"
    activation : str or Activation
    step_size : float, sequence of float, or "search"
        "search": the grid of the library for this network; of several the best is kept.
    search : "halving" or "full"
        halving: losers are given up early.
    bias_scale : float
        tau >= 0, first-layer biases b_i ~ N(0, tau^2).
    label_noise : float
        Standard deviation of noise in the labels of training.
    seed, draw : int
        Draw of W and of the samples, the same as in plans.
    checkpoint : path, optional
        With one step size: where the state is kept every 30 s and on Ctrl-C; the same call goes on from there, to the
        same bits.
    progress : bool or callable
    **options
        The keys of the table `train` of plans, as steps=20000, batch=100, schedule="constant": see
        `lazygap.keys("train.")`.

    Returns
    -------
    Run

    Examples
    --------
    >>> import lazygap
    >>> run = lazygap.train([1.0] * 10, 5, steps=2000, step_size=0.05, seed=1)
    >>> run.status, run.weights.shape, bool(run.ratio < 1)
    ('ok', (5, 10), True)
    """
    problem, sigma, keys = _question(problem, N, regime, activation, bias_scale, label_noise, seed, draw, options)
    one_of("search", search, ("halving", "full"))
    if isinstance(step_size, str):
        one_of("step_size", step_size, ("search",))
        sizes = []
    else:
        sizes = sorted(float(s) for s in np.atleast_1d(real_array("step_size", step_size, (0, 1))))
        if sizes[0] <= 0:
            raise ValueError(f"step_size is {step_size!r}, but must be positive")
    if checkpoint is not None and len(sizes) != 1:
        raise ValueError("checkpoint needs one step size: a search has no single state")
    with reporting(progress, f"train {regime}") as tell:
        outcomes = _core.train(problem._core, sigma._core, sigma._is_quadratic, keys, sizes,
                               search == "halving" and len(sizes) != 1,
                               "" if checkpoint is None else os.fspath(checkpoint), tell)
    found = {o["step_size"]: (o["risk"] / problem.null_risk, o["status"]) for o in outcomes}

    def badness(outcome):
        risk = outcome["risk"] if outcome["risk"] == outcome["risk"] else outcome["test_risk"]
        return risk if outcome["status"] == "ok" and risk == risk else np.inf

    best = min(outcomes, key=badness)
    return Run(regime, problem, sigma, best, found)


def flow(problem, N, *, regime="NN", step_size=0.01, seed=1, draw=0, progress=None, **options):
    """Gradient flow on the population risk from the same start: the limit of `train` as the step size tends to 0.

    Quadratic activation. The time of step t is the sum of the scheduled step sizes up to it, so that its curve lies over
    that of `train` with the same `step_size` and `steps`. Parameters as in `train`.

    >>> import lazygap
    >>> run = lazygap.flow([1.0] * 10, 5, steps=2000, step_size=0.05)
    >>> bool(run.curve["ratio"][-1] < run.curve["ratio"][0])
    True
    """
    options = dict(options, step_size=float(real_array("step_size", step_size, (0,))))
    problem, sigma, keys = _question(problem, N, regime, "quadratic", 0.0, 0.0, seed, draw, options)
    with reporting(progress, f"flow {regime}") as tell:
        outcome = _core.flow(problem._core, sigma._core, True, keys, tell)
    outcome["step_size"] = options["step_size"]
    return Run(regime, problem, sigma, outcome, {})


def _question(problem, N, regime, activation, bias_scale, label_noise, seed, draw, options):
    problem, sigma = as_problem(problem), make_activation(activation)
    keys = {
        "network.regime": one_of("regime", regime, _REGIMES),
        "network.width": count("N", N),
        "network.draw": check_seed("draw", draw),
        "sweep.seed": check_seed("seed", seed),
        "activation.biases": nonnegative("bias_scale", bias_scale),
        "problem.label_noise": nonnegative("label_noise", label_noise),
    }
    keys.update({f"train.{name}": _plain(value) for name, value in options.items()})
    return problem, sigma, keys


def _plain(value):
    return value.item() if isinstance(value, np.generic) else value
