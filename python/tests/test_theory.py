"""limit, exact and curve against formulas written in NumPy, and against one another."""

import pickle

import numpy as np
import pytest

import lazygap

ROUNDING = 1e-12  # of a closed form in fp64
B = np.linspace(-0.5, 2, 24)
RNG = np.random.default_rng(0)


def test_limits_are_the_formulas_of_the_paper():
    d, N = len(B), np.array([3, 12, 24, 60])
    rho, tau = N / d, B.sum() ** 2 / (d * (B**2).sum())
    left = np.maximum(1 - rho, 0)
    assert np.allclose(lazygap.limit.nt(B, N), left**2 * (1 - tau) + left * tau, rtol=0, atol=ROUNDING)
    assert np.allclose(lazygap.limit.rf(B, N), 1 - rho / (1 + rho) * tau, rtol=0, atol=1e-9)
    squares = np.sort(B**2)[::-1]
    assert np.allclose(lazygap.limit.nn(B, N), [squares[n:].sum() / squares.sum() for n in N], rtol=0, atol=ROUNDING)
    table = lazygap.limit.compare(B, N)
    assert (table["nn"] == lazygap.limit.nn(B, N)).all() and (table["rf"] == lazygap.limit.rf(B, N)).all()


def test_a_scalar_gives_a_float_and_a_list_an_array():
    assert isinstance(lazygap.limit.nn(B, 3), float)
    assert lazygap.limit.nn(B, [3]).shape == (1,)
    assert lazygap.limit.rf(B, np.int32(3)) == lazygap.limit.rf(B, [3])[0]


def test_a_matrix_and_its_eigenvalues_are_the_same_problem():
    Q = np.linalg.qr(RNG.normal(size=(24, 24)))[0]
    whole = lazygap.quadratic(Q @ np.diag(B) @ Q.T)
    assert np.allclose(lazygap.limit.rf(whole, [5, 50]), lazygap.limit.rf(B, [5, 50]), rtol=1e-9)
    W = RNG.normal(size=(7, 24)) / 5
    rotated = lazygap.exact.nt(whole, weights=W @ Q.T)
    assert np.allclose(rotated.ratio, lazygap.exact.nt(B, weights=W).ratio, rtol=0, atol=1e-10)
    X, y = whole.samples(50)
    M = Q @ np.diag(B) @ Q.T
    assert np.allclose(y, np.einsum("ni,ij,nj->n", X, M, X) - B.sum(), atol=1e-8)  # samples are fp32 numbers


def test_exact_nt_of_own_weights_is_the_projection():
    W = RNG.normal(size=(6, 24))
    Q = np.linalg.qr(W.T)[0]
    P = np.eye(24) - Q @ Q.T
    PBP = P @ np.diag(B) @ P
    expected = (PBP**2).sum() / (B**2).sum()
    assert abs(lazygap.exact.nt(B, weights=W).ratio[0, 0] - expected) < ROUNDING


def test_exact_rf_of_own_weights_is_the_quadratic_form():
    W = RNG.normal(size=(6, 24)) / 5
    G = W @ W.T
    excess = np.diag(G) - 1
    K = 2 * G**2 + np.outer(excess, excess)
    v = 2 * np.einsum("ni,i,ni->n", W, B, W)  # centred: b0 + tr B = 0
    expected = 1 - v @ np.linalg.solve(K, v) / (2 * (B**2).sum())
    got = lazygap.exact.rf(B, weights=W, activation="quadratic").ratio[0, 0]
    assert abs(got - expected) < 1e-10


def test_widths_of_own_weights_are_their_first_rows():
    W = RNG.normal(size=(9, 24)) / 5
    both = lazygap.exact.rf(B, [9, 4], weights=W, activation="relu")
    alone = lazygap.exact.rf(B, weights=W[:4], activation="relu")
    assert abs(both.ratio[0, 1] - alone.ratio[0, 0]) < 1e-13
    assert (both.N == [9, 4]).all()


def test_relu_risk_agrees_with_a_regression_on_many_samples():
    W = RNG.normal(size=(12, 24)) / np.sqrt(24)
    sigma = lazygap.activation("relu")
    problem = lazygap.quadratic(B)
    X, y = problem.samples(200_000)
    F = sigma(X @ W.T) - sigma.hermite(1)[0]
    a = np.linalg.solve(F.T @ F, F.T @ y)
    errors = (y - F @ a) ** 2
    exact = lazygap.exact.rf(problem, weights=W, activation="relu").risk[0, 0]
    assert abs(errors.mean() - exact) < 4 * errors.std() / np.sqrt(len(y))  # four standard errors


