"""Random expressions for the kernel's property tests, and a first-order error bound for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from symtick.expr import SEARCH_OPS, Builder, Expression, Op, arity

NAMES = ("x0", "x1", "x2")
Tree = Any  # ("x", index), ("c", value) or (op, *trees)

_leaves = st.one_of(
    st.tuples(st.just("x"), st.integers(0, len(NAMES) - 1)),
    st.tuples(
        st.just("c"),
        st.floats(-4, 4, allow_nan=False, width=32) | st.sampled_from([0.0, -0.0, 1.0, -1.0]),
    ),
)


def trees(ops: Sequence[Op] = tuple(SEARCH_OPS), leaves: int = 14) -> st.SearchStrategy[Tree]:
    """Nested tuples of at most about `leaves` leaves."""
    by_arity = {count: [op for op in ops if arity(op) == count] for count in (1, 2, 3)}

    def grown(inner: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
        return st.one_of(
            st.tuples(st.sampled_from(alike), *[inner] * count)
            for count, alike in by_arity.items()
            if alike
        )

    return st.recursive(_leaves, grown, max_leaves=leaves)


def expressions(
    ops: Sequence[Op] = tuple(SEARCH_OPS), leaves: int = 14
) -> st.SearchStrategy[Expression]:
    """Expressions with one output over `NAMES`."""
    return trees(ops, leaves).map(built)


def built(tree: Tree) -> Expression:
    """The expression that a nested tuple stands for."""
    builder = Builder(NAMES)

    def place(part: Tree) -> int:
        if part[0] == "x":
            return builder.input(part[1])
        if part[0] == "c":
            return builder.const(part[1])
        return builder.op(part[0], *(place(p) for p in part[1:]))

    return builder.build([place(tree)])


def rows(count: int, seed: int = 0) -> npt.NDArray[np.float64]:
    """Uniform rows in [-2, 2]."""
    return np.random.default_rng(seed).uniform(-2.0, 2.0, (count, len(NAMES)))


def error_bound(
    expression: Expression, X: npt.NDArray[np.float64], unit: float
) -> npt.NDArray[np.float64]:
    """First-order bound on the rounding error of output 0, `unit` the relative error of each node.

    A row where it says nothing (a kink, a pole, a value that is not finite) has infinity.
    """
    values: list[npt.NDArray[np.float64]] = []
    errors: list[npt.NDArray[np.float64]] = []
    with np.errstate(all="ignore"):
        for node in expression.nodes:
            if node.op is Op.INPUT:
                value = X[:, node.index]
                error = unit * np.abs(value)
            elif node.op is Op.CONST:
                value = np.full(len(X), node.value)
                error = unit * np.abs(value)
            else:
                spec = SEARCH_OPS[node.op]
                args = [values[a] for a in node.args]
                value = spec.numpy(*args)
                # twice the slope, and a little, for what the first order leaves out
                slopes = spec.partials(*args, value)
                error = unit * (np.abs(value) + 1e-3) + sum(
                    2.0 * np.maximum(np.abs(s), 1e-3) * errors[a]
                    for s, a in zip(slopes, node.args, strict=True)
                )
            values.append(value)
            errors.append(np.where(np.isfinite(value) & np.isfinite(error), error, np.inf))
    return errors[expression.outputs[0]]
