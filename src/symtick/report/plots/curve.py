"""The curve of a width tuning as SVG: score against area.

Points in, SVG text out.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

import matplotlib as mpl
from matplotlib.figure import Figure

SHARES = ("accuracy", "agreement")  # measures that are shares of rows


def curve_svg(
    points: Sequence[tuple[float, float]], taken: int, area_label: str, measure: str
) -> str:
    """Score against area of every point, from the design before tuning (right) to the left.

    Args:
        points: (area, score) of each, the first before tuning.
        taken: number of the point taken.
        area_label: name of the horizontal axis.
        measure: what the score is; shares are shown as per cent.
    """
    share = measure in SHARES
    factor, unit = (100.0, ", %") if share else (1.0, "")
    areas = [area for area, _ in points]
    scores = [factor * score for _, score in points]
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "symtick", "font.size": 10}):
        figure = Figure(figsize=(9.2, 4.0), layout="constrained")
        axes = figure.add_subplot()
        axes.plot(areas, scores, color="#4c97b0", linewidth=1.2, marker="o", markersize=3.5,
                  zorder=3)  # fmt: skip
        axes.axhline(scores[0], color="#8792a0", linewidth=0.9, linestyle="--", zorder=1)
        axes.annotate("before tuning", (areas[0], scores[0]), (-4, 5), textcoords="offset points",
                      ha="right", color="#5b6675")  # fmt: skip
        axes.scatter([areas[taken]], [scores[taken]], s=190, facecolors="none",
                     edgecolors="#b3261e", linewidths=1.6, zorder=4, label="taken")  # fmt: skip
        axes.set(xlabel=area_label, ylabel=f"{measure} on the rows tuned on{unit}")
        axes.grid(color="#e3e7ec", linewidth=0.7)
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(loc="lower right", frameon=False)
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()[text.getvalue().index("<svg") :]
