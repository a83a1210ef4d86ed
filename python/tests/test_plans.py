"""Plans: the same bits as the command line, executors, frames, figures."""

import json
import multiprocessing
import pickle
import subprocess
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest

import lazygap

PLANS = [
    ("figure-1-left-laptop", {"sweep.neurons": [10, 35], "train.steps": 300, "train.step_sizes": [0.01, 0.1], "fit.samples": 3000}),
    ("figure-1-relu-left-laptop", {"sweep.neurons": [10], "train.steps": 100, "sweep.draws": 2, "fit.samples": 2000,
                                   "train.step_sizes": [0.05]}),
    ("figure-2-right-laptop", {"sweep.neurons": [10], "train.steps": 300, "train.step_sizes": [0.05], "train.draws": 1}),
    ("double-descent", {"sweep.draws": 1, "sweep.methods": ["curve"]}),
    ("spiked-covariates", {"sweep.draws": 1, "sweep.methods": ["exact", "limit"]}),
]
# Of the machine and the moment, not of the numbers. The two have their BLAS from different packages.
PROVENANCE = {"commit", "compiler", "machine", "seconds", "finished_at", "threads"}
BLAS = 1e-12  # relative, between two releases of OpenBLAS


def small(overrides):
    return {path: value for path, value in overrides.items()}


