"""One target's search for a regression: rows, settings and budget.

Everything is counted in evaluations, never in seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from symtick.expr import Interval
from symtick.hwcost.search_model.table import SearchCost
from symtick.search.evolution.settings import EngineConfig
from symtick.search.hybrid.settings import HYBRID_METHODS, HybridConfig
from symtick.search.kernel_api.candidate import Penalty
from symtick.search.kernel_api.rows import Rows
from symtick.search.kernel_api.states import digest

Floats = npt.NDArray[np.float64]

ENUMERATIONS = ("enumeration", "bidirectional")
METHODS = (*HYBRID_METHODS, *ENUMERATIONS)


@dataclass(frozen=True, eq=False)
class Task:
    """What is searched for.

    Attributes:
        X: shape (rows, features).
        y: shape (rows,).
        names: of the features.
        cost: the table that prices candidates.
        config: settings of the engine.
        weights: shape (rows,), or None for equal weights.
        ranges: intervals in which candidates must be defined, or None: on the rows.
        penalty: of an expression, added to its loss, or None.
        guesses: text of equations to start from.
        evaluations: budget.
        method: one of `METHODS`.
        parts: whether laws from parts are looked for first (`LawSearch`).
        hybrid: settings of `gp`, `policy` and `hybrid`, whose engine's are `config`; None for the
            engine alone.
    """

    X: Floats
    y: Floats
    names: tuple[str, ...]
    cost: SearchCost
    config: EngineConfig
    weights: Floats | None = None
    ranges: tuple[Interval, ...] | None = None
    penalty: Penalty | None = None
    guesses: tuple[str, ...] = ()
    evaluations: int = 200_000
    method: str = "gp"
    parts: bool = False
    hybrid: HybridConfig | None = None

    @cached_property
    def rows(self) -> Rows:
        """The rows, checked once; what searches for the task shares them.

        Raises:
            InputError: as `Rows.make`.
        """
        return Rows.make(self.X, self.y, self.weights)

    def key(self) -> str:
        """A digest of everything that a stored state depends on (not the budget)."""
        arrays = ("X", "y", "weights")
        settings = {
            f.name: getattr(self, f.name)
            for f in fields(self)
            if f.name not in (*arrays, "evaluations")
        }
        return digest(settings, [getattr(self, name) for name in arrays])

    def others(self) -> dict[str, Any]:
        """Further arguments of the searches."""
        return {
            "guesses": self.guesses,
            "penalty": self.penalty,
            "names": self.names,
        }
