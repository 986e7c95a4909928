"""From the text of an expression to a design folder: what `symtick compile` does."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from symtick.codegen import PLAIN, SCORES, Decision, Design, Interface, Precision, read_format
from symtick.defaults import CLOCK_MHZ, DEVICE, DIVISION, SCHEDULER, TERM_FRAC
from symtick.design_folder.equalities import decided_equalities
from symtick.design_folder.folder import (
    DesignSpec,
    cost_figures,
    error_bounds,
    function_bounds,
    write_design,
)
from symtick.design_folder.output_error import (
    Measurement,
    OutputError,
    Tolerance,
    read_tolerances,
    within,
)
from symtick.design_folder.signal_formats import read_widths
from symtick.design_folder.stated_inputs import read_inputs
from symtick.errors import InputError, SymtickWarning
from symtick.expr import to_text
from symtick.files import new_folder
from symtick.hwcost import Device, Estimate, estimate, load_device


@dataclass(frozen=True)
class Compiled:
    """What `compile_text` made.

    Attributes:
        folder: where it was written.
        design: the design.
        estimate: its cost.
        device: what it was compiled for.
        errors: the largest error of each expression that is found, against float64.
        tolerances: what was asked for of each.
        steps: of each, the last place that its terms were computed to, or that of its format.
        terms: of each, the last place that its terms were computed to.
        worth: of each input, what 1 in its format is worth in the units of the formulas.
    """

    folder: Path
    design: Design
    estimate: Estimate
    device: Device
    errors: tuple[OutputError, ...]
    tolerances: tuple[Tolerance | None, ...]
    steps: tuple[float, ...]
    terms: tuple[float, ...]
    worth: tuple[float, ...]

    def to_json(self) -> dict[str, Any]:
        """As JSON values; areas are null where the device states cycles only."""
        design, names = self.design, self.design.score_names
        outputs = zip(design.graph.output_names, design.graph.output_formats, strict=True)
        return {
            "design": design.name,
            "folder": str(self.folder),
            "expressions": {name: to_text(design.expression, k) for k, name in enumerate(names)},
            "largest_error": {
                name: error.size
                for name, error in zip(design.score_names, self.errors, strict=True)
            },
            "error_bound": error_bounds(design),
            "asked_error": {
                name: tolerance and tolerance.text
                for name, tolerance in zip(design.score_names, self.tolerances, strict=True)
            },
            "input_steps": dict(zip(design.graph.input_names, self.worth, strict=True)),
            "outputs": {name: str(fmt) for name, fmt in outputs},
            "functions": function_bounds(design),
            "interface": design.interface.to_dict(),
            "device": self.device.name,
            **cost_figures(self.estimate, self.device),
            "note": self.device.note(self.estimate.clock_mhz),
        }


def compile_text(
    text: str,
    input_formats: Sequence[str],
    *,
    folder: Path | None = None,
    name: str = "expression",
    output_format: str | None = None,
    term_frac: int = TERM_FRAC,
    input_ranges: Sequence[str] = (),
    lsbs: Sequence[str] = (),
    outputs: Sequence[str] = (),
    errors: Sequence[str] = (),
    division: str = DIVISION,
    device: str = DEVICE,
    clock_mhz: float = CLOCK_MHZ,
    latency: int | None = None,
    ticks: int | None = None,
    scheduler: str = SCHEDULER,
    decision: Decision = SCORES,
    widths: Sequence[str] = (),
    interface: Interface = PLAIN,
    tell: Callable[[str], None] = lambda step: None,
) -> Compiled:
    """Compile expressions and write C++, Verilog and design.json into a new folder.

    Args:
        text: formulas, one to a line or with `;` between, named (`mass = sqrt(m2)`) or not; what a
            later formula reads is no output. Other names are inputs.
        input_formats: a format for every input, `NAME=format` for one (`codegen.read_format`).
        folder: a folder that does not exist; `designs/<name>` by default.
        name: top-level name.
        output_format: format of every output, with AMD's modes if wanted (AP_RND and AP_SAT); as
            computed by default.
        term_frac: bits after the point that an output's terms are computed to.
        input_ranges: `LO:HI` for every input, `NAME=LO:HI` for one; the format's by default.
        lsbs: worth of the last bit of every input's word, or `NAME=number` for one.
        outputs: results to deliver, in this order; by default those that no formula reads.
        errors: the largest error of every output, in its units (`0.01`) or as a share of its value
            (`1%`), or `NAME=1%` for one; the bits that its terms need are then found, and
            `term_frac` holds for the others (`output_error`).
        division: `exact` (quotients and roots to the last bit) or `auto`, see `Precision.division`.
        device: device of the cost model.
        clock_mhz: clock that the schedule is made for.
        latency: ticks; None is the fewest.
        ticks: instead of a clock and a latency: so many ticks, at the fastest clock (whole MHz)
            for which the design fits in them.
        scheduler: `asap`, `alap` or `registers`.
        decision: what to deliver of the outputs.
        widths: formats of single signals, `NAME=fixed<W,I>` or with modes behind it; names are
            those in the Verilog of the same design without them (`signal_formats.read_widths`).
        interface: the form of the ports.
        tell: is told what is done next.

    Returns:
        The folder, the design, its estimate and its measured error.

    Raises:
        InputError: the text, a format, a mode, a range or a name is not acceptable, or `folder`
            exists.
        AccuracyError: an output cannot be as exact as was asked for.
        ResourceError: the clock or the latency cannot be met.
    """
    inputs = read_inputs(text, input_formats, input_ranges, lsbs, outputs)
    precision = Precision(term_frac=term_frac, division=division, strict=True)
    spec = DesignSpec(
        name=name, expression=inputs.expression, output_names=inputs.names, formats=inputs.formats,
        ranges=inputs.ranges, precision=_delivered(precision, output_format), device=device,
        clock_mhz=clock_mhz, latency=latency, scheduler=scheduler, decision=decision,
        interface=interface,
    )  # fmt: skip
    tolerances = read_tolerances(errors, inputs.names)
    measurement = Measurement(
        spec.expression, spec.formats, spec.ranges, spec.output_names, tolerances
    )
    if errors:
        tell("finding the bits that the errors ask for")
        spec = replace(spec, precision=within(measurement, spec.lowered, spec.precision))
    if ticks is not None:
        tell("finding the fastest clock")
        spec = _fastest(spec, ticks)
    if widths:
        spec = replace(spec, widths=read_widths(widths, spec.core()))
    place = folder if folder is not None else Path("designs") / name
    return _compiled(spec, place, measurement, inputs.steps, tell)


def _delivered(precision: Precision, output_format: str | None) -> Precision:
    """With a format of the outputs, and the modes that it states."""
    if output_format is None:
        return precision
    stated = read_format(output_format)
    return replace(
        precision,
        output=stated.fmt,
        quant=stated.quant or precision.quant,
        overflow=stated.overflow or precision.overflow,
    )


def _compiled(
    spec: DesignSpec,
    folder: Path,
    measurement: Measurement,
    worth: tuple[float, ...],
    tell: Callable[[str], None],
) -> Compiled:
    """A spec compiled, estimated, measured and written."""
    tell("making the graph and its schedule")
    built = spec.build()
    tell("estimating and writing")
    cost = estimate(built, spec.model())
    for text in decided_equalities(spec, worth):
        warnings.warn(text, SymtickWarning, stacklevel=3)
    with new_folder(folder) as draft:
        write_design(draft, spec, built, cost)
    tell("measuring the errors")
    scores = built if spec.decision == SCORES else spec.scores()
    return Compiled(
        folder,
        built,
        cost,
        load_device(spec.device),
        measurement.largest(scores.graph),
        tuple(measurement.tolerances),
        _steps(spec),
        _terms(spec),
        worth,
    )


def _steps(spec: DesignSpec) -> tuple[float, ...]:
    """The last place of each output."""
    if spec.precision.output is not None:
        return (spec.precision.output.step,) * len(spec.output_names)
    return _terms(spec)


def _terms(spec: DesignSpec) -> tuple[float, ...]:
    """The last place that the terms of each output are computed to."""
    return tuple(math.ldexp(1.0, -k) for k in spec.precision.places(len(spec.output_names)))


def _fastest(spec: DesignSpec, ticks: int) -> DesignSpec:
    """The spec at the fastest clock for which its design fits in so many ticks."""
    if spec.latency is not None:
        raise InputError("give a number of ticks or a latency, not both")
    return replace(spec, latency=ticks, clock_mhz=float(spec.fastest(ticks)))
