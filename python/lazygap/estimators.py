"""Estimators in the manner of scikit-learn: the three regimes on a table X (n, d), y.

Random features (RF) and the neural tangent model (NT) are ridge regressions, with the ridge chosen along a path from one
eigen-decomposition; the two-layer network (NN) is trained by SGD over epochs. Features are standardised on the samples
that are fitted.
"""

import numbers
import os

import numpy as np
from sklearn.base import (
    BaseEstimator,
    ClassifierMixin,
    ClassNamePrefixFeaturesOutMixin,
    MultiOutputMixin,
    RegressorMixin,
    TransformerMixin,
)
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from . import _core
from ._check import one_of
from ._progress import reporting
from .activations import activation as make_activation

_ALPHAS = ("loo", "gcv", "validation")
_SOLVERS = ("auto", "primal", "dual")
_PRECISIONS = ("float32", "float64")


def _seed_of(random_state):
    """One seed of the addressed random streams: an int is taken as it is."""
    if isinstance(random_state, numbers.Integral):
        if random_state < 0:
            raise ValueError(f"random_state is {random_state}, but must not be negative")
        return int(random_state)
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(2**31))
    return int(check_random_state(random_state).randint(2**31))


def _positive_count(name, value):
    if not isinstance(value, numbers.Integral) or isinstance(value, bool) or value < 1:
        raise ValueError(f"{name} is {value!r}, but must be a whole number of at least 1")
    return int(value)


def _number(name, value, accepted, is_accepted):
    if not isinstance(value, numbers.Real) or isinstance(value, bool) or not is_accepted(value):
        raise ValueError(f"{name} is {value!r}, but must be {accepted}")
    return float(value)


def _available_bytes():
    try:
        with open("/proc/meminfo") as file:
            for line in file:
                if line.startswith("MemAvailable:"):
                    return 1024.0 * int(line.split()[1])
    except OSError:
        pass
    return float(os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))


def _dense(X):
    return X.toarray() if hasattr(X, "toarray") else X


class _Base(BaseEstimator):
    """What all estimators share: validation of X, outputs as columns of Y, predictions as rows."""

    _accepts_sparse = False

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = self._accepts_sparse
        return tags

    def _samples(self, X):
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, dtype=np.float64, order="C", accept_sparse=self._sparse_formats())
        return np.ascontiguousarray(_dense(X))

    def _sparse_formats(self):
        return ["csr", "csc"] if self._accepts_sparse else False

    def _table(self, X, y, reset=True, **options):
        """X and y as they are used; `self._is_single` says whether y had one column only."""
        X, y = validate_data(self, X, y, reset=reset, dtype=[np.float64, np.float32], order="C",
                             accept_sparse=self._sparse_formats(), ensure_min_samples=2, **options)
        self._dtype = X.dtype
        return np.ascontiguousarray(_dense(X), dtype=np.float64), y

    def _outputs(self, f):
        """f (n, k) in the shape and type that predictions have."""
        return f.astype(self._dtype, copy=False)


class _Regression(MultiOutputMixin, RegressorMixin):
    def _targets(self, y):
        y = np.asarray(y, dtype=np.float64)
        self._is_single = y.ndim == 1
        return np.ascontiguousarray(y.reshape(len(y), -1))

    def predict(self, X):
        """f(x) for each row of X: shape (n,), or (n, k) as y had it."""
        f = self._outputs(self._function(self._samples(X)))
        return f[:, 0] if self._is_single else f


