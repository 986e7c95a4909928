"""The verbs of the command line; the work is done by the modules they call.

Room: front door.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from symtick import __version__
from symtick.cli import show
from symtick.defaults import CLOCK_MHZ, DEVICE, SCHEDULER
from symtick.errors import VerificationError
from symtick.run.folder import Place

app = typer.Typer(
    name="symtick",
    help="Trained networks to tiny expressions, costed in FPGA ticks, to verified firmware.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
# tables keep their columns where the output is a file or a pipe, which has no width of its own
console = Console(highlight=False, width=None if sys.stdout.isatty() else 160)

Folder = Annotated[
    Path, typer.Argument(help="A run folder (of distill) or a design folder (of compile).")
]


def _version(wanted: bool) -> None:
    if wanted:
        console.print(f"symtick {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Nothing to do before a verb."""


@app.command()
def distill(
    job: Annotated[Path | None, typer.Argument(help="The job, a YAML file.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Run folder; default runs/<job name>.")
    ] = None,
    resume: Annotated[
        Path | None, typer.Option(help="Continue the interrupted search in this run folder.")
    ] = None,
) -> None:
    """Search for expressions that imitate the teacher; writes a run folder."""
    from symtick.cli.live import Live
    from symtick.run.distilling import distill_job, resume_run

    if (job is None) == (resume is None):
        raise typer.BadParameter("name a job file, or a run folder with --resume")
    with Live(console) as live:
        if resume is not None:
            run = resume_run(resume, live)
        else:
            assert job is not None  # one of the two is given
            run = distill_job(job, output, live)
    show.front(console, run)


@app.command("compile")
def compile_(
    expression: Annotated[str, typer.Argument(help="Outputs, separated by ';'.")],
    input_format: Annotated[
        list[str],
        typer.Option(
            "--input-format", "-i", help="fixed<W,I> for all inputs, or NAME=fixed<W,I>; repeat."
        ),
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="New folder; default designs/<name>.")
    ] = None,
    name: Annotated[str, typer.Option(help="Top-level name.")] = "expression",
    output_format: Annotated[
        str | None, typer.Option(help="fixed<W,I> of the outputs; default: as computed.")
    ] = None,
    term_frac: Annotated[
        int, typer.Option(help="Bits after the point that an output's terms are computed to.")
    ] = 6,
    input_range: Annotated[
        list[str] | None,
        typer.Option("--input-range", "-r", help="LO:HI for all, or NAME=LO:HI; repeat."),
    ] = None,
    division: Annotated[
        str,
        typer.Option(help="exact: quotients and roots to the last bit; auto: by functions."),
    ] = "auto",
    device: Annotated[str, typer.Option(help="Device; see symtick devices.")] = DEVICE,
    clock: Annotated[float, typer.Option(help="Clock in MHz.")] = CLOCK_MHZ,
    latency: Annotated[
        int | None, typer.Option(help="Latency in ticks; default the fewest, 0 combinational.")
    ] = None,
    ticks: Annotated[
        int | None,
        typer.Option(help="So many ticks, at the fastest clock for it; replaces --clock."),
    ] = None,
    scheduler: Annotated[
        str, typer.Option(help="asap, alap, or registers: the fewest of them.")
    ] = SCHEDULER,
    decide: Annotated[
        str, typer.Option(help="Outputs, with commas: scores, index, margin, top, above.")
    ] = "scores",
    threshold: Annotated[
        list[float] | None,
        typer.Option(help="For above: one for all scores, or repeat for each."),
    ] = None,
    width: Annotated[
        list[str] | None,
        typer.Option(help="NAME=fixed<W,I>,AP_TRN,AP_WRAP of one signal in the Verilog; repeat."),
    ] = None,
) -> None:
    """Compile an expression to HLS C++ and Verilog; writes a design folder."""
    from symtick.codegen import Decision
    from symtick.design_folder.compiling import compile_text

    made = compile_text(
        expression,
        input_format,
        folder=output,
        name=name,
        output_format=output_format,
        term_frac=term_frac,
        input_ranges=input_range or (),
        division=division,
        device=device,
        clock_mhz=clock,
        latency=latency,
        ticks=ticks,
        scheduler=scheduler,
        decision=Decision(tuple(decide.split(",")), tuple(threshold or ())),
        widths=width or (),
    )
    show.compiled(console, made)


