"""Whether a printed formula is the law: strictly, and by the rule of SRBench.

The law: for some values of the printed constants, each within the tolerance of its printed value,
the formula equals the law at 50 digits (`benchmarks.search.family`). So any way of writing it
passes and nothing that only comes close, or has a term too many. It is clean if it also has no more
tokens than the law as the table writes it, and four, and no number of more than six digits.

SRBench (La Cava et al. 2021, arXiv:2107.14351): numbers rounded to three decimals, the difference
from the law or the quotient is a constant; that is decided at 50 digits, too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import mpmath

from benchmarks.search.family import member
from benchmarks.search.precise import Formula, InputPoint, Real, carrying, points
from benchmarks.unseen.problems import Law

POINTS = 60
_SPARE_TOKENS, _DIGITS = 4, 6
_NUMBER = re.compile(r"(?<![\w.])\d+\.?\d*(?:e[+-]?\d+)?")


@dataclass(frozen=True)
class LawVerdict:
    """What the judge says of a formula: the law, printed cleanly, the law by SRBench's rule."""

    law: bool
    clean: bool
    srbench: bool


def tolerance(noise: float) -> float:
    """How far printed constants may be from the law's, relative."""
    return max(1e-4, noise)


def judge(text: str, law: Law, noise: float) -> LawVerdict:
    """Decide on a formula.

    Args:
        text: as it is printed, in symtick's language.
        law: what was sought.
        noise: of the data.

    Raises:
        ParseError: the text is no formula.
    """
    printed, truth = Formula.of(text, law.inputs), Formula.of(law.text, law.inputs)
    domain = points(law.ranges, POINTS + 6 * len(printed.constants), seed=3)
    found = _is_law(printed, truth, tolerance(noise), domain)
    short = len(printed.steps) <= len(truth.steps) + _SPARE_TOKENS
    few = all(len(_digits(number)) <= _DIGITS for number in _NUMBER.findall(text))
    return LawVerdict(found, found and short and few, _srbench(printed, truth, domain))


def _digits(number: str) -> str:
    return number.split("e")[0].replace(".", "").strip("0")


def _is_law(printed: Formula, truth: Formula, most: float, domain: Sequence[InputPoint]) -> bool:
    with carrying():
        near = _near(printed, truth, most, domain[:POINTS])
    if not near:
        return False
    adjusted = member(truth, printed, range(len(printed.constants)), domain)
    if adjusted is None:
        return False
    pairs = zip(adjusted, printed.constants, strict=True)
    return all(abs(a - b) <= most * abs(b) for a, b in pairs)


def _near(printed: Formula, truth: Formula, most: float, domain: Sequence[InputPoint]) -> bool:
    """Whether the formula is near the law at all, which saves the exact test where it is not."""
    size = gap = mpmath.mpf(0)
    for point in domain:
        a, b = printed.value(point), truth.value(point)
        if a is None or b is None:
            return False
        size, gap = size + b * b, gap + (a - b) ** 2
    return bool(gap <= (100 * most) ** 2 * size)


def _srbench(printed: Formula, truth: Formula, domain: Sequence[InputPoint]) -> bool:
    with carrying():
        form = replace(printed, constants=tuple(map(_rounded, printed.constants)))
        values: list[tuple[Real, Real]] = [
            (form.value(point), truth.value(point)) for point in domain[:POINTS]
        ]
        if any(a is None or not b for a, b in values):
            return False
        size = max(abs(b) for _, b in values)
        return _constant([a - b for a, b in values], size) or (
            bool(values[0][0]) and _constant([a / b for a, b in values], mpmath.mpf(1))
        )


def _constant(column: Sequence[Real], size: Real) -> bool:
    return all(abs(value - column[0]) <= mpmath.mpf("1e-30") * size for value in column)


def _rounded(number: Real) -> Real:
    """To three decimals, and numbers below 1e-3 to three digits, which SRBench would make 0."""
    if abs(number) >= 1e-3:
        return mpmath.mpf(f"{float(number):.3f}")
    return mpmath.mpf(f"{float(number):.3g}")
