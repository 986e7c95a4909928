"""Verbs for single designs: compile, tune, estimate."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from symtick.cli.console import AsJson, Folder, counting, line, print_json, stepping
from symtick.defaults import CLOCK_MHZ, DEVICE, DIVISION, SCHEDULER, TERM_FRAC
from symtick.errors import InputError, counted

if TYPE_CHECKING:
    from symtick.codegen import TuningStep
    from symtick.design_folder.compiling import Compiled
    from symtick.design_folder.tuning import Tuned
    from symtick.hwcost import Estimate


InputFormats = Annotated[
    list[str],
    typer.Option(
        "--input-format",
        "-i",
        help="fixed<W,I>, ap_int<W>, q8.4 ... for all inputs, or NAME=...; repeat.",
    ),
]
InputRanges = Annotated[
    list[str] | None,
    typer.Option("--input-range", "-r", help="LO:HI for all, or NAME=LO:HI; repeat."),
]
Lsbs = Annotated[
    list[str] | None,
    typer.Option(
        "--lsb",
        help="Worth of a word's last bit, 0.25 or pi/2048: for all, or NAME=...; repeat.",
    ),
]
Errors = Annotated[
    list[str] | None,
    typer.Option(
        help="Largest error, 0.01 in the output's units or 1% of its value: for all, or NAME=...;"
        " repeat. Replaces --term-frac."
    ),
]
Outputs = Annotated[
    list[str] | None,
    typer.Option(help="Results to deliver, with commas; default those that no formula reads."),
]
Division = Annotated[
    str, typer.Option(help="exact: quotients and roots to the last bit; auto: by functions.")
]
Latency = Annotated[
    int | None, typer.Option(help="Latency in ticks; default the fewest, 0 combinational.")
]
Ticks = Annotated[
    int | None, typer.Option(help="So many ticks, at the fastest clock for it; replaces --clock.")
]
Thresholds = Annotated[
    list[float] | None, typer.Option(help="For above: one for all scores, or repeat for each.")
]
InterfaceKind = Annotated[
    str, typer.Option(help="Form of the ports: plain, ap_vld, axi-stream (docs/forms.md).")
]
Widths = Annotated[
    list[str] | None,
    typer.Option(help="NAME=fixed<W,I>,AP_TRN,AP_WRAP of one signal in the Verilog; repeat."),
]


def compile_(
    input_format: InputFormats,
    expression: Annotated[
        str | None, typer.Argument(help="Formulas with ';' between: sqrt(m2), or mass = sqrt(m2).")
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", "-f", help="Formulas, one to a line; - is stdin.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="New folder; default designs/<name>.")
    ] = None,
    name: Annotated[str, typer.Option(help="Top-level name.")] = "expression",
    output_format: Annotated[
        str | None,
        typer.Option(help="Of the outputs, with modes if wanted; default: as computed."),
    ] = None,
    term_frac: Annotated[
        int, typer.Option(help="Bits after the point that an output's terms are computed to.")
    ] = TERM_FRAC,
    error: Errors = None,
    input_range: InputRanges = None,
    lsb: Lsbs = None,
    outputs: Outputs = None,
    division: Division = DIVISION,
    device: Annotated[str, typer.Option(help="Device; see symtick devices.")] = DEVICE,
    clock: Annotated[float, typer.Option(help="Clock in MHz.")] = CLOCK_MHZ,
    latency: Latency = None,
    ticks: Ticks = None,
    scheduler: Annotated[
        str, typer.Option(help="asap, alap, or registers: the fewest of them.")
    ] = SCHEDULER,
    decide: Annotated[
        str, typer.Option(help="Outputs, with commas: scores, index, margin, top, above.")
    ] = "scores",
    threshold: Thresholds = None,
    width: Widths = None,
    interface: InterfaceKind = "plain",
    enable: Annotated[bool, typer.Option("--enable", help="Add a clock enable.")] = False,
    reset: Annotated[
        bool, typer.Option("--reset", help="Add a reset of the valid line of ap_vld.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Compile formulas to HLS C++, Verilog and VHDL.

    Writes a design folder. Names that no formula gives are inputs:

    symtick compile "dr = hypot(eta1 - eta2, phi1 - phi2)" -i "ap_int<10>" --lsb 0.01
    """
    from symtick.codegen import Decision, Interface
    from symtick.design_folder.compiling import compile_text

    text = _formulas(expression, file)
    with stepping("compiling") as show:
        made = compile_text(
            text,
            input_format,
            folder=output,
            name=name,
            output_format=output_format,
            term_frac=term_frac,
            input_ranges=input_range or (),
            lsbs=lsb or (),
            errors=error or (),
            outputs=[name.strip() for text in outputs or () for name in text.split(",")],
            division=division,
            device=device,
            clock_mhz=clock,
            latency=latency,
            ticks=ticks,
            scheduler=scheduler,
            decision=Decision(tuple(decide.split(",")), tuple(threshold or ())),
            widths=width or (),
            interface=Interface.read(interface, enable, reset),
            tell=show,
        )
    if as_json:
        print_json(made.to_json())
    else:
        print_compiled(made)


