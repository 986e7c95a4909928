"""Laws from parts of data of any kind: zeros in each column, few rows, columns of one value."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray

from symtick.expr import OPCODES
from symtick.hwcost import SearchCost
from symtick.search.grammar.grammar import Rules, Vocabulary
from symtick.search.kernel_api.rows import Rows
from symtick.search.parts.front import LEAST, Bounds, cleaned, laws

pytestmark = pytest.mark.kernel
Floats = NDArray[np.float64]
Kind = Callable[[np.random.Generator, int, int], Floats]

KINDS: dict[str, Kind] = {
    "small integers": lambda r, n, k: r.integers(0, 5, (n, k)).astype(float),
    "0 and 1": lambda r, n, k: r.integers(0, 2, (n, k)).astype(float),
    "-1, 0 and 1": lambda r, n, k: r.integers(-1, 2, (n, k)).astype(float),
    "one-hot": lambda r, n, k: np.eye(k)[r.integers(0, k, n)],
    "grid from 0": lambda r, n, k: np.tile(np.linspace(0.0, 10.0, n)[:, None], (1, k)),
    "a row of zeros": lambda r, n, k: r.normal(size=(n, k)) * (np.arange(n) != n // 2)[:, None],
    "mostly zeros": lambda r, n, k: r.normal(size=(n, k)) * (r.uniform(size=(n, k)) < 0.1),
    "constant": lambda r, n, k: np.ones((n, k)),
    "zeros alone": lambda r, n, k: np.zeros((n, k)),
}
LANGUAGES = (
    ("add", "mul"),
    ("add", "sub", "mul", "div"),
    ("add", "sub", "mul", "div", "sqrt", "exp", "log", "sin", "tanh"),
)


def bounds(ops: tuple[str, ...], count: int) -> Bounds:
    free = (0.0,) * 3
    cost = SearchCost(1.0, False, False, (0.0,) * len(OPCODES), (1.0,) * len(OPCODES), free, free)
    vocabulary = Vocabulary.of(ops, count, names=tuple(f"x{k}" for k in range(count)))
    return Bounds(vocabulary, Rules(max_nodes=15), cost)


@pytest.mark.parametrize("kind", KINDS)
def test_noisy_data_of_any_kind_have_a_front(kind: str) -> None:
    for count, columns, ops in product((3, 40), (1, 2), LANGUAGES):
        rng = np.random.default_rng([count, columns])
        X = KINDS[kind](rng, count, columns)
        given = Rows.make(X, X[:, 0] + 2.0 * X[:, -1] ** 2 + 0.1 * rng.standard_normal(count))
        allowed = bounds(ops, columns)
        front, spent = laws(given, allowed, "mse", 1.0, LEAST)
        assert spent <= LEAST
        assert all(np.isfinite(c.loss) for c in cleaned(front, given, allowed, "mse", 1.0))
