"""Do I need feature learning, or is a kernel enough? The three regimes on the same splits of the same table."""

import json
import os

import numpy as np

from . import _core, _style
from ._check import count, need, one_of, real_array, seed as check_seed
from ._progress import reporting
from .activations import activation as make_activation

_TASKS = ("auto", "regression", "classes")


class Comparison:
    """What `compare` returns.

    Attributes
    ----------
    verdict : str
        "nothing to learn", "linear is enough", "a kernel is enough", "a wider kernel would do", "feature learning helps" or "undecided".
    sentence : str
        The verdict with its numbers.
    table : pandas.DataFrame
        One row for each regime and width: R / R0 with its standard error over splits; accuracy and area under the curve
        for classes.
    gains : dict
        Differences of R / R0 with se, lower and upper (one-sided bounds of the corrected resampled t test).
    directions : list of str
        What NN has learnt: directions of its first layer beyond the edge of a random one, by names of columns.
    eigenvalues, edge : array, float
        Of (d / N) W W^T of the learnt first layer, and the largest before training.
    remarks : list of str
        What weakens the verdict.
    """

    def __init__(self, found):
        self._found = found
        decision = found["decision"]
        self.verdict, self.sentence = decision["verdict"], decision["sentence"]
        self.gains = {name: decision[name] for name in ("kernel_over_linear", "nn_over_linear", "nn_over_kernel", "nn_over_wide")}
        self.directions, self.remarks = found["directions"], found["remarks"]
        self.eigenvalues, self.edge = np.array(found["learnt"]["eigenvalues"]), found["learnt"]["edge"]

    @property
    def table(self):
        pandas = need("pandas", "plot", "table")
        return pandas.DataFrame(self._found["table"]["lines"], columns=self._found["table"]["header"])

    def to_frame(self):
        """A pandas DataFrame with one row for each regime, width and split (`n`: samples fitted on)."""
        pandas = need("pandas", "plot", "to_frame()")
        return pandas.DataFrame(self._found["scores"] + self._found["learning"])

    def figure(self, kind="width", ax=None):
        """R / R0 against N ("width"), against n ("samples"), or the learnt spectrum ("spectrum"). Returns the axes."""
        one_of("kind", kind, ("width", "samples", "spectrum"))
        ax = _style.new_axes(ax)
        if kind == "spectrum":
            place = np.arange(1, len(self.eigenvalues) + 1)
            ax.plot(place, self.eigenvalues, "o", color=_style.colour("NN"), markersize=4, label="learnt $W$ of NN")
            ax.axhline(self.edge, color="#777777", linestyle=":", label="largest before training")
            ax.set_xlabel("place")
            ax.set_ylabel("eigenvalue of $(d/N)\\, W W^T$")
        else:
            self._draw_risks(ax, kind)
        ax.spines[["top", "right"]].set_visible(False)
        ax.legend(frameon=False, fontsize="small")
        return ax

    def _draw_risks(self, ax, kind):
        means = self._found["widths" if kind == "width" else "sizes"]
        if not means:
            raise ValueError("there are no learning curves: compare was called with learning_curves=False")
        field = "N" if kind == "width" else "n"
        for regime in ("linear", "RF", "NT", "NN"):
            points = sorted((m for m in means if m["regime"] == regime and m["value"] is not None), key=lambda m: m[field])
            x, y, e = ([p[key] for p in points] for key in (field, "value", "se"))
            colour = _style.colour(regime)
            if regime == "linear" and kind == "width" and points:
                ax.axhline(y[0], color=colour, linestyle="--", linewidth=1, label="linear")
            elif points:
                ax.errorbar(x, y, e, color=colour, marker=_style.marker(regime), markersize=5, capsize=2, linewidth=1.2, label=regime)
        ax.set_xscale("log")
        ax.set_ylim(bottom=0)
        ax.set_xlabel("number of neurons $N$" if kind == "width" else "samples $n$")
        ax.set_ylabel("$R / R_0$ on test samples")

    def save(self, file):
        """Writes the report as one self-contained HTML page."""
        page = f"<!doctype html><meta charset='utf-8'><title>lazygap compare</title><body style='font-family: sans-serif; max-width: 60em; margin: auto'>{self._repr_html_()}"
        with open(os.fspath(file), "w", encoding="utf-8") as out:
            out.write(page)

    def _repr_html_(self):
        from html import escape

        table = self._found["table"]
        lines = [f"<p><b>{escape(self.sentence)}</b></p>", self._pictures(), _style.html_table(table["header"], table["lines"])]
        lines += [f"<p>Learnt direction, {escape(text)}</p>" for text in self.directions]
        lines += [f"<p>{escape(text)}</p>" for text in self.remarks]
        return "<div>" + "".join(lines) + "</div>"

    def _pictures(self):
        import base64
        import io

        try:
            from matplotlib.figure import Figure
        except ImportError:
            return ""
        kinds = ["width"] + (["samples"] if self._found["sizes"] else []) + (["spectrum"] if len(self.eigenvalues) else [])
        figure = Figure(figsize=(4.6 * len(kinds), 3.6), layout="constrained")
        for kind, ax in zip(kinds, np.atleast_1d(figure.subplots(1, len(kinds)))):
            self.figure(kind, ax)
        out = io.BytesIO()
        figure.savefig(out, format="png", dpi=110)
        return f"<img alt='{self.verdict}' src='data:image/png;base64,{base64.b64encode(out.getvalue()).decode()}'>"

    def __repr__(self):
        table = self._found["table"]
        return "\n".join([*_aligned(table["header"], table["lines"]), *self.directions, *self.remarks, self.sentence])

    def __reduce__(self):
        return Comparison, (self._found,)


