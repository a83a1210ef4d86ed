import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def program():
    """The command line that the wheel is to agree with."""
    path = Path(os.environ.get("LAZYGAP_PROGRAM", ROOT / "build/release/lazygap"))
    assert path.exists(), f"{path} is not built"
    return path
