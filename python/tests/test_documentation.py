"""Every example of a docstring runs."""

import doctest
import importlib
import pkgutil

import pytest

import lazygap

from conftest import ROOT

MODULES = sorted(m.name for m in pkgutil.iter_modules(lazygap.__path__) if not m.name.startswith("_"))


@pytest.mark.parametrize("name", ["", *MODULES])
def test_docstrings(name):
    module = importlib.import_module("lazygap." + name if name else "lazygap")
    failed, _ = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    assert failed == 0


def test_every_public_function_has_an_example():
    for name in lazygap.__all__:
        item = getattr(lazygap, name)
        if callable(item) and name not in ("Problem", "Activation", "Results", "Run"):
            assert ">>>" in item.__doc__, name
    for module in (lazygap.limit, lazygap.exact, lazygap.curve):
        for name, item in vars(module).items():
            if callable(item) and item.__module__ == module.__name__ and not name.startswith("_"):
                assert ">>>" in item.__doc__, (module.__name__, name)


def blocks(page):
    """The ```python blocks of a page."""
    found, inside = [], None
    for line in page.read_text().splitlines():
        if inside is None and line == "```python":
            inside = []
        elif inside is not None and line == "```":
            found.append("\n".join(inside))
            inside = None
        elif inside is not None:
            inside.append(line)
    return found


@pytest.mark.parametrize("page", ["docs/python.md"])
def test_blocks_of_a_page_run_one_after_another(page, tmp_path, monkeypatch):
    import matplotlib

    matplotlib.use("agg")
    monkeypatch.chdir(tmp_path)
    found = blocks(ROOT / page)
    assert found
    names = {"__name__": "page"}
    for block in found:
        exec(compile(block, page, "exec"), names)


@pytest.mark.parametrize("name", ["figure_1", "my_activation", "my_data"])
def test_notebooks_run(name, tmp_path):
    jupytext, nbclient = pytest.importorskip("jupytext"), pytest.importorskip("nbclient")
    notebook = jupytext.read(ROOT / f"docs/notebooks/{name}.md")
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert len(cells) >= 4
    nbclient.NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": tmp_path}}).execute()
    assert any(output.output_type in ("display_data", "execute_result") for cell in cells for output in cell.outputs)
