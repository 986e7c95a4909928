"""Python objects that teach: what they say of the rows, in the data's order of classes."""

from __future__ import annotations

import os
import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import torch
from scipy.special import log_softmax
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC
from torch import nn

from symtick.errors import InputError, SymtickWarning
from symtick.search.data.metrics import predicted_classes
from symtick.search.teachers.objects import object_teacher
from symtick.search.teachers.scoring import Signature

Floats = npt.NDArray[np.float64]
FEATURES = ("pt", "eta", "phi")
LABELS = ("electron", "muon", "tau")
_RNG = np.random.default_rng(6)
NUMBERS = _RNG.integers(0, 3, 400)
X = _RNG.normal(size=(400, 3)) + 2.0 * np.eye(3)[NUMBERS]
TEXT = np.array(LABELS)[NUMBERS]
THREE = Signature(FEATURES, LABELS)
TWO = Signature(FEATURES, ("n", "p"))


def scores(teacher: object, signature: Signature = THREE, labels: Any = LABELS) -> Floats:
    return object_teacher(teacher, X, signature, labels).logits(X)


def test_an_estimator_of_text_labels_teaches_its_chances() -> None:
    teacher = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, TEXT)
    wanted = np.maximum(teacher.predict_log_proba(X), np.log(1e-6))
    assert np.allclose(scores(teacher), wanted)


