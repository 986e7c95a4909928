"""Settings of the layered forms: their fit and their backward elimination."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Le
from pydantic import Strict

from symtick.search.layered.layers import SHAPES
from symtick.settings import Count, Flag, Natural, NotNegative, Positive, checked, one_of

Hidden = Annotated[Count, Le(1000)]


@checked
@dataclass(frozen=True)
class LayeredSettings:
    """Fitting layered forms and pruning them step by step (`search.layered.elimination`).

    Attributes:
        hidden: hidden sums of each start; an empty tuple leaves the layered
            forms out.
        shapes: inner functions to draw from; those whose operators are not allowed are left out.
        mixed: every second start draws from all shapes, the others take the first one only.
        rows: training rows.
        batch: rows of one step.
        starts: random starts of each form, of which the best goes on after
        start_steps: steps.
        fit_steps: steps of the first fit, in real arithmetic.
        more_fits: of values, the most further fits, while each takes away a tenth of the loss.
        refit_steps: steps after each pruning step, in the hardware's arithmetic.
        rate: largest step of a constant in the first fit.
        refit_rate: the same after each pruning step.
        drop: share of the summands that a pruning step removes; twice that of forms that are too
            large to be measured.
        spacing: share of the summands by which there are fewer from one form that is compiled and
            measured to the next, at least.
        per_sum: summands for each hidden sum, from which on the forms are compiled and measured.
        least: summands at which pruning ends.
        probe_rows: training rows on which a summand's worth is measured.
        term_frac: bits after the point of an output's terms; of values in units of their spread,
            or of four errors where that is less.
        address_bits: address bits of tables on hidden sums; more where the error of values asks for
            it.
        refined: designs of the front that are fitted longer and taken apart one by one.
        refine_steps: steps of these fits.
        refine_drops: summands that each of them loses in the end.
    """

    hidden: Annotated[tuple[Hidden, ...], Strict(False)] = (4, 6, 8, 8, 10, 10, 12)
    shapes: Annotated[tuple[Annotated[str, one_of(SHAPES)], ...], Strict(False)] = ("tanh", "gauss")
    mixed: Flag = True
    rows: Natural = 60_000
    batch: Count = 2048
    starts: Count = 8
    start_steps: Natural = 400
    fit_steps: Natural = 3000
    more_fits: Natural = 4
    refit_steps: Natural = 600
    rate: NotNegative = 0.03
    refit_rate: NotNegative = 0.02
    drop: NotNegative = 0.06
    spacing: NotNegative = 0.1
    per_sum: Positive = 10.0
    least: Natural = 9
    probe_rows: Natural = 6_000
    term_frac: Natural = 3
    address_bits: Natural = 7
    refined: Natural = 3
    refine_steps: Natural = 600
    refine_drops: Natural = 4
