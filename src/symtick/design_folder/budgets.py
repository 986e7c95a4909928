"""Comparison of designs with a budget, on any device and at any clock.

A design is compiled again where another device or clock than its own is asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from symtick.codegen import Design
from symtick.design_folder.best_clock import best_clock
from symtick.design_folder.folder import (
    DesignSpec,
    cost_figures,
    design_folders,
    is_design,
    known_area,
    read_spec,
)
from symtick.errors import InputError, ResourceError
from symtick.hwcost import Device, Estimate, estimate, load_device, model
from symtick.hwcost.models.budget import RESOURCES, Budget, Use


@dataclass(frozen=True)
class EstimateTarget:
    """Where designs are to run.

    Attributes:
        device: name or file; each design's own by default.
        clock_mhz: clock; each design's own by default.
        best: find the best clock of each design instead (`symtick.design_folder.best_clock`).
        share: part of the device, 0 to 1, that limits each resource; None for no such limit.
    """

    device: str | None = None
    clock_mhz: float | None = None
    best: bool = False
    share: float | None = None


@dataclass(frozen=True)
class BudgetFit:
    """A design beside the budget.

    Attributes:
        design: its name.
        device: what it was compiled for.
        estimate: its cost; None where it cannot run there.
        uses: what it takes of each limit, by name.
        reason: why it cannot run, or "".
    """

    design: str
    device: Device
    estimate: Estimate | None
    uses: dict[str, Use]
    reason: str = ""

    @property
    def fits(self) -> bool:
        """Whether it runs and keeps to every limit."""
        return self.estimate is not None and all(use.fits for use in self.uses.values())

    @property
    def over(self) -> tuple[str, ...]:
        """Names of the limits that it exceeds."""
        return tuple(name for name, use in self.uses.items() if not use.fits)

    @property
    def area(self) -> dict[str, float | None]:
        """What it takes of each resource; None where it does not run or cycles alone are known."""
        if self.estimate is None:
            return dict.fromkeys(RESOURCES)
        return known_area(self.estimate, self.device)

    @property
    def note(self) -> str:
        """What a reader must know of the estimate; "" where there is nothing."""
        if self.estimate is None:
            return self.device.delay_note
        return self.device.note(self.estimate.clock_mhz)

    def to_json(self) -> dict[str, Any]:
        """As JSON values; a share of nothing is null, and so is an area that is not known."""
        cost = {} if self.estimate is None else cost_figures(self.estimate, self.device)
        limits = {
            name: {"used": use.used, "allowed": use.allowed, "fits": use.fits,
                   "share": use.share if use.share < float("inf") else None}
            for name, use in self.uses.items()
        }  # fmt: skip
        return {
            "design": self.design,
            "fits": self.fits,
            "device": self.device.name,
            "modelled_delays": self.device.modelled,
            **cost,
            "budget": limits,
            **({"reason": self.reason} if self.reason else {}),
            **({"note": self.note} if self.note else {}),
        }


def fit_folder(folder: Path, budget: Budget, target: EstimateTarget) -> Iterator[BudgetFit]:
    """Every design of a run or design folder beside a budget.

    Tuned widths of a run's designs belong to its target. For another one the designs are taken
    without them, those of the same formulas once.

    Args:
        folder: a run folder (of distill) or a design folder (of compile).
        budget: limits; the target's share of the device is added to them.
        target: device and clock.

    Raises:
        InputError: the folder holds no design, or device, clock and budget do not go together.
    """
    if target.best and target.clock_mhz is not None:
        raise InputError("give a clock or ask for the best one, not both")
    run = not is_design(folder)
    seen: set[str] = set()
    for place in design_folders(folder):
        spec, design = read_spec(place)
        if run and _elsewhere(spec, target):
            plain = replace(spec, widths=())
            content = str({**plain.to_dict(), "name": ""})
            if content in seen:
                continue
            seen.add(content)
            spec, design = plain, plain.build() if spec.widths else design
        yield fit_design(spec, design, budget, target)


def _elsewhere(spec: DesignSpec, target: EstimateTarget) -> bool:
    """Whether a target is another than the design's own."""
    device, clock = target.device or spec.device, target.clock_mhz or spec.clock_mhz
    return target.best or (device, clock) != (spec.device, spec.clock_mhz)


def fit_design(
    spec: DesignSpec, design: Design, budget: Budget, target: EstimateTarget
) -> BudgetFit:
    """One design beside a budget; `design` is what the spec compiles to as it stands.

    Raises:
        InputError: device, clock and budget do not go together, or single signals of the design
            have formats, which belong to the signals that its own device and clock ask for.
    """
    wanted = replace(
        spec,
        device=spec.device if target.device is None else target.device,
        clock_mhz=spec.clock_mhz if target.clock_mhz is None else target.clock_mhz,
    )
    if spec.widths and _elsewhere(spec, target):
        raise InputError(
            f"{spec.name} has formats of single signals, decided for {spec.device} at "
            f"{spec.clock_mhz:g} MHz: estimate it there, or decide them anew for the other target"
        )
    device = load_device(wanted.device)
    limits = budget if target.share is None else budget.within(target.share, device)
    if device.kind == "published" and limits.limits().keys() & set(RESOURCES):
        raise InputError(
            f"device {device.name} states cycles only: choose another to fit resources"
        )
    try:
        if target.best:
            ticks, clock = _best(wanted, device, limits)
            wanted = replace(wanted, clock_mhz=float(clock), max_ticks=ticks)
        elif wanted != spec and limits.ticks is not None:
            most = limits.ticks if spec.max_ticks is None else min(spec.max_ticks, limits.ticks)
            wanted = replace(wanted, max_ticks=int(most))
        costs = model(wanted.device, wanted.clock_mhz)
        cost = estimate(design if wanted == spec else wanted.build(), costs)
    except ResourceError as error:
        return BudgetFit(spec.name, device, None, {}, str(error))
    return BudgetFit(spec.name, device, cost, limits.uses(cost))


def _best(spec: DesignSpec, device: Device, limits: Budget) -> tuple[int, int]:
    """Ticks and best clock, MHz, of a design; one of a fixed latency keeps that."""
    if device.kind == "published":
        raise InputError(f"device {device.name} is for one clock only: leave out --best-clock")
    if spec.latency is not None:
        return spec.latency, spec.fastest(spec.latency)
    return best_clock(spec.fastest, limits)
