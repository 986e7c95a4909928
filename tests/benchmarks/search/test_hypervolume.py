"""The hypervolume against counted cells, and its invariances."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.search.hypervolume import hypervolume
from symtick.errors import InputError

SIZE = 6


def fronts(objectives: int) -> st.SearchStrategy[list[list[int]]]:
    """Integer points, some of them beyond the reference, which is (SIZE, ...)."""
    point = st.lists(st.integers(0, SIZE + 1), min_size=objectives, max_size=objectives)
    return st.lists(point, max_size=12)


def cells(points: list[list[int]], objectives: int) -> int:
    """Unit cells of the box that some point dominates."""
    box = itertools.product(range(SIZE), repeat=objectives)
    return sum(any(all(p <= c for p, c in zip(q, cell, strict=True)) for q in points)
               for cell in box)  # fmt: skip


@pytest.mark.parametrize("objectives", [1, 2, 3])
def test_it_counts_the_dominated_cells(objectives: int) -> None:
    @given(fronts(objectives))
    def check(points: list[list[int]]) -> None:
        assert hypervolume(points, [SIZE] * objectives) == cells(points, objectives)

    check()


@given(fronts(3), st.permutations(range(3)))
def test_order_of_points_and_objectives_does_not_matter(
    points: list[list[int]], order: list[int]
) -> None:
    held = np.array(points, float).reshape(-1, 3)
    moved = held[::-1][:, order]
    assert hypervolume(held, [SIZE] * 3) == pytest.approx(hypervolume(moved, [SIZE] * 3))


def test_units_scale_the_volume() -> None:
    points = np.random.default_rng(0).random((40, 3))
    one = hypervolume(points, [1.0, 1.0, 1.0])
    assert hypervolume(points * [2, 3, 5], [2.0, 3.0, 5.0]) == pytest.approx(30 * one)
    assert 0.0 < one < 1.0


def test_what_cannot_be_measured_is_refused() -> None:
    assert hypervolume([], [1.0, 2.0]) == 0.0
    with pytest.raises(InputError, match=r"points of shape \(1, 2\) do not fit 3 objectives"):
        hypervolume([[1.0, 2.0]], [1.0, 1.0, 1.0])
    with pytest.raises(InputError, match="must be finite"):
        hypervolume([[np.inf, 0.0]], [1.0, 1.0])
    with pytest.raises(InputError, match=r"one point, not of shape \(1, 2\)"):
        hypervolume([[0.0, 0.0]], [[1.0, 1.0]])
