"""From the text of an expression to a design folder: what `symtick compile` does."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from symtick.codegen import SCORES, Decision, Design, Fixed, Precision
from symtick.codegen.emit import vectors
from symtick.defaults import CLOCK_MHZ, DEVICE, DIVISION, SCHEDULER, TERM_FRAC
from symtick.design_folder.folder import DesignSpec, cost_figures, function_bounds, write_design
from symtick.design_folder.signal_formats import read_widths
from symtick.errors import InputError
from symtick.expr import Expression, Interval, check_names, default_names, parse, to_text
from symtick.files import new_folder
from symtick.hwcost import Device, Estimate, estimate, load_device

ERROR_VECTORS = 4000


@dataclass(frozen=True)
class Compiled:
    """What `compile_text` made.

    Attributes:
        folder: where it was written.
        design: the design.
        estimate: its cost.
        device: what it was compiled for.
        error: largest error of each expression against float64, over `ERROR_VECTORS` vectors.
    """

    folder: Path
    design: Design
    estimate: Estimate
    device: Device
    error: tuple[float, ...]

    def to_json(self) -> dict[str, Any]:
        """As JSON values; areas are null where the device states cycles only."""
        design = self.design
        outputs = zip(design.graph.output_names, design.graph.output_formats, strict=True)
        return {
            "design": design.name,
            "folder": str(self.folder),
            "expressions": {
                name: to_text(design.expression, k) for k, name in enumerate(design.score_names)
            },
            "largest_error": dict(zip(design.score_names, self.error, strict=True)),
            "outputs": {name: str(fmt) for name, fmt in outputs},
            "functions": function_bounds(design),
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
    division: str = DIVISION,
    device: str = DEVICE,
    clock_mhz: float = CLOCK_MHZ,
    latency: int | None = None,
    ticks: int | None = None,
    scheduler: str = SCHEDULER,
    decision: Decision = SCORES,
    widths: Sequence[str] = (),
) -> Compiled:
    """Compile expressions and write C++, Verilog and design.json into a new folder.

    Args:
        text: outputs separated by `;`. Inputs are x0, x1, ... unless formats are given by name.
        input_formats: `fixed<W,I>` for every input, `NAME=fixed<W,I>` for one.
        folder: a folder that does not exist; `designs/<name>` by default.
        name: top-level name.
        output_format: format of every output; as computed by default.
        term_frac: bits after the point that an output's terms are computed to.
        input_ranges: `LO:HI` for every input, `NAME=LO:HI` for one; the format's by default.
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

    Returns:
        The folder, the design, its estimate and its measured error.

    Raises:
        InputError: the text, a format, a mode, a range or a name is not acceptable, or `folder`
            exists.
        ResourceError: the clock or the latency cannot be met.
    """
    expression, formats, ranges = read_inputs(text, input_formats, input_ranges)
    output = None if output_format is None else Fixed.parse(output_format)
    names = tuple(f"y{k}" for k in range(len(expression.outputs)))
    spec = DesignSpec(
        name=name, expression=expression, output_names=names, formats=formats, ranges=ranges,
        precision=Precision(term_frac=term_frac, output=output, division=division), device=device,
        clock_mhz=clock_mhz, latency=latency, scheduler=scheduler, decision=decision,
    )  # fmt: skip
    if ticks is not None:
        spec = _fastest(spec, ticks)
    if widths:
        spec = replace(spec, widths=read_widths(widths, spec.core()))
    return _compiled(spec, folder if folder is not None else Path("designs") / name)


def _compiled(spec: DesignSpec, folder: Path) -> Compiled:
    """A spec compiled, estimated, measured and written."""
    built = spec.build()
    cost = estimate(built, spec.model())
    with new_folder(folder) as draft:
        write_design(draft, spec, built, cost)
    scores = built if spec.decision == SCORES else spec.scores()
    return Compiled(folder, built, cost, load_device(spec.device), largest_error(scores))


def _fastest(spec: DesignSpec, ticks: int) -> DesignSpec:
    """The spec at the fastest clock for which its design fits in so many ticks."""
    if spec.latency is not None:
        raise InputError("give a number of ticks or a latency, not both")
    return replace(spec, latency=ticks, clock_mhz=float(spec.fastest(ticks)))


def largest_error(design: Design) -> tuple[float, ...]:
    """Of each expression, the largest difference from float64 over corners and random vectors.

    What float64 itself cannot compute (an overflow, say) is left out. The design delivers its
    scores.
    """
    raw = vectors.make(design, ERROR_VECTORS, seed=1)
    formats = design.graph.input_formats
    real = [raw[:, k] * 1.0 if f is None else f.to_real(raw[:, k]) for k, f in enumerate(formats)]
    wanted = design.expression.evaluate(np.stack(real, axis=1))
    gaps = np.abs(design.real_outputs(raw) - wanted)
    return tuple(float(v) for v in np.where(np.isfinite(wanted), gaps, 0.0).max(axis=0))


def read_inputs(
    text: str, input_formats: Sequence[str], input_ranges: Sequence[str]
) -> tuple[Expression, tuple[Fixed, ...], tuple[Interval, ...] | None]:
    """The expression, and a format and range for each of its inputs."""
    everywhere, named = _assigned(input_formats, "input format")
    wide, narrow = _assigned(input_ranges, "input range")
    own_names = [n for n in named if n not in default_names(1000)]
    check_names([*named])
    expression = parse(text, [*named] if own_names else None)
    for given in (*named, *narrow):
        if given not in expression.inputs:
            raise InputError(
                f"a format or range is given for {given!r}, but the inputs are "
                f"{', '.join(expression.inputs)}"
            )
    missing = [n for n in expression.inputs if n not in named and everywhere is None]
    if missing:
        raise InputError(f"no input format for {', '.join(missing)}: add --input-format")
    formats = tuple(Fixed.parse(named.get(n) or everywhere or "") for n in expression.inputs)
    ranges = None
    if input_ranges:
        ranges = tuple(
            _range(narrow.get(n) or wide or f"{f.lo}:{f.hi}")
            for n, f in zip(expression.inputs, formats, strict=True)
        )
    return expression, formats, ranges


def _assigned(texts: Sequence[str], what: str) -> tuple[str | None, dict[str, str]]:
    """The value for all, and those by name."""
    everywhere: str | None = None
    named: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals and everywhere is not None:
            raise InputError(f"two {what}s for all inputs: {everywhere} and {text}")
        if name.strip() in named and equals:
            raise InputError(f"two {what}s for {name.strip()}")
        if equals:
            named[name.strip()] = value.strip()
        else:
            everywhere = text.strip()
    return everywhere, named


def _range(text: str) -> Interval:
    low, colon, high = text.partition(":")
    try:
        ends = (float(low), float(high))
    except ValueError:
        colon = ""
        ends = (0.0, 0.0)
    if not colon or not all(map(math.isfinite, ends)):
        raise InputError(f"{text!r} is not a range: write LO:HI with two numbers")
    return Interval(*ends)