class _Classification(ClassifierMixin):
    """Least squares on +1 and -1: one output for two classes, one against the rest for more."""

    def _targets(self, y):
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        return self._coded(codes)

    def _coded(self, codes):
        if len(self.classes_) < 2:
            raise ValueError(f"y has one class only, {self.classes_[0]!r}, but must have at least two")
        if len(self.classes_) == 2:
            return np.ascontiguousarray(2.0 * codes[:, None] - 1)
        return np.where(codes[:, None] == np.arange(len(self.classes_)), 1.0, -1.0)

    def decision_function(self, X):
        """f(x): shape (n,) for two classes, (n, k) for more."""
        f = self._outputs(self._function(self._samples(X)))
        return f[:, 0] if len(self.classes_) == 2 else f

    def predict(self, X):
        """The class of each row of X."""
        f = self.decision_function(X)
        return self.classes_[(f > 0).astype(int) if f.ndim == 1 else f.argmax(axis=1)]

    def _predict_proba_is_there(self):
        if not self.calibrate:
            raise AttributeError("predict_proba needs calibrate=True: least squares gives decisions, not probabilities")
        return True

    @available_if(_predict_proba_is_there)
    def predict_proba(self, X):
        """Probabilities of the classes, (n, k): a logistic regression on the decisions for the validation part."""
        f = self.decision_function(X)
        return self._calibration.predict_proba(f.reshape(len(f), -1))

    def _calibrate(self, f, y):
        self._calibration = LogisticRegression(C=1e4).fit(f.reshape(len(f), -1), y)


class _Ridge(_Base):
    """RF and NT. `_kind` is that of the library's features."""

    _kind = None

    def _check(self):
        _positive_count("n_neurons", self.n_neurons)
        _number("bias_scale", self.bias_scale, "zero or a positive number", lambda v: v >= 0)
        one_of("solver", self.solver, _SOLVERS)
        one_of("precision", self.precision, _PRECISIONS)
        if isinstance(self.alpha, str):
            one_of("alpha", self.alpha, _ALPHAS)
        else:
            _number("alpha", self.alpha, f"zero or a positive number, or one of {', '.join(map(repr, _ALPHAS))}",
                    lambda v: 0 <= v < np.inf)

    def _options(self):
        given = isinstance(self.alpha, str)
        ridges = [] if given and self.alphas is None else sorted(float(a) for a in np.atleast_1d(self.alphas if given else self.alpha))
        return _core.ridge_options(self.alpha if given else "fixed", ridges, self.solver, self.precision == "float32")

    def fit_cost(self, n, d, n_outputs=1):
        """What `fit` will take for n samples of d features: a dict of seconds (on one processor) and bytes."""
        self._check()
        seconds, size = _core.ridge_cost(_positive_count("n", n), _positive_count("n_outputs", n_outputs),
                                         _positive_count("d", d), self._kind, self.n_neurons, self._options())
        return {"seconds": seconds, "bytes": size}

    def _fit(self, X, Y, weights, train=None, validation=None):
        needed = self.fit_cost(X.shape[0], X.shape[1], Y.shape[1])["bytes"]
        if needed > _available_bytes():
            raise MemoryError(f"fit needs {needed / 1e9:.3g} GB for n = {X.shape[0]}, d = {X.shape[1]}, n_neurons = "
                              f"{self.n_neurons}, but {_available_bytes() / 1e9:.3g} GB are available")
        self.seed_ = _seed_of(self.random_state)
        sigma = make_activation(self.activation)
        with reporting(getattr(self, "progress", None), type(self).__name__) as tell:
            model = _core.fit_ridge(X, Y, weights, train, validation, self._kind, sigma._core, self.n_neurons,
                                    float(self.bias_scale), self.seed_, bool(self.standardize), self._options(), tell)
        self.weights_, self.biases_ = model["weights"], model["biases"]
        self.mean_, self.scale_ = model["mean"], model["scale"]
        self._coefficients, self._intercept = model["coefficients"], model["intercept"]
        self.alpha_, self.alphas_, self.cv_errors_ = model["ridge"], model["ridges"], model["errors"]
        self.effective_dimension_, self.solver_ = model["degrees"], model["side"]
        is_single = self._coefficients.shape[0] == 1 and getattr(self, "_is_single", True)
        self.coef_ = self._coefficients[0] if is_single else self._coefficients
        self.intercept_ = float(self._intercept[0]) if is_single else self._intercept
        return self

    def _parts(self, n, seed, classes=None):
        """Rows to fit and rows to choose the ridge on."""
        if self.alpha != "validation":
            return None, None
        fraction = _number("validation_fraction", self.validation_fraction, "between 0 and 1", lambda v: 0 < v < 1)
        parts = train_test_split(np.arange(n), test_size=fraction, random_state=seed % 2**32, stratify=classes)
        return tuple(np.sort(part).astype(np.int64) for part in parts)

    def _map(self):
        sigma = make_activation(self.activation)
        return _core.feature_map(self._kind, sigma._core, self.weights_, self.biases_, self.mean_, self.scale_)

    def _function(self, X):
        return _core.predict_ridge(X, self._map(), self._coefficients, self._intercept)

    def features(self, X):
        """The features of each row of X, (n, p): what the ridge regression is on."""
        return _core.features(self._samples(X), self._map())


