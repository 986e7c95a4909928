"""The HTML report of a run: one page without scripts, from what the run folder holds.

Room: front door.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2
from markupsafe import Markup

from symtick import __version__
from symtick.files import write_text
from symtick.report.plots.area_axis import area_axis
from symtick.report.plots.pareto import ParetoPoint, pareto_svg
from symtick.report.plots.pipeline import pipeline_svg
from symtick.report.tables import (
    Table,
    comparison_table,
    front_table,
    percent,
    synthesis_table,
    verification_table,
)
from symtick.run.comparing import read_comparison
from symtick.run.folder import Run, kept_results, open_run


@dataclass(frozen=True)
class Tile:
    """One figure at the top of the page; `mood` is a CSS class."""

    label: str
    value: str
    mood: str = ""


def write_report(folder: Path) -> Path:
    """Write `report.html` of a run.

    Returns:
        The file.

    Raises:
        InputError: the folder is no run, or its front is empty.
    """
    run = open_run(folder)
    chosen = run.front.entry()
    design = run.spec(chosen).build()
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("symtick.report.page", "."),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
    )
    text = environment.get_template("template.html.j2").render(
        version=__version__,
        job=run.job,
        teacher=_teacher(run),
        tiles=_tiles(run),
        pareto_svg=Markup(_pareto(run)),
        front_table=front_table(run),
        design=design,
        expressions=[(n, chosen.text(k, 4)) for k, n in enumerate(run.output_names)],
        formats=_formats(run),
        pipeline_svg=Markup(pipeline_svg(design)),
        tables=_tables(run),
    )
    write_text(folder / "report.html", text)
    return folder / "report.html"


def _teacher(run: Run) -> str:
    if run.teacher is None:
        return "Labels"
    widths = "-".join(str(w) for w in run.teacher.architecture.widths)
    return f"A {widths} network ({percent(run.front.teacher_score)} % on validation rows)"


def _formats(run: Run) -> str:
    others = [f"{n}: {t}" for n, t in run.job.inputs.formats.items()]
    return "; ".join([run.job.inputs.format, *others])


def _tiles(run: Run) -> list[Tile]:
    chosen = run.front.entry()
    found = {e.name: (v, s) for e, v, s in kept_results(run)}
    verified, measured = found[chosen.name]
    clock = run.job.hardware.clock_mhz
    tiles = [
        Tile(f"score % on validation rows ({percent(chosen.score / run.front.teacher_score)} % of "
             "the teacher's)", percent(chosen.score)),
        Tile(f"ticks at {clock:g} MHz, II 1 ({1000 * chosen.ticks / clock:.0f} ns)",
             str(chosen.ticks)),
    ]  # fmt: skip
    if measured is not None:
        area = measured.measured
        tiles.append(Tile(f"LUT, with {area.ff:.0f} FF, {area.dsp:.0f} DSP (Yosys)",
                          f"{area.lut:.0f}"))  # fmt: skip
        if measured.fmax_mhz is not None:
            tiles.append(Tile("MHz placed and routed (nextpnr, ECP5)", f"{measured.fmax_mhz:.0f}"))
    if verified is not None:
        wrong = verified.cpp_mismatches + verified.verilog_mismatches
        tiles.append(Tile(f"mismatches in {verified.vectors:,} vectors, C++ and Verilog",
                          str(wrong), "bad" if wrong else "good"))  # fmt: skip
    return tiles


def _pareto(run: Run) -> str:
    front = run.front
    points = [
        ParetoPoint(e.name, e.cost, 100 * e.score, e.ticks, e.name == front.chosen)
        for e in front.entries
    ]
    share = run.job.choose.accuracy_share
    levels = (
        ("teacher", 100 * front.teacher_score),
        (f"{percent(share)} % of it", 100 * share * front.teacher_score),
    )
    axis = area_axis(any(e.dsp for e in front.entries))
    return pareto_svg(points, axis, "score on validation rows, %", levels)


def _tables(run: Run) -> Sequence[Table]:
    found = kept_results(run)
    name = run.spec(run.front.entry()).name
    tables = []
    verified = [v for _, v, _ in found if v is not None]
    if verified:
        tables.append(verification_table(verified, name))
    measured = [s for _, _, s in found if s is not None]
    if measured:
        tables.append(synthesis_table(measured, name))
    compared = read_comparison(run)
    if compared:
        tables.append(comparison_table(compared, f"symtick {run.front.chosen} *"))
    return tables
