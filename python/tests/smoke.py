"""What the wheel must do on every Python, with NumPy alone: the same digits everywhere."""

import importlib.util
import sys

import numpy as np

import lazygap

B = np.linspace(0.1, 2, 30)


def main():
    for package in ("sklearn", "pandas", "matplotlib", "scipy"):
        assert package not in sys.modules, f"import lazygap has imported {package}"
    problem = lazygap.quadratic(B)
    assert abs(lazygap.limit.nt([1.0] * 30, 20) - 1 / 3) < 1e-14
    rf = lazygap.exact.rf(problem, [5, 20], activation="relu", draws=2)
    nt = lazygap.exact.nt(problem, [5, 20], activation="relu", draws=1)
    assert rf.ratio.shape == (2, 2) and 0 < nt.mean[1] < nt.mean[0] < 1
    run = lazygap.train(problem, 10, steps=200, step_size=0.01, test_samples=0)
    assert run.status == "ok" and run.weights.shape == (10, 30)
    results = lazygap.run("figure-1-left-laptop", neurons=[10], methods=["limit", "exact"], draws=1, jobs=1)
    assert {record["status"] for record in results.records()} == {"ok"}
    square = lazygap.activation(expression="max(u,0)^2", derivative="2*max(u,0)")
    assert square(3.0) == 9
    try:
        lazygap.limit.nn(problem, 0)
    except ValueError as error:
        assert "N is 0" in str(error)
    else:
        raise AssertionError("N = 0 was accepted")
    if importlib.util.find_spec("pandas") is None:
        try:
            rf.to_frame()
        except ImportError as error:
            assert "lazygap[plot]" in str(error)
    print(f"lazygap {lazygap.__version__} on Python {sys.version.split()[0]}: RF {rf.mean[0]:.13f}, NT {nt.mean[0]:.13f}")


if __name__ == "__main__":
    main()
