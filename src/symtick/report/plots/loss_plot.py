"""The losses of a regression's front against a cost, as SVG that follows a notebook's colours.

Points in, SVG text out. Nothing but text is needed, so that it is there without matplotlib.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 560, 250
_LEFT, _RIGHT, _TOP, _BOTTOM = 62.0, WIDTH - 14.0, 12.0, HEIGHT - 40.0
_CHOSEN, _COLOUR = "#d1432f", "#3d8fb0"
_MOST_TICKS = 6
_STEPS = (1, 2, 5)
_FAINT = 'stroke="currentColor" stroke-opacity=".15"'


@dataclass(frozen=True)
class LossPoint:
    """One equation: cost, loss (from 0), the text that is shown when one points at it."""

    cost: float
    loss: float
    text: str
    chosen: bool = False


@dataclass(frozen=True)
class _Scale:
    """From a range of values to a range of places."""

    lo: float
    hi: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        return self.start + (value - self.lo) / (self.hi - self.lo) * (self.end - self.start)


def loss_svg(points: Sequence[LossPoint], label: str) -> str:
    """Loss (logarithmic) against cost, a line of steps through what is best up to each cost.

    A loss of 0 stands at the lower edge. The chosen point is ringed.

    Args:
        points: at least one.
        label: name of the cost.
    """
    powers = [math.log10(p.loss) for p in points if p.loss > 0.0]
    lowest, highest = (min(powers), max(powers)) if powers else (-1.0, 0.0)
    room = max(0.25, 0.06 * (highest - lowest))
    floor = lowest - (3.0 if len(powers) < len(points) else 1.0) * room
    up = _Scale(floor, highest + room, _BOTTOM, _TOP)
    costs = [p.cost for p in points]
    margin = max(0.5, 0.04 * (max(costs) - min(costs)))
    across = _Scale(min(costs) - margin, max(costs) + margin, _LEFT, _RIGHT)
    places = [(across(p.cost), up(math.log10(p.loss)) if p.loss > 0.0 else _BOTTOM) for p in points]
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
            f'width="{WIDTH}" height="{HEIGHT}" role="img" aria-label="loss against '
            f'{escape(label)}" font-family="sans-serif" font-size="11" fill="currentColor">',
            *_axes(across, up, label, zero=len(powers) < len(points)),
            _steps(points, places),
            *(_dot(p, *place) for p, place in zip(points, places, strict=True)),
            "</svg>",
        )
    )


def _axes(across: _Scale, up: _Scale, label: str, zero: bool) -> list[str]:
    lines = [
        f'<path d="M{_LEFT:g} {_TOP:g}V{_BOTTOM:g}H{_RIGHT:g}" fill="none" stroke="currentColor" '
        'stroke-opacity=".5"/>'
    ]
    for value in _round_values(across.lo, across.hi):
        x = across(value)
        lines.append(
            f'<text x="{x:.1f}" y="{_BOTTOM + 15:g}" text-anchor="middle">{value:g}</text>'
        )
    for power in _powers(up.lo, up.hi):
        y = up(power)
        lines += [
            f'<path d="M{_LEFT:g} {y:.1f}H{_RIGHT:g}" {_FAINT}/>',
            f'<text x="{_LEFT - 6:g}" y="{y + 4:.1f}" text-anchor="end">{10.0**power:.3g}</text>',
        ]
    if zero:
        lines.append(f'<text x="{_LEFT - 6:g}" y="{_BOTTOM:g}" text-anchor="end">0</text>')
    middle = (_TOP + _BOTTOM) / 2
    lines += [
        f'<text x="{(_LEFT + _RIGHT) / 2:g}" y="{HEIGHT - 8}" text-anchor="middle">'
        f"{escape(label)}</text>",
        f'<text transform="rotate(-90 12 {middle:g})" x="12" y="{middle:g}" '
        'text-anchor="middle">loss</text>',
    ]
    return lines


def _steps(points: Sequence[LossPoint], places: Sequence[tuple[float, float]]) -> str:
    """A line along the lowest loss up to each cost."""
    path, best = "", math.inf
    for k in sorted(range(len(points)), key=lambda k: (points[k].cost, points[k].loss)):
        if points[k].loss < best:
            best, (x, y) = points[k].loss, places[k]
            path += f"H{x:.1f}V{y:.1f}" if path else f"M{x:.1f} {y:.1f}"
    return (
        f'<path d="{path}H{_RIGHT:g}" fill="none" stroke="{_COLOUR}" stroke-opacity=".6" '
        'stroke-width="1.5"/>'
    )


def _dot(point: LossPoint, x: float, y: float) -> str:
    colour = _CHOSEN if point.chosen else _COLOUR
    ring = (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="8" fill="none" stroke="{colour}" '
        'stroke-width="1.6"/>'
    )
    return (
        f'<g><title>{escape(point.text)}</title><circle cx="{x:.1f}" cy="{y:.1f}" r="4" '
        f'fill="{colour}"/>{ring if point.chosen else ""}</g>'
    )


def _round_values(lo: float, hi: float) -> list[float]:
    """Some round values in a range, whole numbers at least."""
    size = 10.0 ** max(0.0, math.floor(math.log10((hi - lo) / _MOST_TICKS)))
    step = next(
        s * size * more
        for more in (1, 10, 100)
        for s in _STEPS
        if (hi - lo) / (s * size * more) <= _MOST_TICKS
    )
    return [step * k for k in range(math.ceil(lo / step), math.floor(hi / step) + 1)]


def _powers(lo: float, hi: float) -> list[float]:
    """Powers of ten to label in a range of them; with parts of one where it is narrow."""
    if hi - lo < 2.0:
        parts = [math.log10(s) for s in _STEPS]
        tens = range(math.floor(lo), math.ceil(hi) + 1)
        return [t + p for t in tens for p in parts if lo <= t + p <= hi]
    step = math.ceil((hi - lo) / _MOST_TICKS)
    return [float(p) for p in range(math.ceil(lo), math.floor(hi) + 1) if p % step == 0]
