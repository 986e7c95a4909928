"""Optimal brain surgery on formulas: which constants can go, and at what loss.

A move sets one constant to a value that saves nodes of the text: a factor to 0, 1 or -1, a constant
to 0. The others then take the best values that the second-order expansion knows of (Hassibi and
Stork 1993, Optimal Brain Surgeon); the loss that it predicts orders the moves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from symtick.search.data.dataset import FloatArray
from symtick.search.data.quadratic import DAMPING, Quadratic
from symtick.search.shortening.form import Form

CONST_NODES = 2.0  # a constant and its sum
FACTOR_NODES = 2.0  # a factor and its product


@dataclass(frozen=True)
class Move:
    """One constant that takes a plain value.

    Attributes:
        loss: predicted to be added.
        nodes: saved, about.
        place: of the constant.
        value: that it takes.
    """

    loss: float
    nodes: float
    place: int
    value: float

    @property
    def key(self) -> tuple[int, float]:
        """What the move is."""
        return self.place, self.value


@dataclass(frozen=True, eq=False)
class Operation:
    """Moves that were made together: the form then, their number, and the first one's key."""

    form: Form
    moves: int
    first: tuple[int, float]


def operate(
    form: Form,
    at: Quadratic,
    price: float,
    budget: float,
    most: int,
    barred: Mapping[object, float] = MappingProxyType({}),
) -> Operation | None:
    """Moves, cheapest loss per node first, each on what the others left; None where none is left.

    Args:
        form: fitted.
        at: its expansion.
        price: most loss for each node that they save.
        budget: loss that the moves after the first may add together, as predicted.
        most: moves.
        barred: keys of moves that cost more than predicted, with the price.
    """
    state = Operating(form, at)
    made: list[Move] = []
    spent = 0.0
    while len(made) < most:
        best = state.best(price, barred)
        if best is None or (made and spent + best.loss > budget):
            break
        state.make(best)
        made.append(best)
        spent += best.loss
    if not made:
        return None
    return Operation(form.changed(state.values, ~state.free), len(made), made[0].key)


class Operating:
    """Constants, and the inverse curvature by those that are still free."""

    def __init__(self, form: Form, at: Quadratic) -> None:
        self.form = form
        self.values = form.values.copy()
        self.free = ~form.plain
        self._at = at
        self._inverse = at.inverse(self.free)
        self._with_term = form.owned()[1]

    @property
    def room(self) -> FloatArray:
        """What the loss leaves each constant: its variance, as it were; 0 where it is decided."""
        return np.diag(self._inverse)

    def best(self, price: float, barred: Mapping[object, float]) -> Move | None:
        """The move with the least loss for each node, if that is at most `price`."""
        options = [self._free(0.0), self._free(1.0), self._free(-1.0), self._plain()]
        prices = np.concatenate([o[0] / o[1] for o in options])
        count = len(self.values)
        for place in np.argsort(prices, kind="stable").tolist():
            if not prices[place] <= price:
                return None
            which, p = divmod(place, count)
            loss, nodes, value = options[which]
            move = Move(float(loss[p]), float(nodes[p]), p, value)
            if barred.get(move.key, 0.0) <= price:
                return move
        return None

    def _free(self, value: float) -> tuple[FloatArray, FloatArray, float]:
        """Loss and nodes of setting each free constant to a value."""
        able = self.free if value == 0.0 else self.free & self.form.factor
        room = np.where(able, self.room, 1.0)
        loss = np.where(able, (value - self.values) ** 2 / (2.0 * room), np.inf)
        if value == 0.0:
            return loss, np.where(self.form.factor, self._with_term, CONST_NODES), value
        return loss, np.full(len(loss), FACTOR_NODES), value

    def _plain(self) -> tuple[FloatArray, FloatArray, float]:
        """The same of dropping each term of factor 1 or -1."""
        ones = ~self.free & self.form.factor & (self.values != 0.0)
        loss = np.full(len(self.values), np.inf)
        curvature, values = self._at.curvature, self.values[ones]
        across = curvature[:, ones]
        own = np.diag(curvature)[ones] * (1.0 + DAMPING)
        room = own - np.einsum("pj,pj->j", across, self._inverse @ across)
        # plain factors are not where the loss is least: there is a slope
        slope = self._at.slope[ones] + across.T @ (self.values - self.form.values)
        loss[ones] = 0.5 * values**2 * np.maximum(room, 0.0) - slope * values
        return loss, np.maximum(self._with_term, 1.0), 0.0

    def make(self, move: Move) -> None:
        """Set the constant; the free ones give way."""
        p, inverse = move.place, self._inverse
        if self.free[p]:
            self.values += inverse[:, p] * ((move.value - self.values[p]) / inverse[p, p])
            self._inverse = inverse - np.outer(inverse[:, p], inverse[p] / inverse[p, p])
            self.free[p] = False
            self._inverse[p] = self._inverse[:, p] = 0.0
        else:
            self.values += inverse @ (self._at.curvature[:, p] * self.values[p])
        self.values[p] = move.value
