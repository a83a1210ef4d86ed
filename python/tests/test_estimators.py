"""The estimators: scikit-learn's checks, and plain NumPy written from `weights_`."""

import copy
import pickle
import warnings

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import lazygap
from lazygap import (
    NeuralTangentClassifier,
    NeuralTangentRegressor,
    RandomFeatures,
    RandomFeaturesClassifier,
    RandomFeaturesRegressor,
    TwoLayerNetworkClassifier,
    TwoLayerNetworkRegressor,
)

RIDGES = [RandomFeaturesRegressor, NeuralTangentRegressor, RandomFeaturesClassifier, NeuralTangentClassifier]
NETWORKS = [TwoLayerNetworkRegressor, TwoLayerNetworkClassifier]
PREDICTION = 1e-10  # relative, of sums in fp64 in another order

# A repeated sample is not a sample of weight 2 where the ridge is chosen by leaving samples out.
LOO = "leave-one-out errors of repeated samples are not those of weighted ones"


def small():
    """One of each, small enough for some hundred fits; with the ridge given, so that weights mean repetitions."""
    return [
        RandomFeaturesRegressor(20, random_state=0, alpha=1e-3),
        RandomFeaturesClassifier(20, random_state=0, alpha=1e-3),
        NeuralTangentRegressor(5, random_state=0, alpha=1e-3),
        NeuralTangentClassifier(5, random_state=0, alpha=1e-3),
        TwoLayerNetworkRegressor(10, random_state=0, epochs=60),
        TwoLayerNetworkClassifier(10, random_state=0, epochs=60),
        RandomFeatures(10, random_state=0),
    ]


@parametrize_with_checks(small())
def test_check_estimator(estimator, check):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check(estimator)


@parametrize_with_checks([RandomFeaturesRegressor(20, random_state=0)],
                         expected_failed_checks=lambda e: {
                             "check_sample_weight_equivalence_on_dense_data": LOO,
                             "check_sample_weight_equivalence_on_sparse_data": LOO,
                         })
def test_check_estimator_with_a_path(estimator, check):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check(estimator)


def data():
    return load_diabetes(return_X_y=True)


def features(model, X, sigma):
    """RF and NT features in plain NumPy, from the attributes."""
    Z = (X - model.mean_) / model.scale_
    u = Z @ model.weights_.T + model.biases_
    if isinstance(model, (RandomFeaturesRegressor, RandomFeaturesClassifier, RandomFeatures)):
        return sigma(u) - sigma.hermite(1)[0]
    return (sigma.derivative(u)[:, :, None] * Z[:, None, :]).reshape(len(X), -1)


@pytest.mark.parametrize("kind, N", [(RandomFeaturesRegressor, 60), (NeuralTangentRegressor, 7)])
@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize("solver", ["primal", "dual"])
def test_predictions_are_those_of_numpy(kind, N, activation, solver):
    X, y = data()
    model = kind(N, activation=activation, alpha=0.01, solver=solver, random_state=3).fit(X[:300], y[:300])
    F = features(model, X, lazygap.activation(activation))
    assert np.allclose(model.features(X), F, rtol=0, atol=1e-12)
    ours = model.predict(X)
    assert np.abs(ours - (F @ model.coef_ + model.intercept_)).max() < PREDICTION * np.abs(ours).max()
    theirs = Ridge(alpha=0.01 * 300).fit(F[:300], y[:300])  # theirs is the sum over samples, ours the mean
    assert np.abs(theirs.predict(F) - ours).max() < 1e-8 * np.abs(ours).max()


def test_weights_are_repetitions():
    X, y = data()
    counts = np.random.default_rng(0).integers(0, 3, len(X))
    weighted = RandomFeaturesRegressor(30, alpha=0.1, random_state=0).fit(X, y, sample_weight=counts)
    repeated = RandomFeaturesRegressor(30, alpha=0.1, random_state=0).fit(np.repeat(X, counts, axis=0), np.repeat(y, counts))
    assert np.allclose(weighted.predict(X), repeated.predict(X), rtol=1e-9)


