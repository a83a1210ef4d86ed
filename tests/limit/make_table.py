"""Writes tests/limit/table.csv: the limits of [GMMM19] in 50-digit arithmetic.

    python3 tests/limit/make_table.py        (needs the package mpmath)

Every formula is typed as the paper prints it (with the correction of eq. (17)), without the rearrangements
src/limit makes: psi is found by bisection on eq. (9) itself, differences are left as differences, and the
projector of Theorem 5 comes from its matrix inverse. Inputs are fp64 numbers, written so that they are read
back exactly; spectra are lists separated by blanks, W is listed column by column.
"""

import csv
import pathlib

import mpmath as mp

mp.mp.dps = 50


def exact(values):
    """fp64 numbers as mpf, without rounding."""
    return [mp.mpf(float(v)) for v in values]


def hermite_summary(sigma, kinks=()):
    """lambda_1, lambda_2, lambda_tilde of sigma, rounded to fp64."""
    points = sorted({-mp.inf, mp.mpf(-6), mp.mpf(-2), mp.mpf(0), mp.mpf(2), mp.mpf(6), mp.inf, *kinks})
    mean = lambda f: mp.quad(lambda u: f(u) * mp.npdf(u), points)
    l0, l1 = mean(sigma), mean(lambda u: sigma(u) * u)
    l2 = mean(lambda u: sigma(u) * (u * u - 1))
    return [float(v) for v in (l1, l2, mean(lambda u: sigma(u) ** 2) - l0**2 - l1**2)]


ACTIVATIONS = {
    "quadratic": [0.0, 2.0, 2.0],
    "relu": hermite_summary(lambda u: max(u, mp.mpf(0))),
    "abs": hermite_summary(abs),
    "tanh(u+1)": hermite_summary(lambda u: mp.tanh(u + 1)),
    "tanh": hermite_summary(mp.tanh),
    "softplus": hermite_summary(lambda u: mp.log1p(mp.exp(u))),
    "nearly affine": [1.0, 1e-3, 1e-6],
}
RHO = [1e-4, 1e-3, 0.03, 0.1, 0.5, 0.999, 1.0, 1.001, 1.7, 5.0, 100.0, 1e3, 1e4]

# target = eigenvalues of B (qf) or Delta (mg); gamma is rescaled to its normalisation by both sides.
QF = [
    # target, gamma
    ([1.3, 0.2, 0.7, 2.9, 0.05, 1.1], [1] * 6),
    ([1.3, 0.2, 0.7, 2.9, 0.05, 1.1], [1.3, 0.2, 0.7, 2.9, 0.05, 1.1]),  # Gamma*
    ([1.3, 0.2, 0.7, 2.9, 0.05, 1.1], [1.3, 0.2, 0.7, 2.9, 0.05, 1.101]),  # almost Gamma*
    ([3.0, -1.0, 0.5, -2.25, 1e-3], [1, 2, 3, 4, 5]),  # indefinite
    ([1.0, 1.0 + 1e-7, 1.0], [1] * 3),  # almost the identity
    ([4.0, 1.0, 0.0, 0.0], [1, 0, 1e-6, 10]),  # singular B and Gamma
    ([1.0, -1.0], [1, 1]),  # tr B = 0: blind
    ([0.3], [1]),  # d = 1
]
MG = [
    # Sigma, Delta, gamma
    ([1] * 6, [0.1, 0.25, 0.2, 0.45, 0.4, 0.3], [1] * 6),
    ([1] * 6, [0.1, 0.25, 0.2, 0.45, 0.4, 0.3], [0.1, 0.25, 0.2, 0.45, 0.4, 0.3]),
    ([1, 2, 0.5, 3, 1.5], [0.3, 1.9, 0.4, -0.2, 0.1], [1] * 5),
    ([1, 2, 0.5, 3, 1.5], [0.3, 1.9, 0.4, -0.2, 0.1], [5, 1, 2, 0.25, 1e-4]),
    ([1] * 4, [1e-4, 2e-4, -1e-4, 1e-4], [1] * 4),  # hardly separable
    ([1] * 3, [0.999999, 0.99, -0.5], [1, 1, 1]),
    ([2], [1.5], [1]),  # d = 1
]


def dot(a, b):
    return mp.fsum(x * y for x, y in zip(a, b))


def psi(t, summary, rho):
    l1, _, lt = summary
    residual = lambda p: lt - rho / p + mp.fsum(l1**2 * s / (1 + l1**2 * s * p) for s in t) / len(t)
    low, high = mp.mpf(-60), mp.mpf(60)  # of log psi
    for _ in range(200):
        middle = (low + high) / 2
        if residual(mp.exp(middle)) < 0:
            low = middle
        else:
            high = middle
    return mp.exp(low)


def rf_qf(b, gamma, summary, rho):
    d = len(b)
    strength = psi([d * g for g in gamma], summary, rho) * summary[1] ** 2
    return 1 - strength * d * dot(gamma, b) ** 2 / (dot(b, b) * (2 + strength * d * dot(gamma, gamma)))


def rf_mg(sigma, delta, gamma, summary, rho):
    d = len(delta)
    strength = psi([d * g * s for g, s in zip(gamma, sigma)], summary, rho) * summary[1] ** 2
    z1, z2 = zeta(sigma, delta, gamma)
    return (1 + z1 * strength) / (1 + (z1 + z2) * strength)