def _formulas(expression: str | None, file: Path | None) -> str:
    """The text to compile, from the command line or a file."""
    if (expression is None) == (file is None):
        raise InputError("give formulas as an argument, or a file of them by --file")
    if file is None:
        return expression or ""
    if str(file) == "-":
        return sys.stdin.read()
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        what = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
        raise InputError(f"cannot read the formulas in {file}: {what}") from None


def print_compiled(made: Compiled) -> None:
    """One compiled design: formats, accuracy, cost and place."""
    from symtick.expr import to_text

    for k, name in enumerate(made.design.score_names):
        line(f"{name} = {to_text(made.design.expression, k, 6)}")
        if made.design.errors:
            line(f"  within {_at_most(made.design.errors[k])} of that for every input")
        else:
            line("  within no known error, for widths of signals are stated")
        line(f"  {_error_text(made, k)}")
    _print_ports(made)
    for unit in made.design.units:
        bound = (
            f"within {unit.ulp:.2f} units of 2^{-unit.frac} for v as computed"
            if unit.ulp
            else "exact for v as computed"
        )
        line(f"  {unit.text}: {unit.method}, {bound}")
    known = made.device.kind != "published"
    line(_estimate_line(made.design.name, made.estimate, known))
    if note := made.device.note(made.estimate.clock_mhz):
        line(note)
    line(f"written to {made.folder}")


def _print_ports(made: Compiled) -> None:
    """Formats of inputs and outputs; the port's name where the name is not free or not legal."""
    from symtick.codegen.emit.names import ports

    graph, names = made.design.graph, ports(made.design)
    inputs = {k: port for k, _, port in names.inputs}
    for k, (name, fmt, worth) in enumerate(
        zip(graph.input_names, graph.input_formats, made.worth, strict=True)
    ):
        step = "" if worth == 1.0 else f" in steps of {worth:g}"
        line(f"input {name} : {fmt or 'not read'}{step}{_port(name, inputs.get(k, name))}")
    outputs = zip(graph.output_names, graph.output_formats, names.outputs, strict=True)
    for name, fmt, (_, port) in outputs:
        line(f"output {name} : {fmt}{_port(name, port)}")
    _print_form(made)


def _print_form(made: Compiled) -> None:
    """What stands around the core."""
    from symtick.codegen.forms.form import form
    from symtick.codegen.interface import word

    around, ticks = form(made.design), counted(made.estimate.ticks, "tick")
    if around is not None:
        words = f"words of {around.input_bits} and {around.output_bits} bits"
        kind = word(made.design.interface.kind)
        line(f"interface {kind}: module {around.top}, {words}, {ticks} from port to port")


def _port(name: str, port: str) -> str:
    if port == name:
        return ""
    return f", port {port} ({name} is reserved, taken or no identifier in Verilog, C++ or VHDL)"


def _at_most(error: float) -> str:
    """A bound to three digits, rounded up."""
    if error == 0.0:
        return "0"
    exponent = math.floor(math.log10(error)) - 2
    return f"{math.ceil(error / 10.0**exponent - 1e-9) * 10.0**exponent:.3g}"


def _error_text(made: Compiled, k: int) -> str:
    """The largest error of an output, and a warning where it is more than a step."""
    error, asked, step = made.errors[k].size, made.tolerances[k], made.steps[k]
    text = f"largest error found against float64: {error:.3g}"
    if asked is not None:
        return f"{text}, {made.errors[k].share:.2f} of the {asked.text} asked for"
    if made.design.errors and error > 1.01 * made.design.errors[k]:
        return f"{text}, where float64 itself is off: the bound is for exact arithmetic"
    if error <= step:
        return text
    if step < made.terms[k]:
        return (
            f"{text}, WARNING: the output format has steps of {step:g}, finer than the "
            f"{made.terms[k]:g} to which terms are computed; ask for more by --term-frac or --error"
        )
    return f"{text}, WARNING: {error / step:.1f} steps of {step:g}; ask for less by --error"


def _estimate_line(name: str, e: Estimate, area_known: bool = True) -> str:
    area = f"about {e.area.lut:.0f} LUT, {e.area.ff:.0f} FF, {e.area.dsp:.0f} DSP"
    return (
        f"{name}: {counted(e.ticks, 'tick')}, {e.ns:.1f} ns at {e.clock_mhz:g} MHz, "
        f"{area if area_known else 'area unknown'} ({e.model})"
    )


