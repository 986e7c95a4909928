"""Atoms that others or kinks can stand for, and at what loss.

A table costs the same whatever function it holds, a formula does not: `abs(x - 3)` or a part that
is there already is shorter than `tanh(0.7*x - 2.1)`. What takes an atom's place has a factor of its
own, and all other constants give way, as far as the second-order expansion knows.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from symtick.expr import Op
from symtick.search.data.dataset import FloatArray
from symtick.search.data.quadratic import FitRows, damped_inverse
from symtick.search.shortening.form import Form, Swap

KNOTS = (0.1, 0.3, 0.5, 0.7, 0.9)  # quantiles of a signal where kinks are tried
OWN = 1e-3  # share of a part that the other constants cannot do, else it gets no factor
KINKS = (Op.ABS, Op.MAX, Op.MIN, Op.SQUARE)
KINK_NODES = {Op.ABS: 3.0, Op.MAX: 2.0, Op.MIN: 2.0, Op.SQUARE: 3.0}  # with the knot


@dataclass(frozen=True, eq=False)
class SwapMove:
    """A swap: its predicted loss, the nodes that it saves, about, and how all constants change."""

    loss: float
    nodes: float
    swap: Swap
    change: FloatArray

    @property
    def price(self) -> float:
        """Loss for each node."""
        return self.loss / self.nodes

    @property
    def key(self) -> tuple[object, ...]:
        """What the swap is."""
        return self.swap.atom, self.swap.by, self.swap.op


@dataclass(frozen=True, eq=False)
class Swaps:
    """The swaps of a form.

    Attributes:
        form: fitted.
        rows: on which swaps are weighed.
        ops: operators that swaps may bring.
    """

    form: Form
    rows: FitRows
    ops: Collection[Op]

    def found(self) -> list[SwapMove]:
        """The best swap of each atom, by loss for each node saved."""
        form = self.form
        values, seen = form.forward(self.rows.X)
        outputs = form.computed(values)
        by_atom, by_value = form.jacobian(values, seen)
        free = ~form.plain
        by_atom = by_atom.astype(np.float32)
        columns, sizes = self.rows.columns(outputs, by_value, np.flatnonzero(free))
        inverse = damped_inverse(np.asarray(columns @ columns.T, np.float64))
        with_atom, _ = form.owned()
        support = _supports(form)
        best = []
        live = form.live()
        for k, atom in enumerate(form.atoms):
            if atom.op in (Op.INPUT, Op.ADD) or not live[k]:
                continue
            tried = self._tried(k, values, support, live)
            tried = [(s, n) for s, n in tried if with_atom[k] - n > 0.5]
            if not tried:
                continue
            weight = self.rows.whitened(outputs, by_atom[k])
            parts = [values[k], *(s.values(values[s.by]) for s, _ in tried)]
            moves = np.stack([(weight * part.astype(np.float32)).ravel() for part in parts])
            if not np.isfinite(moves).all():
                continue
            made = _predicted(moves, columns, inverse, self._bound(k)[free])
            options = [
                SwapMove(
                    loss, with_atom[k] - n, replace(s, factor=factor), _at(change / sizes, free)
                )
                for (s, n), (loss, factor, change) in zip(tried, made, strict=True)
            ]
            best.append(min(options, key=lambda m: m.price))
        return sorted(best, key=lambda m: m.price)

    def _tried(
        self, k: int, values: FloatArray, support: list[frozenset[int]], live: list[bool]
    ) -> list[tuple[Swap, float]]:
        """Swaps of atom `k` with the nodes that they bring."""
        form = self.form
        signals = _signals(form, k)
        found = [
            (Swap(k, b, 1.0), 0.0)
            for b in range(k)
            if live[b] and form.atoms[b].op is not Op.ADD and support[b] == support[k]
        ]
        found += [(Swap(k, b, 1.0), 0.0) for b in signals if form.atoms[b].op is Op.ADD]
        kinks = [op for op in KINKS if op in self.ops]
        for signal in signals:
            if form.atoms[signal].op not in (Op.INPUT, Op.ADD):
                continue
            knots = np.unique(np.quantile(values[signal], KNOTS, method="nearest")).tolist()
            found += [(Swap(k, signal, 1.0, op, q), KINK_NODES[op]) for op in kinks for q in knots]
        return found

    def _bound(self, k: int) -> FloatArray:
        """Parameters that go with atom `k`: factors of its terms, and those of its own sums."""
        form, bound = self.form, np.zeros(len(self.form.values), bool)
        for plan in form.sums:
            for p, a in plan.terms:
                bound[p] |= a == k
        for place in form.atoms[k].args:
            bound[form.sums[place].const] = True
            bound[[p for p, _ in form.sums[place].terms]] = True
        return bound


def _at(change: FloatArray, free: npt.NDArray[np.bool_]) -> FloatArray:
    whole = np.zeros(len(free))
    whole[free] = change
    return whole


def _signals(form: Form, k: int) -> list[int]:
    """What atom `k` is a function of: the atoms along a chain of sums of one term."""
    found = []
    while len(form.atoms[k].args) == 1:
        terms = form.present(form.atoms[k].args[0])
        if len(terms) != 1:
            break
        k = terms[0][1]
        found.append(k)
        if form.atoms[k].op in (Op.INPUT, Op.ADD):
            break
    return found


def _supports(form: Form) -> list[frozenset[int]]:
    supports: list[frozenset[int]] = []
    for atom in form.atoms:
        own = [frozenset((atom.index,))] if atom.op is Op.INPUT else []
        terms = [a for s in atom.args for _, a in form.present(s)]
        supports.append(frozenset().union(*own, *(supports[a] for a in terms)))
    return supports


def _predicted(
    moves: FloatArray, columns: FloatArray, inverse: FloatArray, idle: FloatArray
) -> list[tuple[float, float, FloatArray]]:
    """Loss, factor and change of all constants for each part that takes the first one's place.

    Args:
        moves: what the outputs lose with the atom, and gain by each part, whitened.
        columns: the same for each constant.
        inverse: of the curvature by the constants.
        idle: constants that can give way no more.
    """
    places = np.flatnonzero(idle)
    if len(places):
        inner = inverse[np.ix_(places, places)]
        inverse = inverse - inverse[:, places] @ np.linalg.solve(inner, inverse[places])
    shared = np.asarray(columns @ moves.T, np.float64)
    turned = inverse @ shared
    whole = np.asarray(moves @ moves.T, np.float64)
    left = whole - shared.T @ turned
    made = []
    for j in range(1, len(moves)):
        own = left[j, j] > OWN * whole[j, j]
        factor = left[0, j] / left[j, j] if own else 0.0
        loss = max(0.5 * (left[0, 0] - left[0, j] * factor), 0.0)
        made.append((float(loss), float(factor), turned[:, 0] - factor * turned[:, j]))
    return made
