"""What `exact` and `curve` return."""

import numpy as np

from ._check import need


class Risks:
    """Risks at each width (and number of samples), for each draw of W.

    Attributes
    ----------
    N : array of int, shape (widths,)
    n : array of int, shape (samples,), or None
        Numbers of samples; None: infinitely many.
    ratio : array, shape (draws, widths) or (draws, widths, samples)
        R / R0.
    status : array of str, of the shape of `ratio` without samples
        "ok", or "not_converged": the risk is not below that of the minimum.
    message : array of str, likewise
        What is worth knowing; mostly empty.
    null_risk : float
        R0.
    details : dict of arrays
        What else the route says, of the shape of `ratio` or `status`.
    """

    def __init__(self, regime, N, ratio, status, message, null_risk, n=None, details=None):
        self.regime, self.N, self.n = regime, N, n
        self.ratio, self.status, self.message = ratio, status, message
        self.null_risk = null_risk
        self.details = details or {}

    @property
    def mean(self):
        """Mean of `ratio` over the draws."""
        return self.ratio.mean(axis=0)

    @property
    def se(self):
        """Standard error of `mean`; NaN for one draw."""
        draws = self.ratio.shape[0]
        if draws < 2:
            return np.full(self.ratio.shape[1:], np.nan)
        return self.ratio.std(axis=0, ddof=1) / np.sqrt(draws)

    @property
    def risk(self):
        """Risks in units of y^2, `ratio` times R0."""
        return self.ratio * self.null_risk

    def to_frame(self):
        """A pandas DataFrame, one row for each draw, width and number of samples."""
        pandas = need("pandas", "plot", "to_frame()")
        places = np.indices(self.ratio.shape)
        columns = {"regime": self.regime, "draw": places[0].ravel(), "N": self.N[places[1].ravel()]}
        if self.n is not None:
            columns["n"] = self.n[places[2].ravel()]
        columns["ratio"] = self.ratio.ravel()
        status = self.status if self.n is None else np.repeat(self.status[:, :, None], len(self.n), axis=2)
        columns["status"] = status.ravel()
        return pandas.DataFrame(columns)

    def plot(self, ax=None):
        """R / R0 against N, or against n for each N, with standard errors. Returns the matplotlib axes."""
        from ._style import colour, new_axes

        ax = new_axes(ax)
        mean, se = np.atleast_1d(self.mean), self.se
        along_n = self.n is not None
        for i, width in enumerate(self.N if along_n else [None]):
            x, y, e = (self.n, mean[i], se[i]) if along_n else (self.N, mean, se)
            label = f"{self.regime}, N = {width}" if along_n else self.regime
            ax.errorbar(x, y, np.nan_to_num(e), fmt="o-", color=colour(self.regime, i), label=label, markersize=4)
        ax.set_xscale("log")
        ax.set_xlabel("samples $n$" if along_n else "number of neurons $N$")
        ax.set_ylabel("$R / R_0$")
        ax.legend()
        return ax

    def __repr__(self):
        rows = []
        for i, width in enumerate(self.N):
            mean, se = np.atleast_1d(self.mean[i]), np.atleast_1d(self.se[i])
            for j, (value, error) in enumerate(zip(mean, se)):
                at = f"N = {width}" if self.n is None else f"N = {width}, n = {self.n[j]}"
                rows.append(f"  {at}: {value:.5f}" + ("" if np.isnan(error) else f" +- {error:.5f}"))
                if len(rows) == 12:
                    return f"<lazygap.Risks {self.regime}, R/R0\n" + "\n".join(rows) + "\n  ...>"
        return f"<lazygap.Risks {self.regime}, R/R0\n" + "\n".join(rows) + ">"
