"""The comparison: one row for each way to do the job, from the same test rows and the same tools.

Room: `baselines`. May import sim, search and the errors. A figure that nobody measured is None and
shown as a dash; nothing is filled in from the literature.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy.typing as npt

from symtick.baselines.da4ml_net import Da4mlRun, measure, run_da4ml
from symtick.baselines.hls4ml_net import run_hls4ml
from symtick.baselines.quantised import QuantisedNet, train_quantised
from symtick.errors import ToolError
from symtick.search.data.dataset import Dataset, FloatArray
from symtick.search.data.metrics import accuracy, agreement, auc_per_class
from symtick.search.teachers.teacher import TorchTeacher
from symtick.sim.tools import find

Progress = Callable[[str], None]
DASH = "-"


@dataclass(frozen=True)
class ComparisonRow:
    """One design.

    Attributes:
        name: what it is.
        accuracy: part of the test rows that it classifies right, 0 to 1.
        agreement: part of the test rows for which it chooses the float teacher's class.
        auc: area under the ROC curve of each class against the rest.
        lut, ff, dsp: after Yosys for UltraScale+.
        ticks: clock ticks from input to output.
        mhz: the clock after place and route for the ECP5.
        note: what a reader must know, such as why a figure is missing.
    """

    name: str
    accuracy: float | None = None
    agreement: float | None = None
    auc: Mapping[str, float] = field(default_factory=dict)
    lut: int | None = None
    ff: int | None = None
    dsp: int | None = None
    ticks: int | None = None
    mhz: float | None = None
    note: str = ""

    @property
    def ns(self) -> float | None:
        """Latency in nanoseconds at that clock."""
        if self.ticks is None or self.mhz is None:
            return None
        return self.ticks * 1000.0 / self.mhz

    def to_dict(self) -> dict[str, Any]:
        """A form for JSON."""
        return {
            "name": self.name,
            "accuracy": self.accuracy,
            "agreement": self.agreement,
            "auc": dict(self.auc),
            "lut": self.lut,
            "ff": self.ff,
            "dsp": self.dsp,
            "ticks": self.ticks,
            "mhz": self.mhz,
            "ns": self.ns,
            "note": self.note,
        }


def scored_row(
    name: str,
    scores: npt.ArrayLike,
    test: Dataset,
    teacher_scores: npt.ArrayLike,
    *,
    lut: int | None = None,
    ff: int | None = None,
    dsp: int | None = None,
    ticks: int | None = None,
    mhz: float | None = None,
    note: str = "",
) -> ComparisonRow:
    """A row with accuracy, agreement and AUC computed from the scores of the test rows.

    Args:
        name: of the design.
        scores: (rows, classes) in the design's own arithmetic.
        test: the rows; without labels there is agreement only.
        teacher_scores: (rows, classes) of the float teacher.
        lut, ff, dsp, ticks, mhz, note: as `ComparisonRow`.

    Raises:
        InputError: numbers of rows or classes that do not fit.
    """
    labels = test.y
    return ComparisonRow(
        name=name,
        accuracy=None if labels is None else accuracy(scores, labels),
        agreement=agreement(scores, teacher_scores),
        auc={} if labels is None else auc_per_class(scores, labels, test.class_names),
        lut=lut,
        ff=ff,
        dsp=dsp,
        ticks=ticks,
        mhz=mhz,
        note=note,
    )


def compare(
    teacher: TorchTeacher,
    train: Dataset,
    test: Dataset,
    folder: Path,
    *,
    seed: int = 0,
    route: bool = True,
    simulated_rows: int = 1000,
    progress: Progress = lambda text: None,
) -> list[ComparisonRow]:
    """The float teacher, the teacher in hls4ml, and a quantised network in da4ml.

    hls4ml runs beside the training and tracing of the other. Where da4ml is missing, its row keeps
    what needs no RTL and its note says what to install.

    Args:
        teacher: a plain perceptron.
        train: labelled rows to train the quantised network on.
        test: rows for all figures.
        folder: gets `hls4ml/`, `da4ml/` and `da4ml_synth/`; the first two must not exist.
        seed: of the quantised network.
        route: whether to place and route for a clock, which takes a few minutes of one core.
        simulated_rows: rows that go through Verilator.
        progress: is told of each step.

    Raises:
        InputError: not a plain perceptron, no labels to train on, or folders that exist.
        ToolError: hls4ml, g++, Verilator, Yosys or nextpnr is missing or fails.
        VerificationError: da4ml's RTL differs from its network.
    """
    scores = teacher.logits(test.X)
    with ThreadPoolExecutor(max_workers=1) as side:
        progress("hls4ml: converting, compiling and evaluating the teacher in ap_fixed<16,6>")
        job = side.submit(run_hls4ml, teacher, test.X, folder / "hls4ml")
        progress("da4ml: training and tracing a quantised network")
        network = train_quantised(train.X, train.labels, teacher.logits(train.X), seed=seed)
        second = da4ml_row(
            network,
            test,
            scores,
            folder,
            route=route,
            simulated_rows=simulated_rows,
            progress=progress,
        )
        first = job.result()
    return [
        scored_row(_shape("float teacher", teacher.architecture.widths), scores, test, scores),
        scored_row(
            "hls4ml ap_fixed<16,6>",
            first.scores,
            test,
            scores,
            note="resources and clock need a vendor tool",
        ),
        second,
    ]


def _shape(name: str, widths: Sequence[int]) -> str:
    return f"{name} {'-'.join(map(str, widths))}"


def da4ml_row(
    network: QuantisedNet,
    test: Dataset,
    teacher_scores: FloatArray,
    folder: Path,
    *,
    route: bool = True,
    simulated_rows: int = 1000,
    progress: Progress = lambda text: None,
) -> ComparisonRow:
    """The quantised network's row, from its RTL where da4ml is installed.

    Raises:
        InputError, ToolError, VerificationError: as `compare`.
    """
    weights = network.weights
    widths = [weights[0].shape[0], *(weight.shape[1] for weight in weights)]
    name = _shape("da4ml quantised", widths)
    try:
        find("da4ml")
    except ToolError as error:
        return scored_row(name, network.scores(test.X), test, teacher_scores, note=str(error))
    run = run_da4ml(network, test.X, folder / "da4ml", simulated_rows=simulated_rows)
    progress(f"da4ml: {run.stages} stages, {run.simulated} rows bit-exact in Verilator")
    progress("da4ml: synthesis" + (", place and route" if route else ""))
    found = measure(run, folder / "da4ml_synth", route=route)
    return scored_row(
        name,
        run.scores,
        test,
        teacher_scores,
        lut=found.resources.lut,
        ff=found.resources.ff,
        dsp=found.resources.dsp,
        ticks=run.ticks,
        mhz=found.mhz,
        note=_note(run),
    )


def _note(run: Da4mlRun) -> str:
    if run.ticks is None:
        return f"{run.stages} stages of logic; ticks not measured, as nothing was simulated"
    return f"{run.stages} stages of logic behind an input register"


COLUMNS = ("accuracy %", "agreement %", "mean AUC", "LUT", "FF", "DSP", "ticks", "MHz", "ns")


def cells(row: ComparisonRow) -> list[str]:
    """The figures of a row as text, in the order of `COLUMNS`."""

    def shown(value: float | None, form: str, factor: float = 1.0) -> str:
        return DASH if value is None else format(value * factor, form)

    mean = sum(row.auc.values()) / len(row.auc) if row.auc else None
    return [
        shown(row.accuracy, ".2f", 100),
        shown(row.agreement, ".2f", 100),
        shown(mean, ".4f"),
        shown(row.lut, ",.0f"),
        shown(row.ff, ",.0f"),
        shown(row.dsp, ",.0f"),
        shown(row.ticks, ".0f"),
        shown(row.mhz, ".0f"),
        shown(row.ns, ".1f"),
    ]


def to_json(rows: Sequence[ComparisonRow]) -> list[dict[str, Any]]:
    """For `write_json`, reports and tools."""
    return [row.to_dict() for row in rows]


def to_csv(rows: Sequence[ComparisonRow]) -> str:
    """One line per design, one `auc_<class>` column per class; a missing figure is empty."""
    classes = list(dict.fromkeys(name for row in rows for name in row.auc))
    lines = []
    for row in rows:
        line = row.to_dict()
        areas = line.pop("auc")
        note = line.pop("note")
        lines.append({**line, **{f"auc_{c}": areas.get(c) for c in classes}, "note": note})
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(lines[0]) if lines else ["name"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return buffer.getvalue()