@pytest.mark.parametrize("name, overrides", PLANS, ids=[name for name, _ in PLANS])
def test_numbers_are_those_of_the_command_line(name, overrides, program, tmp_path):
    command = [program, "run", name, "--json", "--out", tmp_path / "out"]
    for path, value in overrides.items():
        command += ["--set", f"{path}={json.dumps(value)}"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    theirs = [json.loads(line) for line in lines]
    ours = lazygap.run(name, overrides).records()
    assert len(ours) == len(theirs) > 0
    for a, b in zip(ours, theirs):
        assert a.keys() == b.keys()
        for field in a.keys() - PROVENANCE:
            assert same(a[field], b[field]), (field, a[field], b[field])


def same(a, b):
    if isinstance(a, float) and isinstance(b, float):
        return abs(a - b) <= BLAS * max(abs(a), abs(b), 1)
    if isinstance(a, list):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    return a == b


def test_a_store_of_the_command_line_is_read(program, tmp_path):
    arguments = ["--set", "sweep.neurons=[10]", "--set", 'sweep.methods=["limit"]', "--out", str(tmp_path / "out")]
    subprocess.run([program, "run", "figure-1-left-laptop", *arguments], check=True, capture_output=True)
    plan = lazygap.Plan("figure-1-left-laptop", neurons=[10], methods=["limit"])
    opened = lazygap.Results.open(tmp_path / "out", plan)
    assert opened.records() == lazygap.Results.open(tmp_path / "out", plan).records()
    again = plan.run(tmp_path / "out")
    assert again.records() == opened.records()  # the time of each, too: nothing was computed again


def test_dict_text_path_and_name_are_the_same_plan(tmp_path):
    plan = lazygap.Plan("figure-1-left-laptop", neurons=[10])
    (tmp_path / "plan.toml").write_text(plan.toml)
    table = {"name": "mine", "problem": {"model": "qf", "d": 20, "spectrum": {"law": "identity"}},
             "sweep": {"regimes": ["NT"], "neurons": np.array([5, 10]), "methods": ("limit",)}}
    assert lazygap.Plan(plan.toml).toml == lazygap.Plan(tmp_path / "plan.toml").toml == plan.toml
    assert lazygap.Plan(plan).toml == plan.toml == pickle.loads(pickle.dumps(plan)).toml
    assert [r["ratio"] for r in lazygap.run(table).records()] == list(lazygap.limit.nt([1.0] * 20, [5, 10]))


def test_overrides_by_path_table_and_last_part():
    names = [lazygap.Plan("figure-1-left-laptop", {"train.steps": 7}).toml,
             lazygap.Plan("figure-1-left-laptop", train={"steps": 7}).toml, lazygap.Plan("figure-1-left-laptop", steps=7).toml]
    assert len(set(names)) == 1
    with pytest.raises(ValueError, match="fit.precision or train.precision"):
        lazygap.Plan("figure-1-left-laptop", precision="fp64")
    with pytest.raises(ValueError, match="epochs is not a key"):
        lazygap.Plan("figure-1-left-laptop", epochs=3)


def test_results_are_frames():
    results = lazygap.run("figure-1-left-laptop", neurons=[10, 20], methods=["limit", "exact"], draws=2)
    frame = results.to_frame()
    exact = frame[(frame["method"] == "exact") & (frame["regime"] == "NT") & (frame["N"] == 10)]
    assert exact["ratio"].iloc[0] == pytest.approx(
        np.mean([r["ratio"] for r in results.records() if r["method"] == "exact" and r["regime"] == "NT" and r["N"] == 10]))
    cells = results.cells()
    assert len(cells) == len(results.records()) and any("spectrum" in column for column in cells.columns)
    assert "<table>" in results._repr_html_() and "NT" in repr(results)


def test_the_figure_shows_the_points_of_the_frames():
    import matplotlib

    matplotlib.use("agg")
    plan = lazygap.Plan("figure-1-left-laptop", neurons=[10, 20], methods=["limit", "exact"], draws=2)
    ax = plan.figure()
    frame = plan.run().frames()[0]
    exact = next(s for s in frame["series"] if s["name"] == "NT exact")
    line = next(c for c in ax.containers if c.get_label() == "NT exact").lines[0]
    assert list(line.get_ydata()) == [p["ratio"] for p in exact["points"]]
    assert len(ax.get_legend().get_texts()) == len(frame["series"])
    assert ax.get_xscale() == "log" and ax.get_ylabel() == "$R$ / $R_{0}$"
    ax.figure.canvas.draw()  # every label can be set


def test_progress_is_told_and_may_stop(tmp_path):
    plan = lazygap.Plan("figure-1-left-laptop", neurons=[10, 20], methods=["train"], draws=1, steps=4000, step_sizes=[0.01],
                        regimes=["NN"])
    told = []
    stopped = plan.run(tmp_path / "out", jobs=1, progress=lambda fraction: told.append(fraction) or True)
    assert stopped.stopped and told
    rest = plan.run(tmp_path / "out", jobs=1)
    whole = plan.run(jobs=1)
    assert [r["ratio"] for r in rest.records()] == [r["ratio"] for r in whole.records()]


def test_an_exception_of_the_callback_comes_through():
    def fails(fraction):
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        lazygap.run("figure-1-left-laptop", neurons=[10], methods=["train"], draws=1, progress=fails)


SHARED = dict(neurons=[10, 20], methods=["limit", "exact", "train", "flow"], draws=2, steps=200, step_sizes=[0.01, 0.1])


def numbers(results):
    return [(r["key"], r["ratio"], r["status"]) for r in results.records()]


def test_a_process_pool_gives_the_same_bits():
    here = lazygap.run("figure-1-left-laptop", **SHARED)
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as executor:
        there = lazygap.run("figure-1-left-laptop", **SHARED, executor=executor, shares=3)
    assert numbers(there) == numbers(here)


def test_dask_gives_the_same_bits():
    distributed = pytest.importorskip("distributed")
    here = lazygap.run("figure-1-left-laptop", **SHARED)
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        with distributed.Client(cluster) as client:
            there = lazygap.run("figure-1-left-laptop", **SHARED, executor=client, shares=3)
    assert numbers(there) == numbers(here)


def test_help_comes_from_the_table_of_keys():
    paths = [key.path for key in lazygap.keys()]
    assert "train.momentum" in paths and all(path in lazygap.run.__doc__ for path in paths)
    estimate = lazygap.Plan("figure-1-left-laptop", neurons=[10]).estimate()
    assert {"method", "regime", "seconds", "bytes"} <= set(estimate.columns)