def tune(
    folder: Folder,
    budget: Annotated[
        str,
        typer.Option(help="0.1% of the score or RMSE (runs), or an output's largest error."),
    ] = "",
    design: Annotated[
        str | None, typer.Option(help="Which design of a run; default the chosen one.")
    ] = None,
    point: Annotated[
        int | None, typer.Option(min=0, help="Of a tuned design: take this point of its curve.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="New folder; default RUN/tuned/<design>.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Narrow a design's signals for fewer LUTs within a budget.

    Writes a design folder.
    """
    if (point is None) != bool(budget) or (point is not None and (design or output is None)):
        raise typer.BadParameter("give --budget, or --point and --output for a tuned design")
    from symtick.design_folder.folder import is_run
    from symtick.extras import require

    require("symtick tune", "report")
    from symtick.design_folder.tuning import take_point, tune_folder

    with stepping("tuning", every=5.0) as show:

        def tell(step: TuningStep) -> None:
            show(f"{step.area.lut:.0f} LUT")

        if point is not None and output is not None:
            made = take_point(folder, point, output)
        elif is_run(folder):
            from symtick.run.folder import open_run

            made = open_run(folder).tune(budget, design, output, tell)
        elif design is not None:
            raise InputError(f"{folder} is no run folder, which --design needs; name a run")
        else:
            made = tune_folder(folder, budget, output, tell)
    if as_json:
        print_json(made.to_json())
    else:
        _print_tuned(made)


def _print_tuned(made: Tuned) -> None:
    """What was saved, and what was lost."""
    line(_estimate_line(f"{made.spec.name} before", made.before))
    line(_estimate_line(f"{made.spec.name} tuned", made.after))
    ends = " -> ".join(f"{score:.5g}" for score in made.scores)
    point = f"point {made.taken} of {made.points - 1}"
    line(f"{made.measure} on the rows tuned on: {ends} ({point})")
    if made.tested is not None:
        from symtick.report.plots.curve import SHARES

        shares = made.measure in SHARES
        ends = " -> ".join(
            f"{100 * score:.2f} %" if shares else f"{score:.5g}" for score in made.tested
        )
        line(f"on the test rows: {ends}")
    line(f"written to {made.folder}")


def estimate(
    folder: Folder,
    device: Annotated[
        str | None, typer.Option(help="Device or device file; default each design's own.")
    ] = None,
    clock: Annotated[
        float | None, typer.Option(help="Clock in MHz; default each design's own.")
    ] = None,
    best_clock: Annotated[
        bool,
        typer.Option(
            help="The highest clock that keeps to the budget's ticks and ns; "
            "without these, that of the smallest latency."
        ),
    ] = False,
    budget_ticks: Annotated[int | None, typer.Option(min=0, help="Most ticks.")] = None,
    budget_ns: Annotated[float | None, typer.Option(min=0, help="Most nanoseconds.")] = None,
    budget_lut: Annotated[float | None, typer.Option(min=0, help="Most LUTs.")] = None,
    budget_ff: Annotated[float | None, typer.Option(min=0, help="Most flip-flops.")] = None,
    budget_dsp: Annotated[float | None, typer.Option(min=0, help="Most DSP blocks.")] = None,
    budget_bram: Annotated[float | None, typer.Option(min=0, help="Most block RAMs.")] = None,
    share: Annotated[
        str | None, typer.Option(help="Most of each resource of the device, as in 1%.")
    ] = None,
    as_json: AsJson = False,
    picture: Annotated[
        Path | None, typer.Option(help="Draw parts of the budget to this .svg or .png.")
    ] = None,
) -> None:
    """Does it fit: latency and resources beside a budget.

    All figures are the cost model's.

    The exit status is 0 where a design fits, 1 where none does. Designs are compiled again for
    another device or clock than their own.
    """
    from symtick.cli import fits
    from symtick.design_folder.budgets import EstimateTarget, fit_folder
    from symtick.design_folder.folder import design_folders
    from symtick.extras import require
    from symtick.hwcost.models.budget import Budget, read_share

    if picture is not None:
        require("symtick estimate --picture", "report")
    budget = Budget(budget_ticks, budget_ns, budget_lut, budget_ff, budget_dsp, budget_bram)
    part = None if share is None else read_share(share)
    elsewhere = bool(device or clock or best_clock)  # then tuned widths are left out
    rows = []
    with counting("estimating", None if elsewhere else len(design_folders(folder))) as tell:
        for fit in fit_folder(folder, budget, EstimateTarget(device, clock, best_clock, part)):
            rows.append(fit)
            tell(fit.design)
    fits.show(rows, as_json, picture)
