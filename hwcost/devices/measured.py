"""Measurement sets: the raw measurements that device files are fitted to.

A set is a YAML file in `hwcost/data/measured/` with the date, the versions of the tools that
measured, and one line for each point. It is read only by those who fit or check a fit: compiling
needs the device file alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Annotated, Any, Literal, get_args

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict

from symtick.errors import InputError
from symtick.hwcost.devices.rows import refuse_renamed
from symtick.settings import validated

SETS = "measured"
Family = Literal["xcup", "xcu", "xc7", "ecp5"]
Column = Literal["xcup", "xc7", "ecp5"]


def _current(row: str) -> str:
    refuse_renamed(row)
    return row


class Measurement(BaseModel):
    """One operation between registers, through the tools.

    Attributes:
        row: the device row that it measures.
        label: name of the point.
        graph: digest of the graph that was measured, hexadecimal.
        features: of the node; for tables `counted` is the number of LUTs that their
            contents ask for, and `tables` how many there are beside deeper logic.
        lut: LUTs by Yosys family. `xcup` and `xc7` have six-input LUTs, `ecp5` four-input ones, two
            more for each carry block.
        period_ns: shortest clock period on an ECP5-85k-8 (nextpnr), from register to register;
            None for points that were only synthesised.
        overhead_ns: clock-to-out, last hop and set-up on that path.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    row: Annotated[str, AfterValidator(_current)]
    label: str
    graph: str
    features: dict[str, float]
    lut: dict[Column, float]
    period_ns: float | None = None
    overhead_ns: float | None = None


class MeasuredSet(BaseModel):
    """Measurements by one version of the tools.

    Attributes:
        name: the file's name without suffix.
        tools: name and version of each tool.
        date: when the last point was measured, ISO.
        points: the measurements.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    tools: dict[str, str]
    date: str
    points: tuple[Measurement, ...]

    def of(self, row: str) -> list[Measurement]:
        """The points of one row."""
        return [m for m in self.points if m.row == row]


def load_measured(name: str, folder: Traversable | None = None) -> MeasuredSet:
    """Read a set of measurements.

    Args:
        name: of the set.
        folder: of the device files, beside which the set lies; symtick's own by default.

    Raises:
        InputError: there is no such set, or it breaks the schema.
    """
    path = (folder or files("symtick.hwcost") / "data") / SETS / f"{name}.yaml"
    if not path.is_file():
        raise InputError(f"there is no set of measurements {name!r}: {path} does not exist")
    try:
        return validated(MeasuredSet, yaml.load(path.read_bytes(), yaml.CSafeLoader))
    except (InputError, yaml.YAMLError) as error:
        raise InputError(f"the measurements in {path} are not valid: {error}") from None


def measured_text(measured: MeasuredSet) -> str:
    """The set as YAML, one line for each point."""
    head = measured.model_dump(exclude={"points"})
    lines = ["  - " + _line(m.model_dump(exclude_none=True)) for m in measured.points]
    return "\n".join([yaml.safe_dump(head, sort_keys=False) + "points:", *lines, ""])


def _line(content: dict[str, Any]) -> str:
    # in one order, in whichever they were measured
    content["lut"] = {c: content["lut"][c] for c in get_args(Column) if c in content["lut"]}
    text: str = yaml.safe_dump(content, sort_keys=False, default_flow_style=True, width=10_000)
    return text.strip()


def column(family: Family) -> Column:
    """The column with a family's areas: Yosys maps UltraScale as it maps UltraScale+."""
    return "xcup" if family == "xcu" else family


def timed(points: Sequence[Measurement]) -> list[Measurement]:
    """The points that were placed and routed."""
    return [m for m in points if m.period_ns is not None]
