"""What designs are chosen by, against scikit-learn and sums by hand; weights of rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import softmax
from sklearn.metrics import log_loss, roc_auc_score, roc_curve

from symtick.codegen import Fixed
from symtick.errors import InputError
from symtick.search.data.dataset import Dataset
from symtick.search.data.goals import Goal, discriminant, efficiency
from symtick.search.data.problem import Problem
from symtick.search.data.weighting import drawn_by_weight
from symtick.search.teachers.train import train_mlp

RNG = np.random.default_rng(5)
SCORES = RNG.normal(size=(500, 3))
LABELS = RNG.integers(0, 3, 500)
SCORES[np.arange(500), LABELS] += 1.0
WEIGHTS = RNG.exponential(size=500)


@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_areas_are_those_of_scikit_learn(weights: np.ndarray | None) -> None:
    signal = softmax(SCORES, axis=1)[:, [0, 2]].sum(axis=1)
    wanted = roc_auc_score(LABELS != 1, signal, sample_weight=weights)
    assert Goal("auc", (0, 2)).value(SCORES, LABELS, weights) == pytest.approx(wanted)
    chances = softmax(SCORES, axis=1)
    each = [roc_auc_score(k == LABELS, chances[:, k], sample_weight=weights) for k in range(3)]
    assert Goal("auc").value(SCORES, LABELS, weights) == pytest.approx(np.mean(each))
    one = SCORES[:, :1]
    wanted = roc_auc_score(LABELS == 1, one[:, 0], sample_weight=weights)
    assert Goal("auc").value(one, LABELS, weights) == pytest.approx(wanted)
    assert Goal("auc", (0,)).value(one, 1 * (LABELS == 1), weights) == pytest.approx(wanted)


@pytest.mark.parametrize("weights", [None, WEIGHTS])
@pytest.mark.parametrize("background", [0.001, 0.05, 0.3, 0.999])
def test_efficiencies_are_points_of_the_curve(
    weights: np.ndarray | None, background: float
) -> None:
    found = discriminant(SCORES, (2,))
    passed, kept, _ = roc_curve(LABELS == 2, found, sample_weight=weights, drop_intermediate=False)
    wanted = kept[passed <= background].max()
    goal = Goal("efficiency", (2,), background)
    assert goal.value(SCORES, LABELS, weights) == pytest.approx(wanted)


@given(st.integers(0, 9), st.floats(0.01, 0.99))
def test_no_threshold_lets_more_pass(seed: int, background: float) -> None:
    rng = np.random.default_rng(seed)
    found, truth = rng.integers(0, 6, 60).astype(float), rng.random(60) < 0.5
    value = efficiency(found, truth, background)
    shares = [
        np.mean(found[truth] >= t) for t in range(7) if np.mean(found[~truth] >= t) <= background
    ]
    assert value == pytest.approx(max(shares))


def test_rows_of_one_kind_are_refused() -> None:
    with pytest.raises(InputError, match="the rows hold no signal"):
        Goal("efficiency", (2,), 0.1).value(SCORES, np.zeros(500, int))
    with pytest.raises(InputError, match="the rows hold no background"):
        Goal("auc", (0, 1)).value(SCORES, np.zeros(500, int))
    with pytest.raises(InputError, match="the rows are of one class"):
        Goal("auc").value(SCORES, np.zeros(500, int))


@given(st.lists(st.floats(0.0, 5.0), min_size=1, max_size=80).filter(any), st.integers(0, 5))
def test_a_row_is_drawn_as_often_as_it_weighs(weights: list[float], seed: int) -> None:
    own = np.array(weights)
    counts = np.bincount(drawn_by_weight(own, seed), minlength=len(own))
    assert counts.sum() == len(own)
    assert (np.abs(counts - own / own.mean()) < 1.0 + 1e-9).all()
    assert drawn_by_weight(np.full(len(own), 0.3), seed).tolist() == list(range(len(own)))


def problem(weights: np.ndarray | None, **more: object) -> Problem:
    formats = (Fixed(6, 5),) * 2
    X = np.random.default_rng(1).uniform(-1, 1, size=(500, 2))
    return Problem.from_scores(
        X, SCORES, formats, labels=LABELS, weights=weights, **more,  # type: ignore[arg-type]
    )  # fmt: skip


def test_figures_on_validation_rows_are_weighted() -> None:
    plain, held = problem(None), problem(WEIGHTS)
    order = np.random.default_rng(0).permutation(500)[held.train.stop :]
    assert np.array_equal(plain.raw[plain.valid], held.raw[held.valid])
    outputs = SCORES[order] + RNG.normal(size=(100, 3))
    right = outputs.argmax(axis=1) == LABELS[order]
    assert held.score(outputs, held.valid) == pytest.approx(
        np.average(right, weights=WEIGHTS[order])
    )
    soft = softmax(SCORES[order], axis=1)
    cross = [log_loss(np.arange(3), np.tile(softmax(o), (3, 1)), sample_weight=s, labels=[0, 1, 2])
             for o, s in zip(outputs, soft, strict=True)]  # fmt: skip
    own = [log_loss(np.arange(3), np.tile(s, (3, 1)), sample_weight=s, labels=[0, 1, 2])
           for s in soft]  # fmt: skip
    wanted = np.average(np.array(cross) - own, weights=WEIGHTS[order])
    assert held.loss(outputs, held.valid) == pytest.approx(wanted)
    flat = problem(np.full(500, 3.0))
    assert flat.loss(outputs, flat.valid) == pytest.approx(plain.loss(outputs, plain.valid))
    assert np.array_equal(flat.raw, plain.raw)


def test_training_rows_are_drawn_by_their_weights() -> None:
    weights = np.where(LABELS == 2, 5.0, 1.0)
    held = problem(weights)
    assert held.labels is not None
    order = np.random.default_rng(0).permutation(500)[: held.train.stop]
    share = weights[order][LABELS[order] == 2].sum() / weights[order].sum()
    assert np.mean(held.labels[held.train] == 2) == pytest.approx(share, abs=0.02)
    nothing = np.zeros(500)
    nothing[order[0]] = 1.0
    with pytest.raises(InputError, match="every weight of the validation rows is 0"):
        problem(nothing)
    with pytest.raises(InputError, match=r"the weight of row 3 is -1\.0: weights are finite num"):
        problem(np.where(np.arange(500) == 3, -1.0, 1.0))


def test_values_are_weighted_too() -> None:
    X = np.random.default_rng(1).uniform(-1, 1, size=(500, 2))
    held = Problem.from_scores(X, SCORES, (Fixed(6, 5),) * 2, kind="values", weights=WEIGHTS)
    order = np.random.default_rng(0).permutation(500)[held.train.stop :]
    gaps = np.square(SCORES[order] - 1.0)
    wanted = np.sqrt(np.average(gaps, axis=0, weights=WEIGHTS[order]))
    assert held.rmse(np.ones((100, 3)), held.valid) == pytest.approx(tuple(wanted))


def test_a_teacher_is_trained_by_weights() -> None:
    X = np.random.default_rng(1).normal(size=(600, 1))
    y = np.arange(600) % 2  # of no feature: the chances are the shares
    weights = np.where(y == 1, 3.0, 1.0)
    data = Dataset(X, y, ("a",), ("n", "p"), weights=weights)
    said = train_mlp(data, widths=(2,), epochs=30, batch=100).logits(X)
    assert np.mean(softmax(said, axis=1)[:, 1]) == pytest.approx(0.75, abs=0.05)
