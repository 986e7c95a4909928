"""The equations of a regression, by cost: scores, choice, table, JSON."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import pandas as pd

from symtick.errors import InputError
from symtick.estimators.exports.exporting import Function, latex
from symtick.expr import Expression, parse, to_sympy, to_text
from symtick.expr.templates import Parts

AXES = ("ticks", "lut", "complexity")
SELECTIONS = ("mdl", "best", "accuracy", "score")
NEAR = 1.5  # "best" looks at losses up to this multiple of the lowest, as PySR does
COLUMNS = (
    "complexity", "ticks", "lut", "loss", "score", "equation", "sympy", "latex", "function",
)  # fmt: skip


def usual_axis(cost: str) -> str:
    """What equations are ordered by, where candidates are priced so."""
    return "complexity" if cost == "complexity" else "ticks"


def by_complexity(equations: Iterable[Equation]) -> list[Equation]:
    """Of each complexity the shortest description, where its loss is below all simpler ones'.

    The shortest of all stands besides, whatever its loss.
    """
    front, kept = list[Equation](), list[Equation]()
    order = sorted(equations, key=lambda e: (e.complexity, e.description, e.loss, e.text))
    shortest = min(order, key=lambda e: e.description, default=None)  # the first where it is NaN
    for one in order:
        best = all(e.complexity < one.complexity and e.loss > one.loss for e in front)
        front += [one] if best else []
        kept += [one] if best or one is shortest else []
    return kept


@dataclass(frozen=True)
class Equation:
    """One equation of the front.

    Attributes:
        expression: one output over all features of the data; custom operators are written out.
        text: as the search wrote it, with custom operators by name.
        loss: mean loss over all rows, penalty included.
        ticks: latency by the cost table of the search.
        lut: LUTs by the same.
        complexity: sum of the complexities of its tokens.
        description: length of the equation and of what it leaves, in nats
            (`search.parts.criterion`); NaN where it is not known.
        score: how fast the loss falls to here along the axis of the front; see `Equations`.
        parts: the functions and numbers that fill a template, or None without one.
        digits: by magnitude of a constant the digits that its rows need (`exports.digits`).
    """

    expression: Expression
    text: str
    loss: float
    ticks: int
    lut: float
    complexity: float
    description: float = math.nan
    score: float = 0.0
    parts: Parts | None = None
    digits: Mapping[float, int] = field(default_factory=dict, compare=False)

    @property
    def function(self) -> Function:
        """The equation as a function of an array (rows, features)."""
        return Function(self.expression)

    def to_json(self) -> dict[str, Any]:
        """A form for JSON; all but the score, which follows from the others."""
        return {
            "expression": to_text(self.expression),
            "text": self.text,
            "loss": self.loss,
            "ticks": self.ticks,
            "lut": self.lut,
            "complexity": self.complexity,
            "description": None if math.isnan(self.description) else self.description,
            "parts": None if self.parts is None else self.parts.to_json(),
            "digits": [list(pair) for pair in self.digits.items()],
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any], inputs: Sequence[str]) -> Equation:
        """The inverse of `to_json`.

        Raises:
            InputError: something is missing or not what it should be.
        """
        try:
            return cls(
                parse(str(stored["expression"]), inputs),
                str(stored["text"]),
                float(stored["loss"]),
                int(stored["ticks"]),
                float(stored["lut"]),
                float(stored["complexity"]),
                math.nan if stored["description"] is None else float(stored["description"]),
                parts=None if stored["parts"] is None else Parts.from_json(stored["parts"]),
                digits={float(c): int(n) for c, n in stored.get("digits", ())},
            )
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"an equation is damaged: {error}") from error


@dataclass(frozen=True)
class Equations:
    """A front by one axis of cost.

    The score of an equation is PySR's (arXiv:2305.01582), along the axis: minus the change of
    log(loss) per unit of cost since the last cheaper equation that was better than all before it;
    0 where there is none such, or where it is no better; infinity for a loss of 0.

    Attributes:
        entries: ascending along the axis, then in loss.
        axis: `ticks`, `lut` or `complexity`.
    """

    entries: tuple[Equation, ...]
    axis: str

    @classmethod
    def of(cls, entries: Iterable[Equation], axis: str) -> Equations:
        """The entries in order, scored.

        Raises:
            InputError: there is no such axis.
        """
        if axis not in AXES:
            raise InputError(f"axis must be one of {', '.join(AXES)}, not {axis!r}")
        order = sorted(entries, key=lambda e: (getattr(e, axis), e.loss, e.complexity, e.text))
        scored: list[Equation] = []
        for entry in order:
            cost = getattr(entry, axis)
            cheaper = [e for e in scored if getattr(e, axis) < cost]
            scored.append(replace(entry, score=_score(entry, cheaper, axis)))
        return cls(tuple(scored), axis)

    def choose(self, selection: str) -> int:
        """Place of the chosen equation.

        Args:
            selection: `mdl` is the shortest description (`search.parts.criterion`), and `best`
                where the loss has none; `accuracy` the lowest loss; `score` the highest score;
                `best` the highest score among the losses up to 1.5 times the lowest. The cheapest
                of equals.

        Raises:
            InputError: there is no such rule, or the front is empty.
        """
        if selection not in SELECTIONS:
            raise InputError(
                f"model_selection must be one of {', '.join(SELECTIONS)}, not {selection!r}"
            )
        if not self.entries:
            raise InputError(
                "no equation was found within the limits: allow more nodes, ticks or evaluations"
            )
        places = range(len(self.entries))
        lowest = min(e.loss for e in self.entries)
        if selection == "accuracy":
            return next(k for k in places if self.entries[k].loss == lowest)
        if selection == "mdl" and not any(math.isnan(e.description) for e in self.entries):
            return min(places, key=lambda k: (self.entries[k].description, k))
        near = math.inf if selection == "score" else NEAR * lowest
        near_best = [k for k in places if self.entries[k].loss <= near]
        return max(near_best, key=lambda k: (self.entries[k].score, -self.entries[k].loss, -k))

    def at(self, index: int | None, selection: str) -> Equation:
        """The entry at a place (from the end where negative); the chosen one for None.

        Raises:
            InputError: there is no such entry.
        """
        place = self.choose(selection) if index is None else index
        try:
            return self.entries[place]
        except IndexError:
            raise InputError(
                f"there is no equation {index}: the front has {len(self.entries)}"
            ) from None

    @cached_property
    def frame(self) -> pd.DataFrame:
        """A row for each equation, columns `COLUMNS`."""
        return pd.DataFrame([_row(e) for e in self.entries], columns=list(COLUMNS))


def _score(entry: Equation, cheaper: Sequence[Equation], axis: str) -> float:
    if not cheaper:
        return 0.0
    last = min(cheaper, key=lambda e: (e.loss, getattr(e, axis)))
    if entry.loss >= last.loss:
        return 0.0
    if entry.loss <= 0.0:
        return math.inf
    step = float(getattr(entry, axis) - getattr(last, axis))
    return math.log(last.loss / entry.loss) / step


def _row(entry: Equation) -> tuple[object, ...]:
    return (
        entry.complexity, entry.ticks, entry.lut, entry.loss, entry.score, entry.text,
        to_sympy(entry.expression), latex(entry.expression, needed=entry.digits), entry.function,
    )  # fmt: skip
