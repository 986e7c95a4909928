"""Settings of designs: how they are made fixed-point, which are kept, which one is the result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge
from pydantic import Field, Strict

from symtick.errors import InputError
from symtick.settings import Chance, Count, Natural, NotNegative, Positive, Real, Whole, checked

Ratio = Annotated[Real, Ge(1)]
Preference = Literal["lut", "ticks", "nodes"]


@checked
@dataclass(frozen=True)
class ChoiceSettings:
    """Which design of the front is the result: the least cost that keeps enough.

    Attributes:
        prefer: what is least of those that keep enough: `lut` (`FrontEntry.cost`), `ticks`, or
            `nodes` of the formulas.
        share: part of the teacher's validation score to keep; of values, where there is no teacher
            whose error is known.
        rmse_ratio: of values, the largest error in units of the teacher's (`Front.ratio`).
        floor: part of it under which designs are left out of the front.
        max_ticks: most ticks; slower designs are not on the front; or None.
        max_lut: most LUTs, DSP blocks counted as LUTs (`FrontEntry.cost`), or None.
        max_nodes: most nodes of all formulas together, or None.
        resolution: steps in score below which the cheaper of two designs is enough; about half a
            standard error of an accuracy on 10,000 rows.
        rmse_resolution: of values, steps in error below which the cheaper is enough, as a share of
            it; about the standard error of an RMSE on 10,000 rows, 1/sqrt(2 rows).
        nodes_step: from each of the best short formulas to the next, the share of nodes that there
            must be less.
    """

    share: Chance = 0.97
    floor: Chance = 0.8
    resolution: NotNegative = 0.0025
    rmse_ratio: Ratio = 1.2
    rmse_resolution: NotNegative = 0.01
    nodes_step: Positive = 0.33
    max_ticks: Natural | None = 5
    max_lut: Positive | None = None
    max_nodes: Count | None = None
    prefer: Preference = "lut"

    def __post_init__(self) -> None:
        if self.floor > self.share:
            raise InputError(
                f"ChoiceSettings.share must be at least floor, not {self.share} and {self.floor}"
            )


@checked
@dataclass(frozen=True)
class TuningSettings:
    """Width tuning of the designs on the front.

    Attributes:
        accuracy: share of the rows whose class may become another, net; None leaves tuning out.
        rmse: of values, the share by which the error may grow; None leaves tuning out.
        multiples: of that, ascending: a design is tuned to each.
        rows: training rows that judge.
    """

    accuracy: Chance | None = 0.001
    rmse: NotNegative | None = 0.01
    multiples: Annotated[tuple[Positive, ...], Strict(False), Field(min_length=1)] = (1, 3, 10)
    rows: Count = 20_000


@checked
@dataclass(frozen=True)
class FixedPointSettings:
    """How designs are made fixed-point.

    Attributes:
        term_fracs: bits after the point to try on joint models, coarse to fine; for values in
            units of their spread, or of four errors where that is less.
        address_bits: address bits of tables on signals of several inputs, of joint models; more
            where the error of values asks for it.
        tolerance: score that the coarser of two may lose and is still taken.
        rmse_tolerance: of values, the share by which its error may be larger.
    """

    term_fracs: Annotated[tuple[Whole, ...], Strict(False), Field(min_length=1)] = (3, 4, 5, 6)
    address_bits: Natural = 6
    tolerance: NotNegative = 0.002
    rmse_tolerance: NotNegative = 0.02
