"""Plans: what the command line runs, from Python. Both give the same bits and share their stores."""

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from . import _core, _toml
from ._check import count, need
from ._progress import Stopped, reporting


class Key(NamedTuple):
    """One key of a plan: a row of the table of keys."""

    path: str
    accepted: str
    default: str
    doc: str


_KEYS = [Key(k["path"], k["accepted"], k["standard"], k["doc"]) for k in json.loads(_core.keys())]
_PATHS = {key.path for key in _KEYS}
_TABLES = {path.split(".")[0] for path in _PATHS if "." in path} | {"axes"}


def keys(word=""):
    """The keys of plans, or those with `word` in path or meaning.

    >>> import lazygap
    >>> [key.path for key in lazygap.keys("momentum")]
    ['train.momentum']
    """
    return [key for key in _KEYS if word in key.path or word in key.doc]


def built_in_plans():
    """Names of the built-in plans.

    >>> import lazygap
    >>> "figure-1-left-laptop" in lazygap.built_in_plans()
    True
    """
    return _core.built_in_plans()


class Plan:
    """A plan: a question with every default filled in, and axes.

    Parameters
    ----------
    plan : dict, str or path
        A nested dict of tables, TOML text, the path of a file, or the name of a built-in plan.
    overrides : dict, optional
        Values by path, {"sweep.draws": 3}.
    **tables
        Overrides by table, sweep={"draws": 3}, or by the last part of a path where that is unique, steps=100. The keys
        of `sweep` come first: neurons=[10, 20], draws=3.

    Examples
    --------
    >>> import lazygap
    >>> plan = lazygap.Plan("figure-1-left-laptop", neurons=[10, 20], methods=["limit"])
    >>> plan.name
    'figure-1-left-laptop'
    """

    def __init__(self, plan, overrides=None, **tables):
        texts = [(path, _toml.value(value, path)) for path, value in _overrides(overrides, tables).items()]
        if isinstance(plan, Plan):
            self._core = _core.plan_from_text(plan.toml, plan.name, texts)
        elif isinstance(plan, Mapping):
            self._core = _core.plan_from_text(_toml.document(plan), "plan", texts)
        elif isinstance(plan, os.PathLike):
            if not os.path.exists(plan):
                raise FileNotFoundError(f"{os.fspath(plan)}: there is no such file")
            self._core = _core.load_plan(os.fspath(plan), texts)
        elif isinstance(plan, str) and ("\n" in plan or "=" in plan):
            self._core = _core.plan_from_text(plan, "plan", texts)
        elif isinstance(plan, str):
            self._core = _core.load_plan(plan, texts)
        else:
            raise ValueError(f"plan is {plan!r}, but must be a dict, TOML text, a path, or the name of a built-in plan")
        self._results = None

    @property
    def name(self):
        return self._core.name

    @property
    def toml(self):
        """The plan with every default, as TOML; reading it gives the same plan."""
        return self._core.toml

    @property
    def remarks(self):
        """What it asks for that is left out, and why; what cannot work. Mostly empty."""
        return self._core.remarks

    def run(self, out=None, *, jobs=0, progress=None, executor=None, shares=None):
        """Computes what is missing. See `lazygap.run`."""
        store = _core.open_store(_store_file(out))
        stopped = False
        try:
            with reporting(progress, self.name) as tell:
                if executor is not None:
                    _run_shares(self, store, executor, shares, tell)
                _core.run(self._core, store, _jobs(jobs), 1, 1, tell)
        except Stopped:
            stopped = True
        self._results = Results(self, store, stopped)
        return self._results

    def estimate(self, out=None, *, jobs=0):
        """Expected seconds and bytes, before anything is computed: a pandas DataFrame."""
        pandas = need("pandas", "plot", "estimate()")
        store = _existing_store(out) if out is not None else _core.open_store("")
        return pandas.DataFrame(json.loads(_core.estimate(self._core, store, _jobs(jobs))))

    def figure(self, ax=None):
        """The figure of the plan as matplotlib axes; the plan is run first if it was not."""
        return (self._results or self.run()).figure(ax)

    def __reduce__(self):
        return _plan_from, (self.toml, self.name)

    def __repr__(self):
        return f"<lazygap.Plan {self.name}>"


def _plan_from(toml, name):
    return Plan(toml)


class Results:
    """What a store has of a plan. `lazygap.run` returns it; `Results.open` reads what the command line has computed."""

    def __init__(self, plan, store, stopped=False):
        self.plan, self._store = plan, store
        self.stopped = stopped

    @classmethod
    def open(cls, folder, plan):
        """The results of `plan` in `folder`, as lazygap run --out FOLDER leaves them."""
        plan = plan if isinstance(plan, Plan) else Plan(plan)
        return cls(plan, _existing_store(folder))

    def records(self):
        """One dict for each cell, as `lazygap run --json` prints them."""
        return json.loads(_core.results(self.plan._core, self._store))

    def to_frame(self):
        """A pandas DataFrame: one row for each regime, point and route, means over draws with their standard errors,
        parameters as columns. docs/plans.md has the columns."""
        return _table(_core.full_table(self.plan._core, self._store))

    def cells(self):
        """A pandas DataFrame with one row for each draw and step size, parameters as columns."""
        pandas = need("pandas", "plot", "cells()")
        rows = []
        for record in self.records():
            record.pop("trajectory", None)
            parameters = _flat(record.pop("question", {}))
            rows.append({**{k: v for k, v in parameters.items() if k not in record}, **record})
        return pandas.DataFrame(rows)

    def curves(self):
        """A pandas DataFrame of the risks along training, one row for each point."""
        pandas = need("pandas", "plot", "curves()")
        rows = []
        for record in self.records():
            at = {name: record[name] for name in ("regime", "method", "d", "N", "draw", "step_size")}
            for point in record.get("trajectory", ()):
                rows.append({**at, **point, "ratio": point["risk"] / record["null_risk"]})
        return pandas.DataFrame(rows)

    def frames(self):
        """What the figure shows, as numbers: a list of dicts, one for each frame."""
        return json.loads(_core.frames(self.plan._core, self._store))

    def figure(self, ax=None):
        """The figure in matplotlib. Returns its axes; an array of axes where the plan has several frames."""
        from ._style import draw_frames

        return draw_frames(self.frames(), ax)

    def _repr_html_(self):
        from ._style import html_table

        table = json.loads(_core.readable_table(self.plan._core, self._store))
        remarks = "".join(f"<p>{_escape(remark)}</p>" for remark in self.plan.remarks)
        return f"<div><h4>{_escape(self.plan.name)}</h4>{html_table(table['header'], table['lines'])}{remarks}</div>"

    def __repr__(self):
        table = json.loads(_core.readable_table(self.plan._core, self._store))
        rows = [table["header"], *table["lines"]]
        widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
        return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows)


