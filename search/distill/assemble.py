"""Assembly of designs from the evolved fronts of single outputs.

Under each limit of ticks, along a range of prices per LUT, every output takes its
best candidate; the design is polished as a whole, compiled with as few bits as it bears, and
measured.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from symtick.expr import Program, from_programs
from symtick.search.designs.evaluate import DesignEvaluator
from symtick.search.designs.front import FrontEntry
from symtick.search.designs.joint_fit import JointFit
from symtick.search.designs.one_slice import OneSlice
from symtick.search.designs.settings import FixedPointSettings
from symtick.search.distill.output_search import pick
from symtick.search.distill.settings import AssembleSettings
from symtick.search.kernel_api.candidate import Candidate
from symtick.search.kernel_api.search import Status

PRICES = (1e-2, 1e-5)  # of a LUT in shares of an output's variance: the ends of the range
LEAST_PRICE = 0.02  # of a LUT in shares of what the best candidate leaves, for values


def combinations(
    fronts: Sequence[Sequence[Candidate]],
    variances: Sequence[float],
    count: int,
    least: float = PRICES[1],
) -> list[tuple[Program, ...]]:
    """One program per output for each limit of ticks and each of `count` prices, never one twice.

    The limits are the ticks that candidates have, from the first within which every output has one;
    within a limit, cheap to dear. `least` is the lowest price.
    """
    designs: list[tuple[Program, ...]] = []
    seen: set[tuple[int, ...]] = set()
    for limit in sorted({c.ticks for front in fronts for c in front}):
        within = [[c for c in front if c.ticks <= limit] for front in fronts]
        if not all(within):
            continue
        for price in np.geomspace(PRICES[0], least, count).tolist():
            chosen = tuple(
                pick(front, price * size) for front, size in zip(within, variances, strict=True)
            )
            key = tuple(id(p) for p in chosen)
            if key not in seen:
                seen.add(key)
                designs.append(chosen)
    return designs


def least_price(fronts: Sequence[Sequence[Candidate]], variances: Sequence[float]) -> float:
    """The lowest price for values: a LUT may cost a part of what the best candidates leave."""
    left = (min(c.loss for c in f) / v for f, v in zip(fronts, variances, strict=True))
    return max(min(PRICES[1], LEAST_PRICE * min(left)), 1e-12)


class Assembly(OneSlice):
    """Polishes and measures one combination, in one slice."""

    def __init__(
        self,
        name: str,
        evaluator: DesignEvaluator,
        polisher: JointFit,
        programs: Sequence[Program],
        settings: AssembleSettings,
        fixed_point: FixedPointSettings,
    ) -> None:
        super().__init__()
        self._name = name
        self._evaluator = evaluator
        self._polisher = polisher
        self._programs = tuple(programs)
        self._settings = settings
        self._fixed_point = fixed_point

    @property
    def status(self) -> Status:
        """Where it stands."""
        loss = min((e.loss for e in self._entries), default=float("inf"))
        count = len(self._entries)
        return Status(self._name, self._done, int(self._done), f"{count} designs", loss, count)

    def _made(self) -> list[FrontEntry]:
        """Polish, compile, measure."""
        names = self._evaluator.problem.input_names
        better = self._polisher.polish(self._programs, self._settings.polish_iterations)
        expression = from_programs(better, names)
        return self._evaluator.coarsest(expression, self._fixed_point, self._name)