def test_leave_one_out_is_explicit_leave_one_out():
    X, y = data()
    X, y = X[:40], y[:40]
    model = RandomFeaturesRegressor(15, alphas=[1e-3, 1e-1], random_state=0).fit(X, y)
    F = model.features(X)
    for alpha, error in zip(model.alphas_, model.cv_errors_):
        left_out = []
        for i in range(40):
            rest = np.arange(40) != i
            # The ridge is that of the mean over all 40 samples.
            left_out.append((y[i] - Ridge(alpha=alpha * 40).fit(F[rest], y[rest]).predict(F[i : i + 1])[0]) ** 2)
        assert error == pytest.approx(np.mean(left_out), rel=1e-8)
    assert model.alpha_ == model.alphas_[model.cv_errors_.argmin()]


@pytest.mark.parametrize("kind", NETWORKS)
def test_networks_are_their_attributes(kind):
    X, y = load_breast_cancer(return_X_y=True) if kind is TwoLayerNetworkClassifier else data()
    model = kind(15, epochs=30, random_state=1, precision="float64").fit(X, y)
    u = ((X - model.mean_) / model.scale_) @ model.weights_.T + model.biases_
    expected = np.maximum(u, 0) @ model.coef_ + model.intercept_
    got = model.decision_function(X) if kind is TwoLayerNetworkClassifier else model.predict(X)
    assert np.abs(got - expected).max() < PREDICTION * np.abs(expected).max()
    assert model.n_iter_ <= 30 and len(model.curve_) > 0
    best = model.curve_["validation"][model.curve_["epoch"] == model.best_epoch_]
    assert best == model.curve_["validation"].min()


def test_each_model_learns():
    X, y = data()
    for kind in (RandomFeaturesRegressor, NeuralTangentRegressor, TwoLayerNetworkRegressor):
        assert kind(50, random_state=0).fit(X[:350], y[:350]).score(X[350:], y[350:]) > 0.4
    X, y = load_breast_cancer(return_X_y=True)
    for kind in (RandomFeaturesClassifier, NeuralTangentClassifier, TwoLayerNetworkClassifier):
        assert kind(50, random_state=0).fit(X[:400], y[:400]).score(X[400:], y[400:]) > 0.93


def test_many_outputs_are_single_ones():
    X, y = data()
    Y = np.column_stack([y, X[:, 0] ** 2, -y])
    together = RandomFeaturesRegressor(30, alpha=0.01, random_state=0).fit(X, Y)
    alone = RandomFeaturesRegressor(30, alpha=0.01, random_state=0).fit(X, y)
    assert together.predict(X).shape == (len(X), 3)
    assert np.allclose(together.predict(X)[:, 0], alone.predict(X), rtol=1e-10)


@pytest.mark.parametrize("labels", [["a", "b", "c"], [1.0, 2.0, 5.0], [10, 20, 30]])
def test_labels_of_any_kind(labels):
    X, codes = load_iris(return_X_y=True)
    y = np.array(labels)[codes]
    model = RandomFeaturesClassifier(40, random_state=0).fit(X, y)
    assert (model.predict(X) == y).mean() > 0.95 and model.decision_function(X).shape == (150, 3)


@pytest.mark.parametrize("kind", [RandomFeaturesClassifier, TwoLayerNetworkClassifier])
def test_probabilities_are_calibrated_or_absent(kind):
    X, y = load_breast_cancer(return_X_y=True)
    assert not hasattr(kind(20).fit(X, y), "predict_proba")
    p = kind(20, calibrate=True, random_state=0).fit(X, y).predict_proba(X)
    assert p.shape == (len(X), 2) and np.allclose(p.sum(axis=1), 1)
    sure = p[:, 1] > 0.9
    assert (y[sure] == 1).mean() > 0.9


def test_warm_start_and_partial_fit_go_on():
    X, y = data()
    model = TwoLayerNetworkRegressor(20, epochs=5, step_size=0.01, warm_start=True, random_state=0).fit(X, y)
    before = model.score(X, y)
    for _ in range(10):
        model.fit(X, y)
    assert model.n_iter_ == 55 and model.score(X, y) > before
    steps = TwoLayerNetworkRegressor(20, step_size=0.01, random_state=0)
    for _ in range(10):
        steps.partial_fit(X, y)
    assert steps.n_iter_ == 10
    X, y = load_breast_cancer(return_X_y=True)
    classifier = TwoLayerNetworkClassifier(20, step_size=0.01, random_state=0).partial_fit(X, y, classes=[0, 1])
    for _ in range(10):
        classifier.partial_fit(X, y)
    assert classifier.score(X, y) > 0.9


