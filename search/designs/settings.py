"""Settings of the front of designs: which are kept, and which one is the result."""

from __future__ import annotations

from dataclasses import dataclass

from symtick.errors import InputError
from symtick.settings import Chance, Natural, NotNegative, Positive, checked


@checked
@dataclass(frozen=True)
class ChoiceSettings:
    """Which design of the front is the result: the least cost that keeps enough.

    Attributes:
        share: part of the teacher's validation score to keep.
        floor: part of it under which designs are left out of the front.
        max_ticks: most ticks; slower designs are not on the front; or None.
        max_lut: most LUTs, DSP blocks counted as LUTs (`FrontEntry.cost`), or None.
        resolution: steps in score below which the cheaper of two designs is enough; about half a
            standard error of an accuracy on 10,000 rows.
    """

    share: Chance = 0.97
    floor: Chance = 0.8
    resolution: NotNegative = 0.0025
    max_ticks: Natural | None = 5
    max_lut: Positive | None = None

    def __post_init__(self) -> None:
        if self.floor > self.share:
            raise InputError(
                f"ChoiceSettings.share must be at least floor, not {self.share} and {self.floor}"
            )
