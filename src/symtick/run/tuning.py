"""Width tuning of a design in a folder: what `symtick tune` does.

Room: front door. A design of a run is tuned on all rows of the run's training part; the test rows
serve for the figure at the end alone. A design without data is tuned on random inputs, against the
design itself. What was decided goes into the new design's design.json, node by node, so that it is
compiled again like any other; the whole curve stands in results/tuning.json, .csv and .svg.
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
from symtick.design_folder.folder import DesignSpec, read_spec, write_design
from symtick.errors import InputError
from symtick.files import new_folder, write_json, write_text
from symtick.hwcost import Estimate, estimate, load_device
from symtick.report.plots.area_axis import area_axis
from symtick.report.plots.curve import curve_svg
from symtick.run.distilling import problem_of
from symtick.run.folder import JOB, Run, open_run
from symtick.search.data.dataset import FloatArray
from symtick.search.data.metrics import accuracy, agreement, predicted_classes
from symtick.search.data.problem import Problem

CURVE = Path("results/tuning.json")
VECTORS = 10_000

Progress = Callable[[TuningStep], None]


@dataclass(frozen=True)
class Tuned:
    """A tuned design beside the one that it was made of.

    Attributes:
        folder: where it was written.
        spec: it, as something to compile.
        before, after: estimates of both.
        measure: what the budget bounds, in words.
        scores: by that measure, on the rows that it was tuned on, before and after.
        tested: accuracy, or agreement with the teacher, on the test rows; None without a run.
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


@dataclass(frozen=True)
class Budget:
    """What may be lost: a share of the rows (or of R^2), or the largest error of an output."""

    value: float
    of_score: bool

    @classmethod
    def parse(cls, text: str) -> Budget:
        """`0.1%` of the score, or a number: the largest error, in the outputs' units.

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
    folder: Path,
    budget: str,
    *,
    design: str | None = None,
    output: Path | None = None,
    progress: Progress = lambda step: None,
) -> Tuned:
    """Tune the widths of a design and write the tuned one into a new folder.

    Args:
        folder: a run folder, or a design folder.
        budget: `0.1%` of the score (of runs only), or the largest error of an output.
        design: which design of a run; the chosen one by default.
        output: a folder that does not exist; `tuned/<design>` in the run, `<folder>_tuned` beside
            a design folder by default.
        progress: is told of each step.

    Raises:
        InputError: no such design, no such budget, or the folder exists.
    """
    bound = Budget.parse(budget)
    if (folder / JOB).is_file():
        run = open_run(folder)
        entry = run.front.entry(design)
        target = output or folder / "tuned" / entry.name
        spec = run.spec(entry)
        scores, rows, test = spec.scores(), problem_of(run), run
        judge = judge_of(rows, scores, bound)
        raw: npt.NDArray[Any] = rows.raw
    else:
        if design is not None or bound.of_score:
            what = "--design" if design is not None else "a budget in % of a score"
            raise InputError(f"{folder} is no run folder, which {what} needs; name a run")
        spec, _ = read_spec(folder)
        scores = spec.scores()
        target = output or _beside(folder)
        raw, test = vectors.make(scores, VECTORS, seed=1), None
        judge = error_judge(scores, raw)
    if target.exists():
        raise InputError(f"the output folder {target} exists: remove it or name another")
    found = tuned(spec, raw, judge, bound.value, progress)
    taken = found.within(bound.value)
    return _written(target, spec, found, taken, _measure(bound, test), test)


def _beside(folder: Path) -> Path:
    whole = folder.resolve()  # "." has no name
    return whole.with_name(f"{whole.name}_tuned")


def tuned(
    spec: DesignSpec,
    raw: npt.ArrayLike,
    judge: Judge,
    budget: float,
    progress: Progress = lambda step: None,
) -> Tuning:
    """The curve of a design, of its scores, whatever it delivers of them.

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
        spec.scores().graph, spec.model(), raw, judge, budget,
        keep_ports=keep, progress=progress,
    )  # fmt: skip


def judge_of(problem: Problem, built: Design, bound: Budget) -> Judge:
    """Score and loss of the problem on all its rows; an error is one against the design itself.

    Of classes the score falls by the accuracy lost, or by the accuracy that the targets' own
    probabilities expect to be lost, whichever is more: the labels of the rows are one draw, and
    moves that are chosen by it would look better than they are.
    """
    rows = slice(0, len(problem.raw))
    if not bound.of_score:
        return error_judge(built, problem.raw)
    first = built.real_outputs(problem.raw)
    scored, expected = problem.score(first, rows), expected_accuracy(problem, first)

    def score(out: FloatArray) -> float:
        lost = expected - expected_accuracy(problem, out)
        return min(problem.score(out, rows), scored - lost)

    return Judge(score, lambda out: problem.loss(out, rows))


