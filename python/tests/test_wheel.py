"""What is in the wheel."""

import re
import subprocess
from pathlib import Path

import pytest

import lazygap

HERE = Path(lazygap.__file__).parent
LIBRARIES = HERE.parent / "lazygap.libs"
WHEELS = sorted((Path(__file__).resolve().parents[2] / "dist").glob("lazygap-*.whl"))
MOST_BYTES = 15e6  # OpenBLAS takes 8 of them, libzip with its libraries for compression 2

pytestmark = pytest.mark.skipif(not LIBRARIES.exists(), reason="installed from source, not from a wheel")


def test_tag_and_size():
    assert len(WHEELS) == 1
    assert re.fullmatch(r"lazygap-[0-9.]+-cp310-abi3-manylinux_2_3\d_\w+\.whl", WHEELS[0].name)
    assert WHEELS[0].stat().st_size < MOST_BYTES


def test_nothing_but_the_module_is_exported():
    module = next(HERE.glob("_core*.so"))
    names = subprocess.run(["nm", "-D", "--defined-only", module], capture_output=True, text=True, check=True).stdout
    assert [line.split()[-1] for line in names.splitlines()] == ["PyInit__core"]


def test_one_blas_and_no_openmp():
    names = [path.name for path in LIBRARIES.iterdir()]
    assert sum("blas" in name for name in names) == 1
    assert not [name for name in names if re.search("gomp|liblapack|libmuparser", name)]
