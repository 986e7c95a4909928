"""A path of ever shorter formulas from one formula."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np

from symtick.expr import Expression, Op
from symtick.search.data.dataset import FloatArray
from symtick.search.data.quadratic import FitRows, Quadratic
from symtick.search.shortening.fitting import fit, loss_of
from symtick.search.shortening.form import Form
from symtick.search.shortening.surgery import operate
from symtick.search.shortening.swaps import SwapMove, Swaps

SHARE = 0.03  # of the loss that moves may add together before all constants are fitted again
PART = 8  # of the constants, that may move together
HOPE = 8.0  # times the price that a step may cost before all constants are fitted again
MOST = 8
FIRST_STEPS = 20
STEPS = 3  # of each refit
DEARER = 1.5  # times the price, where no move is left
MOST_PRICE = 1e6


_Step = tuple[Form, int, object]  # the form then, moves made together, and the first one's key


@dataclass(frozen=True, eq=False)
class Shorter:
    """A formula of the path: nodes, and loss above the least that can be."""

    nodes: int
    loss: float
    expression: Expression


@dataclass(eq=False)
class Path:
    """Shortens a form step by step.

    Attributes:
        form: as it stands, fitted.
        rows: to fit on.
        few: to weigh swaps on.
        ops: operators that swaps may bring.
        price: share of the loss that a node may cost.
    """

    form: Form
    rows: FitRows
    few: FitRows
    ops: Collection[Op]
    price: float
    _barred: dict[object, float] = field(default_factory=dict)
    _most: int = MOST
    _effects: dict[object, tuple[int, float]] = field(default_factory=dict)
    _weighed: tuple[FloatArray, list[SwapMove]] | None = None  # of these values of the form

    def shortened(self, nodes: int) -> Shorter:
        """The formula with `nodes` or less, or the last one where no price buys that."""
        at = fit(self.form, self.rows, FIRST_STEPS)
        here = self._shorter(at)
        while here.nodes > nodes and self.price < MOST_PRICE:
            price = self.price * here.loss
            step = self._step(at, price, SHARE * here.loss)
            if step is None:
                self._dearer()
                continue
            tried, count, key = step
            saved, lost = self._effect(step, here, at)
            if price * saved < lost < HOPE * price * saved:
                refit = fit(tried, self.rows, STEPS, at.loss + price * saved)
                lost = refit.loss - at.loss
            elif lost <= price * saved:
                refit = fit(tried, self.rows, 1)
            if not lost <= price * saved:
                if count == 1:
                    self._barred[key] = lost / max(saved, 1)
                self._most = max(1, count // 2)
                continue
            self.form, at = tried, refit
            self._effects.clear()
            self._most = max(MOST, int((~tried.plain).sum()) // PART)
            here = self._shorter(at)
        return here

    def _effect(self, step: _Step, here: Shorter, at: Quadratic) -> tuple[int, float]:
        """Nodes that a step saves, and loss that it adds; what a lower price refused is known."""
        tried, count, first = step
        key = first, count, tried.values.tobytes(), tried.plain.tobytes()
        if key not in self._effects:
            saved = here.nodes - len(tried.expression())
            self._effects[key] = saved, loss_of(tried, self.rows) - at.loss if saved > 0 else np.inf
        return self._effects[key]

    def _dearer(self) -> None:
        """A higher price, at which every move is open again."""
        self.price *= DEARER
        self._barred.clear()
        self._most = MOST

    def _shorter(self, at: Quadratic) -> Shorter:
        expression = self.form.expression()
        return Shorter(len(expression), at.loss - self.rows.least, expression)

    def _step(self, at: Quadratic, price: float, budget: float) -> _Step | None:
        form = self.form
        cut = operate(form, at, price, budget, self._most, self._barred)
        if cut is not None:
            return cut.form, cut.moves, cut.first
        found = [m for m in self._swaps() if m.price <= price]
        free = [m for m in found if self._barred.get(m.key, 0.0) <= price]
        swaps = _together(free, budget, self._most)
        if not swaps:
            return None
        values = form.values + sum(m.change for m in swaps)
        return form.swapped([m.swap for m in swaps], values), len(swaps), swaps[0].key

    def _swaps(self) -> list[SwapMove]:
        """The swaps of the form, weighed once although many may be tried in vain."""
        values = self.form.values
        if self._weighed is None or self._weighed[0] is not values:
            self._weighed = values, Swaps(self.form, self.few, self.ops).found()
        return self._weighed[1]


def _together(found: Sequence[SwapMove], budget: float, most: int) -> list[SwapMove]:
    """Swaps that can be made together, cheapest first."""
    taken: list[SwapMove] = []
    gone: set[int] = set()
    used: set[int] = set()
    spent = 0.0
    for move in found:
        if taken and (len(taken) >= most or spent + move.loss > budget):
            break
        if move.swap.by not in gone and move.swap.atom not in used:
            taken.append(move)
            gone.add(move.swap.atom)
            used.add(move.swap.by)
            spent += move.loss
    return taken
