"""RF, NT and NN beside scikit-learn on five data sets that packages ship: the tables of docs/real-data.md.

    OPENBLAS_NUM_THREADS=1 python python/bench/real_data.py [DATA...]        needs scikit-learn, pandas, statsmodels

Every model sees the same splits; settings of scikit-learn are tuned by cross-validation on the training part. Standard
errors are corrected for training samples that splits share (Nadeau and Bengio), those of differences are paired. Seconds
are those of the processor, tuning and the search for the step size included.
"""

import sys
import time
import warnings

import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_wine
from sklearn.kernel_approximation import RBFSampler
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import Ridge, RidgeClassifier
from sklearn.model_selection import GridSearchCV, KFold, StratifiedKFold
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import LabelBinarizer, StandardScaler

import lazygap

SPLITS = 5
RF, NT, NN = 500, 60, 60  # neurons
GAMMAS = [0.3, 1.0, 3.0]  # over d
PAIRS = [(f"RF, N = {RF}", "Ridge on RBFSampler"), (f"NT, N = {NT}", "KernelRidge"), (f"NN, N = {NN}", "MLP")]
RIDGES = [1e-3, 1e-2, 1e-1, 1.0, 10.0]


def fair():
    """Affairs: 6,366 answers of a survey (statsmodels)."""
    import statsmodels.api as sm

    table = sm.datasets.fair.load_pandas().data
    return table.drop(columns="affairs").to_numpy(float), (table["affairs"] > 0).astype(int).to_numpy(), True


DATA = {
    "digits": lambda: (*load_digits(return_X_y=True), True),
    "breast cancer": lambda: (*load_breast_cancer(return_X_y=True), True),
    "wine": lambda: (*load_wine(return_X_y=True), True),
    "diabetes": lambda: (*load_diabetes(return_X_y=True), False),
    "affairs": fair,
}


class OneHotKernelRidge(KernelRidge):
    """KernelRidge on labels as +1 and -1."""

    def fit(self, X, y):
        self._labels = LabelBinarizer(neg_label=-1).fit(y)
        return super().fit(X, self._labels.transform(y))

    def predict(self, X):
        return self._labels.inverse_transform(super().predict(X))

    def score(self, X, y):
        return (self.predict(X) == y).mean()


def models(classes, d):
    gammas = [g / d for g in GAMMAS]
    kind = lambda regressor, classifier: classifier if classes else regressor
    sampler = make_pipeline(StandardScaler(), RBFSampler(n_components=RF, random_state=0), kind(Ridge(), RidgeClassifier()))
    step = "ridgeclassifier" if classes else "ridge"
    kernel = make_pipeline(StandardScaler(), kind(KernelRidge(kernel="rbf"), OneHotKernelRidge(kernel="rbf")))
    kernel_step = "onehotkernelridge" if classes else "kernelridge"
    mlp = kind(MLPRegressor, MLPClassifier)(hidden_layer_sizes=(NN,), early_stopping=True, n_iter_no_change=30, max_iter=500, random_state=0)
    mlp_step = "mlpclassifier" if classes else "mlpregressor"
    return {
        f"RF, N = {RF}": kind(lazygap.RandomFeaturesRegressor, lazygap.RandomFeaturesClassifier)(RF, random_state=0),
        f"NT, N = {NT}": kind(lazygap.NeuralTangentRegressor, lazygap.NeuralTangentClassifier)(NT, random_state=0),
        f"NN, N = {NN}": kind(lazygap.TwoLayerNetworkRegressor, lazygap.TwoLayerNetworkClassifier)(NN, random_state=0),
        "Ridge on RBFSampler": GridSearchCV(sampler, {"rbfsampler__gamma": gammas, f"{step}__alpha": RIDGES}, cv=3),
        "KernelRidge": GridSearchCV(kernel, {f"{kernel_step}__gamma": gammas, f"{kernel_step}__alpha": RIDGES}, cv=3),
        "MLP": GridSearchCV(make_pipeline(StandardScaler(), mlp), {f"{mlp_step}__learning_rate_init": [1e-3, 1e-2],
                                                                  f"{mlp_step}__alpha": [1e-4, 1e-1]}, cv=3),
    }


def error(scores):
    """The standard error of the mean over splits that share training samples."""
    return np.std(scores, ddof=1) * np.sqrt(1 / SPLITS + 1 / (SPLITS - 1))


def main(names):
    warnings.simplefilter("ignore")
    print("| data (n, d) | model | score | seconds of a fit |\n|---|---|---|---|")
    differences = []
    for name in names:
        X, y, classes = DATA[name]()
        folds = (StratifiedKFold if classes else KFold)(SPLITS, shuffle=True, random_state=0)
        found = {}
        for label, model in models(classes, X.shape[1]).items():
            scores, start = [], time.process_time()
            for train, test in folds.split(X, y):
                scores.append(model.fit(X[train], y[train]).score(X[test], y[test]))
            seconds = (time.process_time() - start) / SPLITS
            found[label] = np.array(scores)
            print(f"| {name} ({X.shape[0]}, {X.shape[1]}) | {label} | {np.mean(scores):.4f} ± {error(scores):.4f} | {seconds:.2f} |", flush=True)
        differences += [f"| {name} | {ours} - {theirs} | {np.mean(found[ours] - found[theirs]):+.4f} ± {error(found[ours] - found[theirs]):.4f} |"
                        for ours, theirs in PAIRS]
    print("\n| data | difference | value |\n|---|---|---|\n" + "\n".join(differences))


if __name__ == "__main__":
    main(sys.argv[1:] or list(DATA))
