"""Settings of the shortening of formulas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, Strict

from symtick.settings import Count, Natural, NotNegative, Positive, Share, Whole, checked


@checked
@dataclass(frozen=True)
class ShorteningSettings:
    """Which formulas are shortened, and how (`search.shortening.path`).

    Attributes:
        designs: designs of the front that are shortened: the best, and those around what the choice
            asks for; 0 leaves them out.
        rows: training rows to fit on.
        swap_rows: those of them that swaps are weighed on, and that a formula is fitted on while it
            is longer than `largest`.
        final_rows: training rows that each measured formula is fitted on once more.
        largest: nodes of the longest formula of a path that is measured (its design can have some
            more, as its constants are fitted again); the path of a longer one comes down to that
            first, as large designs take long to compile and cannot be read.
        longest: nodes of the longest design of the front that is shortened.
        smallest: nodes at which a path ends.
        finer: nodes of a measured formula as a share of those of the one before.
        floor: loss at which a path ends, in shares of that of constant outputs.
        price: share of the loss that a node may cost at first; it rises when nothing is left.
        constant_price: share of the loss that one constant less in a measured formula may cost.
        term_fracs: bits after the point to try, coarse to fine; for values in units of their
            spread, or of four errors where that is less.
        address_bits: address bits of tables on signals of several inputs.
    """

    designs: Natural = 4
    rows: Count = 3_000
    swap_rows: Count = 1_000
    final_rows: Count = 6_000
    largest: Count = 300
    longest: Count = 700
    smallest: Natural = 25
    finer: Share = 0.92
    floor: Positive = 0.5
    price: NotNegative = 2.0**-12
    constant_price: NotNegative = 0.0005
    term_fracs: Annotated[tuple[Whole, ...], Strict(False), Field(min_length=1)] = (2, 3)
    address_bits: Natural = 8