@pytest.mark.parametrize("model", small(), ids=lambda m: type(m).__name__)
def test_copies(model):
    X, y = load_breast_cancer(return_X_y=True)
    model.fit(X, y)
    for again in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model), clone(model).fit(X, y)):
        method = "transform" if isinstance(model, RandomFeatures) else "predict"
        assert np.array_equal(getattr(again, method)(X), getattr(model, method)(X))


def test_sources_of_x_are_the_same():
    pandas, polars, pyarrow = (pytest.importorskip(name) for name in ("pandas", "polars", "pyarrow"))
    X, y = data()
    names = [f"c{i}" for i in range(X.shape[1])]
    first = RandomFeaturesRegressor(20, alpha=0.1, random_state=0).fit(X, y).predict(X)
    frame = pandas.DataFrame(X, columns=names)
    import scipy.sparse

    for source in (frame, polars.DataFrame(X, schema=names), np.asfortranarray(X), X.tolist(), scipy.sparse.csr_matrix(X)):
        model = RandomFeaturesRegressor(20, alpha=0.1, random_state=0).fit(source, y)
        assert np.array_equal(model.predict(source), first)
    assert list(RandomFeaturesRegressor(20, random_state=0).fit(frame, y).feature_names_in_) == names


def test_pipelines_and_grids():
    X, y = data()
    grid = GridSearchCV(make_pipeline(StandardScaler(), RandomFeaturesRegressor(random_state=0)),
                        {"randomfeaturesregressor__n_neurons": [10, 50]}, cv=3).fit(X, y)
    assert grid.best_score_ > 0.4
    with_theirs = make_pipeline(RandomFeatures(50, random_state=0).set_output(transform="pandas"), LinearRegression()).fit(X, y)
    assert with_theirs.score(X, y) > 0.4


def test_neurons_are_the_same_for_every_width_and_seed_kind():
    X, y = data()
    wide = RandomFeaturesRegressor(40, random_state=7).fit(X, y)
    narrow = RandomFeaturesRegressor(10, random_state=7).fit(X, y)
    assert np.array_equal(wide.weights_[:10], narrow.weights_) and wide.seed_ == 7
    one, other = (RandomFeaturesRegressor(10, random_state=np.random.default_rng(1)).fit(X, y) for _ in range(2))
    assert np.array_equal(one.weights_, other.weights_)


def test_cost_is_said_before_it_is_taken():
    model = RandomFeaturesRegressor(1000)
    cost = model.fit_cost(10_000, 20)
    assert cost["bytes"] > 1000 * 1000 * 8 and cost["seconds"] > 0
    with pytest.raises(MemoryError, match="fit needs .* GB for n = 20, d = 2, n_neurons = 10000000, but"):
        NeuralTangentRegressor(10_000_000, solver="primal").fit(np.zeros((20, 2)) + np.arange(20)[:, None], np.arange(20.0))


WRONG = [
    (dict(n_neurons=0), r"n_neurons is 0"),
    (dict(n_neurons=2.5), r"n_neurons is 2\.5"),
    (dict(alpha="cv"), r"alpha is 'cv'"),
    (dict(alpha=-1.0), r"alpha is -1\.0"),
    (dict(bias_scale=-1), r"bias_scale is -1"),
    (dict(solver="cg"), r"solver is 'cg'"),
    (dict(precision="half"), r"precision is 'half'"),
    (dict(activation="rely"), r"rely"),
    (dict(random_state=-1), r"random_state is -1"),
]


@pytest.mark.parametrize("parameters, message", WRONG)
def test_wrong_parameters(parameters, message):
    X, y = data()
    with pytest.raises(ValueError, match=message):
        RandomFeaturesRegressor(**parameters).fit(X, y)


def test_wrong_tables():
    X, y = data()
    model = RandomFeaturesRegressor(10, random_state=0)
    for bad, values, message in [(X[:-1], y, "inconsistent numbers"), (np.where(X == X[3, 2], np.nan, X), y, "NaN"),
                                 (np.where(X == X[3, 2], np.inf, X), y, "infinity"), (X[:1], y[:1], "sample"),
                                 (X[:, :0], y, "feature")]:
        with pytest.raises(ValueError, match=message):
            model.fit(bad, values)
    with pytest.raises(ValueError, match="one class|class"):
        RandomFeaturesClassifier(10).fit(X, np.zeros(len(X), dtype=int))
    constant = np.hstack([X, np.ones((len(X), 1))])
    assert np.isfinite(model.fit(constant, y).predict(constant)).all()
    assert np.isfinite(model.fit(X[:8], y[:8]).predict(X)).all()  # fewer samples than features