class Surrogate:
    """What `predict` returns.

    Attributes
    ----------
    believable : bool
        Whether the data look Gaussian enough, and the statistics are known well enough.
    judgement : str
        The same in a sentence, and what to use instead.
    rows : list of dict
        model, N, and R / R0: `surrogate` for infinitely many samples and `at_n` (RF of a regression, at this n and the best
        ridge), each as (value, lower, upper), and `leave_one_out` of the fitted model without biases. NaN: not known.
    table : pandas.DataFrame
        The same, one row for each regime and width.
    """

    def __init__(self, found):
        self._found = found
        self.believable, self.judgement = found["believable"], found["judgement"]
        self.rows = [{"model": row["model"], "N": row["N"], "surrogate": _numbers(row["surrogate"]), "at_n": _numbers(row["at_n"]),
                      "leave_one_out": _numbers([row["leave_one_out"]])[0]} for row in found["predicted"]]

    @property
    def table(self):
        pandas = need("pandas", "plot", "table")
        lines = [{"model": row["model"], "N": row["N"],
                  **{f"{field}{end}": row[field][i] for field in ("surrogate", "at_n") for i, end in enumerate(("", "_lower", "_upper"))},
                  "leave_one_out": row["leave_one_out"]} for row in self.rows]
        return pandas.DataFrame(lines)

    def _text(self):
        def cell(interval):
            return "-" if np.isnan(interval[0]) else "{:.3f} [{:.3f}, {:.3f}]".format(*interval)

        lines = [[row["model"], str(row["N"] or "-"), cell(row["surrogate"]), cell(row["at_n"]),
                  "-" if np.isnan(row["leave_one_out"]) else f"{row['leave_one_out']:.3f}"] for row in self.rows]
        return ["model", "N", "surrogate, n = inf", "surrogate, this n", "leave-one-out"], lines

    def _repr_html_(self):
        from html import escape

        return f"<div>{_style.html_table(*self._text())}<p>{escape(self.judgement)}</p></div>"

    def __repr__(self):
        return "\n".join([*_aligned(*self._text()), self.judgement])

    def __reduce__(self):
        return Surrogate, (self._found,)


def _numbers(values):
    return tuple(float("nan") if value is None else value for value in values)


def _aligned(header, lines):
    rows = [header, *lines]
    widths = [max(len(row[i]) for row in rows) for i in range(len(header))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]


def compare(X, y, *, task="auto", activation="relu", widths=(10, 40, 160), wide=2560, cv=5, repeats=1, groups=None,
            ordered=False, validation_fraction=0.15, margin=0.02, level=0.95, learning_curves=True, epochs=500,
            bias_scale=1.0, random_state=1, n_jobs=1, progress=None):
    """RF, NT, NN and linear ridge regression on the same splits of X, y, and which of them the data needs.

    Parameters
    ----------
    X : array or table of shape (n, d)
        NumPy, pandas, polars or pyarrow; the names of columns are used.
    y : array of shape (n,) or (n, k)
        Numbers, or labels.
    task : "auto", "regression" or "classes"
        auto: classes where y is text, truth values, has two values, or at most ten, all integers, each ten times or more
        on average.
    activation : str or Activation
    widths : sequence of int
        N of all regimes.
    wide : int
        A width for RF and NT alone, which stands for kernels of any width; 0: none.
    cv, repeats : int
        Folds of cross-validation, and how often.
    groups : array of shape (n,), optional
        Samples of one group stay together.
    ordered : bool
        What is tested comes after what is fitted, as in forecasting.
    validation_fraction : float
        NN: the part of the training samples for early stopping.
    margin, level : float
        Differences of R / R0 below `margin` do not matter; `level` of each one-sided bound.
    learning_curves : bool
        Also on 1/8, 1/4 and 1/2 of the training samples.
    epochs : int
        NN, at most.
    n_jobs : int
        Threads; no number depends on it.
    progress : bool or callable

    Returns
    -------
    Comparison
        `.verdict`, `.sentence`, `.table`, `.figure()`, `.to_frame()`, `.save(file)`; a report in notebooks.

    Examples
    --------
    >>> import lazygap
    >>> X, y = lazygap.quadratic([2.0, 1.0, 0.0, 0.0, 0.0]).samples(300)
    >>> report = lazygap.compare(X, y, widths=[5, 20], wide=0, cv=3, epochs=20, learning_curves=False)
    >>> [name for name in report.gains]
    ['kernel_over_linear', 'nn_over_linear', 'nn_over_kernel', 'nn_over_wide']
    """
    X, Y, labels, names = _table_of(X, y, task)
    options = {
        "bias_scale": float(bias_scale), "widths": [count("widths", w) for w in widths],
        "wide": 0 if wide == 0 else count("wide", wide), "folds": count("cv", cv), "repeats": count("repeats", repeats),
        "validation": float(validation_fraction), "margin": float(margin), "level": float(level),
        "groups": [] if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1].tolist(),
        "learning_curves": bool(learning_curves), "epochs": count("epochs", epochs), "jobs": _jobs(n_jobs),
        "seed": check_seed("random_state", random_state), "ordered": bool(ordered),
    }
    with reporting(progress, "compare") as tell:
        text = _core.compare(X, Y, labels, names, make_activation(activation)._core, options, tell)
    return Comparison(json.loads(text))


