"""Saliency of each summand of a layered form, its price, and its removal.

A summand's worth is measured, not guessed: the loss on probe rows when it is replaced by its mean.
Its price is the hardware's: the LUTs of its table and of the adder behind it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from symtick.search.data.dataset import FloatArray, IntArray
from symtick.search.data.objective import Outputs
from symtick.search.designs.evaluate import DesignEvaluator
from symtick.search.layered.codes import Singles
from symtick.search.layered.layers import Layers

INNER, OUTER = 0, 1


@dataclass(frozen=True, order=True)
class Cut:
    """One summand that could go.

    Attributes:
        score: loss added for each LUT saved.
        layer: INNER (input, hidden) or OUTER (hidden, output).
        row, column: place in that layer's mask.
        mean: the constant that replaces it.
        loss: loss added.
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
    stored = layers.rounded(layers.curves()[2])
    sums, seen = layers.hidden(probe.matrix)
    _, terms = layers.heads(seen)
    whole = layers.added(terms)
    base = probe.loss(whole.T, probe.goal)
    candidates = _outer_cuts(layers, probe, evaluator, terms, whole, base)
    candidates += _inner_cuts(layers, probe, evaluator, stored, sums, terms, whole, base)
    return sorted(candidates)


def _outer_cuts(
    layers: Layers,
    probe: Probe,
    evaluator: DesignEvaluator,
    terms: Singles,
    whole: Singles,
    base: float,
) -> list[Cut]:
    grid = layers.grid
    assert grid is not None
    candidates = []
    for term, j, k in zip(terms, *(p.tolist() for p in layers.pairs()), strict=True):
        if layers.outer[:, k].sum() <= 1:
            continue
        less = whole.copy()
        mean = float(term.mean())
        less[k] += np.float32(mean) - term
        bits = _bits(float(np.ptp(term)) * 2.0**grid.term_frac)
        luts = evaluator.table_luts(grid.address_bits, bits) + evaluator.adder_luts(bits + 1)
        lost = probe.loss(less.T, probe.goal) - base
        candidates.append(Cut(lost / luts, OUTER, j, k, mean, lost))
    return candidates


def _inner_cuts(
    layers: Layers,
    probe: Probe,
    evaluator: DesignEvaluator,
    stored: Singles,
    sums: Singles,
    terms: Singles,
    whole: Singles,
    base: float,
) -> list[Cut]:
    steps = layers.steps()
    owner = layers.pairs()[0]
    widths = [f.width for f in evaluator.problem.formats]
    candidates = []
    for i, j in np.argwhere(layers.inner).tolist():
        if layers.inner[:, j].sum() <= 1 or not layers.outer[j].any():
            continue
        part = stored[probe.places[:, i], j]
        mean = float(part.mean())
        less = _without(layers, j, sums[j] - part + np.float32(mean), terms, owner, whole)
        bits = _bits(float(np.ptp(part)) / float(steps[j]))
        luts = evaluator.table_luts(widths[i], bits) + evaluator.adder_luts(bits + 1)
        lost = probe.loss(less.T, probe.goal) - base
        candidates.append(Cut(lost / luts, INNER, i, j, mean, lost))
    return candidates


def _without(
    layers: Layers, j: int, sums: Singles, terms: Singles, owner: IntArray, whole: Singles
) -> Singles:
    """The outputs with other values of one hidden sum."""
    p = layers.params
    less = whole.copy()
    outputs = layers.pairs()[1]
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
