"""The nodes of an expression, its postfix form, and the walk over nodes by their arguments."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from symtick.expr.ops import Op


@dataclass(frozen=True, slots=True)
class Node:
    """One operation. `index` is the input number of an INPUT, `value` the number of a CONST."""

    op: Op
    args: tuple[int, ...] = ()
    index: int = -1
    value: float = 0.0


@dataclass(frozen=True)
class Program:
    """One output as a postfix program, the form that the kernel reads.

    Attributes:
        ops: opcodes (`Op` numbers) in postfix order, uint8, shape (n,).
        args: input number of an INPUT, position in `consts` of a CONST, else 0; int32, shape (n,).
        consts: constants in order of appearance, float64, shape (m,).
    """

    ops: npt.NDArray[np.uint8]
    args: npt.NDArray[np.int32]
    consts: npt.NDArray[np.float64]


class HasArgs(Protocol):
    """A node of an expression or of a graph."""

    @property
    def args(self) -> tuple[int, ...]:
        """Numbers of the nodes that it reads."""


def reachable(
    nodes: Sequence[HasArgs], roots: Iterable[int], through: Callable[[int], bool] | None = None
) -> list[int]:
    """Numbers of the roots and of all nodes below them, each once, in depth-first order.

    Args:
        nodes: arguments before their users, so that sorted numbers are an order of evaluation.
        roots: where the walk starts.
        through: whether the walk goes on below a node; by default it always does.
    """
    seen: dict[int, None] = {}
    pending = list(roots)
    while pending:
        k = pending.pop()
        if k not in seen:
            seen[k] = None
            if through is None or through(k):
                pending.extend(nodes[k].args)
    return list(seen)
