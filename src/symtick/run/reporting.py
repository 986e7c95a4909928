"""The HTML report of a run: one page without scripts, from what the run folder holds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2
from markupsafe import Markup

from symtick.baselines.rows import read_rows
from symtick.codegen import GOp
from symtick.files import write_text
from symtick.report.plots.area_axis import area_axis
from symtick.report.plots.pareto import ParetoPoint, pareto_svg
from symtick.report.plots.pipeline import pipeline_svg
from symtick.report.plots.roc import roc_svg
from symtick.report.plots.values import resolution_svg, turn_on_svg
from symtick.report.tables import (
    ReportTable,
    comparison_table,
    front_table,
    percent,
    synthesis_table,
    verification_table,
)
from symtick.run.folder import COMPARISON, Run
from symtick.search.distill.advice import lines
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
        front_table=front_table(run.front, run.job, run.outputs_of),
        advice=lines(run.advice),
        design=chosen.design,
        expressions=list(chosen.formulas().items()),
        others=[
            (f"{entry.name}: {entry.nodes} nodes", list(run.designs[entry.name].formulas().items()))
            for entry in sorted(run.front.entries, key=lambda e: e.nodes)
            if entry.name != chosen.name
        ],
        reads=_reads(run),
        pipeline_svg=Markup(pipeline_svg(chosen.design)),
        curves=[(title, Markup(svg)) for title, svg in _curves(run)],
        tables=_tables(run),
    )
    write_text(run.folder / "report.html", text)
    return run.folder / "report.html"


def _teacher(run: Run) -> str:
    if run.teacher is not None:
        network = f"A {'-'.join(str(w) for w in run.teacher.architecture.widths)} network"
    elif run.train.scores is not None:
        network = "Scores of the data file"
        if run.job.teacher.named:
            network = f"A network of the job's teacher.{run.job.teacher.named[0]}"
    else:
        return "Labels" if run.job.task == "classification" else "Targets"
    if run.front.teacher_rmse:
        errors = ", ".join(f"{error:.4g}" for error in run.front.teacher_rmse)
        return f"{network} (RMSE {errors} on validation rows)"
    if run.job.task == "regression":
        return network
    return f"{network} ({percent(run.front.teacher_score)} % on validation rows)"


def _reads(run: Run) -> list[tuple[str, str]]:
    """What the firmware reads of each feature that the chosen design needs."""
    inputs, graph = run.inputs, run.chosen.design.graph
    needed = [n.number for n in graph.nodes if n.op is GOp.INPUT]
    lines = []
    for k in sorted(needed):
        record = inputs.to_json()[k]
        if inputs.slices:
            scale = "".join(
                f"{key} {record[key]:g}, " for key, plain in (("unit", 1), ("offset", 0))
                if record[key] != plain
            )  # fmt: skip
            text = f"port {record['word']}, {scale}of which {inputs.slices[k]}"
        else:
            text = (
                f"port {record['format']}: [{record['low']:.4g}, {record['high']:.4g}] scaled to "
                "[-1, 1) outside the firmware"
            )
        title = inputs.titles[k]
        own = f", named {record['name']}" if title != record["name"] else ""
        lines.append((title, f"{text}{own}"))
    return lines


def _key_figures(run: Run) -> list[KeyFigure]:
    chosen = run.front.entry()
    verified, measured = run.chosen.verification, run.chosen.synthesis
    clock = run.job.hardware.clock_mhz
    figures = [
        _quality(run),
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
        wrong = verified.cpp_mismatches + verified.verilog_mismatches + verified.vhdl_mismatches
        languages = "C++ and Verilog" if verified.vhdl_latency is None else "C++, Verilog, VHDL"
        label = f"mismatches in {verified.vectors:,} vectors, {languages}"
        figures.append(KeyFigure(label, str(wrong), "bad" if wrong else "good"))
    return figures


def _quality(run: Run) -> KeyFigure:
    front, chosen = run.front, run.front.entry()
    ratio = front.ratio(chosen)
    if ratio is not None:
        return KeyFigure("times the teacher's RMSE, on validation rows", f"{ratio:.3f}")
    if chosen.rmse:
        return KeyFigure("R2 on validation rows", f"{chosen.score:.5f}")
    share = percent(chosen.score / front.teacher_score)
    measure = run.job.choose.words(run.outputs_of) or "score"
    return KeyFigure(
        f"{measure}, % on validation rows ({share} % of the teacher's)", percent(chosen.score)
    )


def _curves(run: Run) -> list[tuple[str, str]]:
    """Titles and pictures of test rows: designs beside networks, and what the chosen one does.

    Of classes the ROC curves; of a regression resolution and turn-on of each target.
    """
    test = run.test
    curves = _compared(run)
    if test.y is None:
        return curves
    outputs = {f"design {run.chosen.name}": run.chosen.predict(test.X)}
    said = run.said(test)
    if said is not None:
        outputs["teacher"] = said
    if not test.target_names:
        title = f"Background against signal, {run.chosen.name} and teacher, test rows"
        return [*curves, (title, roc_svg(test.labels, outputs, test.class_names))]
    for k, name in enumerate(test.target_names):
        truth = test.targets[:, k]
        columns = {label: values[:, k] for label, values in outputs.items()}
        curves.append((f"Resolution of {name}", resolution_svg(truth, columns, name)))
        curves.append((f"Turn-on of {name}", turn_on_svg(truth, columns, name)))
    return curves


def _compared(run: Run) -> list[tuple[str, str]]:
    """Designs and networks by measured LUTs, where they were compared."""
    values = run.job.task == "regression"
    chosen, points, levels = f"symtick {run.front.chosen} *", [], []
    for row in read_rows(run.folder / COMPARISON) or ():
        quality = row.ratio if values else None if row.accuracy is None else 100 * row.accuracy
        if quality is None:
            continue
        if row.lut is None or row.ticks is None:
            levels += [(row.name, quality)] if row.name.startswith("float teacher") else []
            continue
        own = row.name.startswith("symtick ")
        label = row.name.removeprefix("symtick ").removesuffix(" *")
        points.append(ParetoPoint(label, row.lut, quality, row.ticks, row.name == chosen, not own))
    if not points:
        return []
    label = "RMSE / teacher's, test rows" if values else "accuracy on test rows, %"
    svg = pareto_svg(points, "LUTs (Yosys, UltraScale+)", label, levels, errors=values)
    return [("Designs and networks, measured", svg)]


def _pareto(run: Run) -> str:
    front = run.front
    if front.entry().rmse:
        return _pareto_of_errors(run)
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
    return pareto_svg(points, axis, f"{run.job.choose.measure} on validation rows, %", levels)


def _pareto_of_errors(run: Run) -> str:
    front, choose = run.front, run.job.choose
    points = [
        ParetoPoint(e.name, e.cost, front.error(e), e.ticks, e.name == front.chosen)
        for e in front.entries
    ]
    share = choose.accuracy_share
    label, levels = "RMSE / spread", [(f"R2 of {share:g}", math.sqrt(1.0 - share))]
    if front.teacher_rmse:
        most = choose.rmse_ratio
        label, levels = "RMSE / teacher's", [(f"{most:g} times it", most), ("teacher", 1.0)]
    axis = area_axis(any(e.dsp for e in front.entries))
    return pareto_svg(points, axis, f"{label}, validation rows", levels, errors=True)


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