class _RidgeRegressor(_Regression, _Ridge):
    def fit(self, X, y, sample_weight=None):
        """Fits X (n, d), y (n,) or (n, k)."""
        self._check()
        X, y = self._table(X, y, multi_output=True, y_numeric=True)
        weights = None if sample_weight is None else _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
        train, validation = self._parts(len(X), _seed_of(self.random_state) if self.alpha == "validation" else 0)
        return self._fit(X, self._targets(y), weights, train, validation)


class _RidgeClassifier(_Classification, _Ridge):
    def fit(self, X, y, sample_weight=None):
        """Fits X (n, d), y (n,) of any labels."""
        self._check()
        X, y = self._table(X, y)
        weights = None if sample_weight is None else _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
        Y = self._targets(y)
        seed = _seed_of(self.random_state) if self.alpha == "validation" or self.calibrate else 0
        if self.calibrate:
            rows, held = train_test_split(np.arange(len(X)), test_size=self.validation_fraction, random_state=seed % 2**32, stratify=y)
            self._fit(X, Y, weights, np.sort(rows).astype(np.int64), np.sort(held).astype(np.int64))
            f = self._function(np.ascontiguousarray(X[held]))
            self._calibrate(f, y[held])
        train, validation = self._parts(len(X), seed, y)
        return self._fit(X, Y, weights, train, validation)


_RIDGE_PARAMETERS = """
    Parameters
    ----------
    n_neurons : int
        N. Neuron i is the same for every N.
    activation : str or Activation
    alpha : "loo", "gcv", "validation" or float
        How the ridge is chosen along `alphas`, or the ridge itself: that of
        sum_j v_j |y_j - f(x_j)|^2 / sum_j v_j + alpha |coef|^2, v_j the sample weights.
    alphas : sequence of float, optional
        The path; three a decade over the spectrum of the features if not given.
    bias_scale : float
        First-layer biases b_i ~ N(0, bias_scale^2).
    standardize : bool
    solver : "auto", "primal" or "dual"
        Through the p x p or the n x n matrix; "auto": the smaller.
    precision : "float64" or "float32"
        float32: products of random features on the primal side in fp32, sums in fp64.
    validation_fraction : float
        Of the samples, for alpha="validation" and calibrate=True.
    random_state : int, RandomState, Generator or None
{extra}
    Attributes
    ----------
    weights_ : array of shape (N, d)
        w_i, for the standardised x.
    biases_ : array of shape (N,)
    coef_ : array of shape (p,) or (k, p)
    intercept_ : float or array of shape (k,)
    alpha_, alphas_, cv_errors_ :
        The ridge, the path, and the error by which it was chosen.
    effective_dimension_ : float
        Trace of the hat matrix.
    solver_ : str
    mean_, scale_ : arrays of shape (d,)
    seed_ : int
    n_features_in_, feature_names_in_, classes_ :
        As in scikit-learn.
"""
_CALIBRATE = "    calibrate : bool\n        Whether predict_proba is there: a logistic regression on the decisions for held-out samples.\n"


