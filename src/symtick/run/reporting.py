"""The HTML report of a run: one page without scripts, from what the run folder holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2
from markupsafe import Markup

from symtick.baselines.rows import read_rows
from symtick.files import write_text
from symtick.report.plots.area_axis import area_axis
from symtick.report.plots.pareto import ParetoPoint, pareto_svg
from symtick.report.plots.pipeline import pipeline_svg
from symtick.report.tables import (
    ReportTable,
    comparison_table,
    front_table,
    percent,
    synthesis_table,
    verification_table,
)
from symtick.run.folder import COMPARISON, Run
from symtick.version import __version__


@dataclass(frozen=True)
class KeyFigure:
    """One figure at the top of the page; `mood` is a CSS class."""

    label: str
    value: str
    mood: str = ""


def write_report(run: Run) -> Path:
    """See `Run.report`."""
    chosen = run.chosen
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("symtick.report", "."),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
    )
    text = environment.get_template("template.html.j2").render(
        version=__version__,
        job=run.job,
        teacher=_teacher(run),
        tiles=_key_figures(run),
        pareto_svg=Markup(_pareto(run)),
        front_table=front_table(run.front, run.job, run.train.target_names),
        design=chosen.design,
        expressions=[(n, chosen.entry.text(k, 4)) for k, n in enumerate(run.output_names)],
        formats=_formats(run),
        pipeline_svg=Markup(pipeline_svg(chosen.design)),
        tables=_tables(run),
    )
    write_text(run.folder / "report.html", text)
    return run.folder / "report.html"


def _teacher(run: Run) -> str:
    if run.teacher is None:
        return "Labels"
    widths = "-".join(str(w) for w in run.teacher.architecture.widths)
    return f"A {widths} network ({percent(run.front.teacher_score)} % on validation rows)"


def _formats(run: Run) -> str:
    others = [f"{n}: {t}" for n, t in run.job.inputs.formats.items()]
    return "; ".join([run.job.inputs.format, *others])


def _key_figures(run: Run) -> list[KeyFigure]:
    chosen = run.front.entry()
    verified, measured = run.chosen.verification, run.chosen.synthesis
    clock = run.job.hardware.clock_mhz
    figures = [
        KeyFigure(
            f"score % on validation rows ({percent(chosen.score / run.front.teacher_score)} % of "
            "the teacher's)",
            percent(chosen.score),
        ),
        KeyFigure(
            f"ticks at {clock:g} MHz, II 1 ({1000 * chosen.ticks / clock:.0f} ns)",
            str(chosen.ticks),
        ),
    ]
    if measured is not None:
        area = measured.measured
        label = f"LUT, with {area.ff:.0f} FF, {area.dsp:.0f} DSP (Yosys)"
        figures.append(KeyFigure(label, f"{area.lut:.0f}"))
        if measured.fmax_mhz is not None:
            label = "MHz placed and routed (nextpnr, ECP5)"
            figures.append(KeyFigure(label, f"{measured.fmax_mhz:.0f}"))
    if verified is not None:
        wrong = verified.cpp_mismatches + verified.verilog_mismatches
        label = f"mismatches in {verified.vectors:,} vectors, C++ and Verilog"
        figures.append(KeyFigure(label, str(wrong), "bad" if wrong else "good"))
    return figures


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


def _tables(run: Run) -> Sequence[ReportTable]:
    designs = run.designs.values()
    name = run.chosen.spec.name
    tables = []
    if verified := [v for d in designs if (v := d.verification) is not None]:
        tables.append(verification_table(verified, name))
    if measured := [s for d in designs if (s := d.synthesis) is not None]:
        tables.append(synthesis_table(measured, name))
    if compared := read_rows(run.folder / COMPARISON):
        tables.append(comparison_table(compared, f"symtick {run.front.chosen} *"))
    return tables
