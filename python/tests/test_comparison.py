"""compare: verdicts on made data, the report, wrong calls."""

import pickle

import numpy as np
import pytest

import lazygap

QUICK = dict(widths=[10, 40], wide=320, cv=4, epochs=150, learning_curves=False)
RNG = np.random.default_rng(0)
X = RNG.normal(size=(600, 12))


@pytest.mark.parametrize("y, verdicts", [
    (X @ RNG.normal(size=12) + 0.1 * RNG.normal(size=600), {"linear is enough"}),
    ((X[:, 0] + X[:, 1]) ** 2, {"feature learning helps"}),
    (RNG.normal(size=600), {"nothing to learn", "undecided"}),
], ids=["linear", "single index", "noise"])
def test_verdicts(y, verdicts):
    report = lazygap.compare(X, y, **QUICK)
    assert report.verdict in verdicts, report


def test_the_report():
    pandas = pytest.importorskip("pandas")
    import matplotlib

    matplotlib.use("agg")
    frame = pandas.DataFrame(X, columns=[f"c{i}" for i in range(12)])
    report = lazygap.compare(frame, (X[:, 0] > 0).astype(int), **{**QUICK, "learning_curves": True, "widths": [10, 20], "wide": 0})
    assert {"linear", "RF", "NT", "NN"} == set(report.to_frame()["regime"])
    page = report._repr_html_()
    assert report.sentence.split()[0] in page and "data:image/png" in page and "<table>" in page
    for kind in ("width", "samples", "spectrum"):
        ax = report.figure(kind)
        assert ax.get_legend() is not None
        ax.figure.canvas.draw()
    assert len(report.table) >= 7
    assert pickle.loads(pickle.dumps(report)).sentence == report.sentence
    polars = pytest.importorskip("polars")
    again = lazygap.compare(polars.DataFrame(X, schema=list(frame.columns)), (X[:, 0] > 0).astype(int),
                            **{**QUICK, "learning_curves": True, "widths": [10, 20], "wide": 0})
    assert again.sentence == report.sentence


@pytest.mark.parametrize("call, message", [
    (lambda: lazygap.compare(X, np.zeros(5)), r"y has shape \(5,\), but X has 600 rows"),
    (lambda: lazygap.compare(X[0], 1.0), r"X has shape \(12,\), but must have 2 dimensions"),
    (lambda: lazygap.compare(np.where(X == X[3, 4], np.nan, X), X[:, 0]), r"X\[3, 4\] is nan"),
    (lambda: lazygap.compare(X, X[:, 0], task="rank"), r"task is 'rank'"),
    (lambda: lazygap.compare(X, X[:, 0], cv=0), r"cv is 0"),
    (lambda: lazygap.compare(X, ["a"] * 600), r"class|constant"),
    (lambda: lazygap.compare(X, np.ones(600), task="regression"), r"nothing to learn from"),
    (lambda: lazygap.compare(X[:3], X[:3, 0], cv=5), r"samples|folds"),
])
def test_wrong_calls(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_duplicate_names():
    pandas = pytest.importorskip("pandas")
    with pytest.raises(ValueError, match="X has two columns named 'a'"):
        lazygap.compare(pandas.DataFrame(X[:, :2], columns=["a", "a"]), X[:, 0])
