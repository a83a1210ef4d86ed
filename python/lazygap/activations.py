"""Activations by name, by expression, or by Hermite coefficients."""

import numpy as np

from . import _core
from ._check import count, real_array


class Activation:
    """An activation sigma; made by `activation`.

    Call it for sigma(u). It is picklable.

    Attributes
    ----------
    name : str
        As written in a plan.
    kinks : list of float
        Where sigma or a derivative of it jumps.
    """

    def __init__(self, name=None, *, expression=None, derivative=None, hermite=None):
        given = [argument for argument in (name, expression, hermite) if argument is not None]
        if len(given) != 1:
            raise ValueError(f"an activation is given by one of name, expression and hermite, but {len(given)} of them were given")
        if derivative is not None and expression is None:
            raise ValueError("derivative belongs to expression, but no expression is given")
        self._spec = {"name": name, "expression": expression, "derivative": derivative, "hermite": hermite}
        if name is not None:
            if not isinstance(name, str):
                raise ValueError(f"activation is {name!r}, but must be a name, as 'relu', or an Activation")
            self._core = _core.activation_from_name(name)
        elif expression is not None:
            self._core = _core.activation_from_expression(expression, derivative or "")
        else:
            self._spec["hermite"] = [float(h) for h in real_array("hermite", hermite, (1,))]
            self._core = _core.activation_from_hermite(self._spec["hermite"])

    @property
    def name(self):
        return self._core.name

    @property
    def kinks(self):
        return list(self._core.kinks)

    def __call__(self, u):
        """sigma(u), elementwise.

        >>> import lazygap
        >>> lazygap.activation("relu")([-1.0, 2.0])
        array([0., 2.])
        """
        return self._elementwise(self._core.value, u)

    def derivative(self, u):
        """sigma'(u), elementwise, almost everywhere."""
        if not self._core.has_derivative:
            raise ValueError(f"the activation {self.name!r} was given without a derivative")
        return self._elementwise(self._core.derivative, u)

    def hermite(self, count, *, scale=1.0, bias=0.0):
        """lambda_k = E[sigma(scale G + bias) He_k(G)], k = 0, ..., count - 1, G ~ N(0, 1), He_k not normalised.

        >>> import lazygap
        >>> lazygap.activation("quadratic").hermite(3)
        array([1., 0., 2.])
        """
        return self._core.hermite(_check_count(count), float(scale), float(bias))

    @staticmethod
    def _elementwise(function, u):
        array = np.asarray(u, dtype=np.float64)
        out = function(np.ascontiguousarray(array).reshape(-1)).reshape(array.shape)
        return out if array.ndim else float(out)

    @property
    def _is_quadratic(self):
        lambda_ = self._core.hermite(3, 1.0, 0.0)
        return self._core.has_derivative and self.name == "quadratic" and bool(lambda_[2] == 2)

    def __reduce__(self):
        return _rebuild, (self._spec,)

    def __eq__(self, other):
        return isinstance(other, Activation) and self._spec == other._spec

    def __hash__(self):
        return hash(repr(self._spec))

    def __repr__(self):
        given = ", ".join(f"{key}={value!r}" for key, value in self._spec.items() if value is not None and key != "name")
        return f"lazygap.activation({self._spec['name']!r})" if not given else f"lazygap.activation({given})"


def _rebuild(spec):
    return Activation(spec["name"], **{key: value for key, value in spec.items() if key != "name"})


def _check_count(number):
    return count("count", number)


def activation(name=None, *, expression=None, derivative=None, hermite=None):
    """An activation.

    Parameters
    ----------
    name : str or Activation, optional
        One of `names()`, also with arguments: "relu", "leaky_relu(0.1)", "hermite(3)", "polynomial(0, 0, 1)".
    expression, derivative : str, optional
        sigma as an expression in u with the syntax of muParser, and sigma' likewise; without it the activation serves
        RF only.
    hermite : sequence of float, optional
        lambda_0, lambda_1, ...: sigma = sum_k lambda_k He_k / k!; 3 to 21 of them.

    Examples
    --------
    >>> import lazygap
    >>> square = lazygap.activation(expression="max(u,0)^2", derivative="2*max(u,0)")
    >>> square(3.0)
    9.0
    """
    if isinstance(name, Activation) and expression is None and hermite is None:
        return name
    return Activation(name, expression=expression, derivative=derivative, hermite=hermite)


def names():
    """What `activation` accepts as a name, as one would write it.

    >>> import lazygap
    >>> "relu" in lazygap.activations.names()
    True
    """
    return _core.activation_names()