def expected_accuracy(problem: Problem, outputs: FloatArray) -> float:
    """Mean probability, by the problem's targets, of the classes chosen on all rows."""
    assert problem.soft is not None  # a run's targets are classes
    chosen = predicted_classes(outputs)
    if problem.outputs == 1:
        first = problem.soft[:, 0]
        return float(np.where(chosen == 1, first, 1.0 - first).mean())
    return float(np.take_along_axis(problem.soft, chosen[:, None], axis=1).mean())


def error_judge(built: Design, raw: npt.ArrayLike) -> Judge:
    """Minus the largest difference from the design's own outputs, and the mean square of all."""
    wanted = built.real_outputs(raw)

    def worst(out: FloatArray) -> float:
        return -float(np.abs(out - wanted).max())

    def mean(out: FloatArray) -> float:
        return float(np.square(out - wanted).mean())

    return Judge(worst, mean)


def _measure(bound: Budget, run: Run | None) -> str:
    if not bound.of_score:
        return "minus the largest error"
    return "accuracy" if run is not None and run.train.y is not None else "agreement"


def _written(
    target: Path,
    spec: DesignSpec,
    found: Tuning,
    taken: int,
    measure: str,
    run: Run | None,
) -> Tuned:
    made = replace(spec, widths=found.widths(taken))
    after = made.build()
    model = spec.model()
    held = {
        "measure": measure,
        "taken": taken,
        "steps": [_step(step) for step in found.steps],
        "before": spec.to_dict(),
    }
    with new_folder(target) as draft:
        write_design(draft, made, after)
        write_json(draft / CURVE, held)
        write_text(draft / CURVE.with_suffix(".csv"), _csv(found))
        points = [(step.cost, step.score) for step in found.steps]
        axis = area_axis(any(step.area.dsp for step in found.steps))
        write_text(draft / CURVE.with_suffix(".svg"), curve_svg(points, taken, axis, measure))
    return Tuned(
        target,
        made,
        estimate(spec.build(), model),
        estimate(after, model),
        measure,
        (found.steps[0].score, found.steps[taken].score),
        None if run is None else (_tested(run, spec), _tested(run, made)),
        len(found.steps),
        taken,
    )


def _tested(run: Run, spec: DesignSpec) -> float:
    """Accuracy on the test rows; agreement with the teacher where they have no labels."""
    outputs = spec.scores().real_outputs(run.raw(run.test.X))
    if run.test.y is not None:
        return accuracy(outputs, run.test.y)
    assert run.teacher is not None  # a run has labels or a teacher
    return agreement(outputs, run.teacher.logits(run.test.X))


def _step(step: TuningStep) -> dict[str, Any]:
    return {
        "lut": step.area.lut,
        "dsp": step.area.dsp,
        "score": step.score,
        "loss": step.loss,
        "widths": [width.to_dict() for width in step.widths],
    }


def _csv(found: Tuning) -> str:
    """One line for each point: LUTs and DSPs, what is saved of them, score, what it loses, loss."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(
        ("point", "lut", "dsp", "lut_saved", "dsp_saved", "score", "score_lost", "loss")
    )
    first = found.steps[0]
    for k, step in enumerate(found.steps):
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
        folder: what `tune_folder` wrote.
        point: 0 is the design before tuning.
        output: a folder that does not exist.

    Raises:
        InputError: there is no curve, it is damaged, or has no such point.
    """
    path = folder / CURVE
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        spec = DesignSpec.from_dict(held["before"])
        steps = tuple(
            TuningStep(
                tuple(Width.from_dict(w) for w in s["widths"]),
                Area(lut=float(s["lut"]), dsp=float(s.get("dsp", 0.0))),
                float(s["score"]), float(s["loss"]),
            )
            for s in held["steps"]
        )  # fmt: skip
        measure = str(held["measure"])
    except OSError as error:
        raise InputError(f"{folder} was not tuned: {path}: {error.strerror}") from None
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise InputError(f"{path} is damaged: {error}") from None
    if not 0 <= point < len(steps):
        raise InputError(f"the curve in {path} has points 0 to {len(steps) - 1}, not {point}")
    keep = spec.precision.output is not None
    curve = Tuning(spec.scores().graph, keep, steps)
    return _written(output, spec, curve, point, measure, None)
