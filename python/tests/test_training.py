"""train and flow: curves, networks and step sizes."""

import numpy as np
import pytest

import lazygap

B = np.linspace(0.2, 2, 20)
PROBLEM = lazygap.quadratic(B)


@pytest.mark.parametrize("regime, activation", [("NN", "quadratic"), ("NT", "quadratic"), ("NN", "relu"), ("NT", "tanh")])
@pytest.mark.parametrize("N", [8, 30])
def test_the_network_has_the_risk_of_the_curve(regime, activation, N):
    run = lazygap.train(PROBLEM, N, regime=regime, activation=activation, steps=600, step_size=0.02, precision="fp64")
    assert run.status == "ok" and run.curve["step"][-1] == 600
    X, y = PROBLEM.samples(100_000, seed=7)
    errors = (y - run.predict(X)) ** 2
    assert abs(errors.mean() - run.risk) < 4 * errors.std() / np.sqrt(len(y))  # four standard errors
    assert abs(run.test_ratio - run.ratio) < 5 * run.test_se


def test_the_network_is_in_the_coordinates_of_the_data():
    Q = np.linalg.qr(np.random.default_rng(1).normal(size=(20, 20)))[0]
    problem = lazygap.quadratic(Q @ np.diag(B) @ Q.T)
    for regime in ("NN", "NT"):
        run = lazygap.train(problem, 8, regime=regime, steps=600, step_size=0.02)
        X, y = problem.samples(50_000, seed=7)
        errors = (y - run.predict(X)) ** 2
        assert abs(errors.mean() - run.risk) < 4 * errors.std() / np.sqrt(len(y))


def test_the_best_of_a_grid_is_kept():
    run = lazygap.train(PROBLEM, 8, steps=400, step_size=[0.001, 0.02], search="full")
    assert set(run.search) == {0.001, 0.02}
    assert run.ratio == min(ratio for ratio, _ in run.search.values())
    searched = lazygap.train(PROBLEM, 8, steps=400)
    assert searched.status == "ok" and searched.step_size in searched.search


def test_flow_is_the_limit_of_small_steps():
    options = dict(steps=4000, schedule="constant", records=20, parameterisation="unit", step_size=2e-4)
    flow = lazygap.flow(PROBLEM, 8, **options)
    run = lazygap.train(PROBLEM, 8, batch=400, **options)
    assert np.abs(flow.curve["ratio"] - run.curve["ratio"]).max() < 0.05  # noise of 400 samples a step
    X, y = PROBLEM.samples(50_000, seed=7)
    errors = (y - flow.predict(X)) ** 2
    assert abs(errors.mean() - flow.risk) < 4 * errors.std() / np.sqrt(len(y))


def test_a_run_goes_on_from_its_checkpoint_to_the_same_bits(tmp_path):
    arguments = dict(steps=3000, step_size=0.01, batch=2000)
    whole = lazygap.train(PROBLEM, 8, **arguments)
    file = tmp_path / "state"

    def interrupt(fraction):
        return fraction > 0.1

    with pytest.raises(Exception):
        lazygap.train(PROBLEM, 8, **arguments, checkpoint=file, progress=interrupt)
    assert file.exists()
    rest = lazygap.train(PROBLEM, 8, **arguments, checkpoint=file)
    assert rest.risk == whole.risk and (rest.weights == whole.weights).all()
    assert (rest.curve == whole.curve).all()


def test_divergence_is_a_status():
    run = lazygap.train(PROBLEM, 8, steps=500, step_size=1e3)
    assert run.status == "diverged" and np.isnan(run.ratio)
    with pytest.raises(ValueError, match="no network"):
        run.predict(np.zeros((1, 20)))
