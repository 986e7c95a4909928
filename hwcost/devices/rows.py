"""Rows of device files: an operation's delay or LUT count as a function of a node's features.

A row has one of these forms:

    {fixed: 0.0}                                       the same for every node
    {regression: {constant: 1.2, width: 0.02}}         constant + sum of coefficient * feature
    {points: {feature: address, at: {4: 0.9, 6: 1.7}}} linear between points and beyond the last
    {alias: add}                                       as another row

and `points` with `regression` is the sum of both.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field, model_validator

from symtick.settings import NotNegative

ROWS = (
    "add", "sub", "offset", "neg", "abs", "mul", "square", "constant", "min", "max",
    "compare", "select", "digit_row", "round", "round_tie", "saturate", "table",
)  # fmt: skip
_RENAMED = {"madd": "digit_row"}  # rows of older files
_PRODUCT = ("width", "partial", "shorter", "longer")
# by row, what `symtick.hwcost.models.features` says of a node
FEATURES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(ROWS, ("width", "bits")),
    **dict.fromkeys(("mul", "square"), _PRODUCT),
    "constant": (*_PRODUCT, "adders"),
    "table": ("address",),
}


def refuse_renamed(row: str) -> None:
    """Refuse the name that a row had in older files.

    Raises:
        ValueError: names it as it is now.
    """
    if row in _RENAMED:
        raise ValueError(f"the row {row} is called {_RENAMED[row]} now")


class Strict(BaseModel):
    """A part of a device file: no unknown fields, no infinite numbers, never changed."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class RowPoints(Strict):
    """Measured values over one feature, linear in between and beyond."""

    feature: str
    at: dict[int, float] = Field(min_length=2)

    def value(self, x: float) -> float:
        """The interpolated value; below the first point it is the first point's."""
        places = sorted(self.at)
        if x <= places[0]:
            return self.at[places[0]]
        right = next((k for k, p in enumerate(places) if p >= x), len(places) - 1)
        low, high = places[right - 1], places[right]
        slope = (self.at[high] - self.at[low]) / (high - low)
        return self.at[low] + slope * (x - low)


class DeviceRow(Strict):
    """One operation's delay (ns) or LUT count, in one of the forms above."""

    fixed: NotNegative | None = None
    regression: dict[str, float] | None = None
    points: RowPoints | None = None
    alias: str | None = None

    @model_validator(mode="after")
    def _one_form(self) -> DeviceRow:
        fitted = self.regression is not None or self.points is not None
        if [self.fixed is not None, fitted, self.alias is not None].count(True) != 1:
            raise ValueError("a row needs one of fixed, regression and/or points, alias")
        return self

    @property
    def features(self) -> set[str]:
        """The features that the value depends on."""
        over = set() if self.points is None else {self.points.feature}
        return set(self.regression or {}) - {"constant"} | over

    def value(self, features: Mapping[str, float]) -> float:
        """The row's value, never negative (a fit may dip below zero for the smallest nodes)."""
        if self.fixed is not None:
            return self.fixed
        total = 0.0 if self.points is None else self.points.value(features[self.points.feature])
        for name, coefficient in (self.regression or {}).items():
            total += coefficient * (1.0 if name == "constant" else features[name])
        return max(0.0, total)
