"""Device files: what the operations cost on one part, with the measurements behind the numbers.

A device is a YAML file in `hwcost/data/`. Its `delay` and `area` tables hold one row for each
operation (`rows`).

The features of a node are named in `symtick.hwcost.models.features`. `fit` says which set of
measurements in `hwcost/data/measured/` the rows follow from (`symtick calibrate` writes them);
delays that were not measured are composed of `cells`, each with its source.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

import yaml
from annotated_types import Ge, Lt
from pydantic import Field, model_validator

from symtick.errors import InputError, did_you_mean
from symtick.hwcost.devices.measured import Family
from symtick.hwcost.devices.rows import FEATURES, ROWS, DeviceRow, Strict, refuse_renamed
from symtick.settings import Count, Natural, NotNegative, Positive, Whole, validated

# net: a wire between cells; carry: into a carry chain and out of it; carry_bit: along it, per bit;
# wide: through a multiplexer F7 or F8; dsp: operands to product of a block
CELLS = ("net", "lut", "carry", "carry_bit", "wide", "clock_to_out", "setup", "dsp")


class Totals(Strict):
    """What the part has; bram in blocks of 36 kbit (18 kbit for the ECP5)."""

    lut: Natural
    ff: Natural
    dsp: Natural
    bram: Natural


class Clock(Strict):
    """What a period loses before logic starts.

    Attributes:
        overhead_ns: clock-to-out, set-up and the hop from the last cell to its register.
        margin: part of the period kept for the spread of placement and routing.
        max_mhz: clock that the part's clock tree and blocks reach; None for no real part.
        max_source: where that figure comes from; one that begins with `assumed` is a guess, and a
            clock beyond it is not refused, but said.
    """

    overhead_ns: NotNegative
    margin: Annotated[NotNegative, Lt(1)]
    max_mhz: Positive | None = None
    max_source: str = ""

    @model_validator(mode="after")
    def _sourced(self) -> Clock:
        if self.max_mhz is not None and len(self.max_source) < 10:
            raise ValueError("max_mhz needs a max_source")
        return self

    @property
    def assumed(self) -> bool:
        """Whether nothing states `max_mhz`."""
        return self.max_source.startswith("assumed")


class Dsp(Strict):
    """Which products become DSP blocks, as the synthesiser decides, and their delay.

    A product does if both factors have `min_factor` bits or more and it has `min_product` or more;
    a block multiplies `max_a` by `max_b` bits, signed (27 by 18 for the DSP48E2 of UltraScale and
    UltraScale+, AMD UG579; 25 by 18 for the DSP48E1 of the 7 series, UG479). The pieces of a wider
    factor have `max_b` bits, one of them for the sign (Yosys, mul2dsp).

    `delay_ns` is from fabric to product without registers of the block; `registered_ns` is the
    least clock period between its own registers, those of both factors and that of the product.
    """

    min_factor: Count
    min_product: Count
    max_a: Annotated[Whole, Ge(2)]
    max_b: Annotated[Whole, Ge(2)]
    delay_ns: NotNegative
    registered_ns: NotNegative


class Cell(Strict):
    """Delay of one kind of cell or wire, and where the figure comes from."""

    ns: NotNegative
    source: str = Field(min_length=10)


class DeviceFit(Strict):
    """What the rows of a device follow from.

    Attributes:
        measured: name of the set of measurements.
        delay: whether delays are fitted to them too, or composed of the device's `cells`.
    """

    measured: str
    delay: Literal["measured", "cells"]


class DeviceRefit(Strict):
    """Where a device that was refitted to reports comes from.

    Attributes:
        base: the device whose rows were multiplied.
        designs: number of designs with reports.
        routed: of them, those whose timing was reported after routing.
        factors: of LUTs, flip-flops and delays (`lut`, `ff`, `ns`), where reports stated them.
    """

    base: str
    designs: int
    routed: int = 0
    factors: dict[str, float]


class Device(Strict):
    """A device file.

    Attributes:
        name: the file's name without suffix.
        title: one line for lists.
        source: where the figures come from.
        modelled: true where delays were not measured but scaled from published figures.
        kind: `open` (delays and areas) or `published` (whole cycles of expression operators).
        part: vendor's part name.
        family: Yosys's name of the family, whose areas these are; None where no open tool
            synthesises for it.
        totals: resources of the part.
        fit: what delay and area follow from; None for files made by hand.
        refit: what a device was refitted to (`symtick calibrate --from-reports`).
        cells: delays of single cells, by the names in `CELLS`, for delays composed of them.
        clock: overheads; None for published tables.
        dsp: the DSP rule; None where products are built from LUTs (synthesise with dsp=False).
        delay: row by operation, ns.
        area: row by operation, LUTs.
        table_factor: LUTs that synthesis gives, over those counted from a table's contents, by
            address bits.
        ff_factor: flip-flops that synthesis gives, over those of the schedule.
        period_ns: the only clock period that published cycles are for.
        cycles: published cycles by format (`fixed<16,6>`) and operator name.
    """

    name: str
    title: str
    source: str
    modelled: bool = False
    kind: Literal["open", "published"] = "open"
    part: str
    family: Family | None = None
    totals: Totals
    fit: DeviceFit | None = None
    refit: DeviceRefit | None = None
    cells: dict[str, Cell] = Field(default_factory=dict)
    clock: Clock | None = None
    dsp: Dsp | None = None
    delay: dict[str, DeviceRow] = Field(default_factory=dict)
    area: dict[str, DeviceRow] = Field(default_factory=dict)
    table_factor: dict[int, float] = Field(default_factory=dict)
    ff_factor: Positive = 1.0
    period_ns: float | None = None
    cycles: dict[str, dict[str, int]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _complete(self) -> Device:
        if self.kind == "published":
            if self.period_ns is None or not self.cycles:
                raise ValueError("a published device needs period_ns and cycles")
            return self
        if self.clock is None or self.family is None:
            raise ValueError("an open device needs clock and family")
        for table in (self.delay, self.area):
            for held in table:
                refuse_renamed(held)
            missing = set(ROWS) - set(table)
            wrong = [r.alias for r in table.values() if r.alias is not None
                     and (r.alias not in table or table[r.alias].alias is not None)]  # fmt: skip
            if missing or wrong:
                raise ValueError(f"rows missing: {sorted(missing)}; bad aliases: {wrong}")
        for name in ROWS:
            for row in (self.row("delay", name), self.row("area", name)):
                if unknown := sorted(row.features - set(FEATURES[name])):
                    raise ValueError(
                        f"unknown features {unknown} of {name}: there are {FEATURES[name]}"
                    )
        return self

    @property
    def delay_note(self) -> str:
        """What a reader of an estimate must know of its delays; "" where they are measured."""
        if not self.modelled:
            return ""
        fitted = "not measured"
        if self.refit is not None and "ns" in self.refit.factors:
            of = f"{self.refit.designs} designs, {self.refit.routed} of them routed"
            fitted = f"scaled to the reports of {of}"
        return (
            f"Delays of {self.name} are modelled from published figures, {fitted}; the device "
            "file states each with its source."
        )

    @property
    def delays(self) -> str:
        """Where its delays come from, in one word."""
        if self.kind == "published":
            return "published"
        return "modelled" if self.modelled else "measured"

    def note(self, clock_mhz: float) -> str:
        """What a reader of an estimate at a clock must know; "" where there is nothing."""
        clock = self.clock
        beyond = ""
        if clock is not None and clock.max_mhz is not None and clock_mhz > clock.max_mhz:
            beyond = (
                f"{clock_mhz:g} MHz is beyond the {clock.max_mhz:g} MHz that {self.name} may be "
                f"clocked with ({clock.max_source})."
            )
        return " ".join(filter(None, (self.delay_note, beyond)))

    def row(self, table: Literal["delay", "area"], name: str) -> DeviceRow:
        """The row of an operation, aliases followed."""
        rows = self.delay if table == "delay" else self.area
        row = rows[name]
        return rows[row.alias] if row.alias is not None else row


def devices() -> list[str]:
    """Names of the devices that have a file, sorted."""
    folder = files("symtick.hwcost") / "data"
    return sorted(p.name[:-5] for p in folder.iterdir() if p.name.endswith(".yaml"))


def load_device(name: str) -> Device:
    """Read and check a device file.

    Args:
        name: one of `devices()`, or the path of a file of one's own, which ends in `.yaml`.

    Raises:
        InputError: there is no such device, or its file breaks the schema.
    """
    if name.endswith(".yaml"):
        path = Path(name)
        if not path.is_file():
            raise InputError(f"there is no device file {name}")
        return _read(path, path.stat().st_mtime_ns)
    if name not in devices():
        raise InputError(
            f"unknown device {name!r}: {did_you_mean(name, devices())}there are "
            f"{', '.join(devices())}; a file of your own is named by its path, which ends in .yaml"
        )
    return _read(Path(str(files("symtick.hwcost") / "data" / f"{name}.yaml")), 0)


@lru_cache(maxsize=32)
def _read(path: Path, _written: int) -> Device:
    """The device in a file; the time of its last change is part of the cache's key."""
    try:
        return validated(Device, yaml.safe_load(path.read_bytes()))
    except (OSError, InputError, yaml.YAMLError) as error:
        raise InputError(f"the device file {path.name} is not valid: {error}") from None
