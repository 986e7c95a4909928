"""Settings of what a distillation is given to begin with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Strict

from symtick.settings import Count, checked


@checked
@dataclass(frozen=True)
class GivenSettings:
    """Formulas, and a structure of formulas, that a distillation begins with.

    Attributes:
        guesses: each a text of formulas of all outputs, in the features' own units, that is fitted
            and then shortened (`search.distill.given`).
        template: formulas with functions in them that are found, or none
            (`search.distill.template_designs`).
        evaluations: of candidates for these functions.
        rows: training rows that they are found on.
        designs: of the template's fillings, the most that become designs.
    """

    guesses: Annotated[tuple[str, ...], Strict(False)] = ()
    template: str = ""
    evaluations: Count = 40_000
    rows: Count = 2_000
    designs: Count = 10