@app.command()
def tune(
    folder: Folder,
    budget: Annotated[
        str, typer.Option(help="0.1% of the score (runs), or the largest error of an output.")
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
) -> None:
    """Narrow a design's signals for fewer LUTs within a budget; writes a design folder."""
    from symtick.run.tuning import take_point, tune_folder

    if (point is None) != bool(budget) or (point is not None and (design or output is None)):
        raise typer.BadParameter("give --budget, or --point and --output for a tuned design")
    if point is not None and output is not None:
        made = take_point(folder, point, output)
    else:
        with console.status("tuning") as status:
            made = tune_folder(
                folder, budget, design=design, output=output,
                progress=lambda step: status.update(f"tuning: {step.area.lut:.0f} LUT"),
            )  # fmt: skip
    show.tuned(console, made)


@app.command()
def verify(
    folder: Folder,
    vectors: Annotated[
        int | None, typer.Option(min=1, help="Vectors for each design; default 10,000.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the random vectors.")] = 0,
) -> None:
    """Run C++ (g++) and Verilog (cocotb, Verilator) against the exact reference, bit for bit."""
    from symtick.run.folder import verify_all

    results = list(show.progress(console, verify_all(folder, vectors, seed), "verifying"))
    show.verifications(console, results)
    if not all(r.ok for r in results):
        raise VerificationError("a design differs from its reference or its schedule: see above")


@app.command()
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
    json_output: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    picture: Annotated[
        Path | None, typer.Option(help="Draw parts of the budget to this .svg or .png.")
    ] = None,
) -> None:
    """Does it fit: latency and resources by the cost model, beside a budget.

    The exit status is 0 where a design fits, 1 where none does. Designs are compiled again for
    another device or clock than their own.
    """
    from symtick.cli import fits
    from symtick.design_folder.budgets import Target, fit_all
    from symtick.hwcost.models.budget import Budget, read_share

    budget = Budget(budget_ticks, budget_ns, budget_lut, budget_ff, budget_dsp, budget_bram)
    part = None if share is None else read_share(share)
    found = fit_all(folder, budget, Target(device, clock, best_clock, part))
    fits.show(console, list(show.progress(console, found, "estimating")), json_output, picture)


@app.command()
def synth(
    folder: Folder,
    place: Annotated[
        Place,
        typer.Option(help="Which designs of a run to place and route; main: chosen, ends."),
    ] = Place.MAIN,
) -> None:
    """Measure LUT/FF/DSP with Yosys and the clock with nextpnr-ecp5, beside the estimate."""
    from symtick.run.folder import synthesise_all

    results = list(show.progress(console, synthesise_all(folder, place), "synthesising"))
    show.syntheses(console, results)


@app.command()
def compare(
    folder: Annotated[Path, typer.Argument(help="A run folder.")],
    route: Annotated[
        bool, typer.Option(help="Place and route the quantised network, too (minutes).")
    ] = True,
) -> None:
    """Put the teacher, its hls4ml and da4ml versions and the designs in one table."""
    from symtick.run.comparing import compare_run

    with console.status("building the network's firmware") as status:
        rows = compare_run(folder, route, status.update)
    show.comparison(console, rows)


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(help="A run folder.")],
) -> None:
    """Write report.html: front, pipeline drawing, measurements and comparison."""
    from symtick.report.page import write_report

    console.print(f"report: {write_report(folder)}")


@app.command()
def calibrate(
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help="Folder for the device files; with reports, a .yaml."),
    ] = Path("devices"),
    work: Annotated[
        Path | None,
        typer.Option(help="Folder of an unfinished run, to go on from; default calibration."),
    ] = None,
    fresh: Annotated[
        str | None, typer.Option(help="Measure these points again: a pattern, * for all.")
    ] = None,
    from_reports: Annotated[
        Path | None, typer.Option(help="Refit --device to the vendor reports in these designs.")
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="With reports: the device to start from; default open.")
    ] = None,
) -> None:
    """Measure operators with Yosys and nextpnr-ecp5 and fit the device files to them.

    Points that symtick's own measurements or those in the output folder hold, by the same versions
    of the tools, are not measured again. An interrupted run goes on where it stopped. With
    --from-reports nothing is measured: a device is refitted to reports of Vivado, Vitis HLS or
    hls4ml that lie in design folders, and written to a file that --device accepts everywhere.
    """
    if from_reports is not None:
        from symtick.calibration.refit import refit_device

        if work is not None or fresh is not None:
            raise typer.BadParameter("--work and --fresh are of measuring, not of --from-reports")
        made = refit_device(from_reports, DEVICE if device is None else device, output)
        show.refitted(console, made)
        return
    if device is not None:
        raise typer.BadParameter(
            "--device is for --from-reports: what is measured fits all devices"
        )
    from symtick.calibration.measuring import calibrate
    from symtick.calibration.points import points

    work = work or Path("calibration")
    try:
        with show.counting(console, "measuring") as told:
            written = calibrate(
                points(), work, output, fresh, lambda s: told(s.label, s.done, s.total)
            )
    except KeyboardInterrupt:
        console.print(f"what was measured is kept in {work}: run the same again to go on")
        raise
    for path in written:
        console.print(f"written: {path}", markup=False)


@app.command()
def devices() -> None:
    """List the devices that designs can be costed and scheduled for."""
    show.devices(console)


@app.command()
def doctor() -> None:
    """Which tools were found, which version, what is missing and how to get it."""
    show.tools(console)