def zeta(sigma, delta, gamma):
    d = len(delta)
    return d * mp.fsum((s * g) ** 2 for s, g in zip(sigma, gamma)) / 2, d * dot(delta, gamma) ** 2 / mp.mpf(4)


def nt_missing(b, rho):
    tau = mp.fsum(b) ** 2 / (len(b) * dot(b, b))
    rest = max(1 - rho, mp.mpf(0))
    return rest**2 * (1 - tau) + rest * tau


def nt_given_weights(sigma, delta, weights):
    d, n = len(delta), len(weights) // len(delta)
    root = mp.diag([mp.sqrt(s) for s in sigma])
    w = root * mp.matrix(d, n)
    for j in range(n):
        for i in range(d):
            w[i, j] = mp.sqrt(sigma[i]) * weights[j * d + i]
    big_d = mp.diag([x / s for x, s in zip(delta, sigma)])
    p = mp.eye(d) - w * mp.inverse(w.T * w) * w.T if n < d else mp.zeros(d)
    rest = p * big_d * p
    square = lambda m: mp.fsum(v * v for v in m)
    return 2 / (2 + square(big_d) - square(rest))


def bayes_limit(sigma, delta):
    mu = mp.fsum((x / s) ** 2 for x, s in zip(delta, sigma))
    scale = mp.sqrt(mu / 2)
    # mpmath's quadrature wants the steep part of tanh and the bulk of the density told apart.
    points = [-mp.inf, -scale - 8, -scale - 2, -scale, -scale + 2, -4, 0, 4, mp.inf]
    return mp.quad(lambda z: mp.npdf(z) * (1 - mp.tanh(mu / 2 + scale * z)), sorted(set(points)))


def rows():
    text = lambda values: " ".join(repr(float(v)) for v in values)
    number = lambda v: mp.nstr(v, 25) if abs(v) > mp.mpf(10) ** -40 else "0.0"  # 50 digits' worth of nothing

    def row(quantity, sigma, target, value, gamma=(), summary=(), at="", weights=()):
        return [quantity, text(sigma), text(target), text(gamma), text(summary), at, text(weights), number(value)]

    for target, raw in QF:
        b, g = exact(target), exact(raw)
        gamma = [x / mp.fsum(g) for x in g]
        for summary in ACTIVATIONS.values():
            for rho in RHO:
                value = rf_qf(b, gamma, exact(summary), mp.mpf(rho))
                yield row("rf", [], target, value, raw, summary, repr(rho))
                value = psi([len(b) * x for x in gamma], exact(summary), mp.mpf(rho))
                yield row("psi", [], target, value, raw, summary, repr(rho))
        yield row("rf_wide", [], target, 1 - dot(gamma, b) ** 2 / (dot(gamma, gamma) * dot(b, b)), raw)
        if raw == [1] * len(raw):
            for rho in RHO:
                yield row("nt", [], target, nt_missing(b, mp.mpf(rho)), at=repr(rho))
        if min(target) >= 0:
            squares = sorted((x * x for x in b), reverse=True)
            for n in (1, 2, 3, 5, 6, 7, 100):
                yield row("nn", [], target, mp.fsum(squares[n:]) / mp.fsum(squares), at=str(n))
    for sigma, target, raw in MG:
        s, delta, g = exact(sigma), exact(target), exact(raw)
        gamma = [x / dot(g, s) for x in g]
        for summary in ACTIVATIONS.values():
            for rho in RHO:
                value = rf_mg(s, delta, gamma, exact(summary), mp.mpf(rho))
                yield row("rf", sigma, target, value, raw, summary, repr(rho))
        z1, z2 = zeta(s, delta, gamma)
        yield row("rf_wide", sigma, target, z1 / (z1 + z2), raw)
        if sigma == [1] * len(sigma):
            for rho in RHO:
                kappa = 1 - nt_missing(delta, mp.mpf(rho))
                yield row("nt", sigma, target, 2 / (2 + kappa * dot(delta, delta)), at=repr(rho))
        squares = sorted(((x / y) ** 2 for x, y in zip(delta, s)), reverse=True)
        for n in (1, 2, 3, 5, 6, 7, 100):
            yield row("nn", sigma, target, 2 / (2 + mp.fsum(squares[:n])), at=str(n))
        for n in (1, 2, len(delta) - 1, len(delta), len(delta) + 2):
            if n >= 1:
                weights = [float(mp.sin(1 + 7 * k + k * k)) for k in range(n * len(delta))]
                yield row("nt_given_weights", sigma, target, nt_given_weights(s, delta, exact(weights)), weights=weights)
        yield row("bayes", sigma, target, bayes_limit(s, delta))
    for mu_root in (1e-3, 3.0, 8.0):  # far from and close to certainty: ||Delta||_F = mu_root, 100 equal entries
        target = [mu_root / 10] * 100
        yield row("bayes", [1] * 100, target, bayes_limit([mp.mpf(1)] * 100, exact(target)))


if __name__ == "__main__":
    with open(pathlib.Path(__file__).with_name("table.csv"), "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["quantity", "sigma", "target", "gamma", "lambda_1 lambda_2 lambda_tilde", "rho or N", "W", "value"])
        writer.writerows(rows())