def run(plan, overrides=None, *, out=None, jobs=0, progress=None, executor=None, shares=None, **tables):
    """Runs a plan and returns its results; the same plan gives the same bits as the command line.

    Parameters
    ----------
    plan, overrides, **tables :
        As in `Plan`.
    out : path, optional
        Folder of the results, as that of `lazygap run --out`: what it has is not computed again, and a run that was
        interrupted goes on. Without it results are kept in memory.
    jobs : int
        Groups of cells that are computed side by side; 0: one for each processor.
    progress : bool or callable
        True: a bar; a function gets the fraction that is done, and stops the run by returning True.
    executor : concurrent.futures.Executor or dask.distributed.Client, optional
        Shares of the plan are computed by its workers, each with one thread, and merged.
    shares : int, optional
        How many; twice the number of workers if not given.

    Returns
    -------
    Results

    Examples
    --------
    >>> import lazygap
    >>> results = lazygap.run("figure-1-left-laptop", neurons=[10, 20], methods=["limit", "exact"], draws=2)
    >>> results.records()[0]["status"]
    'ok'

    Keys
    ----
    """
    return Plan(plan, overrides, **tables).run(out, jobs=jobs, progress=progress, executor=executor, shares=shares)


run.__doc__ += "\n".join(f"    {k.path}: {k.doc} ({k.accepted})" for k in _KEYS)


def _jobs(jobs):
    return 0 if isinstance(jobs, int) and jobs == 0 else count("jobs", jobs)


def _store_file(out):
    return "" if out is None else os.path.join(os.fspath(out), "results.sqlite")


def _existing_store(folder):
    file = _store_file(folder)
    if not os.path.exists(file):
        raise FileNotFoundError(f"{file}: there is no such store")
    return _core.open_store_read_only(file)


def _overrides(overrides, tables):
    """Values by path, from paths, tables and last parts of paths."""
    found = dict(overrides or {})
    for name, item in tables.items():
        if name in _TABLES:
            if not isinstance(item, Mapping):
                raise ValueError(f"{name} is {item!r}, but must be a dict of keys of this table")
            found.update({f"{name}.{key}": value for key, value in item.items()})
        else:
            found[_path_of(name)] = item
    return found


def _path_of(name):
    paths = sorted(path for path in _PATHS if path == name or path.endswith("." + name))
    if f"sweep.{name}" in paths:
        return f"sweep.{name}"
    if not paths:
        raise ValueError(f"{name} is not a key of plans; lazygap.keys() lists them")
    if len(paths) > 1:
        table, last = paths[0].split(".", 1)
        raise ValueError(f"{name} may be {' or '.join(paths)}: say which, as {table}={{{last!r}: ...}}")
    return paths[0]


def _run_share(toml, part, of):
    """One share of a plan on a worker, as the bytes of its store."""
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "results.sqlite")
        store = _core.open_store(file)
        _core.run(Plan(toml)._core, store, 1, part, of, None)
        del store
        return Path(file).read_bytes()


def _run_shares(plan, store, executor, shares, tell):
    if hasattr(executor, "get_executor"):  # a client of dask.distributed
        executor = executor.get_executor()
    elif not hasattr(executor, "submit"):
        raise ValueError(f"executor is {executor!r}, but must be a concurrent.futures.Executor or a dask.distributed.Client")
    of = count("shares", shares) if shares is not None else 2 * (getattr(executor, "_max_workers", None) or 4)
    futures = [executor.submit(_run_share, plan.toml, part, of) for part in range(1, of + 1)]
    try:
        for done, future in enumerate(futures, start=1):
            with tempfile.TemporaryDirectory() as folder:
                file = os.path.join(folder, "share.sqlite")
                Path(file).write_bytes(future.result())
                _core.merge_stores(store, file)
            tell(done / of, [])
    except BaseException:
        for future in futures:
            future.cancel()
        raise


def _table(text):
    pandas = need("pandas", "plot", "to_frame()")
    table = json.loads(text)
    frame = pandas.DataFrame(table["lines"], columns=table["header"])
    for column in frame.columns:
        numbers = pandas.to_numeric(frame[column].replace("", "nan"), errors="coerce")
        is_number = (numbers.notna() | frame[column].isin(["", "nan"])).all()
        if is_number and (numbers.notna().any()):
            frame[column] = numbers
    return frame


def _flat(table, prefix=""):
    flat = {}
    for name, item in table.items():
        if isinstance(item, dict):
            flat.update(_flat(item, f"{prefix}{name}."))
        else:
            flat[prefix + name] = item
    return flat


def _escape(text):
    from html import escape

    return escape(text)