@pytest.mark.parametrize("package", ["xgboost", "lightgbm"])
def test_boosted_trees_teach_their_scores(package: str) -> None:
    module = pytest.importorskip(package)
    if package == "xgboost":  # takes numbers alone, which stand for the labels in their order
        many = module.XGBClassifier(n_estimators=5, max_depth=3).fit(X, NUMBERS)
        two = module.XGBClassifier(n_estimators=5, max_depth=3).fit(X, NUMBERS > 0)
    else:
        many = module.LGBMClassifier(n_estimators=5, verbose=-1).fit(X, TEXT)
        two = module.LGBMClassifier(n_estimators=5, verbose=-1).fit(X, NUMBERS > 0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names that the arrays here have not
        said, chances = scores(many), many.predict_proba(X)
        one, chance = scores(two, TWO, (False, True)), two.predict_proba(X)[:, 1]
    assert np.abs(log_softmax(said, axis=1) - np.log(chances)).max() < 1e-4
    assert one.shape == (400, 1)
    assert np.abs(1 / (1 + np.exp(-one[:, 0])) - chance).max() < 1e-6


def test_columns_come_in_the_order_of_the_data() -> None:
    class Turned:
        """A classifier of the same classes in another order."""

        classes_ = np.array(["tau", "electron", "muon"])

        def decision_function(self, rows: Floats) -> Floats:
            return rows[:, [2, 0, 1]]

    assert np.array_equal(scores(Turned()), X)

    class Reversed(Turned):
        classes_ = np.array(["p", "n"])

        def decision_function(self, rows: Floats) -> Floats:
            return -rows[:, 0]

    assert np.array_equal(scores(Reversed(), TWO, ("n", "p"))[:, 0], X[:, 0])


def test_a_teacher_of_other_classes_is_refused_by_name() -> None:
    teacher = LogisticRegression().fit(X, np.where(TEXT == "tau", "pion", TEXT))
    with pytest.raises(InputError, match="knows the classes electron, muon, pion, but y holds"):
        scores(teacher)
    with pytest.raises(InputError, match="but y holds electron, muon: give rows of every class"):
        scores(teacher, Signature(FEATURES, LABELS[:2]), LABELS[:2])


@pytest.mark.parametrize(
    "wrap", [lambda svc: svc, lambda svc: make_pipeline(StandardScaler(), svc)]
)
def test_scores_of_pairs_are_refused_and_the_remedy_works(wrap: Any) -> None:
    teacher = wrap(SVC(decision_function_shape="ovo")).fit(X, TEXT)
    with pytest.raises(InputError, match=r"compares pairs of classes; set_params\((.*)=") as why:
        scores(teacher)
    key = str(why.value).split("set_params(")[1].split("=")[0]
    teacher.set_params(**{key: "ovr"})
    alike = np.array(LABELS)[predicted_classes(scores(teacher))] == teacher.predict(X)
    assert alike.mean() > 0.97


def test_class_numbers_are_no_scores() -> None:
    teacher = LinearSVC().fit(X, NUMBERS)
    assert np.array_equal(scores(teacher), teacher.decision_function(X))
    with pytest.raises(InputError, match="a LinearSVC is a classifier, whose class numbers are no"):
        scores(teacher, Signature(FEATURES, (), ("y0",)), ())

    class Labels:
        def predict(self, rows: Floats) -> Floats:
            return (rows[:, 0] > 0).astype(float)

    with pytest.raises(InputError, match="a Labels gives labels, no scores to imitate"):
        scores(Labels(), TWO, ("n", "p"))


def test_a_forest_that_is_certain_has_finite_scores() -> None:
    said = scores(RandomForestClassifier(5, random_state=0).fit(X, TEXT))
    assert np.isfinite(said).all() and said.min() == pytest.approx(np.log(1e-6))


def test_names_of_a_frame_are_kept_and_ordered() -> None:
    frame = pd.DataFrame(X[:, ::-1], columns=list(FEATURES[::-1]))
    teacher = LinearRegression().fit(frame, NUMBERS)
    values = Signature(FEATURES, (), ("v",))
    assert np.allclose(scores(teacher, values, ())[:, 0], teacher.predict(frame))
    bare = Signature(("x0", "x1", "x2"), (), ("v",))
    said = object_teacher(teacher, X[:, ::-1].copy(), bare).logits(X[:, ::-1])
    assert np.allclose(said[:, 0], teacher.predict(frame))
    with pytest.raises(InputError, match="reads phi, eta, pt, but the data has a, b, c: give the"):
        scores(teacher, Signature(("a", "b", "c"), (), ("v",)), ())


def test_modules_of_any_forward_and_type() -> None:
    class Sum(nn.Module):
        """A sum over a set, in float64."""

        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Linear(1, 4).double()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.relu(self.inner(x.reshape(-1, 3, 1))).sum(1)[:, :3]

    net = Sum()
    with torch.inference_mode():
        wanted = net(torch.tensor(X, dtype=torch.float32).double()).numpy()
    assert np.allclose(scores(net), wanted)


def test_chances_of_a_module_and_of_keras_become_scores() -> None:
    class Chances(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.softmax(x, 1)

    with pytest.warns(SymtickWarning, match="outputs of the module are from 0 to 1, and each row"):
        said = scores(Chances())
    assert np.abs(said - log_softmax(X, axis=1)).max() < 1e-4
    os.environ.setdefault("KERAS_BACKEND", "torch")
    keras = pytest.importorskip("keras")
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(3, activation="softmax")])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # numpy's, of Keras's own tensors
        kernel, bias = model.get_weights()
        said = scores(model)
    assert np.abs(said - log_softmax(X @ kernel + bias, axis=1)).max() < 1e-4


def test_modules_that_return_more_and_classes_are_refused() -> None:
    class Pair(nn.Linear):
        def forward(self, x: torch.Tensor) -> Any:
            return super().forward(x), x

    with pytest.raises(InputError, match="the Pair answers with a tuple, not with a tensor of sco"):
        scores(Pair(3, 3))
    with pytest.raises(
        InputError, match=r"Linear fails on rows of 3 features: .*5x3.*; give the fe"
    ):
        scores(nn.Linear(5, 3))
    with pytest.raises(InputError, match="LogisticRegression is a class: give an object of it"):
        scores(LogisticRegression)
    xgboost = pytest.importorskip("xgboost")
    matrix = xgboost.DMatrix(X, NUMBERS)
    booster = xgboost.train({"objective": "multi:softprob", "num_class": 3}, matrix, 2)
    with pytest.raises(InputError, match=r"write it by save_model and name .* teacher\.trees"):
        scores(booster)


def test_other_objects_are_refused() -> None:
    with pytest.raises(InputError, match="a dict cannot teach: give a torch module, a Keras model"):
        scores({})
    several = RandomForestClassifier(2).fit(X, np.c_[NUMBERS, NUMBERS])
    with pytest.raises(InputError, match="of several targets cannot teach"):
        scores(several, THREE, ())
