"""Refits of a device to a user's own reports: a factor each for LUTs, flip-flops and delays.

Each report gives a ratio r of what the vendor's tool measured to what the model says. The factor s
minimises

    sum of (s - r)^2 over the designs  +  PRIOR * (s - 1)^2,

least squares of the relative errors with a ridge towards 1, so that s = (sum r + PRIOR) / (n +
PRIOR): one design moves the model half of the way, many move it to their mean. A device file with
all its rows multiplied is written; DSP blocks are whole numbers by rule, tables are never block
RAMs, and both are only compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from symtick.errors import InputError

PRIOR = 1.0
# a report beyond this ratio is taken for one of another design, where more is missing than a small
# design's wrapping may take
_MOST = 10.0
_WRAPPING = {"lut": 50.0, "ff": 50.0, "ns": 5.0}
_AGAIN = ", refitted to reports"


@dataclass(frozen=True)
class ReportedDesign:
    """One design: what the model says and what a report says; None where no report says it.

    Attributes:
        design: its name.
        model_lut: LUTs by the model.
        lut: LUTs by the report.
        model_ff: flip-flops by the model.
        ff: flip-flops by the report.
        model_ns: longest logic path between registers by the model, without register overhead.
        ns: the same by the report: the period reached less the model's register overhead.
        routed: whether `ns` is of the routed design, not an estimate.
        model_dsp: DSP blocks by the model.
        dsp: DSP blocks by the report.
        bram: block RAMs of 36 kbit by the report; the model has none.
    """

    design: str
    model_lut: float
    lut: float | None
    model_ff: float
    ff: float | None
    model_ns: float
    ns: float | None
    routed: bool
    model_dsp: float
    dsp: float | None
    bram: float | None

    def ratio(self, name: str) -> float | None:
        """Report over model of `lut`, `ff` or `ns`; None where either has nothing.

        Raises:
            InputError: they cannot be of one design.
        """
        measured, expected = getattr(self, name), getattr(self, f"model_{name}")
        if measured is None or measured <= 0 or expected <= 0:
            return None
        ratio: float = measured / expected
        if not 1.0 / _MOST <= ratio <= _MOST and abs(measured - expected) > _WRAPPING[name]:
            raise InputError(
                f"the report of {self.design} says {measured:g} {name}, the model {expected:.3g}: "
                "is it of this design?"
            )
        return ratio


def factors(pairs: Sequence[ReportedDesign]) -> dict[str, float]:
    """The factors of `lut`, `ff` and `ns`; a quantity that no report states is left out.

    Raises:
        InputError: no report states any of the three, or one cannot be of its design.
    """
    made: dict[str, float] = {}
    for name in ("lut", "ff", "ns"):
        ratios = [r for p in pairs if (r := p.ratio(name)) is not None]
        if ratios:
            made[name] = round((sum(ratios) + PRIOR) / (len(ratios) + PRIOR), 4)
    if not made:
        raise InputError("there is nothing to fit to: no report states LUTs, registers or a clock")
    return made


def refitted(
    content: Mapping[str, Any],
    name: str,
    made: Mapping[str, float],
    pairs: Sequence[ReportedDesign],
) -> dict[str, Any]:
    """A device file's content with every row multiplied by its factor.

    What the rows were composed of stays in it, as their source. A device that was refitted before
    keeps its own base and the product of the factors.

    Args:
        content: of the device to start from.
        name: of the new device.
        made: the factors.
        pairs: the designs that they come from.
    """
    lut, ns = made.get("lut", 1.0), made.get("ns", 1.0)
    old = content.get("refit", {"base": content["name"], "designs": 0, "factors": {}})
    how = "Fitted again" if old["designs"] else "Rows multiplied by the factors below, fitted"
    new: dict[str, Any] = {
        **{k: v for k, v in content.items() if k != "fit"},
        "name": name,
        "title": content["title"].removesuffix(_AGAIN) + _AGAIN,
        "source": f"{content['source']} {how} to the reports of "
        f"{', '.join(p.design for p in pairs)}.",
        "refit": {
            "base": old["base"],
            "designs": old["designs"] + len(pairs),
            "routed": old.get("routed", 0) + sum(p.routed for p in pairs),
            "factors": _product(old["factors"], made),
        },
        "area": {row: _scaled(value, lut) for row, value in content["area"].items()},
        "delay": {row: _scaled(value, ns) for row, value in content["delay"].items()},
        "table_factor": {k: round(v * lut, 4) for k, v in content["table_factor"].items()},
        "ff_factor": round(content.get("ff_factor", 1.0) * made.get("ff", 1.0), 4),
    }
    if content.get("dsp") is not None:
        block = content["dsp"]
        scaled = {key: round(block[key] * ns, 4) for key in ("delay_ns", "registered_ns")}
        new["dsp"] = {**block, **scaled}
    return new


def _product(old: Mapping[str, float], made: Mapping[str, float]) -> dict[str, float]:
    names = dict.fromkeys([*old, *made])
    return {name: round(old.get(name, 1.0) * made.get(name, 1.0), 4) for name in names}


def _scaled(row: Mapping[str, Any], factor: float) -> dict[str, Any]:
    """A row times a factor, in its own form."""
    made = dict(row)
    if "fixed" in row:
        made["fixed"] = round(row["fixed"] * factor, 4)
    if "regression" in row:
        made["regression"] = {k: round(v * factor, 5) for k, v in row["regression"].items()}
    if "points" in row:
        at = {k: round(v * factor, 4) for k, v in row["points"]["at"].items()}
        made["points"] = {**row["points"], "at": at}
    return made