class RandomFeaturesRegressor(_RidgeRegressor):
    __doc__ = ("""Random features: f(x) = c + sum_i a_i (sigma(<w_i, z> + b_i) - lambda_0), z the standardised x.
""" + _RIDGE_PARAMETERS.format(extra="") + """
    Examples
    --------
    >>> import lazygap
    >>> X, y = lazygap.quadratic([1.0] * 5).samples(500)
    >>> model = lazygap.RandomFeaturesRegressor(200, random_state=0).fit(X, y)
    >>> bool(model.score(X, y) > 0.9)
    True
    """)
    _kind = "random"
    _accepts_sparse = True

    def __init__(self, n_neurons=500, *, activation="relu", alpha="loo", alphas=None, bias_scale=1.0, standardize=True,
                 solver="auto", precision="float64", validation_fraction=0.15, random_state=None):
        self.n_neurons = n_neurons
        self.activation = activation
        self.alpha = alpha
        self.alphas = alphas
        self.bias_scale = bias_scale
        self.standardize = standardize
        self.solver = solver
        self.precision = precision
        self.validation_fraction = validation_fraction
        self.random_state = random_state


class NeuralTangentRegressor(_RidgeRegressor):
    __doc__ = ("""The neural tangent model: f(x) = c + sum_i sigma'(<w_i, z> + b_i) <a_i, z>, z the standardised x.
""" + _RIDGE_PARAMETERS.format(extra="") + """
    Examples
    --------
    >>> import lazygap
    >>> X, y = lazygap.quadratic([1.0] * 5).samples(500)
    >>> model = lazygap.NeuralTangentRegressor(50, random_state=0).fit(X, y)
    >>> model.coef_.shape
    (250,)
    """)
    _kind = "tangent"
    __init__ = RandomFeaturesRegressor.__init__


class RandomFeaturesClassifier(_RidgeClassifier):
    __doc__ = ("""Random features, least squares on +1 and -1 (one against the rest).
""" + _RIDGE_PARAMETERS.format(extra=_CALIBRATE) + """
    Examples
    --------
    >>> import lazygap
    >>> X, y = lazygap.mixture([0.6] * 10).samples(500)
    >>> lazygap.RandomFeaturesClassifier(100, random_state=0).fit(X, y).classes_
    array([-1.,  1.])
    """)
    _kind = "random"
    _accepts_sparse = True

    def __init__(self, n_neurons=500, *, activation="relu", alpha="loo", alphas=None, bias_scale=1.0, standardize=True,
                 solver="auto", precision="float64", validation_fraction=0.15, calibrate=False, random_state=None):
        self.n_neurons = n_neurons
        self.activation = activation
        self.alpha = alpha
        self.alphas = alphas
        self.bias_scale = bias_scale
        self.standardize = standardize
        self.solver = solver
        self.precision = precision
        self.validation_fraction = validation_fraction
        self.calibrate = calibrate
        self.random_state = random_state


class NeuralTangentClassifier(_RidgeClassifier):
    __doc__ = ("""The neural tangent model, least squares on +1 and -1 (one against the rest).
""" + _RIDGE_PARAMETERS.format(extra=_CALIBRATE) + """
    Examples
    --------
    >>> import lazygap
    >>> X, y = lazygap.mixture([0.6] * 10).samples(500)
    >>> bool(lazygap.NeuralTangentClassifier(50, random_state=0).fit(X, y).score(X, y) > 0.7)
    True
    """)
    _kind = "tangent"
    __init__ = RandomFeaturesClassifier.__init__


