"""Fitted fronts as people look at them: text for a terminal, HTML for a notebook.

Formulas in HTML are MathML, which browsers draw without scripts or network. What is shown is
rounded; predictions and exports are not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from symtick.errors import counted
from symtick.estimators.exports.digits import digits_of
from symtick.estimators.exports.exporting import mathml
from symtick.estimators.fronts.equations import Equation, Equations
from symtick.report.plots.loss_plot import LossPoint, loss_svg

DIGITS = 5  # of constants that need no more; losses have 4
_NUMBER = re.compile(r"(?<![\w.])\d+\.?\d*(?:e[+-]?\d+)?")
# factors of 1 before and after what they multiply, and divisors; powers are left alone
_BEFORE = re.compile(r"(?<![\w.)*/])1\*(?!\*)")
_AFTER = re.compile(r"(?<!\*)[*/]1(?![\w.]|\*\*)")
_HEADS = {"complexity": "complexity", "ticks": "ticks", "lut": "LUTs"}
_FIGURES: Mapping[str, Callable[[Equation], str]] = {
    "complexity": lambda e: f"{e.complexity:.4g}",
    "ticks": lambda e: str(e.ticks),
    "lut": lambda e: f"{e.lut:.0f}",
}
_MEANT = {"published": ("ticks", "complexity"), "complexity": ("complexity",)}
_MARK, _CHOSEN = "\N{BLACK RIGHT-POINTING POINTER} ", ' class="chosen"'
_STYLE = (
    "table.symtick{border-collapse:collapse;margin:.4em 0}"
    "table.symtick th,table.symtick td{padding:.25em .7em;text-align:right;white-space:nowrap;"
    "border:0;background:none}"
    "table.symtick th{border-bottom:1px solid currentColor;font-weight:600}"
    "table.symtick td:last-child,table.symtick th:last-child{text-align:left}"
    "table.symtick tr.chosen td{background:rgba(209,67,47,.14);font-weight:600}"
)


@dataclass(frozen=True)
class Shown:
    """One target's front and what is said of it.

    Attributes:
        name: of the target, or empty where it is the only one.
        front: its equations.
        chosen: place of the chosen one.
        evaluations: candidates computed.
    """

    name: str
    front: Equations
    chosen: int
    evaluations: int


@dataclass(frozen=True)
class FrontSoFar:
    """A front as it is shown while the search goes on.

    Attributes:
        shown: it.
        cost: the kind of cost.
        selection: the rule of choice.
    """

    shown: Shown
    cost: str
    selection: str

    def text(self) -> str:
        """A line for each equation under a title."""
        return _target_text(self.shown, self.cost, self.selection)

    def html(self) -> str:
        """The plot and the table."""
        return front_html([self.shown], self.cost, self.selection)

    def rows(self) -> list[Mapping[str, Any]]:
        """The figures and the text of each equation, in order; the chosen one marked."""
        return [
            {
                "complexity": e.complexity,
                "ticks": e.ticks,
                "lut": e.lut,
                "loss": e.loss,
                "equation": e.text,
                "chosen": k == self.shown.chosen,
            }
            for k, e in enumerate(self.shown.front.entries)
        ]


def short(text: str, needed: Mapping[float, int]) -> str:
    """The text of an equation with `DIGITS` significant digits, and more where it needs them.

    No sign stands after another, and no factor that is 1 then.

    Args:
        text: of the equation.
        needed: `Equation.digits`.
    """

    def digits(number: re.Match[str]) -> str:
        value = float(number[0])
        return f"{value:.{digits_of(value, needed, DIGITS)}g}"

    signed = text.replace(" + -", " - ").replace(" - -", " + ")
    return _BEFORE.sub("", _AFTER.sub("", _NUMBER.sub(digits, signed)))


def front_text(fronts: Sequence[Shown], cost: str, selection: str) -> str:
    """A line for each equation, the chosen one marked with `>`.

    Args:
        fronts: of each target.
        cost: the kind of cost: figures that mean nothing in it are left out.
        selection: the rule of choice.
    """
    return "\n".join(
        ["SymbolicRegressor", *(_target_text(shown, cost, selection) for shown in fronts)]
    )


def _target_text(shown: Shown, cost: str, selection: str) -> str:
    axes = _axes(shown.front.axis, cost)
    head = ("", *(_HEADS[a] for a in axes), "loss")
    rows = [_figures(k, e, axes) for k, e in enumerate(shown.front.entries)]
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    lines = [_title(shown, selection), _line(" ", head, widths, "equation")]
    for k, (entry, row) in enumerate(zip(shown.front.entries, rows, strict=True)):
        mark = ">" if k == shown.chosen else " "
        lines.append(_line(mark, row, widths, short(entry.text, entry.digits)))
    return "\n".join(lines)


def _line(mark: str, row: Sequence[str], widths: Sequence[int], equation: str) -> str:
    figures = "  ".join(text.rjust(width) for text, width in zip(row, widths, strict=True))
    return f"{mark} {figures}  {equation}"


def front_html(fronts: Sequence[Shown], cost: str, selection: str) -> str:
    """For each target the plot of loss against cost, and the table with typeset formulas.

    Args:
        fronts: of each target.
        cost: the kind of cost: figures that mean nothing in it are left out.
        selection: the rule of choice.
    """
    parts = [f"<style>{_STYLE}</style>"]
    for shown in fronts:
        axes = _axes(shown.front.axis, cost)
        parts.append(f"<div>{escape(_title(shown, selection))}</div>")
        parts += [_plot(shown), _table(shown, axes)]
    return f'<div style="overflow-x:auto">{"".join(parts)}</div>'


def _plot(shown: Shown) -> str:
    axis = shown.front.axis
    points = [
        LossPoint(float(getattr(e, axis)), e.loss, short(e.text, e.digits), k == shown.chosen)
        for k, e in enumerate(shown.front.entries)
    ]
    return loss_svg(points, _HEADS[axis])


def _table(shown: Shown, axes: Sequence[str]) -> str:
    head = "".join(f"<th>{h}</th>" for h in ("", *(_HEADS[a] for a in axes), "loss", "equation"))
    lines = [f'<table class="symtick"><thead><tr>{head}</tr></thead><tbody>']
    for k, entry in enumerate(shown.front.entries):
        place, *figures = _figures(k, entry, axes)
        chosen = k == shown.chosen
        cells = "".join(f"<td>{f}</td>" for f in (f"{_MARK if chosen else ''}{place}", *figures))
        formula = f"<math>{mathml(entry.expression, DIGITS, needed=entry.digits)}</math>"
        lines.append(
            f"<tr{_CHOSEN if chosen else ''}>{cells}"
            f'<td title="{escape(short(entry.text, entry.digits))}">{formula}</td></tr>'
        )
    return "".join([*lines, "</tbody></table>"])


def _title(shown: Shown, selection: str) -> str:
    name = f"{shown.name}: " if shown.name else ""
    count = counted(len(shown.front.entries), "equation")
    return (
        f"{name}{count} by {shown.front.axis} from {shown.evaluations} evaluations, "
        f"{selection!r} chooses {shown.chosen}"
    )


def _axes(axis: str, cost: str) -> list[str]:
    """The costs to show, that of the front's order first."""
    meant = _MEANT.get(cost, ("ticks", "lut", "complexity"))
    return [axis, *(a for a in meant if a != axis)]


def _figures(place: int, entry: Equation, axes: Sequence[str]) -> list[str]:
    return [str(place), *(_FIGURES[a](entry) for a in axes), f"{entry.loss:.4g}"]
