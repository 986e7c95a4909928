"""Metrics against scikit-learn and against counting."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import softmax
from sklearn.metrics import accuracy_score, roc_auc_score

from symtick.errors import InputError
from symtick.search.data.metrics import (
    accuracy,
    agreement,
    auc_per_class,
    log_odds,
    predicted_classes,
)


@given(st.integers(0, 2**32 - 1), st.integers(2, 6))
def test_against_scikit_learn(seed: int, classes: int) -> None:
    rng = np.random.default_rng(seed)
    labels = np.arange(60) % classes
    scores = rng.normal(size=(60, classes)) + np.eye(classes)[labels]
    assert accuracy(scores, labels) == accuracy_score(labels, scores.argmax(axis=1))
    names = [f"c{k}" for k in range(classes)]
    chances = softmax(scores, axis=1)
    for k, area in enumerate(auc_per_class(scores, labels, names).values()):
        assert area == pytest.approx(roc_auc_score(labels == k, chances[:, k]), abs=1e-12)


def test_the_first_of_equal_scores_wins() -> None:
    assert predicted_classes([[1, 1, 0], [0, 2, 2], [0, 0, 0]]).tolist() == [0, 1, 0]


def test_one_column_is_the_score_of_class_one() -> None:
    scores, labels = np.array([[0.5], [-0.5], [0.0]]), np.array([1, 1, 0])
    assert predicted_classes(scores).tolist() == [1, 0, 0]
    assert accuracy(scores, labels) == pytest.approx(2 / 3)
    assert auc_per_class(scores, labels, ("n", "p")) == {"n": 0.5, "p": 0.5}


def test_log_odds_do_not_saturate() -> None:
    scores = np.array([[800.0, 0.0, 0.0], [900.0, 0.0, 0.0]])
    odds = log_odds(scores)
    assert odds[0, 0] < odds[1, 0] < np.inf
    small = np.array([[0.3, -1.0, 0.2]])
    chance = softmax(small, axis=1)
    assert np.allclose(log_odds(small), np.log(chance / (1 - chance)))


def test_agreement() -> None:
    assert agreement([[1, 0], [0, 1]], [[2, 0], [3, 1]]) == 0.5


def test_a_class_that_is_absent_has_no_area() -> None:
    areas = auc_per_class(np.eye(3)[[0, 1, 0]], np.array([0, 1, 0]), ("a", "b", "c"))
    assert areas == {"a": 1.0, "b": 1.0}


def test_bad_scores_are_refused() -> None:
    with pytest.raises(InputError, match=r"not of shape \(2,\)"):
        predicted_classes([1.0, 2.0])
    with pytest.raises(InputError, match="row 1 hold NaN"):
        predicted_classes([[1.0, 2.0], [np.nan, 0.0]])
    with pytest.raises(InputError, match="1 rows of scores against 2"):
        accuracy([[1.0, 2.0]], [0, 1])
    with pytest.raises(InputError, match="2 columns of scores for 3 class names"):
        auc_per_class([[1.0, 2.0], [2.0, 1.0]], [0, 1], ("a", "b", "c"))
