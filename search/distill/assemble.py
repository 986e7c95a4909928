"""Designs from fronts that were evolved one output at a time.

Room: `search`. Under each limit of ticks, along a ladder of prices per LUT, every output takes its
best candidate; the design is polished as a whole, compiled with as few bits as it bears, and
measured.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from symtick.expr import Program, from_programs
from symtick.search.designs.evaluate import Bench
from symtick.search.designs.front import FrontEntry
from symtick.search.designs.joint_fit import Polisher
from symtick.search.distill.output_search import pick
from symtick.search.distill.settings import AssembleSettings, FixedPointSettings
from symtick.search.kernel_api.candidate import Candidate
from symtick.search.kernel_api.states import State
from symtick.search.kernel_api.status import Status

PRICES = (1e-2, 1e-5)  # of a LUT in shares of an output's variance: the ends of the ladder


def combinations(
    fronts: Sequence[Sequence[Candidate]], variances: Sequence[float], count: int
) -> list[tuple[Program, ...]]:
    """One program per output for each limit of ticks and each of `count` prices, never one twice.

    The limits are the ticks that candidates have, from the first within which every output has one;
    within a limit, cheap to dear.
    """
    found: list[tuple[Program, ...]] = []
    seen: set[tuple[int, ...]] = set()
    for limit in sorted({c.ticks for front in fronts for c in front}):
        within = [[c for c in front if c.ticks <= limit] for front in fronts]
        if not all(within):
            continue
        for price in np.geomspace(*PRICES, count).tolist():
            chosen = tuple(
                pick(held, price * size) for held, size in zip(within, variances, strict=True)
            )
            key = tuple(id(p) for p in chosen)
            if key not in seen:
                seen.add(key)
                found.append(chosen)
    return found


class Assembly:
    """Polishes and measures one combination; a `Source` of one slice."""

    def __init__(
        self,
        name: str,
        bench: Bench,
        polisher: Polisher,
        programs: Sequence[Program],
        settings: AssembleSettings,
        fixed_point: FixedPointSettings,
    ) -> None:
        self.name = name
        self._bench = bench
        self._polisher = polisher
        self._programs = tuple(programs)
        self._settings = settings
        self._fixed_point = fixed_point
        self._entries: list[FrontEntry] = []
        self._done = False

    @property
    def status(self) -> Status:
        """Where it stands."""
        loss = min((e.loss for e in self._entries), default=float("inf"))
        text = f"{len(self._entries)} designs"
        return Status(self.name, self._done, int(self._done), text, loss)

    @property
    def entries(self) -> list[FrontEntry]:
        """The measured designs."""
        return self._entries

    def step(self) -> None:
        """Polish, compile, measure."""
        names = self._bench.problem.input_names
        better = self._polisher.polish(self._programs, self._settings.polish_iterations)
        expression = from_programs(better, names)
        fixed = self._fixed_point
        self._entries = self._bench.coarsest(
            expression, fixed.term_fracs, fixed.address_bits, fixed.tolerance, self.name
        )
        self._done = True

    def state(self) -> tuple[State, dict[str, Any]]:
        """The entries."""
        return {}, {"done": self._done, "entries": [e.to_dict() for e in self._entries]}

    def restore(self, arrays: Mapping[str, npt.NDArray[Any]], values: Mapping[str, Any]) -> None:
        """Take up a stored state."""
        self._done = bool(values["done"])
        self._entries = [FrontEntry.from_dict(held) for held in values["entries"]]
