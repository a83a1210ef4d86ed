"""Wrong calls: one sentence, the right class, Python's names and shapes."""

import re

import numpy as np
import pytest

import lazygap

B = [1.0] * 10
L = lazygap.limit
X = lazygap.exact
WRONG = [
    (lambda: L.nn(B, 0), ValueError, r"N is 0, but must be a whole number"),
    (lambda: L.nn(B, -3), ValueError, r"N is -3"),
    (lambda: L.nn(B, 2.5), ValueError, r"N is 2\.5"),
    (lambda: L.nn(B, "ten"), ValueError, r"N is 'ten'"),
    (lambda: L.nn(B, []), ValueError, r"N is \[\]"),
    (lambda: L.nn(B, float("nan")), ValueError, r"N is nan"),
    (lambda: L.nn(B, [[1]]), ValueError, r"N is \[\[1\]\]"),
    (lambda: L.nn(B, 3, sign="both"), ValueError, r"sign is 'both', but must be one of 'free'"),
    (lambda: L.nn([], 3), ValueError, r"problem has shape \(0,\), but must not be empty"),
    (lambda: L.nn([[1.0, 2.0]], 3), ValueError, r"B has shape \(1, 2\), but must be square"),
    (lambda: L.nn(np.ones((2, 2, 2)), 3), ValueError, r"problem has shape \(2, 2, 2\)"),
    (lambda: L.nn([1.0, float("inf")], 3), ValueError, r"problem\[1\] is inf, but must be finite"),
    (lambda: L.nn([1.0, float("nan")], 3), ValueError, r"problem\[1\] is nan, but must be finite"),
    (lambda: L.nn("qf", 3), ValueError, r"problem is 'qf', but must be a Problem"),
    (lambda: L.nn(None, 3), ValueError, r"problem is None"),
    (lambda: L.nn([1j], 3), ValueError, r"problem must be an array of numbers"),
    (lambda: L.nn(["a"], 3), ValueError, r"problem must be an array of numbers"),
    (lambda: L.nn([[1.0, 2.0], [0.0, 1.0]], 1), ValueError, r"symmetric"),
    (lambda: L.nn([0.0, 0.0], 1), ValueError, r"norm|zero|0"),
    (lambda: L.nn([1e308, 1e308], 1), ValueError, r"1e12|norm"),
    (lambda: L.rf(B, 3, activation="rely"), ValueError, r"rely"),
    (lambda: L.rf(B, 3, activation=3), ValueError, r"activation is 3, but must be a name"),
    (lambda: L.rf(B, 3, bias_scale=-1), ValueError, r"bias_scale is -1, but must be zero or a positive number"),
    (lambda: L.rf(B, 3, bias_scale="x"), ValueError, r"bias_scale is 'x'"),
    (lambda: L.rf(B, 3, gamma="best"), ValueError, r"gamma is 'best', but must be 'isotropic', 'aligned'"),
    (lambda: L.rf(B, 3, gamma=np.ones(4)), ValueError, r"gamma has shape \(4,\), but must have shape \(10,\)"),
    (lambda: L.rf(B, 3, gamma=-np.ones(10)), ValueError, r"gamma"),
    (lambda: L.bayes(B), ValueError, r"must be a mixture"),
    (lambda: L.rf(lazygap.polynomial(np.ones((10, 3))), 3), ValueError, r"no limit is known"),
    (lambda: L.nt(lazygap.mixture([0.5] * 4, sigma=[2.0] * 4), 3), ValueError, r"Sigma"),
    (lambda: X.rf(B), ValueError, r"N is not given"),
    (lambda: X.rf(B, 3, biases=[1.0] * 3), ValueError, r"biases belong to weights"),
    (lambda: X.rf(B, weights=np.ones((3, 7))), ValueError, r"weights has shape \(3, 7\), but must have d = 10 columns"),
    (lambda: X.rf(B, weights=np.ones(10)), ValueError, r"weights has shape \(10,\), but must have 2 dimensions"),
    (lambda: X.rf(B, 5, weights=np.ones((3, 10))), ValueError, r"N is 5, but weights has 3 rows"),
    (lambda: X.rf(B, weights=np.ones((3, 10)), biases=[1.0]), ValueError, r"biases has shape \(1,\)"),
    (lambda: X.rf(B, weights=np.full((3, 10), np.nan)), ValueError, r"weights\[0, 0\] is nan"),
    (lambda: X.rf(B, weights="W"), ValueError, r"weights must be an array of numbers, but is 'W'"),
    (lambda: X.rf(B, weights=np.array([[None] * 10])), ValueError, r"weights"),
    (lambda: X.rf(B, 3, draws=0), ValueError, r"draws is 0"),
    (lambda: X.rf(B, 3, seed=-1), ValueError, r"seed is -1, but must be a whole number from 0"),
    (lambda: X.rf(B, 3, seed=1.5), ValueError, r"seed is 1\.5"),
    (lambda: X.nt(B, 3, activation=lazygap.activation(expression="max(u,0)^2")), ValueError, r"derivative"),
    (lambda: X.lazy_rich(lazygap.mixture(d=4), 1.0, N=2), ValueError, r"quadratic or polynomial"),
    (lambda: X.lazy_rich(B, -1.0, N=2), ValueError, r"alpha"),
    (lambda: lazygap.curve.rf(B, n=0, N=3), ValueError, r"n is 0"),
    (lambda: lazygap.curve.rf(B, n=10, N=3, ridge=-1), ValueError, r"ridge is -1"),
    (lambda: lazygap.curve.rf(B, n=10, N=3, ridge="loo"), ValueError, r"ridge is 'loo', but must be zero or a positive number, or 'best'"),
    (lambda: lazygap.curve.rf(B, n=10, N=3, equivalent="x"), ValueError, r"equivalent is 'x'"),
    (lambda: lazygap.curve.rf(B, n=10, N=3000, memory=1e3), ValueError, r"memory|bytes|B"),
    (lambda: lazygap.train(B, 3, regime="RF"), ValueError, r"regime is 'RF', but must be one of 'NN', 'NT'"),
    (lambda: lazygap.train(B, 3, momentum=2), ValueError, r"train\.momentum is 2"),
    (lambda: lazygap.train(B, 3, epochs=2), ValueError, r"train\.epochs"),
    (lambda: lazygap.train(B, 3, steps="many"), ValueError, r"train\.steps is \"many\""),
    (lambda: lazygap.train(B, 3, step_size=-0.1), ValueError, r"step_size is -0\.1, but must be positive"),
    (lambda: lazygap.train(B, 3, step_size="best"), ValueError, r"step_size is 'best'"),
    (lambda: lazygap.train(B, 3, checkpoint="x"), ValueError, r"checkpoint needs one step size"),
    (lambda: lazygap.train(B, [3, 4]), ValueError, r"N is \[3, 4\], but must be one whole number"),
    (lambda: lazygap.activation(), ValueError, r"one of name, expression and hermite"),
    (lambda: lazygap.activation("relu", derivative="1"), ValueError, r"derivative belongs to expression"),
    (lambda: lazygap.activation(expression="u^"), ValueError, r"u\^"),
    (lambda: lazygap.activation(expression="max(u,0)^2", derivative="3*u"), ValueError, r"derivative"),
    (lambda: lazygap.activation(hermite=[1.0]), ValueError, r"3|hermite"),
    (lambda: lazygap.polynomial(np.ones((3, 9))), ValueError, r"at most 5 columns"),
    (lambda: lazygap.mixture([2.0, 2.0]), ValueError, r"delta|sigma"),
    (lambda: lazygap.mixture([0.1, 0.2], sigma=[1.0]), ValueError, r"sigma has shape \(1,\), but delta has shape \(2,\)"),
    (lambda: lazygap.run(3), ValueError, r"plan is 3, but must be a dict"),
    (lambda: lazygap.run("no-such-plan"), (ValueError, OSError), r"no-such-plan"),
    (lambda: lazygap.run({"name": "x"}), ValueError, r"plan"),
    (lambda: lazygap.run({"name": object()}), ValueError, r"name is <object"),
    (lambda: lazygap.run("figure-1-left-laptop", sweep=3), ValueError, r"sweep is 3, but must be a dict"),
    (lambda: lazygap.run("figure-1-left-laptop", {"sweep.neurons": [0]}), ValueError, r"neurons"),
    (lambda: lazygap.run("figure-1-left-laptop", executor=3), ValueError, r"executor is 3"),
    (lambda: lazygap.run("figure-1-left-laptop", jobs=-1), ValueError, r"jobs is -1"),
    (lambda: lazygap.Results.open("/no/such/folder", "figure-1-left-laptop"), OSError, r"there is no such store"),
    (lambda: lazygap.run("figure-1-left-laptop", out="/proc/x", methods=["limit"]), OSError, r"/proc/x"),
]


@pytest.mark.parametrize("i", range(len(WRONG)))
def test_wrong_calls_are_answered_in_one_sentence(i):
    call, kind, pattern = WRONG[i]
    with pytest.raises(kind, match=pattern) as caught:
        call()
    text = str(caught.value)
    assert "\n" not in text.strip()
    assert not re.search(r"std::|Eigen|nanobind|const |a column of W", text), text
