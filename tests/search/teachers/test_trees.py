"""Boosted trees from files: scores as their own package computes them."""

from __future__ import annotations

import pickle
from pathlib import Path

import lightgbm
import numpy as np
import pytest
import xgboost
from scipy.special import expit, log_softmax

from symtick.errors import InputError
from symtick.search.teachers.scoring import Signature
from symtick.search.teachers.trees import load_trees

FEATURES = ("pt", "eta", "phi")
_RNG = np.random.default_rng(6)
Y = _RNG.integers(0, 3, 300)
X = _RNG.normal(size=(300, 3)) + 2.0 * np.eye(3)[Y]
THREE, TWO = Signature(FEATURES, ("p", "q", "r")), Signature(FEATURES, ("n", "p"))
VALUES = Signature(FEATURES, (), ("v",))


@pytest.mark.parametrize("suffix", [".json", ".ubj"])
def test_xgboost(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"net{suffix}"
    many = xgboost.XGBClassifier(n_estimators=6, max_depth=3).fit(X, Y)
    many.save_model(path)
    said = load_trees(path, THREE).logits(X)
    assert np.abs(log_softmax(said, axis=1) - np.log(many.predict_proba(X))).max() < 1e-4
    two = xgboost.XGBClassifier(n_estimators=40, early_stopping_rounds=2)
    two.fit(X[:200], Y[:200] > 0, eval_set=[(X[200:], Y[200:] > 0)], verbose=False)
    two.save_model(path)
    assert two.best_iteration < 39
    said = load_trees(path, TWO).logits(X)
    assert np.abs(expit(said[:, 0]) - two.predict_proba(X)[:, 1]).max() < 1e-6
    values = xgboost.XGBRegressor(n_estimators=6).fit(X, X[:, 0] ** 2)
    values.save_model(path)
    assert np.abs(load_trees(path, VALUES).logits(X)[:, 0] - values.predict(X)).max() < 1e-6
    with pytest.raises(InputError, match="trained for reg:squarederror, but the job's task is"):
        load_trees(path, TWO)


def test_lightgbm(tmp_path: Path) -> None:
    path = tmp_path / "net.txt"
    many = lightgbm.train(
        {"objective": "multiclass", "num_class": 3, "verbose": -1}, lightgbm.Dataset(X, Y), 6
    )
    many.save_model(path)
    said = load_trees(path, THREE).logits(X)
    assert np.abs(log_softmax(said, axis=1) - np.log(np.asarray(many.predict(X)))).max() < 1e-9
    two = lightgbm.train({"objective": "binary", "verbose": -1}, lightgbm.Dataset(X, Y > 0), 6)
    two.save_model(path)
    said = load_trees(path, TWO).logits(X)
    assert np.abs(expit(said[:, 0]) - np.asarray(two.predict(X))).max() < 1e-9
    values = lightgbm.train({"verbose": -1}, lightgbm.Dataset(X, X[:, 0] ** 2), 6)
    values.save_model(path)
    assert np.allclose(load_trees(path, VALUES).logits(X)[:, 0], np.asarray(values.predict(X)))
    with pytest.raises(InputError, match="trained for regression, but the job's task is class"):
        load_trees(path, TWO)


def test_features_are_found_by_name(tmp_path: Path) -> None:
    matrix = xgboost.DMatrix(X[:, ::-1], Y > 0, feature_names=list(FEATURES[::-1]))
    booster = xgboost.train({"objective": "binary:logistic"}, matrix, 4)
    booster.save_model(tmp_path / "net.json")
    said = load_trees(tmp_path / "net.json", TWO).logits(X)
    assert np.abs(said[:, 0] - booster.predict(matrix, output_margin=True)).max() < 1e-6
    with pytest.raises(InputError, match="read phi, eta, pt, but the data has a, b, c: give the"):
        load_trees(tmp_path / "net.json", Signature(("a", "b", "c"), ("n", "p")))
    bare = xgboost.XGBClassifier(n_estimators=2).fit(X, Y > 0)
    bare.save_model(tmp_path / "bare.json")
    with pytest.raises(InputError, match="read 3 features, but the data has a, b: give the"):
        load_trees(tmp_path / "bare.json", Signature(("a", "b"), ("n", "p")))


def test_other_files_say_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "net.pkl").write_bytes(pickle.dumps({}))
    with pytest.raises(InputError, match=r"save_model\('net\.json'\).* Pickles .*refused"):
        load_trees(tmp_path / "net.pkl", TWO)
    for name in ("net.json", "net.ubj", "net.txt"):
        with pytest.raises(InputError, match="there is no file"):
            load_trees(tmp_path / name, TWO)
        (tmp_path / name).write_text("{}")
        with pytest.raises(InputError, match=r"is not a model of .*, or damaged"):
            load_trees(tmp_path / name, TWO)
    (tmp_path / "net.txt").write_text("tree\nversion=v4\nobjective=binary sigmoid:1\n")
    with pytest.raises(InputError, match="not a model of LightGBM, or damaged"):
        load_trees(tmp_path / "net.txt", TWO)
