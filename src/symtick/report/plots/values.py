"""Resolution and turn-on curves of predicted values, as SVG.

Values in, SVG text out. Bins hold equal numbers of rows, in order of the truth.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

Floats = npt.NDArray[np.float64]
Curve = tuple[Floats, Floats]  # mean truth of each bin, and what was found in it

RESOLUTION_BINS = 10
TURN_ON_BINS = 40
LEAST_ROWS = 25  # in a bin of a turn-on curve
QUANTILES = (0.5, 0.9)  # of the truth: thresholds of the turn-on curves

_COLOURS = ("#1f6f8b", "#c98b4b", "#8a6fb0")
_LINES = ("-", "--")
STYLE: dict[Any, Any] = {"svg.fonttype": "none", "svg.hashsalt": "symtick", "font.size": 10}


def resolution(truth: Floats, predicted: Floats, bins: int = RESOLUTION_BINS) -> Curve:
    """RMSE of the predictions in quantile bins of the truth; both (rows,)."""
    parts = _parts(truth, bins)
    errors = [np.sqrt(np.mean(np.square(predicted[part] - truth[part]))) for part in parts]
    return _centers(truth, parts), np.array(errors)


def turn_on(truth: Floats, predicted: Floats, threshold: float, bins: int = TURN_ON_BINS) -> Curve:
    """Share of rows predicted above the threshold in quantile bins of the truth; both (rows,)."""
    parts = _parts(truth, max(1, min(bins, len(truth) // LEAST_ROWS)))
    return _centers(truth, parts), np.array([np.mean(predicted[p] > threshold) for p in parts])


def _parts(truth: Floats, bins: int) -> list[npt.NDArray[np.int64]]:
    order = np.argsort(truth, kind="stable")
    return [part for part in np.array_split(order, bins) if len(part)]


def _centers(truth: Floats, parts: list[npt.NDArray[np.int64]]) -> Floats:
    return np.array([truth[part].mean() for part in parts])


def resolution_svg(truth: Floats, predictions: Mapping[str, Floats], target: str) -> str:
    """RMSE against truth, one line for each name in `predictions` (rows,)."""
    with mpl.rc_context(STYLE):
        figure, axes = blank(f"true {target}", f"RMSE of {target}")
        for colour, (name, values) in zip(_COLOURS, predictions.items(), strict=False):
            axes.plot(*resolution(truth, values), color=colour, marker="o", label=name)
        axes.set_ylim(bottom=0.0)
        return svg_text(figure, axes)


def turn_on_svg(truth: Floats, predictions: Mapping[str, Floats], target: str) -> str:
    """Share above a threshold against truth, for thresholds at `QUANTILES` of the truth."""
    with mpl.rc_context(STYLE):
        figure, axes = blank(f"true {target}", "share of rows above the threshold")
        for style, quantile in zip(_LINES, QUANTILES, strict=True):
            threshold = float(np.quantile(truth, quantile))
            axes.axvline(threshold, color="#8792a0", linewidth=0.9, linestyle=":", zorder=1)
            for colour, (name, values) in zip(_COLOURS, predictions.items(), strict=False):
                axes.plot(*turn_on(truth, values, threshold), color=colour, linestyle=style,
                          label=f"{name}, above {threshold:.3g}")  # fmt: skip
        axes.set_ylim(-0.03, 1.03)
        return svg_text(figure, axes)


def blank(across: str, up: str) -> tuple[Figure, Axes]:
    """An empty figure with these names of its axes."""
    figure = Figure(figsize=(9.2, 3.4), layout="constrained")
    axes = figure.add_subplot()
    axes.set(xlabel=across, ylabel=up)
    axes.grid(color="#e3e7ec", linewidth=0.7)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def svg_text(figure: Figure, axes: Axes) -> str:
    """The figure with a legend, as one SVG element."""
    axes.legend(frameon=False)
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()[text.getvalue().index("<svg") :]
