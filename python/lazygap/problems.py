"""Problems: where x and y come from.

Samples are rows, X has shape (n, d). A neuron is a row of W, of shape (N, d). Arrays are in the coordinates of the data;
where B is a matrix the library works in its eigenbasis, and the package goes there and back.
"""

import numpy as np

from . import _core
from ._check import count, real_array, seed as check_seed


class Problem:
    """A law of (x, y); made by `quadratic`, `mixture` or `polynomial`. Picklable.

    Attributes
    ----------
    dimension : int
        d.
    null_risk : float
        R0, the risk of the best constant. Ratios are R / R0.
    model : str
        "qf", "polynomial" or "mg", as in a plan.
    """

    def __init__(self, handle, basis, rebuild):
        self._core = handle
        self._basis = basis  # (d, d), columns are the eigenvectors of B; None: coordinates are the same
        self._rebuild = rebuild

    @property
    def dimension(self):
        return self._core.dimension

    @property
    def null_risk(self):
        return self._core.null_risk

    @property
    def model(self):
        if self._core.is_mixture:
            return "mg"
        beta = self._core.beta
        return "polynomial" if beta[:, [0, 2, 3, 4]].any() else "qf"

    @property
    def eigenvalues(self):
        """Eigenvalues of B (qf, polynomial) or of D = Sigma^-1/2 Delta Sigma^-1/2 (mg), of shape (d,)."""
        return self._core.whitened_delta if self._core.is_mixture else self._core.beta[:, 1].copy()

    def samples(self, n, *, seed=1, draw=0):
        """Fresh samples: X (n, d) and y (n,), the same for the same (seed, draw).

        >>> import lazygap
        >>> X, y = lazygap.quadratic([1.0, 2.0]).samples(4)
        >>> bool(abs(y - (X**2 @ [1, 2] - 3)).max() < 1e-12)
        True
        """
        X, y = self._core.samples(count("n", n), check_seed("seed", seed), check_seed("draw", draw))
        return (X if self._basis is None else X @ self._basis.T), y

    def _to_working(self, W):
        return W if self._basis is None or W is None else np.ascontiguousarray(W @ self._basis)

    def _from_working(self, W):
        return W if self._basis is None or W is None else np.ascontiguousarray(W @ self._basis.T)

    def _gamma(self, gamma):
        """Gamma in working coordinates: a word or an array."""
        if isinstance(gamma, str):
            if gamma not in ("isotropic", "aligned"):
                raise ValueError(f"gamma is {gamma!r}, but must be 'isotropic', 'aligned', or an array of shape (d,) or (d, d)")
            return gamma
        array = real_array("gamma", gamma, (1, 2))
        if array.shape not in ((self.dimension,), (self.dimension, self.dimension)):
            raise ValueError(f"gamma has shape {array.shape}, but must have shape ({self.dimension},) or ({self.dimension}, {self.dimension})")
        if self._basis is None:
            return array
        whole = np.diag(array) if array.ndim == 1 else array
        rotated = self._basis.T @ whole @ self._basis
        return np.ascontiguousarray((rotated + rotated.T) / 2)

    def __reduce__(self):
        return self._rebuild

    def __repr__(self):
        return f"<lazygap.Problem {self.model}, d = {self.dimension}, R0 = {self.null_risk:.6g}>"


def quadratic(B=None, *, offset=None, d=None, spectrum="exponential", seed=1):
    """y = b0 + <x, B x>, x ~ N(0, I).  [GMMM19, eq. (8)]

    Parameters
    ----------
    B : array of shape (d,) or (d, d), optional
        Eigenvalues of B, or B, symmetric.
    offset : float, optional
        b0; -tr B if not given, so that E y = 0.
    d, spectrum, seed :
        Instead of B: its dimension, and the law of its eigenvalues as the table `problem.spectrum` of a plan has it: a
        word, or a dict as {"law": "power", "exponent": 1.0}.

    Examples
    --------
    >>> import lazygap
    >>> lazygap.quadratic([1.0, 2.0]).null_risk                         # 2 |B|_F^2
    10.0
    >>> lazygap.quadratic(d=100, spectrum="identity").eigenvalues[:3]
    array([1., 1., 1.])
    """
    if B is None:
        keys = {"problem.model": "qf", "problem.d": count("d", 450 if d is None else d)}
        keys.update(_spectrum(spectrum), **{"sweep.seed": check_seed("seed", seed)})
        return quadratic(_core.problem_of(keys).beta[:, 1], offset=offset)
    B = real_array("B", B, (1, 2))
    if d is not None and B.shape[0] != d:
        raise ValueError(f"B has shape {B.shape}, but d is {d}")
    rebuild = quadratic_from, (B, offset)
    if B.ndim == 1:
        return Problem(_core.quadratic(B, offset), None, rebuild)
    _check_square("B", B)
    handle, basis = _core.quadratic_matrix(B, offset)
    return Problem(handle, None if np.array_equal(basis, np.eye(len(basis))) else basis, rebuild)


