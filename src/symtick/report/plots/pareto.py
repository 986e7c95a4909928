"""The Pareto plot of a front as SVG.

Points in, SVG text out.
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import matplotlib as mpl
from matplotlib.figure import Figure

_COLOURS = ("#7fb8a4", "#4c97b0", "#1f6f8b", "#8a6fb0", "#b5677f", "#c98b4b")
_LEAST_AREA = 1.0  # where designs of wires alone are drawn: a logarithmic axis has no 0

Levels = Sequence[tuple[str, float]]


@dataclass(frozen=True)
class ParetoPoint:
    """One design: area against quality (higher is better) or error, at a latency in ticks."""

    label: str
    area: float
    quality: float
    ticks: int
    chosen: bool


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
        for k, ticks in enumerate(sorted({p.ticks for p in points})):
            same = [p for p in points if p.ticks == ticks]
            axes.scatter(
                [p.area for p in same], [p.quality for p in same], s=52, zorder=3,
                color=_COLOURS[k % len(_COLOURS)], label=f"{ticks} tick{'s' if ticks > 1 else ''}",
            )  # fmt: skip
        for p in points:
            place = (5, 6) if any(_just_below(q, p) for q in points) else (5, -13)
            axes.annotate(
                p.label, (p.area, p.quality), place, textcoords="offset points", color="#5b6675",
            )  # fmt: skip
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
        axes.xaxis.set_minor_formatter("{x:.0f}")
        axes.grid(color="#e3e7ec", linewidth=0.7)
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(loc="upper right" if errors else "lower right", frameon=False)
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()[text.getvalue().index("<svg") :]


def _just_below(point: ParetoPoint, other: ParetoPoint) -> bool:
    """Whether it stands where the other's label would."""
    lower = 0.0 < other.quality - point.quality < 0.02 * other.quality
    return lower and abs(math.log(point.area / other.area)) < 0.08
