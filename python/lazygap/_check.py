"""Arguments of public functions, checked in their Python names and shapes."""

import numpy as np


def real_array(name, value, ndim):
    """`value` as a finite C-ordered array of float64 with one of the numbers of dimensions `ndim`."""
    try:
        array = np.ascontiguousarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be an array of numbers, but is {_short(value)}") from None
    array = array.reshape(np.shape(value))
    if array.ndim not in ndim:
        wanted = " or ".join(str(n) for n in ndim)
        raise ValueError(f"{name} has shape {array.shape}, but must have {wanted} dimension{'s' if wanted != '1' else ''}")
    if array.size == 0:
        raise ValueError(f"{name} has shape {array.shape}, but must not be empty")
    if not np.isfinite(array).all():
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        raise ValueError(f"{name}{list(where)} is {array[where]}, but must be finite")
    return array


def counts(name, value):
    """One or more whole numbers >= 1: (array of int64, whether a scalar was given)."""
    array = np.asarray(value)
    if array.dtype.kind not in "iuf" or array.ndim > 1 or array.size == 0:
        raise ValueError(f"{name} is {_short(value)}, but must be a whole number of at least 1, or a list of them")
    whole = array.astype(np.int64) if np.isfinite(array).all() else None
    if whole is None or (whole != array).any() or (whole < 1).any():
        raise ValueError(f"{name} is {_short(value)}, but must be a whole number of at least 1, or a list of them")
    return np.ascontiguousarray(np.atleast_1d(whole)), array.ndim == 0


def count(name, value):
    array, is_scalar = counts(name, value)
    if not is_scalar:
        raise ValueError(f"{name} is {_short(value)}, but must be one whole number of at least 1")
    return int(array[0])


def seed(name, value):
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)) or not 0 <= value < 2**63:
        raise ValueError(f"{name} is {_short(value)}, but must be a whole number from 0 to 2^63 - 1")
    return int(value)


def nonnegative(name, value):
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = float("nan")
    if not 0 <= number < float("inf"):
        raise ValueError(f"{name} is {_short(value)}, but must be zero or a positive number")
    return number


def one_of(name, value, accepted):
    if not isinstance(value, str) or value not in accepted:
        raise ValueError(f"{name} is {_short(value)}, but must be one of {', '.join(map(repr, accepted))}")
    return value


def weights_and_biases(weights, biases, dimension):
    """W (N, d) and b (N,) or None."""
    W = real_array("weights", weights, (2,))
    if W.shape[1] != dimension:
        raise ValueError(f"weights has shape {W.shape}, but must have d = {dimension} columns")
    if biases is None:
        return W, None
    b = real_array("biases", biases, (1,))
    if b.shape[0] != W.shape[0]:
        raise ValueError(f"biases has shape {b.shape}, but must have one entry for each of the {W.shape[0]} rows of weights")
    return W, b


def need(package, extra, purpose):
    """The module `package`, or an ImportError that says how to get it."""
    import importlib

    try:
        return importlib.import_module(package)
    except ImportError:
        raise ImportError(f"{purpose} needs {package.split('.')[0]}: pip install 'lazygap[{extra}]'") from None


def _short(value):
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