class _Network(_Base):
    def _check(self):
        for name in ("n_neurons", "batch_size", "epochs", "patience"):
            _positive_count(name, getattr(self, name))
        _number("bias_scale", self.bias_scale, "zero or a positive number", lambda v: v >= 0)
        _number("alpha_scale", self.alpha_scale, "a positive number", lambda v: 0 < v < np.inf)
        _number("momentum", self.momentum, "from 0 to below 1", lambda v: 0 <= v < 1)
        one_of("precision", self.precision, _PRECISIONS)
        if isinstance(self.step_size, str):
            one_of("step_size", self.step_size, ("search",))
        else:
            _number("step_size", self.step_size, "a positive number, or 'search'", lambda v: 0 < v < np.inf)
        _number("validation_fraction", self.validation_fraction, "from 0 to below 1", lambda v: 0 <= v < 1)

    def _parts(self, n, classes=None):
        if self.validation_fraction == 0 or n < 10:
            return None, None
        try:
            parts = train_test_split(np.arange(n), test_size=self.validation_fraction, random_state=self.seed_ % 2**32, stratify=classes)
        except ValueError:  # a class of one sample
            parts = train_test_split(np.arange(n), test_size=self.validation_fraction, random_state=self.seed_ % 2**32)
        return tuple(np.sort(part).astype(np.int64) for part in parts)

    def _train(self, X, Y, train, validation, epochs, start):
        options = {
            "neurons": int(self.n_neurons), "bias_scale": float(self.bias_scale), "alpha": float(self.alpha_scale),
            "momentum": float(self.momentum), "batch": int(self.batch_size), "epochs": int(epochs),
            "patience": int(self.patience), "seed": self.seed_, "fp64": self.precision == "float64",
        }
        sigma = make_activation(self.activation)
        options["step_size"] = 0.0 if isinstance(self.step_size, str) else float(self.step_size)
        with reporting(None, type(self).__name__) as tell:
            network = _core.train_network(X, Y, train, validation, sigma._core, options, start, tell)
        if network["status"] == "diverged":
            raise ValueError(f"training has diverged at step_size {self.step_size!r}: a smaller number is needed")
        self._network = network
        self.weights_, self.biases_ = network["weights"], network["biases"]
        self.mean_, self.scale_ = network["mean"], network["scale"]
        is_single = network["second_layer"].shape[0] == 1 and getattr(self, "_is_single", True)
        self.coef_ = network["second_layer"][0] if is_single else network["second_layer"]
        self.intercept_ = float(network["offset"][0]) if is_single else network["offset"]
        self.step_size_, self.n_iter_, self.best_epoch_ = network["step_size"], int(network["epochs"]), int(network["best"])
        curve = np.zeros(len(network["curve"]), dtype=[("epoch", "i8"), ("step_size", "f8"), ("training", "f8"), ("validation", "f8")])
        for i, name in enumerate(curve.dtype.names):
            curve[name] = network["curve"][:, i]
        self.curve_ = curve
        return self

    def _start(self):
        return {**self._network, "activation": make_activation(self.activation)._core}

    def _is_going_on(self, X):
        return self.warm_start and hasattr(self, "_network") and self.weights_.shape == (self.n_neurons, X.shape[1])

    def _function(self, X):
        return _core.predict_network(X, self._start())


class _NetworkRegressor(_Regression, _Network):
    def fit(self, X, y):
        """Fits X (n, d), y (n,) or (n, k). With warm_start it goes on from the network that is there."""
        self._check()
        X, y = self._table(X, y, multi_output=True, y_numeric=True)
        Y = self._targets(y)
        self.seed_ = _seed_of(self.random_state)
        train, validation = self._parts(len(X))
        start = self._start() if self._is_going_on(X) and self._network["offset"].shape == (Y.shape[1],) else None
        return self._train(X, Y, train, validation, self.epochs, start)

    def partial_fit(self, X, y):
        """One epoch on X, y, from the network that is there."""
        self._check()
        is_first = not hasattr(self, "_network")
        X, y = self._table(X, y, reset=is_first, multi_output=True, y_numeric=True)
        Y = self._targets(y)
        if is_first:
            self.seed_ = _seed_of(self.random_state)
        return self._train(X, Y, None, None, 1, None if is_first else self._start())


