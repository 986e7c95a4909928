"""Which units of real targets designs can hold, checked before a search begins."""

from __future__ import annotations

from collections.abc import Sequence

from symtick.codegen import TERM_FRACS
from symtick.errors import InputError
from symtick.search.data.problem import Problem
from symtick.search.designs.evaluate import MOST_FINER
from symtick.search.distill.settings import DistillConfig


def check_units(problem: Problem, names: Sequence[str], config: DistillConfig) -> None:
    """Refuse values whose designs would need places beyond those of `Precision.term_frac`.

    Args:
        problem: the targets; of classes all pass.
        names: of the targets, for the message.
        config: the places that are tried, in units of the targets' spread.

    Raises:
        InputError: the standard deviation of a target over the training rows is too small or too
            large.
    """
    if problem.kind == "classes":
        return
    coarsest, finest = TERM_FRACS
    tried = (*config.fixed_point.term_fracs, config.layered.term_frac)
    least = 2.0 ** (max(tried) + MOST_FINER - finest)
    most = 2.0 ** (min(tried) - coarsest)
    for name, spread in zip(names, problem.spread.tolist(), strict=True):
        if not least <= spread <= most:
            raise InputError(
                f"the target {name!r} has a standard deviation of {spread:.3g}, but designs hold "
                f"{least:.3g} to {most:.3g}: state it in another unit"
            )
