"""compare: verdicts on made data, the report, wrong calls."""

import json
import pickle
import subprocess

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


RADIAL, RIDGE = RNG.normal(size=(600, 4)), RNG.normal(size=(800, 20))
ROUGH = RNG.normal(size=(800, 4))


def with_noise(signal, noise):
    return (signal - signal.mean()) / signal.std() + noise * RNG.normal(size=len(signal))


@pytest.mark.parametrize("X, y, verdict, widths", [
    (X[:, :3], with_noise(X[:, :3].sum(axis=1), 0.3), "linear is enough", [10, 40]),
    (RADIAL, with_noise((RADIAL**2).sum(axis=1), 0.3), "a kernel is enough", [10, 160]),
    (RIDGE, with_noise(RIDGE[:, 0] * RIDGE[:, 1] + RIDGE[:, 2] ** 2 - RIDGE[:, 3] ** 2 / 2, 0.1), "feature learning helps", [10, 80]),
    (RIDGE, np.where(RIDGE[:, 0] * RIDGE[:, 1] > 0, "yes", "no"), "feature learning helps", [10, 80]),
    (ROUGH, with_noise(ROUGH[:, 0] * ROUGH[:, 1] + np.sin(2 * ROUGH[:, 2]) * ROUGH[:, 3], 0.1), "a wider kernel would do", [4, 12]),
], ids=["few columns", "radial", "low rank", "parity", "wider"])
def test_verdicts_of_the_program(X, y, verdict, widths):
    """The made data sets of the C++ tests, drawn anew."""
    report = lazygap.compare(X, y, widths=widths, wide=640, epochs=200, learning_curves=False, n_jobs=2)
    assert report.verdict == verdict, report


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


def test_predict_is_that_of_the_program(tmp_path, program):
    """The same table through the command line and through Python: the same bits."""
    table = np.column_stack([X[:, :4], X[:, 0] * X[:, 1] + X[:, 2]])
    np.save(tmp_path / "t.npy", table)
    said = subprocess.run([program, "predict", "t.npy", "--target", "5", "--widths", "2,8", "--json", "-q"], cwd=tmp_path,
                          capture_output=True, text=True, check=True).stdout
    theirs = [json.loads(line) for line in said.splitlines()]
    found = lazygap.predict(table[:, :4], table[:, 4], widths=[2, 8])
    assert len(found.rows) == len(theirs) == 7
    for row, line in zip(found.rows, theirs):
        assert (row["model"], row["N"]) == (line["model"], line["N"])
        for field in ("surrogate", "at_n"):
            expected = [np.nan if v is None else v for v in line[field]]
            np.testing.assert_allclose(row[field], expected, rtol=1e-12)  # another OpenBLAS
    assert found.believable == theirs[0]["believable"]
    assert found.judgement in repr(found) and "<table" in found._repr_html_()
    assert pickle.loads(pickle.dumps(found)).judgement == found.judgement


def test_predict_of_classes():
    labels = np.where(X[:, 0] ** 2 + 0.3 * X[:, 1] > 1, "in", "out")
    found = lazygap.predict(X[:, :3], labels, widths=[3], leave_one_out=False)
    assert [row["model"] for row in found.rows] == ["linear", "RF", "NT", "NN"]
    assert all(0 <= row["surrogate"][1] <= row["surrogate"][2] <= 1.5 for row in found.rows)


@pytest.mark.parametrize("call, message", [
    (lambda: lazygap.predict(X, X[:, 0], draws=3), "draws is 3"),
    (lambda: lazygap.predict(X, X[:, :2]), "output"),
    (lambda: lazygap.predict(X[:5], X[:5, 0], task="regression"), "samples"),
])
def test_wrong_predictions(call, message):
    with pytest.raises(ValueError, match=message):
        call()
