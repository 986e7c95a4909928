"""Bidirectional enumeration: inverted operators on the target, matched to enumerated functions.

A formula costs about what its halves cost. In genetic programming the way back through the
operators is known as semantic backpropagation (Pawlak, Wieloch, Krawiec, IEEE Trans. Evol. Comput.
19 (2015) 326).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypedDict, Unpack

import numpy as np
import numpy.typing as npt

from symtick.errors import InputError
from symtick.hwcost.search_model.table import SearchCost
from symtick.search import _kernel
from symtick.search.enumeration.enumeration import candidates, check_rows, leaves
from symtick.search.grammar.grammar import Rules, Vocabulary
from symtick.search.kernel_api.candidate import Candidate
from symtick.search.kernel_api.checks import check_budget
from symtick.search.kernel_api.evaluation import cost_table
from symtick.search.kernel_api.losses import Loss, loss_spec
from symtick.search.kernel_api.rows import Rows


class BidirectionalSettings(TypedDict, total=False):
    """Further arguments of a `BidirectionalEnumeration`."""

    weights: npt.ArrayLike | None
    loss: Loss
    delta: float
    max_functions: int
    max_operations: int
    rows: int
    enough: float | None


@dataclass(frozen=True)
class BidirectionalStats:
    """What a bidirectional enumeration did.

    Attributes:
        functions: that were enumerated.
        evaluations: all that were made: functions computed over the rows, vectors looked up, and
            formulas scored.
        lookups: how many of these were lookups.
    """

    functions: int
    evaluations: int
    lookups: int


class BidirectionalEnumeration:
    """Formulas that are the target, to rounding, found in steps: for data without noise.

    Functions of few operations are enumerated, level by level. Parts of the target are looked up
    among them: what an argument must be, where small functions and operators around it are to give
    the target. What may be done next, a level or the parts of one kind, is done in order of what it
    costs; parts that are many steps away from the target wait longer. A part that is found but for
    a scale and a shift is as good, where the vocabulary can write the two numbers.

    Args:
        X: shape (rows, features).
        y: target, shape (rows,).
        cost: the cost table.
        vocabulary: the tokens.
        rules: which expressions are allowed.
        weights: of the rows, or None for equal ones.
        loss: that the formulas are scored by, see `symtick.search.kernel_api.losses.loss_spec`.
        delta: of the Huber loss.
        max_functions: most functions to enumerate.
        max_operations: most operations of an enumerated function.
        rows: the search looks at so many rows at most, evenly spread; the losses are of all.
        enough: end at a loss as low as this; None: 1e-18 of the target's mean square.

    Raises:
        InputError: data or a setting is not acceptable.
    """

    def __init__(
        self,
        X: npt.ArrayLike,
        y: npt.ArrayLike,
        cost: SearchCost,
        vocabulary: Vocabulary,
        rules: Rules,
        *,
        weights: npt.ArrayLike | None = None,
        loss: Loss = "mse",
        delta: float = 1.0,
        max_functions: int = 400_000,
        max_operations: int = 7,
        rows: int = 64,
        enough: float | None = None,
    ) -> None:
        data = _rows_of_weight(X, y, weights)
        spec = loss_spec(loss, delta, data.y)
        settings = _library(max_functions, max_operations, rows)
        self._leaves = leaves(vocabulary)
        try:
            self._kernel = _kernel.Bidirectional(
                rules.to_kernel(vocabulary, cost), data.kernel, cost_table(cost), spec,
                settings, _enough(enough, data),
            )  # fmt: skip
        except ValueError as error:
            raise InputError(str(error)) from None
        self._begun = False

    def run(self, max_evaluations: int) -> bool:
        """Go on until there were so many evaluations in all; after Ctrl-C, it can go on.

        Where they do not do for the leaves, nothing is done.

        Returns:
            Whether there is something left to do.

        Raises:
            InputError: the number is out of its range.
        """
        check_budget("max_evaluations", max_evaluations, 0)
        if max_evaluations < self._leaves:
            return True
        self._begun = True
        return self._kernel.run(max_evaluations)

    def front(self) -> list[Candidate]:
        """The formulas found so far, by ticks, then LUT."""
        return candidates(self._kernel.front())

    def stats(self) -> BidirectionalStats:
        """What was done so far."""
        if not self._begun:
            return BidirectionalStats(0, 0, 0)
        return BidirectionalStats(
            self._kernel.functions(), self._kernel.evaluations(), self._kernel.lookups()
        )


def bidirectional_front(
    X: npt.ArrayLike,
    y: npt.ArrayLike,
    cost: SearchCost,
    vocabulary: Vocabulary,
    rules: Rules,
    *,
    max_evaluations: int = 2_000_000,
    **settings: Unpack[BidirectionalSettings],
) -> tuple[list[Candidate], BidirectionalStats]:
    """A `BidirectionalEnumeration` at once: its formulas, and what it did.

    Args:
        X, y, cost, vocabulary, rules, settings: as it takes them.
        max_evaluations: end after so many in all.

    Raises:
        InputError: data or a setting is not acceptable.
    """
    check_budget("max_evaluations", max_evaluations, 0)
    search = BidirectionalEnumeration(X, y, cost, vocabulary, rules, **settings)
    search.run(max_evaluations)
    return search.front(), search.stats()


def _rows_of_weight(X: npt.ArrayLike, y: npt.ArrayLike, weights: npt.ArrayLike | None) -> Rows:
    """The rows without those of no weight, which say nothing."""
    data = Rows.make(X, y, weights)
    heavy = data.weights > 0
    if heavy.all():
        return data
    return Rows.make(data.X[heavy], data.y[heavy], data.weights[heavy])


def _library(max_functions: int, max_operations: int, rows: int) -> _kernel.LibrarySettings:
    """What is enumerated, as the kernel takes it.

    Raises:
        InputError: a number is out of its range.
    """
    check_rows(rows)
    check_budget("max_functions", max_functions, 1)
    check_budget("max_operations", max_operations, 1)
    settings = _kernel.LibrarySettings()
    settings.max_functions, settings.max_level = max_functions, max_operations
    settings.max_rows = rows
    return settings


def _enough(enough: float | None, data: Rows) -> float:
    """The loss to end at.

    Raises:
        InputError: it is not a number.
    """
    if enough is None:
        return 1e-18 * float(np.average(data.y**2, weights=data.weights))
    if math.isnan(enough):
        raise InputError("enough must be a number or None, not nan")
    return enough