def quadratic_from(B, offset):
    return quadratic(B, offset=offset)


def mixture(delta=None, sigma=None, *, d=None, spectrum=None, seed=1):
    """y = +1 or -1 with probability 1/2, x | y ~ N(0, Sigma - y Delta).  [GMMM19, sec. 3]

    Parameters
    ----------
    delta : array of shape (d,) or (d, d), optional
        Diagonal of Delta, or Delta.
    sigma : array of shape (d,) or (d, d), optional
        Diagonal of Sigma, or Sigma; the identity if not given.
    d, spectrum, seed :
        Instead of delta, as `quadratic`; the law of the paper if no spectrum is given: entries from {1, 1.5, 2} /
        sqrt(d).

    Examples
    --------
    >>> import lazygap
    >>> round(lazygap.limit.bayes(lazygap.mixture([0.5] * 100)), 6) < 1e-3
    True
    """
    if delta is None:
        if spectrum is None:
            spectrum = {"law": "choice", "values": [1.0, 1.5, 2.0], "scale": "1/sqrt(d)"}
        keys = {"problem.model": "mg", "problem.d": count("d", 450 if d is None else d)}
        keys.update(_spectrum(spectrum), **{"sweep.seed": check_seed("seed", seed)})
        delta = _core.problem_of(keys).whitened_delta
    delta = real_array("delta", delta, (1, 2))
    n = delta.shape[0]
    sigma = np.ones(n) if sigma is None else real_array("sigma", sigma, (1, 2))
    for name, array in (("delta", delta), ("sigma", sigma)):
        if array.ndim == 2:
            _check_square(name, array)
        if array.shape[0] != n:
            raise ValueError(f"sigma has shape {sigma.shape}, but delta has shape {delta.shape}")
    rebuild = mixture, (delta, sigma)
    if delta.ndim == 1 and sigma.ndim == 1:
        return Problem(_core.mixture(sigma, delta), None, rebuild)
    whole = [np.diag(array) if array.ndim == 1 else array for array in (sigma, delta)]
    return Problem(_core.mixture_matrices(*(np.ascontiguousarray(m) for m in whole)), None, rebuild)


def polynomial(beta):
    """y = sum_i sum_k beta[i, k-1] He_k(x_i), x ~ N(0, I), k = 1, ..., K <= 5, He_k the probabilists' polynomials.

    >>> import lazygap
    >>> lazygap.polynomial([[0.0, 0.0, 1.0]] * 4).null_risk             # sum_k k! |beta_k|^2
    24.0
    """
    beta = real_array("beta", beta, (2,))
    if beta.shape[1] > 5:
        raise ValueError(f"beta has shape {beta.shape}, but must have at most 5 columns, those of He_1 to He_5")
    return Problem(_core.polynomial(beta), None, (polynomial, (beta,)))


def as_problem(problem):
    """`problem` itself, or the quadratic function of an array of eigenvalues or of B."""
    if isinstance(problem, Problem):
        return problem
    if isinstance(problem, str) or problem is None:
        raise ValueError(f"problem is {problem!r}, but must be a Problem, eigenvalues of B of shape (d,), or B of shape (d, d)")
    return quadratic(real_array("problem", problem, (1, 2)))


def as_mixture(problem):
    """`problem`, which has a Bayes risk."""
    problem = as_problem(problem)
    if not problem._core.is_mixture:
        raise ValueError(f"problem is {problem!r}, but must be a mixture: the Bayes risk of a noiseless target is 0")
    return problem


def _check_square(name, array):
    if array.shape[0] != array.shape[1]:
        raise ValueError(f"{name} has shape {array.shape}, but must be square or one-dimensional")


def _spectrum(spectrum):
    table = {"law": spectrum} if isinstance(spectrum, str) else dict(spectrum)
    return {f"problem.spectrum.{key}": value for key, value in table.items()}
