"""ROC curves of scores as SVG: background against signal efficiency of each class.

The background axis is logarithmic, as a trigger's rate is small.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from sklearn.metrics import roc_curve

from symtick.report.plots.values import STYLE, blank, svg_text

Floats = npt.NDArray[np.float64]

_COLOURS = ("#1f6f8b", "#c98b4b", "#8a6fb0", "#2b7a4b", "#b5677f", "#5b6675")
_LINES = ("-", ":")


def roc_svg(
    labels: npt.NDArray[np.int64], scores: Mapping[str, Floats], classes: Sequence[str]
) -> str:
    """One colour for each class against the rest, one kind of line for each name.

    Args:
        labels: class numbers (rows,).
        scores: at most two names, each with scores (rows, classes), or (rows, 1) of the second
            of two classes.
        classes: their names; those without rows, or with all of them, are left out.
    """
    with mpl.rc_context(STYLE):
        figure, axes = blank("signal efficiency", "background efficiency")
        for style, (name, values) in zip(_LINES, scores.items(), strict=False):
            first = len(classes) - values.shape[1]
            for k, column in enumerate(values.T, first):
                signal = labels == k
                if signal.all() or not signal.any():
                    continue
                background, efficiency, _ = roc_curve(signal, column)
                colour = _COLOURS[k % len(_COLOURS)]
                label = f"{classes[k]}, {name}"
                axes.plot(efficiency, background, color=colour, linestyle=style, label=label)
        least = 10.0 / max(1, len(labels))
        axes.set(xlim=(0.0, 1.0), yscale="log", ylim=(10.0 ** math.floor(math.log10(least)), 1.0))
        return svg_text(figure, axes)
