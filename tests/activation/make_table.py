"""Writes tests/activation/table.csv: E[sigma(s G + b) He_k(G)], k = 0..6, in 40-digit arithmetic.

    python3 tests/activation/make_table.py        (needs the package mpmath)

One entry of SIGMA for each named activation, with its kinks. s and b are fp64 numbers.
"""

import csv
import pathlib

import mpmath as mp

mp.mp.dps = 40

logistic = lambda u: 1 / (1 + mp.exp(-u))
SIGMA = {
    "quadratic": (lambda u: u * u, []),
    "relu": (lambda u: max(u, mp.mpf(0)), [0]),
    "leaky_relu": (lambda u: u if u > 0 else mp.mpf(0.01) * u, [0]),
    "leaky_relu(0.25)": (lambda u: u if u > 0 else u / 4, [0]),
    "abs": (abs, [0]),
    "tanh": (mp.tanh, []),
    "erf": (mp.erf, []),
    "sigmoid": (logistic, []),
    "softplus": (lambda u: mp.log1p(mp.exp(-abs(u))) + max(u, mp.mpf(0)), [0]),
    "gelu": (lambda u: u * mp.ncdf(u), []),
    "swish": (lambda u: u * logistic(u), []),
    "sin": (mp.sin, []),
    "cos": (mp.cos, []),
    "sign": (mp.sign, [0]),
    "hermite(3)": (lambda u: u**3 - 3 * u, []),
    "hermite(6)": (lambda u: u**6 - 15 * u**4 + 45 * u**2 - 15, []),
    "polynomial(1, -0.5, 0, 0.25, 0.125)": (lambda u: 1 - u / 2 + u**3 / 4 + u**4 / 8, []),
}
POINTS = [(1.0, 0.0), (0.3, 0.0), (3.0, 0.0), (1.25, -0.7)]


def he(k, x):
    previous, current = mp.mpf(0), mp.mpf(1)
    for j in range(k):
        previous, current = current, x * current - j * previous
    return current


if __name__ == "__main__":
    with open(pathlib.Path(__file__).with_name("table.csv"), "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["activation", "s", "b", "lambda_0 ... lambda_6"])
        for name, (sigma, kinks) in SIGMA.items():
            for s, b in POINTS:
                # The integrand is below 1e-40 beyond 16; steps of 1/2 keep clear of the poles of tanh(3 g).
                ends = sorted({mp.mpf(i) / 2 for i in range(-32, 33)} | {(mp.mpf(k) - b) / s for k in kinks})
                total = [mp.mpf(0)] * 7
                f = lambda g: sigma(mp.mpf(s) * g + mp.mpf(b)) * mp.npdf(g)
                nodes = mp.calculus.quadrature.GaussLegendre(mp.mp).calc_nodes(4, mp.mp.prec + 20)
                for left, right in zip(ends, ends[1:]):
                    for x, weight in nodes:
                        g = (left + right) / 2 + (right - left) / 2 * x
                        value = weight * (right - left) / 2 * f(g)
                        for k in range(7):
                            total[k] += value * he(k, g)
                text = [mp.nstr(v, 25) if abs(v) > mp.mpf(10) ** -30 else "0.0" for v in total]
                writer.writerow([name.replace(",", ";"), repr(s), repr(b), " ".join(text)])