class _NetworkClassifier(_Classification, _Network):
    def fit(self, X, y):
        """Fits X (n, d), y (n,) of any labels. With warm_start it goes on from the network that is there."""
        self._check()
        before = getattr(self, "classes_", None)
        X, y = self._table(X, y)
        Y = self._targets(y)
        self.seed_ = _seed_of(self.random_state)
        train, validation = self._parts(len(X), y)
        goes_on = self._is_going_on(X) and before is not None and np.array_equal(before, self.classes_)
        self._train(X, Y, train, validation, self.epochs, self._start() if goes_on else None)
        if self.calibrate:
            held = np.arange(len(X)) if validation is None else validation
            self._calibrate(self._function(np.ascontiguousarray(X[held])), y[held])
        return self

    def partial_fit(self, X, y, classes=None):
        """One epoch on X, y, from the network that is there. `classes`: all labels, needed at the first call."""
        self._check()
        is_first = not hasattr(self, "_network")
        X, y = self._table(X, y, reset=is_first)
        if is_first:
            if classes is None:
                raise ValueError("classes is None, but must be all labels at the first call of partial_fit")
            self.classes_ = np.unique(classes)
            self.seed_ = _seed_of(self.random_state)
        unknown = np.setdiff1d(y, self.classes_)
        if len(unknown):
            raise ValueError(f"y has the label {unknown[0]!r}, which is not among classes")
        Y = self._coded(np.searchsorted(self.classes_, y))
        self._train(X, Y, None, None, 1, None if is_first else self._start())
        if self.calibrate:
            self._calibrate(self._function(X), y)
        return self


_NETWORK_PARAMETERS = """
    f(x) = c + (alpha_scale / N) sum_i a_i sigma(<w_i, z> + b_i), z the standardised x; everything is trained, on the mean
    squared error, by SGD with momentum. The best weights on the validation part are kept.

    Parameters
    ----------
    n_neurons : int
    activation : str or Activation
    step_size : "search" or float
        "search": a grid from the largest stable one down, losers given up early.
    batch_size, epochs : int
        Samples of a step; epochs at most.
    patience : int
        Epochs without a better validation error before the step size falls, and in the end stops.
    momentum : float
    validation_fraction : float
        0: all epochs are run and the last weights kept.
    bias_scale : float
    alpha_scale : float
        Small is rich, large is lazy.
    precision : "float32" or "float64"
    warm_start : bool
    random_state : int, RandomState, Generator or None
{extra}
    Attributes
    ----------
    weights_, biases_, coef_, intercept_ :
        (N, d), (N,), (N,) or (k, N), float or (k,): f(x) = intercept_ + coef_ sigma(weights_ z + biases_).
    step_size_, n_iter_, best_epoch_ :
        That of the start; epochs taken; the one whose weights these are.
    curve_ : structured array with the fields epoch, step_size, training, validation
    mean_, scale_, seed_, n_features_in_, feature_names_in_, classes_
"""


class TwoLayerNetworkRegressor(_NetworkRegressor):
    __doc__ = ("""The trained two-layer network.
""" + _NETWORK_PARAMETERS.format(extra="") + """
    Examples
    --------
    >>> import lazygap
    >>> X, y = lazygap.quadratic([1.0] * 5).samples(500)
    >>> model = lazygap.TwoLayerNetworkRegressor(20, epochs=20, random_state=0).fit(X, y)
    >>> model.weights_.shape
    (20, 5)
    """)

    def __init__(self, n_neurons=500, *, activation="relu", step_size="search", batch_size=32, epochs=500, patience=30,
                 momentum=0.9, validation_fraction=0.15, bias_scale=1.0, alpha_scale=1.0, precision="float32",
                 warm_start=False, random_state=None):
        self.n_neurons = n_neurons
        self.activation = activation
        self.step_size = step_size
        self.batch_size = batch_size
        self.epochs = epochs
        self.patience = patience
        self.momentum = momentum
        self.validation_fraction = validation_fraction
        self.bias_scale = bias_scale
        self.alpha_scale = alpha_scale
        self.precision = precision
        self.warm_start = warm_start
        self.random_state = random_state


