"""Settings of the layered forms: their fit and their backward elimination."""

from __future__ import annotations

from dataclasses import dataclass


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
        fit_steps: steps of the first fit, in real arithmetic.
        refit_steps: steps after each pruning step, in the hardware's arithmetic.
        rate: largest step of a constant in the first fit.
        refit_rate: the same after each pruning step.
        drop: share of the summands that a pruning step removes.
        most: summands from which on the forms are compiled and measured.
        least: summands at which pruning ends.
        probe_rows: training rows on which a summand's worth is measured.
        term_frac: bits after the point of an output's terms; of values in units of their spread.
        address_bits: address bits of tables on hidden sums.
        refined: designs of the front that are fitted longer and taken apart one by one.
        refine_steps: steps of these fits.
        refine_drops: summands that each of them loses in the end.
    """

    hidden: tuple[int, ...] = (4, 4, 5, 5, 5, 5, 6, 6)
    shapes: tuple[str, ...] = ("tanh", "gauss")
    mixed: bool = True
    rows: int = 60_000
    batch: int = 2048
    fit_steps: int = 1500
    refit_steps: int = 250
    rate: float = 0.03
    refit_rate: float = 0.02
    drop: float = 0.12
    most: int = 50
    least: int = 9
    probe_rows: int = 6_000
    term_frac: int = 3
    address_bits: int = 6
    refined: int = 3
    refine_steps: int = 600
    refine_drops: int = 4