def predict(X, y, *, task="auto", activation="relu", widths=(10, 40, 160), draws=400, level=0.9, most_samples=4000,
            leave_one_out=True, random_state=1, progress=None):
    """What RF, NT, NN and linear regression would reach on X, y, without training: the risks of a Gaussian surrogate.

    The surrogate has the linear and quadratic power of y (regression) or the mean and covariance of each of two classes,
    estimated without bias; it needs more samples than features.  [docs/theory/surrogate.md]

    Parameters
    ----------
    X : array or data frame of shape (n, d)
    y : array of shape (n,)
        Numbers, or labels of two classes.
    task : "auto", "regression" or "classes"
    activation : str or Activation
        Of RF; NT and NN are predicted for u^2.
    widths : sequence of int
    draws, level : int, float
        Of the bootstrap; of its intervals.
    most_samples : int
        Of the statistics, whose cost grows with n^2 d.
    leave_one_out : bool
        Also the errors of fitted models, which assume nothing.
    progress : bool or callable

    Returns
    -------
    Surrogate
        `.believable`, `.judgement`, `.table`; a table in notebooks.

    Examples
    --------
    >>> import lazygap
    >>> X, y = lazygap.quadratic([2.0, 1.0, 0.5, 0.5]).samples(1000)
    >>> found = lazygap.predict(X, y, widths=[2, 4], leave_one_out=False)
    >>> [(row["model"], row["N"]) for row in found.rows[:3]]
    [('linear', 0), ('RF', 2), ('RF', 4)]
    """
    X, Y, labels, names = _table_of(X, y, task)
    options = {
        "widths": [count("widths", w) for w in widths], "draws": count("draws", draws), "level": float(level),
        "most_samples": count("most_samples", most_samples), "leave_one_out": bool(leave_one_out),
        "seed": check_seed("random_state", random_state),
    }
    with reporting(progress, "predict") as tell:
        text = _core.predict(X, Y, labels, names, make_activation(activation)._core, options, tell)
    return Surrogate(json.loads(text))


def _table_of(X, y, task):
    """X, then Y of shape (n, k) or the labels of classes as text, and the names of the columns."""
    names = [str(name) for name in getattr(X, "columns", getattr(X, "column_names", []))]
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"X has two columns named {twice!r}")
    X = real_array("X", X, (2,))
    y = np.asarray(y)
    if y.shape[:1] != X.shape[:1] or y.ndim not in (1, 2):
        raise ValueError(f"y has shape {y.shape}, but X has {X.shape[0]} rows")
    one_of("task", task, _TASKS)
    is_classes = task == "classes" or (task == "auto" and _looks_like_classes(y))
    labels, Y = None, None
    if is_classes:
        if y.ndim != 1:
            raise ValueError(f"y has shape {y.shape}, but classes need shape ({X.shape[0]},)")
        labels = [str(label) for label in y.tolist()]
    else:
        Y = np.ascontiguousarray(real_array("y", y, (1, 2)).reshape(len(y), -1))
    return X, Y, labels, names


def _looks_like_classes(y):
    if y.ndim != 1:
        return False
    if y.dtype.kind not in "iuf":
        return True
    values = np.unique(y)
    are_few = len(values) <= 10 and len(y) >= 10 * len(values)
    return len(values) == 2 or (are_few and np.array_equal(values, np.round(values)))


def _jobs(n_jobs):
    return os.cpu_count() or 1 if n_jobs in (None, -1) else count("n_jobs", n_jobs)