class TwoLayerNetworkClassifier(_NetworkClassifier):
    __doc__ = ("""The trained two-layer network, least squares on +1 and -1 (one against the rest).
""" + _NETWORK_PARAMETERS.format(extra=_CALIBRATE) + """
    Examples
    --------
    >>> import lazygap
    >>> X, y = lazygap.mixture([0.6] * 10).samples(500)
    >>> lazygap.TwoLayerNetworkClassifier(20, epochs=20, random_state=0).fit(X, y).classes_
    array([-1.,  1.])
    """)

    def __init__(self, n_neurons=500, *, activation="relu", step_size="search", batch_size=32, epochs=500, patience=30,
                 momentum=0.9, validation_fraction=0.15, bias_scale=1.0, alpha_scale=1.0, precision="float32",
                 warm_start=False, calibrate=False, random_state=None):
        self.n_neurons = n_neurons
        self.activation = activation
        self.step_size = step_size
        self.batch_size = batch_size
        self.epochs = epochs
        self.patience = patience
        self.momentum = momentum
        self.validation_fraction = validation_fraction
        self.bias_scale = bias_scale
        self.alpha_scale = alpha_scale
        self.precision = precision
        self.warm_start = warm_start
        self.calibrate = calibrate
        self.random_state = random_state


class RandomFeatures(ClassNamePrefixFeaturesOutMixin, TransformerMixin, _Base):
    """A transformer: x -> sigma(<w_i, z> + b_i) - lambda_0, i = 1, ..., n_components, for models of other packages.

    z is the standardised x, w_i ~ N(0, I/d), b_i ~ N(0, bias_scale^2); `activation` is any of `lazygap.activation`.

    Examples
    --------
    >>> import lazygap
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.pipeline import make_pipeline
    >>> X, y = lazygap.quadratic([1.0] * 5).samples(500)
    >>> model = make_pipeline(lazygap.RandomFeatures(200, activation="tanh", random_state=0), Ridge()).fit(X, y)
    >>> bool(model.score(X, y) > 0.5)
    True
    """

    _accepts_sparse = True

    def __init__(self, n_components=100, *, activation="relu", bias_scale=1.0, standardize=True, random_state=None):
        self.n_components = n_components
        self.activation = activation
        self.bias_scale = bias_scale
        self.standardize = standardize
        self.random_state = random_state

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def fit(self, X, y=None):
        """Draws the neurons, and standardises by X."""
        X = validate_data(self, X, dtype=[np.float64, np.float32], accept_sparse=self._sparse_formats())
        _positive_count("n_components", self.n_components)
        tau = _number("bias_scale", self.bias_scale, "zero or a positive number", lambda v: v >= 0)
        X = np.asarray(_dense(X), dtype=np.float64)
        d = X.shape[1]
        self.mean_, self.scale_ = np.zeros(d), np.ones(d)
        if self.standardize:
            deviation = X.std(axis=0)
            self.mean_ = X.mean(axis=0)
            self.scale_ = np.where(deviation > 1e-12 * np.abs(X).max(axis=0, initial=0), deviation, 1.0)
        self.seed_ = _seed_of(self.random_state)
        sigma = make_activation(self.activation)
        self.weights_, self.biases_ = _core.draw_features("random", sigma._core, int(self.n_components), tau, self.seed_,
                                                          self.mean_, self.scale_)
        self._n_features_out = int(self.n_components)
        return self

    def transform(self, X):
        """(n, d) -> (n, n_components)."""
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, dtype=[np.float64, np.float32], accept_sparse=self._sparse_formats())
        dtype = X.dtype
        sigma = make_activation(self.activation)
        feature_map = _core.feature_map("random", sigma._core, self.weights_, self.biases_, self.mean_, self.scale_)
        X = np.ascontiguousarray(_dense(X), dtype=np.float64)
        return _core.features(X, feature_map).astype(dtype, copy=False)
