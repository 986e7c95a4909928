"""What a joint model can do without: readouts, terms and parts of terms, by loss for price.

As in the pruning of layered forms, the worth of a part is measured: it is the loss that the model
gains without it. Here parts are all nodes of all terms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from symtick.expr import arity
from symtick.hwcost.search_model.table import SearchCost
from symtick.search.data.dataset import FloatArray
from symtick.search.joint.model import JointModel
from symtick.search.joint.trees import Tree, bare, below, number, replaced, values_of_trees, written
from symtick.search.kernel_api.evaluation import costs

LARGEST = 1e9  # value of a term
READOUT_NODES = 3  # a factor, its constant and a sum


@dataclass(frozen=True, eq=False)
class Prices:
    """What terms and readouts cost: LUTs, and nodes at their price.

    Attributes:
        cost: the search's table.
        readout_lut: LUTs of one weight: a table or a product, and an adder.
        node: price of a node in LUTs.
    """

    cost: SearchCost
    readout_lut: float
    node: float

    @property
    def readout(self) -> float:
        """Price of one weight."""
        return self.readout_lut + READOUT_NODES * self.node

    def terms(self, trees: Sequence[Tree]) -> FloatArray:
        """Price of each term, (terms,), without its readouts."""
        if not trees:
            return np.zeros(0)
        _, lut = costs([written(t) for t in trees], self.cost)
        return lut + self.node * np.array([t.letters for t in trees], float)

    def whole(self, model: JointModel) -> float:
        """Price of a model: each term once."""
        return float(self.terms(model.terms).sum()) + self.readout * model.readouts


@dataclass(frozen=True, eq=False)
class Cut:
    """A model without one of its parts, the loss that this adds, and the price that it saves."""

    model: JointModel
    lost: float
    saved: float


def cuts(
    model: JointModel, X: FloatArray, loss: Callable[[FloatArray], float], prices: Prices
) -> list[Cut]:
    """All single cuts, the least loss for its price first.

    Args:
        model: to be cut.
        X: rows to judge by.
        loss: from their outputs.
        prices: of the parts.
    """
    values = values_of_trees(model.terms, X)
    price = prices.terms(model.terms)
    whole = model.combined(values)
    base = loss(whole)
    found = []
    for cut, outputs, saved in (
        *_readouts(model, values, whole, prices),
        *_terms(model, values, whole, price, prices),
        *_parts(model, X, values, whole, price, prices),
    ):
        lost = loss(outputs) - base
        if np.isfinite(lost):
            found.append(Cut(cut, lost, saved))
    return sorted(found, key=lambda c: (max(c.lost, 0.0) / max(c.saved, 1e-9), -c.saved))


_Tried = tuple[JointModel, FloatArray, float]  # a model, its outputs, the price that it saves


def _readouts(
    model: JointModel, values: FloatArray, whole: FloatArray, prices: Prices
) -> Iterator[_Tried]:
    """Single weights of terms that another output reads, too."""
    for j, k in np.argwhere(model.weights).tolist():
        if np.count_nonzero(model.weights[j]) == 1:
            continue
        weight, mean = float(model.weights[j, k]), float(values[j].mean())
        weights, bias, outputs = model.weights.copy(), model.bias.copy(), whole.copy()
        weights[j, k] = 0.0
        bias[k] += weight * mean
        outputs[:, k] += weight * (mean - values[j])
        yield JointModel(model.terms, weights, bias), outputs, prices.readout


def _terms(
    model: JointModel, values: FloatArray, whole: FloatArray, price: FloatArray, prices: Prices
) -> Iterator[_Tried]:
    for j in range(len(model.terms)):
        mean = float(values[j].mean())
        outputs = whole + (mean - values[j])[:, None] * model.weights[j]
        saved = float(price[j]) + prices.readout * np.count_nonzero(model.weights[j])
        yield model.without(j, mean), outputs, saved


def _parts(
    model: JointModel, X: FloatArray, values: FloatArray, whole: FloatArray, price: FloatArray,
    prices: Prices,
) -> Iterator[_Tried]:  # fmt: skip
    """Nodes of terms replaced by their mean, functions by their argument, weights scaled."""
    shorter = _shorter(model, X)
    saved = [price[j] for j, _ in shorter] - prices.terms([t for _, t in shorter])
    new = values_of_trees([t for _, t in shorter], X)
    for (j, tree), column, less in zip(shorter, new, saved.tolist(), strict=True):
        if less <= 0.0 or not (np.abs(column) < LARGEST).all():
            continue
        old, mean = values[j] - values[j].mean(), float(column.mean())
        size = float(np.square(column - mean).sum())
        scale = float((old * (column - mean)).sum()) / size if size > 0.0 else 0.0
        if scale == 0.0:
            continue
        shift = float(values[j].mean()) - scale * mean
        weights = model.weights.copy()
        weights[j] *= scale
        terms = (*model.terms[:j], tree, *model.terms[j + 1 :])
        cut = JointModel(terms, weights, model.bias + model.weights[j] * shift)
        outputs = whole + (scale * column + shift - values[j])[:, None] * model.weights[j]
        yield cut, outputs, less


def _shorter(model: JointModel, X: FloatArray) -> list[tuple[int, Tree]]:
    """Terms with a node less, and their places in the model."""
    inner = [(j, way, part) for j, t in enumerate(model.terms) for way, part in below(t)]
    means = values_of_trees([part for _, _, part in inner], X).mean(axis=1).tolist()
    found = [
        (j, bare(replaced(model.terms[j], way, number(mean))))
        for (j, way, _), mean in zip(inner, means, strict=True)
        if np.isfinite(mean)
    ]
    found += [
        (j, bare(replaced(model.terms[j], way, part.args[0])))
        for j, way, part in [*inner, *((j, (), t) for j, t in enumerate(model.terms))]
        if part.args and arity(part.op) == 1
    ]
    return [(j, t) for j, t in dict.fromkeys(found) if not t.constant]
