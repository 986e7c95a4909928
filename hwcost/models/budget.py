"""Budgets: an estimate against limits on latency and resources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from math import floor

from symtick.errors import InputError
from symtick.hwcost.devices.device import Device
from symtick.hwcost.models.estimate import Estimate

RESOURCES = ("lut", "ff", "dsp", "bram")


@dataclass(frozen=True)
class Use:
    """One line of a budget: what is needed and what is allowed.

    Attributes:
        used: ticks, nanoseconds, or a number of LUTs, flip-flops or blocks.
        allowed: the most there may be, in the same unit.
    """

    used: float
    allowed: float

    @property
    def fits(self) -> bool:
        """Whether it is within; a part in 1e9 over is rounding of a clock period."""
        return self.used <= self.allowed * (1.0 + 1e-9)

    @property
    def share(self) -> float:
        """Part of what is allowed, 1 for all of it; infinite where nothing is allowed but used."""
        if self.allowed > 0.0:
            return self.used / self.allowed
        return float("inf") if self.used > 0.0 else 0.0


@dataclass(frozen=True)
class Budget:
    """Limits; None is no limit.

    Attributes:
        ticks: latency in clock ticks.
        ns: latency in nanoseconds.
        lut: LUTs.
        ff: flip-flops.
        dsp: DSP blocks.
        bram: block RAMs, in the device's unit.

    Raises:
        InputError: a limit is negative or not finite.
    """

    ticks: int | None = None
    ns: float | None = None
    lut: float | None = None
    ff: float | None = None
    dsp: float | None = None
    bram: float | None = None

    def __post_init__(self) -> None:
        for name, limit in self.limits().items():
            if not 0.0 <= limit < float("inf"):
                raise InputError(f"a budget must be 0 or more, not {limit!r} for {name}")

    def limits(self) -> dict[str, float]:
        """The limits that there are, by name, in the order of the attributes."""
        stated = {f.name: getattr(self, f.name) for f in fields(self)}
        return {name: float(limit) for name, limit in stated.items() if limit is not None}

    def within(self, share: float, device: Device) -> Budget:
        """This budget, and no more than a share of each resource of a device.

        Args:
            share: more than 0, 1 for the whole device.
            device: whose totals are shared.

        Raises:
            InputError: the share is not in 0 to 1.
        """
        if not 0.0 < share <= 1.0:
            raise InputError(f"a share of a device must lie in 0 to 1 (0 % to 100 %), not {share}")
        totals = {name: floor(share * getattr(device.totals, name)) for name in RESOURCES}
        mine = self.limits()
        narrow = {name: min(mine.get(name, total), total) for name, total in totals.items()}
        return Budget(self.ticks, self.ns, **narrow)

    def uses(self, estimate: Estimate) -> dict[str, Use]:
        """What a design takes of each limit, by name."""
        needed: Mapping[str, float] = {
            "ticks": estimate.ticks,
            "ns": estimate.ns,
            **{name: getattr(estimate.area, name) for name in RESOURCES},
        }
        return {name: Use(needed[name], limit) for name, limit in self.limits().items()}


def read_share(text: str) -> float:
    """`1%` or `0.01` as 0.01.

    Raises:
        InputError: it is neither.
    """
    number, percent, rest = text.strip().partition("%")
    try:
        value = float(number) / (100.0 if percent else 1.0)
    except ValueError:
        rest, value = "no number", 0.0
    if rest.strip():
        raise InputError(f"{text!r} is not a share: write 1% or 0.01")
    return value
