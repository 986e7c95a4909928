"""The Pareto plot of a front as SVG.

Points in, SVG text out.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from symtick.errors import counted

_COLOURS = (
    "#7fb8a4", "#4c97b0", "#1f6f8b", "#8a6fb0", "#b5677f", "#c98b4b", "#8d8a2f", "#5a4a42",
    "#1d2733", "#c7a6a0",
)  # fmt: skip
_DOT, _LETTER, _HEIGHT = 4.0, 6.0, 9.0  # half a dot, and a name's letters, in points
_WIDE = 15.0  # from the smallest to the largest area: more than a decade
_LEAST_AREA = 1.0  # where designs of wires alone are drawn: a logarithmic axis has no 0

Levels = Sequence[tuple[str, float]]


@dataclass(frozen=True)
class ParetoPoint:
    """One design: area against quality (higher is better) or error, at a latency in ticks.

    A network that designs are compared with has a mark of its own.
    """

    label: str
    area: float
    quality: float
    ticks: int
    chosen: bool = False
    network: bool = False


def pareto_svg(
    points: Sequence[ParetoPoint],
    area_label: str,
    quality_label: str,
    levels: Levels,
    errors: bool = False,
) -> str:
    """Scatter of quality against area, coloured by ticks, the chosen design ringed.

    Args:
        points: the designs of the front.
        area_label: name of the horizontal axis.
        quality_label: name of the vertical axis.
        levels: at most two horizontal reference lines, (label, value), the higher one first.
        errors: what is drawn is an error, lower is better, on a logarithmic axis.
    """
    points = [replace(p, area=max(p.area, _LEAST_AREA)) for p in points]
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "symtick", "font.size": 10}):
        figure = Figure(figsize=(9.2, 4.0), layout="constrained")
        axes = figure.add_subplot()
        designs = [p for p in points if not p.network]
        for k, ticks in enumerate(sorted({p.ticks for p in designs})):
            same = [p for p in designs if p.ticks == ticks]
            axes.scatter(
                [p.area for p in same], [p.quality for p in same], s=52, zorder=3,
                color=_COLOURS[k % len(_COLOURS)], label=counted(ticks, "tick"),
            )  # fmt: skip
        if networks := [p for p in points if p.network]:
            axes.scatter([p.area for p in networks], [p.quality for p in networks], s=52, zorder=3,
                         marker="s", color="#1c2430", label="network")  # fmt: skip
        for p in points:
            if p.chosen:
                axes.scatter([p.area], [p.quality], s=190, facecolors="none", edgecolors="#b3261e",
                             linewidths=1.6, zorder=4, label="chosen")  # fmt: skip
        for above, (name, value) in zip((True, False), levels, strict=False):
            axes.axhline(value, color="#8792a0", linewidth=0.9, linestyle="--", zorder=1)
            axes.annotate(name, (0.0, value), (4, 3 if above else -12),
                          xycoords=("axes fraction", "data"), textcoords="offset points",
                          color="#5b6675")  # fmt: skip
        axes.set(xlabel=area_label, ylabel=quality_label, xscale="log")
        axes.margins(y=0.12)  # room for the lowest point's label
        if errors:
            axes.set_yscale("log")
            axes.yaxis.set_major_formatter("{x:g}")
            axes.yaxis.set_minor_formatter("{x:g}")
        axes.xaxis.set_major_formatter("{x:.0f}")
        areas = [p.area for p in points]
        if max(areas) < _WIDE * min(areas):  # else they would run into each other
            axes.xaxis.set_minor_formatter("{x:.0f}")
        else:
            axes.xaxis.set_minor_formatter(NullFormatter())
        axes.grid(color="#e3e7ec", linewidth=0.7)
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(loc="upper right" if errors else "lower right", frameon=False)
        figure.draw_without_rendering()  # only then points have places
        _label(axes, points)
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()[text.getvalue().index("<svg") :]


def _label(axes: Axes, points: Sequence[ParetoPoint]) -> None:
    """The name of each design beside it, away from other points and names as far as there is room.

    What no place suits is left without a name rather than drawn over another.
    """
    scale = 72.0 / axes.figure.dpi
    end = axes.transAxes.transform((1.0, 1.0))[0] * scale
    places = axes.transData.transform([(p.area, p.quality) for p in points]) * scale
    taken = [(x - _DOT, y - _DOT, x + _DOT, y + _DOT) for x, y in places]
    order = sorted(range(len(points)), key=lambda k: not points[k].chosen)
    for k in order:
        width = _LETTER * len(points[k].label)
        for dx, dy in _offsets(width):
            x, y = places[k][0] + dx, places[k][1] + dy
            box = (x, y - 2.0, x + width, y + _HEIGHT)
            if box[2] <= end and not any(_overlap(box, other) for other in taken):
                taken.append(box)
                axes.annotate(points[k].label, (points[k].area, points[k].quality), (dx, dy),
                              textcoords="offset points", color="#5b6675")  # fmt: skip
                break


def _offsets(width: float) -> list[tuple[float, float]]:
    """Where a name may begin, in points from its design, the best place first."""
    right, left, middle = 6.0, -6.0 - width, -width / 2
    return [(right, -12.0), (right, 4.0), (left, 4.0), (left, -12.0), (middle, 8.0),
            (middle, -18.0), (right + 2.0, -4.0), (left - 2.0, -4.0)]  # fmt: skip


def _overlap(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
