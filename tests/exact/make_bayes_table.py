"""Writes tests/exact/bayes_table.csv: the Bayes risk of mg at finite d in 60-digit arithmetic.

    python3 tests/exact/make_bayes_table.py        (needs the package mpmath)

Two formulations, neither of which is the one src/exact/bayes.cpp uses: for d = 1 the integral of
1 - tanh(L(z)/2) against the density of z, and otherwise
MMSE = 1 - 2 int_0^inf Im phi_L(t) / sinh(pi t) dt with the characteristic function phi_L of the log likelihood
ratio given y = +1. For d = 1 the script stops if the two differ.
"""

import csv
import pathlib

import mpmath as mp

mp.mp.dps = 60

CASES = [
    [0.5],
    [-0.5],
    [1e-3],
    [0.999999],
    [-0.999999],
    [0.9, -0.3],
    [0.9, -0.3, 0.1, 0.0],
    [0.1, 0.25, 0.2, 0.45, 0.4, 0.3],
    [0.99, -0.99, 0.98, -0.5],
    [0.05] * 400,
    [0.6] * 40,
    [(-1) ** i * 0.07 for i in range(300)],
    [1 / (i + 1.5) for i in range(50)],
]


def by_density(delta):
    root = mp.sqrt(mp.atanh(delta) * (1 + delta) / delta)  # L = 0 at z = root
    f = lambda z: mp.npdf(z) * (1 - mp.tanh((mp.atanh(delta) - z * z * delta / (1 + delta)) / 2))
    points = sorted({mp.mpf(0), root / 2, root, 2 * root, mp.mpf(1), mp.mpf(3), mp.mpf(6), mp.mpf(12), mp.mpf(25)})
    return 2 * mp.quad(f, points)


def by_inversion(delta):
    distinct = sorted(set(delta))

    def f(t):
        phi = mp.fprod(
            (mp.exp(1j * t * mp.atanh(x)) / mp.sqrt(1 + 2j * t * x / (1 + x))) ** delta.count(x) for x in distinct
        )
        return mp.im(phi) / mp.sinh(mp.pi * t)

    return 1 - 2 * mp.quad(f, [0, 0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 3, 6, 12, 24, 50])


if __name__ == "__main__":
    with open(pathlib.Path(__file__).with_name("bayes_table.csv"), "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["delta", "risk"])
        for case in CASES:
            delta = [mp.mpf(x) for x in case]
            risk = by_inversion(delta)
            if len(delta) == 1:
                assert abs(by_density(delta[0]) / risk - 1) < mp.mpf(10) ** -25, delta
            writer.writerow([" ".join(repr(x) for x in case), mp.nstr(risk, 25)])
