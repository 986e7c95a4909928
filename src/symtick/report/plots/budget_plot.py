"""How much of a budget each design takes, as a picture.

Shares in, the picture's bytes out.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import matplotlib as mpl
from matplotlib.figure import Figure

_COLOURS = ("#1f6f8b", "#7fb8a4", "#c98b4b", "#8a6fb0", "#b5677f", "#5b6675")
_MOST = 2.0  # shares beyond are drawn at the edge, with their figure


def budget_picture(
    shares: Sequence[tuple[str, Mapping[str, float]]], title: str, form: str
) -> bytes:
    """One row for each design, one bar for each limit, a line at the whole budget.

    Args:
        shares: name of each design, and its part of each limit by name, 1 for all of it.
        title: heading.
        form: `svg` or `png`.
    """
    limits = list(dict.fromkeys(name for _, uses in shares for name in uses))
    thick = 0.8 / max(1, len(limits))
    height = 1.3 + len(shares) * max(0.34, 0.13 * len(limits))
    largest = max((s for _, uses in shares for s in uses.values()), default=1.0)
    edge = min(_MOST, max(1.1, 1.05 * largest))
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "symtick", "font.size": 10}):
        figure = Figure(figsize=(9.2, height), layout="constrained")
        axes = figure.add_subplot()
        for k, name in enumerate(limits):
            rows = [(row, uses[name]) for row, (_, uses) in enumerate(shares) if name in uses]
            places = [row + (k - (len(limits) - 1) / 2) * thick for row, _ in rows]
            drawn = [min(share, edge) for _, share in rows]
            axes.barh(
                places, drawn, height=0.9 * thick, color=_COLOURS[k % len(_COLOURS)], label=name
            )
            for place, (_, share) in zip(places, rows, strict=True):
                axes.annotate(
                    _percent(share), (min(share, edge), place), (3, 0), va="center",
                    textcoords="offset points", fontsize=7, annotation_clip=False,
                    color="#b3261e" if share > 1.0 else "#5b6675",
                )  # fmt: skip
        axes.axvline(1.0, color="#b3261e", linewidth=1.2, linestyle="--", zorder=3)
        axes.set_yticks(range(len(shares)), [name for name, _ in shares])
        axes.set(xlim=(0.0, edge), xlabel="part of the budget", title=title)
        axes.set_ylim(len(shares) - 0.5, -0.5)
        axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
        axes.grid(axis="x", color="#e3e7ec", linewidth=0.7)
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
        figure.legend(loc="outside right upper", frameon=False)
        out = io.BytesIO()
        figure.savefig(
            out, format=form, dpi=130, metadata={"Date": None} if form == "svg" else None
        )
    return out.getvalue()


def _percent(share: float) -> str:
    if share == float("inf"):
        return "none allowed"
    return f"{100 * share:.0f} %" if share >= 0.1 or share == 0.0 else f"{100 * share:.2g} %"
