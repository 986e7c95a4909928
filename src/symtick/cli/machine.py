"""Verbs about devices, tools and extras: calibrate, devices, doctor."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from symtick.cli.console import AsJson, counting, line, messages, print_json, print_rows
from symtick.defaults import DEVICE

if TYPE_CHECKING:
    from symtick.calibration.refit import Refitted


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
    as_json: AsJson = False,
) -> None:
    """Fit the device files to measured operators, or to reports.

    Operators are measured with Yosys and nextpnr-ecp5.

    Points that symtick's own measurements or those in the output folder hold, by the same versions
    of the tools, are not measured again. An interrupted run goes on where it stopped. With
    --from-reports nothing is measured: a device is refitted to reports of Vivado, Vitis HLS or
    hls4ml that lie in design folders, and written to a file that --device accepts everywhere.
    """
    if from_reports is not None:
        if work is not None or fresh is not None:
            raise typer.BadParameter("--work and --fresh are of measuring, not of --from-reports")
        from symtick.calibration.refit import refit_device

        made = refit_device(from_reports, DEVICE if device is None else device, output)
        if as_json:
            print_json(made.to_json())
        else:
            _print_refitted(made)
        return
    if device is not None:
        raise typer.BadParameter(
            "--device is for --from-reports: what is measured fits all devices"
        )
    written = _measured(output, work or Path("calibration"), fresh)
    if as_json:
        print_json({"written": [str(path) for path in written]})
    else:
        for path in written:
            line(f"written: {path}")


def _measured(output: Path, work: Path, fresh: str | None) -> list[Path]:
    from symtick.calibration.measuring import calibrate
    from symtick.extras import require

    require("symtick calibrate", tools=("yosys", "nextpnr-ecp5"))
    try:
        with counting("measuring") as tell:
            return calibrate(output, work, fresh, None, lambda s: tell(s.label, s.done, s.total))
    except KeyboardInterrupt:
        messages.print(f"what was measured is kept in {work}: run the same again to go on")
        raise


def _print_refitted(made: Refitted) -> None:
    """Model and reports of each design side by side, and the factors between them."""
    head = ("design", "LUT model", "LUT", "FF model", "FF", "DSP model", "DSP", "BRAM",
            "path model ns", "path ns")  # fmt: skip
    rows = [
        (p.design, f"{p.model_lut:.0f}", _known(p.lut, 0), f"{p.model_ff:.0f}", _known(p.ff, 0),
         f"{p.model_dsp:.0f}", _known(p.dsp, 0), _known(p.bram, 1),
         f"{p.model_ns:.2f}", _known(p.ns, 2))
        for p in made.pairs
    ]  # fmt: skip
    print_rows("Model and reports", head, rows)
    line(f"factors: {', '.join(f'{name} x {value:g}' for name, value in made.factors.items())}")
    for note in made.notes:
        line(note, style="yellow")
    line(f"written: use it as --device {made.path}")


def _known(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def devices(as_json: AsJson = False) -> None:
    """List the devices that designs can be made for."""
    from symtick.hwcost.devices.device import devices as names
    from symtick.hwcost.devices.device import load_device

    head = ("name", "kind", "part", "delays", "title")
    rows = []
    for name in names():
        device = load_device(name)
        rows.append((name, device.kind, device.part, device.delays, device.title))
    if as_json:
        print_json([dict(zip(head, row, strict=True)) for row in rows])
    else:
        print_rows("Devices", (*head[:-1], "what"), rows, "left")


def doctor(as_json: AsJson = False) -> None:
    """Which tools and extras are there, and how to get the others."""
    from symtick.extras import EXTRAS, missing
    from symtick.sim import tools

    extras = []
    for name, extra in EXTRAS.items():
        lacking = missing(name)
        state = "incomplete" if lacking else "installed"
        if len(lacking) == len(extra.packages):
            state = "not installed"
        extras.append((name, state, ", ".join(lacking), extra.purpose))
    rows = []
    for entry in tools.survey():
        tool = entry.tool
        state = "found" if tool else "optional" if entry.optional else "MISSING"
        version, where = (tool.version, str(tool.path)) if tool else ("", entry.remedy)
        rows.append((entry.name, state, version, entry.purpose, where))
    if as_json:
        head = ("name", "state", "version", "purpose", "where")
        parts = ("name", "state", "missing", "purpose")
        print_json(
            {
                "tools": [dict(zip(head, row, strict=True)) for row in rows],
                "extras": [dict(zip(parts, row, strict=True)) for row in extras],
            }
        )
    else:
        head = ("tool", "state", "version", "needed for", "where, or how to get it")
        print_rows("Tools", head, rows, "left")
        title = "Extras, as in pip install 'symtick[search]'; all is all but da"
        print_rows(title, ("extra", "state", "missing", "for"), extras, "left")
