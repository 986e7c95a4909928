"""Saliency of each summand of a layered form, its price, and its removal.

A summand's worth is measured, not guessed: the loss on probe rows when it is replaced by what the
other summands of its sum can take over, to first order in their constants (as the optimal brain
surgeon does, Hassibi and Stork 1993). Its price is the hardware's: the LUTs of its table and of the
adder behind it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from symtick.search.data.dataset import FloatArray
from symtick.search.data.objective import Outputs
from symtick.search.designs.evaluate import DesignEvaluator
from symtick.search.layered.codes import Singles
from symtick.search.layered.layers import Layers

INNER, OUTER = 0, 1
DAMPING = 1e-2  # share of each constant's own square: what the rows hardly decide stays
TINY = 1e-12  # square of a slope that is none


@dataclass(frozen=True, order=True)
class Cut:
    """One summand that could go.

    Attributes:
        score: loss added for each LUT saved.
        layer: INNER (input, hidden) or OUTER (hidden, output).
        row, column: place in that layer's mask.
        mean: the constant that replaces it.
        loss: loss added, once the others have taken over what they can.
    """

    score: float
    layer: int
    row: int
    column: int
    mean: float
    loss: float


@dataclass(frozen=True, eq=False)
class Probe:
    """Rows on which summands are weighed.

    Attributes:
        places: place of each row's code of each input (`Codes.places`).
        matrix: their code matrix.
        goal: what the outputs should be.
        loss: from outputs and goal.
    """

    places: npt.NDArray[np.int32]
    matrix: Any
    goal: FloatArray
    loss: Callable[[Outputs, FloatArray], float]


def cuts(layers: Layers, probe: Probe, evaluator: DesignEvaluator) -> list[Cut]:
    """All summands that can go alone, cheapest loss per LUT first.

    The last summand of an output stays, and so does the last one of a live hidden sum.
    """
    return sorted([*_outer_cuts(layers, probe, evaluator), *_inner_cuts(layers, probe, evaluator)])


def _outer_cuts(layers: Layers, probe: Probe, evaluator: DesignEvaluator) -> list[Cut]:
    grid, alpha = layers.grid, layers.params["alpha"]
    assert grid is not None
    _, seen = layers.hidden(probe.matrix)
    bent, terms = layers.heads(seen)
    whole = layers.added(terms)
    base = probe.loss(whole.T, probe.goal)
    rows, columns = layers.pairs()
    candidates = []
    for k in range(whole.shape[0]):
        places = np.flatnonzero(columns == k)
        if len(places) <= 1:
            continue
        parts = []
        for place in places.tolist():
            j = int(rows[place])
            slope = (1 - bent[place] * bent[place]) * alpha[j, k]
            parts += [bent[place], slope * seen[j], slope]
        span = _Span(parts)
        for number, place in enumerate(places.tolist()):
            term = terms[place]
            less = whole.copy()
            less[k] += span.without(number, term) - term
            bits = _bits(float(np.ptp(term)) * 2.0**grid.term_frac)
            luts = evaluator.table_luts(grid.address_bits, bits) + evaluator.adder_luts(bits + 1)
            lost = probe.loss(less.T, probe.goal) - base
            cut = Cut(lost / luts, OUTER, int(rows[place]), k, float(term.mean()), lost)
            candidates.append(cut)
    return candidates


def _inner_cuts(layers: Layers, probe: Probe, evaluator: DesignEvaluator) -> list[Cut]:
    u, t, tables = layers.curves()
    stored, steps = layers.rounded(tables), layers.steps()
    sums, seen = layers.hidden(probe.matrix)
    _, terms = layers.heads(seen)
    whole = layers.added(terms)
    base = probe.loss(whole.T, probe.goal)
    widths = [f.width for f in evaluator.problem.formats]
    shift = layers.slopes(u, t) * layers.params["a"][layers.codes.feature]
    slopes = (t, shift * layers.codes.values[:, None], shift)  # by a, b and c
    candidates = []
    for j in np.flatnonzero(layers.outer.any(axis=1) & (layers.inner.sum(axis=0) > 1)).tolist():
        inputs = np.flatnonzero(layers.inner[:, j]).tolist()
        span = _Span([slope[probe.places[:, i], j] for i in inputs for slope in slopes])
        for number, i in enumerate(inputs):
            part = stored[probe.places[:, i], j]
            less = _without(layers, j, sums[j] - part + span.without(number, part), terms, whole)
            bits = _bits(float(np.ptp(part)) / float(steps[j]))
            luts = evaluator.table_luts(widths[i], bits) + evaluator.adder_luts(bits + 1)
            lost = probe.loss(less.T, probe.goal) - base
            candidates.append(Cut(lost / luts, INNER, i, j, float(part.mean()), lost))
    return candidates


class _Span:
    """What the constants of the summands of one sum can make of it, to first order.

    Args:
        slopes: of the sum by the three constants of each summand, one summand after the other,
            (rows,) each.
    """

    def __init__(self, slopes: Sequence[Singles]) -> None:
        self._columns = np.stack([*slopes, np.ones_like(slopes[0])], axis=1)
        products = np.asarray(self._columns.T @ self._columns, np.float64)
        self._units = np.sqrt(np.maximum(np.diag(products), TINY))
        self._products = products / np.outer(self._units, self._units)

    def without(self, number: int, part: Singles) -> Singles:
        """The nearest to a part, (rows,), that the constants of all summands but one can make."""
        kept = np.ones(len(self._units), bool)
        kept[3 * number : 3 * number + 3] = False
        columns, units = self._columns[:, kept], self._units[kept]
        damped = self._products[np.ix_(kept, kept)] + DAMPING * np.eye(len(units))
        found = np.linalg.solve(damped, (columns.T @ part) / units) / units
        return np.asarray(columns @ found.astype(np.float32))


def _without(layers: Layers, j: int, sums: Singles, terms: Singles, whole: Singles) -> Singles:
    """The outputs with other values of one hidden sum."""
    p = layers.params
    less = whole.copy()
    owner, outputs = layers.pairs()
    for place in np.flatnonzero(owner == j).tolist():
        k = int(outputs[place])
        bent = np.tanh(sums * p["beta"][j, k] + p["gamma"][j, k]) * p["alpha"][j, k]
        less[k] += bent - terms[place]
    return less


def _bits(levels: float) -> int:
    return max(1, math.ceil(math.log2(levels + 1.0)))


def remove(layers: Layers, candidates: list[Cut], count: int, most: float = math.inf) -> int:
    """Take the first `count` cuts, as far as they can still go; returns how many went.

    After the first, those that together add more than the loss `most` stay.
    """
    gone, lost = 0, 0.0
    for cut in candidates:
        if gone == count:
            break
        if (gone and lost + cut.loss > most) or not _take(layers, cut):
            continue
        gone += 1
        lost += max(0.0, cut.loss)
    _bury(layers)
    return gone


def _take(layers: Layers, cut: Cut) -> bool:
    p = layers.params
    mask = layers.inner if cut.layer == INNER else layers.outer
    if mask[:, cut.column].sum() <= 1:
        return False
    mask[cut.row, cut.column] = 0.0
    if cut.layer == INNER:
        p["gamma"][cut.column] += p["beta"][cut.column] * np.float32(cut.mean)
    else:
        p["bias"][cut.column] += np.float32(cut.mean)
    return True


def _bury(layers: Layers) -> None:
    """Hidden sums that no output reads lose their summands."""
    layers.inner[:, layers.outer.sum(axis=1) == 0] = 0.0