def test_means_and_standard_errors_are_over_draws():
    risks = lazygap.exact.rf(B, [5, 10], activation="tanh", draws=4)
    assert np.allclose(risks.mean, risks.ratio.mean(axis=0))
    assert np.allclose(risks.se, risks.ratio.std(axis=0, ddof=1) / 2)
    assert (risks.status == "ok").all()
    frame = risks.to_frame()
    assert len(frame) == 8 and set(frame.columns) == {"regime", "draw", "N", "ratio", "status"}
    assert np.isnan(lazygap.exact.rf(B, 5, draws=1).se).all()


def test_learning_curve_tends_to_the_exact_risk():
    n = [100, 1000, 10**7]
    predicted = lazygap.curve.rf(B, n=n, N=[8, 16], activation="relu", draws=1, ridge=0.0)
    exact = lazygap.exact.rf(B, [8, 16], activation="relu", draws=1)
    assert predicted.ratio.shape == (1, 2, 3)
    assert np.allclose(predicted.ratio[0, :, 2], exact.ratio[0], rtol=1e-4)
    best = lazygap.curve.rf(B, n=n, N=[8, 16], activation="relu", draws=1, ridge="best")
    assert (best.ratio <= predicted.ratio + 1e-9).all()
    assert lazygap.curve.nt(B, n=[300], N=[4], ridge=1e-3).ratio.shape == (1, 1, 1)


def test_bayes_and_mixtures():
    mixture = lazygap.mixture(d=40)
    assert 0 < lazygap.exact.bayes(mixture) < lazygap.exact.nn(mixture, 40) < 1
    with_sigma = lazygap.mixture([0.5] * 10, sigma=[2.0] * 10)
    assert np.allclose(with_sigma.eigenvalues, 0.25)


def test_lazy_rich_goes_from_nn_to_nt():
    W = RNG.normal(size=(5, 24)) / 5
    ratios, _ = lazygap.exact.lazy_rich(B, [1e-6, 1e7], weights=W)
    assert abs(ratios[0] - lazygap.exact.nn(B, 5, sign="positive")) < 1e-4
    assert abs(ratios[1] - lazygap.exact.nt(B, weights=W).ratio[0, 0]) < 1e-4


@pytest.mark.parametrize("copy", [lambda x: pickle.loads(pickle.dumps(x))])
def test_problems_and_activations_are_picklable(copy):
    Q = np.linalg.qr(RNG.normal(size=(24, 24)))[0]
    for problem in (lazygap.quadratic(B, offset=1.0), lazygap.quadratic(Q @ np.diag(B) @ Q.T), lazygap.mixture(d=24),
                    lazygap.polynomial(RNG.normal(size=(24, 3)))):
        again = copy(problem)
        assert again.null_risk == problem.null_risk and (again.eigenvalues == problem.eigenvalues).all()
        assert again.model == problem.model
    for sigma in (lazygap.activation("leaky_relu(0.1)"), lazygap.activation(expression="u^2+u", derivative="2*u+1"),
                  lazygap.activation(hermite=[0, 1, 0.5, 0.25])):
        assert copy(sigma) == sigma and copy(sigma)(0.3) == sigma(0.3)


def test_activations_are_elementwise():
    u = RNG.normal(size=(3, 4))
    assert np.array_equal(lazygap.activation("relu")(u), np.maximum(u, 0))
    assert np.array_equal(lazygap.activation("relu").derivative(u), (u > 0).astype(float))
    assert lazygap.activation("tanh")(0.5) == np.tanh(0.5)


def test_problem_of_a_plan_is_that_of_the_function():
    drawn = lazygap.quadratic(d=50, seed=3)
    results = lazygap.run({"name": "p", "problem": {"model": "qf", "d": 50, "spectrum": {"law": "exponential"}},
                           "sweep": {"regimes": ["NN"], "neurons": [10], "methods": ["limit"], "seed": 3}})
    assert results.records()[0]["ratio"] == lazygap.limit.nn(drawn, 10)
