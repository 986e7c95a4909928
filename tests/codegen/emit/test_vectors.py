"""Test vectors: corners, exhaustion, real rows, determinism; bit patterns."""

from __future__ import annotations

import numpy as np
import pytest
from hand_designs import design
from hypothesis import given
from hypothesis import strategies as st

from symtick.codegen import Design, Fixed, GOp, GraphBuilder
from symtick.codegen.emit import vectors
from symtick.errors import InputError


def _design(*formats: tuple[Fixed, int, int]) -> Design:
    b = GraphBuilder(tuple(f"x{k}" for k in range(len(formats) + 1)))  # the last input is not read
    total = b.const(1, 0)
    for k, (fmt, low, high) in enumerate(formats):
        total = b.op(GOp.ADD, total, b.input(k, fmt, low, high))
    graph = b.build([total], ["y"])
    return design(graph, [0] * len(graph.nodes), 0)


@st.composite
def _bounded(draw: st.DrawFn) -> tuple[Fixed, int, int]:
    fmt = Fixed(draw(st.integers(1, 70)), draw(st.integers(-3, 9)), draw(st.booleans()))
    ends = sorted(draw(st.tuples(*[st.integers(fmt.raw_min, fmt.raw_max)] * 2)))
    return fmt, ends[0], ends[1]


@given(st.lists(_bounded(), min_size=1, max_size=3), st.integers(0, 60), st.integers(0, 9))
def test_vectors_lie_in_the_bounds_and_hold_the_corners(
    formats: list[tuple[Fixed, int, int]], count: int, seed: int
) -> None:
    made = _design(*formats)
    raw = vectors.make(made, count, seed)
    assert len(raw) >= count and raw.shape[1] == len(formats) + 1
    assert (raw[:, -1] == 0).all()
    made.graph.evaluate(raw)  # refuses what is outside the bounds
    rows = {tuple(row) for row in raw.tolist()}
    assert (*(low for _, low, _ in formats), 0) in rows
    assert (*(high for *_, high in formats), 0) in rows
    zero = [min(max(0, low), high) for _, low, high in formats]
    for k, (_, low, high) in enumerate(formats):
        for end in (low, high):
            assert (*zero[:k], end, *zero[k + 1 :], 0) in rows
    assert (vectors.make(made, count, seed) == raw).all()


def test_narrow_inputs_are_exhausted() -> None:
    made = _design((Fixed(6, 3), -32, 31), (Fixed(5, 3, False), 2, 30))
    assert vectors.is_exhaustive(made)
    raw = vectors.make(made, 10, 0)
    assert len(raw) == len({tuple(row) for row in raw.tolist()}) == 64 * 29
    assert not vectors.is_exhaustive(_design((Fixed(15, 3), -16384, 16383)))


def test_real_rows_are_used_and_clipped() -> None:
    made = _design((Fixed(16, 3), -5000, 5000), (Fixed(16, 3), -32768, 32767))
    data = np.column_stack([np.arange(40) * 317 - 6000, np.arange(40) * 31, np.zeros(40, int)])
    raw = vectors.make(made, 1000, 0, data)
    rows = {tuple(row) for row in raw.tolist()}
    assert all((max(min(a, 5000), -5000), b, 0) in rows for a, b, _ in data.tolist())
    assert len(vectors.make(made, 1000, 0, np.repeat(data, 100, axis=0))) == 1000


def test_other_seeds_give_other_vectors() -> None:
    made = _design((Fixed(16, 3), -32768, 32767))
    assert (vectors.make(made, 500, 1) != vectors.make(made, 500, 2)).any()


@pytest.mark.parametrize("data", [np.zeros((3, 5), int), np.zeros((3, 2)), np.zeros(2, int)])
def test_data_of_the_wrong_kind_is_refused(data: np.ndarray) -> None:  # type: ignore[type-arg]
    made = _design((Fixed(16, 3), -32768, 32767))
    with pytest.raises(InputError, match="raw integers of shape"):
        vectors.make(made, 5000, 0, data)


@pytest.mark.parametrize("count", [-1, 99_999_999_999_999])
def test_no_count_of_vectors_is_refused(count: int) -> None:
    with pytest.raises(InputError, match=f"from 0 to 10,000,000, not {count}"):
        vectors.make(_design((Fixed(4, 0), -8, 7)), count, 0)


@given(_bounded())
def test_patterns_come_back(bounded: tuple[Fixed, int, int]) -> None:
    fmt, low, high = bounded
    dtype = object if fmt.width > 62 else np.int64
    raw = np.array([low, high], dtype)
    patterns = raw & ((1 << fmt.width) - 1)
    assert (vectors.from_patterns(patterns, fmt) == raw).all()
