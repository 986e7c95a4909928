"""Values of a builder's nodes at rows, and what outputs are worth by them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from symtick.codegen.ir.fixed import RawArray, Reals
from symtick.codegen.ir.graph import GOp, GraphBuilder
from symtick.expr import reachable


class Judge(NamedTuple):
    """What outputs (rows, outputs), as real values, are worth.

    Attributes:
        score: bounded by the budget; higher is better (an accuracy, or minus an error).
        loss: ranks the moves; lower is better, and smooth, so that few rows decide nothing.
    """

    score: Callable[[Reals], float]
    loss: Callable[[Reals], float]


class Judged(NamedTuple):
    """Raw inputs, shape (rows, inputs), and the judge of the outputs at them."""

    rows: RawArray
    judge: Judge


class RowValues:
    """Values of nodes at rows, each computed once.

    Args:
        builder: with the nodes; it may grow.
        rows: raw inputs, shape (rows, inputs).
    """

    def __init__(self, builder: GraphBuilder, rows: RawArray) -> None:
        self._nodes, self._view = builder.nodes, builder.view()
        self._rows = rows
        self._values: dict[int, RawArray] = {}

    def value(self, number: int) -> RawArray:
        """Raw values of a node."""
        values = self._values
        for k in sorted(reachable(self._nodes, [number], lambda k: k not in values)):
            if k not in values:
                node = self._nodes[k]
                read = node.op is GOp.INPUT
                values[k] = self._rows[:, node.number] if read else self._view.value(k, values)
        return values[number]

    def outputs(self, numbers: Sequence[int]) -> Reals:
        """Real values of nodes, (rows, nodes), in memory node by node, as judges read them."""
        count = (len(self._rows),)
        columns = (self._nodes[k].fmt.to_real(self.value(k)) for k in numbers)
        return np.stack([np.broadcast_to(c, count) for c in columns]).T

    @property
    def count(self) -> int:
        """How many nodes' values are there."""
        return len(self._values)

    def forget(self, count: int) -> None:
        """Forget all values but the first `count`, in the order in which they were computed."""
        while len(self._values) > count:
            self._values.popitem()

    def keep(self, numbers: Iterable[int]) -> None:
        """Forget the values of all other nodes."""
        kept = set(numbers)
        self._values = {k: v for k, v in self._values.items() if k in kept}
