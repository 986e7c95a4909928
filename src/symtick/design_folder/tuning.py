"""Width tuning of the design in a folder, and the curve that it leaves beside the tuned design.

Tuning needs a judge of a design's outputs: by default the largest error against the design itself
on random inputs; `symtick.run.tuning` judges by the rows of a run. What was decided goes into the
new design's design.json, node by node, so that it is compiled again like any other; the whole
curve stands in results/tuning.json, .csv and .svg.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from symtick.codegen import Area, Design, Judge, Tuning, TuningStep, Width, tune_widths
from symtick.codegen.emit import vectors
from symtick.design_folder.folder import DesignSpec, cost_figures, read_spec, write_design
from symtick.errors import InputError
from symtick.files import check_new_folder, new_folder, write_json, write_text
from symtick.hwcost import Estimate, estimate, load_device
from symtick.report.plots.area_axis import area_axis
from symtick.report.plots.curve import curve_svg

CURVE = Path("results/tuning.json")
VECTORS = 10_000
ERROR = "minus the largest error"  # what a budget in the outputs' units bounds
OF_TEACHER = "minus the RMSE in units of the teacher's"  # what one in % bounds of values
OF_SPREAD = "minus the RMSE in units of the spread"

FloatArray = npt.NDArray[np.float64]
TuningObserver = Callable[[TuningStep], None]


def unobserved(step: TuningStep) -> None:
    """Nobody looks on."""


@dataclass(frozen=True)
class Tuned:
    """A tuned design beside the one that it was made of.

    Attributes:
        folder: where it was written.
        spec: its spec.
        before, after: estimates of both.
        measure: what the budget bounds, in words.
        scores: by that measure, on the rows that it was tuned on, before and after.
        tested: accuracy, agreement with the teacher, or minus the RMSE, on the test rows; None
            without a run.
        points: number of points on the curve.
        taken: the number of the point taken.
    """

    folder: Path
    spec: DesignSpec
    before: Estimate
    after: Estimate
    measure: str
    scores: tuple[float, float]
    tested: tuple[float, float] | None
    points: int
    taken: int

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        device = load_device(self.spec.device)
        return {
            "design": self.spec.name,
            "folder": str(self.folder),
            "before": cost_figures(self.before, device),
            "after": cost_figures(self.after, device),
            "measure": self.measure,
            "scores": self.scores,
            "tested": self.tested,
            "points": self.points,
            "taken": self.taken,
        }


@dataclass(frozen=True)
class LossBudget:
    """What may be lost: a share of the rows (of values: of their RMSE), or an output's error."""

    value: float
    of_score: bool

    @classmethod
    def parse(cls, text: str) -> LossBudget:
        """`0.1%` of the rows or of the RMSE, or a number: the largest error, in the outputs' units.

        Raises:
            InputError: it is neither, or negative.
        """
        number = text.strip().removesuffix("%")
        try:
            value = float(number)
        except ValueError:
            value = math.nan
        if not 0.0 <= value < math.inf:
            raise InputError(f"{text!r} is not a budget: write 0.1% of the score, or an error")
        share = text.strip().endswith("%")
        return cls(value / 100 if share else value, share)


def tune_folder(
    folder: Path, budget: str, output: Path | None = None, progress: TuningObserver = unobserved
) -> Tuned:
    """Tune the widths of the design in a folder and write the tuned one into a new folder.

    Args:
        folder: a design folder.
        budget: the largest error of an output.
        output: a folder that does not exist; `<folder>_tuned` beside `folder` by default.
        progress: is told of each step.

    Raises:
        InputError: no design, no such budget, or the folder exists.
    """
    bound = LossBudget.parse(budget)
    if bound.of_score:
        raise InputError(
            f"{folder} is no run folder, which a budget in % of a score needs; name a run"
        )
    spec, _ = read_spec(folder)
    whole = folder.resolve()  # "." has no name
    target = output or whole.with_name(f"{whole.name}_tuned")
    check_new_folder(target)
    core = spec.core()
    raw = vectors.make(core, VECTORS, seed=1)
    tuning = tune_spec(spec, raw, error_judge(core, raw), bound.value, progress)
    return write_tuned(target, spec, tuning, tuning.within(bound.value), ERROR)


def tune_spec(
    spec: DesignSpec,
    raw: npt.ArrayLike,
    judge: Judge,
    budget: float,
    progress: TuningObserver = unobserved,
) -> Tuning:
    """The curve of a design: of its scores, priced with what it delivers of them.

    Raises:
        InputError: its widths are decided, or its device states no areas.
    """
    if load_device(spec.device).kind == "published":
        raise InputError(f"device {spec.device} states cycles only: there are no LUTs to save")
    if spec.widths:
        raise InputError(
            f"{spec.name} is tuned already, or has formats by hand: start from one without"
        )
    keep = spec.precision.output is not None
    return tune_widths(
        spec.core().graph, spec.model(), raw, judge, budget,
        keep_ports=keep, decision=spec.decision, progress=progress,
    )  # fmt: skip


