"""Data sets, teachers and problems of real values."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_networks import MUON_FEATURES, muon_hits

from symtick.codegen import Fixed
from symtick.errors import InputError
from symtick.search.data.dataset import Dataset
from symtick.search.data.files import load_dataset, load_split
from symtick.search.data.problem import Problem
from symtick.search.data.tables import Columns
from symtick.search.teachers.files import load_teacher
from symtick.search.teachers.train import train_mlp

NAMES = ("a", "b")
X = np.arange(12.0).reshape(6, 2)
Y = np.stack([X[:, 0] * 0.5, 1.0 - X[:, 1]], axis=1)


def test_targets_are_checked_and_named() -> None:
    data = Dataset(X, Y, NAMES, target_names=("u", "v"))
    assert np.array_equal(data.take(np.array([2, 0])).targets, Y[[2, 0]])
    assert [part.target_names for part in data.split(0.5)] == [("u", "v")] * 2
    assert Dataset(X, Y[:, 0], NAMES, target_names=("u",)).targets.shape == (6, 1)
    with pytest.raises(InputError, match="needs class labels, but the data set has the real"):
        _ = data.labels
    with pytest.raises(InputError, match="needs real targets, but the data set has class labels"):
        _ = Dataset(X, np.arange(6) % 2, NAMES, ("p", "q")).targets
    with pytest.raises(InputError, match=r"shape \(6, 1\) for u, not \(6, 2\)"):
        Dataset(X, Y, NAMES, target_names=("u",))
    with pytest.raises(InputError, match="target 'v' of row 3 is nan"):
        Dataset(X, np.where(Y[3, 1] == Y, np.nan, Y), NAMES, target_names=("u", "v"))
    with pytest.raises(InputError, match="classes or real targets, not both"):
        Dataset(X, None, NAMES, ("p", "q"), ("u",))


def test_npz_and_csv(tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", X=X, y=Y, target_names=np.array(["u", "v"]))
    data = load_dataset(tmp_path / "d.npz", task="regression")
    assert data.target_names == ("u", "v") and np.array_equal(data.targets, Y)
    np.savez(tmp_path / "one.npz", X=X, y=Y[:, 0])
    train, test = load_split(tmp_path / "one.npz", 0.5, task="regression")
    assert train.target_names == ("y0",) and test.targets.shape == (3, 1)
    np.savez(tmp_path / "one.npz", X=X, y=Y[:, 0] + 0.25)
    with pytest.raises(InputError, match="learnt with task: regression"):
        load_dataset(tmp_path / "one.npz")
    lines = ["a,b,u,v", *(",".join(map(str, row)) for row in np.hstack([X, Y]).tolist())]
    (tmp_path / "d.csv").write_text("\n".join(lines))
    both = load_dataset(tmp_path / "d.csv", columns=Columns(label=("u", "v")), task="regression")
    assert np.array_equal(both.targets, Y) and both.feature_names == NAMES
    with pytest.raises(InputError, match="name one or several with"):
        load_dataset(tmp_path / "d.csv", task="regression")
    with pytest.raises(InputError, match=r"label 0\.5 in row 0 is neither .* task: regression"):
        (tmp_path / "e.csv").write_text("a,u\n1,0.5\n2,1.5\n")
        load_dataset(tmp_path / "e.csv", columns=Columns(label=("u",)))


def test_a_perceptron_of_values_in_the_users_units(tmp_path: Path) -> None:
    hits, curvature = muon_hits(4000)
    both = np.stack([1000.0 * curvature + 5.0, np.abs(curvature)], axis=1)
    data = Dataset(hits, both, MUON_FEATURES, target_names=("q_pt", "size"))
    teacher = train_mlp(data, (16,), epochs=20, batch=128)
    errors = np.sqrt(np.mean((teacher.logits(hits) - both) ** 2, axis=0))
    assert (errors < 0.3 * both.std(axis=0)).all()
    teacher.save(tmp_path / "t.npz")
    again = load_teacher(tmp_path / "t.npz")
    assert again.task == "regression" and again.target_names == ("q_pt", "size")
    assert np.array_equal(again.logits(hits), teacher.logits(hits))


def test_errors_are_against_the_truth_where_it_is_known() -> None:
    rng = np.random.default_rng(0)
    rows = rng.uniform(-1, 1, (500, 1))
    truth = 3.0 * rows
    said = truth + 0.1 * rng.standard_normal((500, 1))
    whole = slice(0, 500)
    format_ = (Fixed(8, 7),)
    known = Problem.from_scores(rows, said, format_, kind="values", truth=truth)
    assert known.teacher_rmse(whole) == pytest.approx((0.1,), rel=0.1)
    assert known.rmse(known.targets, whole) == known.teacher_rmse(whole)
    assert known.truth is not None and known.rmse(known.truth, whole) == (0.0,)
    assert known.error(tuple(2.0 * e for e in known.teacher_rmse(known.valid))) == 2.0
    assert known.noise == pytest.approx((0.1 / known.spread[0]) ** 2, rel=0.2)
    plain = Problem.from_scores(rows, said, format_, kind="values")
    assert plain.teacher_rmse(whole) == () and plain.rmse(plain.targets, whole) == (0.0,)
    assert plain.noise == 0.0
    with pytest.raises(InputError, match="cannot have true values of shape"):
        Problem.from_scores(rows, said, format_, kind="values", truth=truth[:5])
