"""Preparing data: features that matter are chosen, noise is removed, and seeds decide both."""

from __future__ import annotations

import numpy as np
import pytest

from symtick.errors import InputError
from symtick.search.data.preparing import denoised, drawn, select_features


def test_keeps_the_features_that_the_target_depends_on() -> None:
    X = np.random.default_rng(0).normal(size=(400, 9))
    y = np.sin(X[:, 2]) * X[:, 6] + X[:, 4]
    assert select_features(X, y, 3, seed=1) == (2, 4, 6)
    assert select_features(X, y, 9) == tuple(range(9))
    both = np.column_stack([X[:, 1], X[:, 8]])
    assert select_features(X, both, 2) == (1, 8)


def test_weights_decide_which_rows_count() -> None:
    X = np.random.default_rng(1).normal(size=(400, 3))
    first = np.arange(400) < 200
    y = np.where(first, X[:, 0], X[:, 2])
    assert select_features(X, y, 1, weights=first * 1.0) == (0,)
    assert select_features(X, y, 1, weights=~first * 1.0) == (2,)


@pytest.mark.parametrize("count", [0, 4, -1])
def test_refuses_a_number_of_features_that_is_not_there(count: int) -> None:
    with pytest.raises(InputError, match=f"from 1 to 3, not {count}"):
        select_features(np.zeros((5, 3)), np.zeros(5), count)


def test_takes_most_of_the_noise_and_nothing_else() -> None:
    rng = np.random.default_rng(2)
    X = rng.uniform(-2, 2, size=(100, 2)) * (1.0, 1000.0)
    truth = np.sin(2 * X[:, 0]) + (X[:, 1] / 1000) ** 2
    noisy = truth + 0.3 * rng.normal(size=100)
    held = denoised(X, noisy, seed=3)
    assert np.std(held - truth) < 0.5 * np.std(noisy - truth)
    np.testing.assert_array_equal(held, denoised(X, noisy, seed=3))


def test_draws_rows_once_each() -> None:
    held = drawn(1000, 100, 5)
    assert len(set(held.tolist())) == 100 and (np.diff(held) > 0).all()
    np.testing.assert_array_equal(held, drawn(1000, 100, 5))
    assert (held != drawn(1000, 100, 6)).any()
    np.testing.assert_array_equal(drawn(7, 100, 5), np.arange(7))