def error_judge(built: Design, raw: npt.ArrayLike) -> Judge:
    """Minus the largest difference from the design's own outputs, and the mean square of all."""
    wanted = built.real_outputs(np.asarray(raw))

    def worst(out: FloatArray) -> float:
        return -float(np.abs(out - wanted).max())

    def mean(out: FloatArray) -> float:
        return float(np.square(out - wanted).mean())

    return Judge(worst, mean)


def write_tuned(
    target: Path,
    spec: DesignSpec,
    tuning: Tuning,
    taken: int,
    measure: str,
    tested: Callable[[DesignSpec], float] | None = None,
) -> Tuned:
    """Write the design of one point of a curve, and the curve, into a new folder.

    Args:
        target: a folder that does not exist.
        spec: the design before tuning.
        tuning: its curve.
        taken: number of the point.
        measure: what the budget bounds, in words.
        tested: the score of a design on rows that served for nothing else.

    Raises:
        InputError: the folder exists.
    """
    made = replace(spec, widths=tuning.widths(taken))
    design = made.build()
    model = spec.model()
    after = estimate(design, model)
    with new_folder(target) as draft:
        write_design(draft, made, design, after)
        _write_curve(draft / CURVE, spec, tuning, taken, measure)
    return Tuned(
        target,
        made,
        estimate(spec.build(), model),
        after,
        measure,
        (tuning.steps[0].score, tuning.steps[taken].score),
        None if tested is None else (tested(spec), tested(made)),
        len(tuning.steps),
        taken,
    )


def _write_curve(path: Path, spec: DesignSpec, tuning: Tuning, taken: int, measure: str) -> None:
    content = {
        "measure": measure,
        "taken": taken,
        "steps": [_step(step) for step in tuning.steps],
        "before": spec.to_dict(),
    }
    write_json(path, content)
    write_text(path.with_suffix(".csv"), _csv(tuning))
    points = [(step.cost, step.score) for step in tuning.steps]
    axis = area_axis(any(step.area.dsp for step in tuning.steps))
    write_text(path.with_suffix(".svg"), curve_svg(points, taken, axis, measure))


def _step(step: TuningStep) -> dict[str, Any]:
    return {
        "lut": step.area.lut,
        "dsp": step.area.dsp,
        "score": step.score,
        "loss": step.loss,
        "widths": [width.to_dict() for width in step.widths],
    }


def _csv(tuning: Tuning) -> str:
    """One line for each point: LUTs and DSPs, what is saved of them, score, what it loses, loss."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(
        ("point", "lut", "dsp", "lut_saved", "dsp_saved", "score", "score_lost", "loss")
    )
    first = tuning.steps[0]
    for k, step in enumerate(tuning.steps):
        areas = (step.area.lut, step.area.dsp, first.area.lut - step.area.lut,
                 first.area.dsp - step.area.dsp)  # fmt: skip
        lost = first.score - step.score
        writer.writerow(
            (k, *(f"{area:.6g}" for area in areas), step.score, f"{lost:.6g}", step.loss)
        )
    return buffer.getvalue()


def take_point(folder: Path, point: int, output: Path) -> Tuned:
    """Another point of the curve of a tuned design, in a new folder.

    Args:
        folder: holds a tuned design.
        point: 0 is the design before tuning.
        output: a folder that does not exist.

    Raises:
        InputError: there is no curve, it is damaged, or has no such point.
    """
    path = folder / CURVE
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        spec = DesignSpec.from_dict(content["before"])
        steps = tuple(
            TuningStep(
                tuple(Width.from_dict(w) for w in s["widths"]),
                Area(lut=float(s["lut"]), dsp=float(s.get("dsp", 0.0))),
                float(s["score"]), float(s["loss"]),
            )
            for s in content["steps"]
        )  # fmt: skip
        measure = str(content["measure"])
    except OSError as error:
        raise InputError(f"{folder} was not tuned: {path}: {error.strerror}") from None
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise InputError(f"{path} is damaged: {error}") from None
    if not 0 <= point < len(steps):
        raise InputError(f"the curve in {path} has points 0 to {len(steps) - 1}, not {point}")
    keep = spec.precision.output is not None
    curve = Tuning(spec.core().graph, keep, steps)
    return write_tuned(output, spec, curve, point, measure)
