"""The run folder: where a distillation and all that follows from it is kept.

    job.yaml            the job with every default written out
    run.json            version, machine and times
    data.npz            the rows, training and test part
    teacher.npz         the teacher, if it is a plain perceptron; of others the rows hold scores
    inputs.json         how features become the words of the ports
    checkpoint/         the search, to resume from
    front.json, .csv    the designs
    advice.json         what to raise where none of them is good enough
    designs/<name>/     firmware, rtl, tb_data, sim, synth, results of each
    tuned/<name>/       designs with narrower signals
    results/            what compares designs with networks
    report.html

Every verb starts from a run folder, and most also from a design folder alone. What a verb alone
needs is imported when it is asked for.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from symtick.config import Job, load_job
from symtick.design_folder.folder import JOB, DesignSpec, check_run, design_folders
from symtick.errors import InputError
from symtick.extras import require
from symtick.files import locked
from symtick.run.designs import RunDesign
from symtick.search.data.dataset import Dataset, FloatArray
from symtick.search.data.files import load_dataset
from symtick.search.data.problem import Problem
from symtick.search.designs.front import Front, FrontEntry
from symtick.search.inputs.maps import InputMap, from_json

if TYPE_CHECKING:
    from symtick.baselines.rows import ComparisonRow
    from symtick.design_folder.checks import Synthesis
    from symtick.design_folder.tuning import Tuned, TuningObserver
    from symtick.search.distill.advice import Suggestion
    from symtick.search.teachers.teacher import Teacher, TorchTeacher
    from symtick.sim.verify import Verification

COMPARISON = Path("results/compare.json")
INPUTS = "inputs.json"
ADVICE = "advice.json"
VERIFY_ROWS = 4000  # of the test part, beside corners and random vectors

Routed = Literal["main", "all", "none"]


def _unobserved(result: Any) -> None:
    """Nobody looks on."""


@dataclass(frozen=True)
class Run:
    """A run folder, read piece by piece as needed, and what can be done with it.

    Raises:
        InputError: from any attribute, where its file is missing or damaged.
    """

    folder: Path

    @cached_property
    def job(self) -> Job:
        """The resolved job."""
        return load_job(self.folder / JOB)

    @cached_property
    def train(self) -> Dataset:
        """Training rows, in the user's units."""
        return load_dataset(self.folder / "data.npz", "train", task=self.job.task)

    @cached_property
    def test(self) -> Dataset:
        """Test rows, which no step before the comparison reads."""
        return load_dataset(self.folder / "data.npz", "test", task=self.job.task)

    @cached_property
    def teacher(self) -> TorchTeacher | None:
        """The teacher, a plain perceptron; None without one, or where its scores alone are here."""
        from symtick.search.teachers.files import load_teacher

        path = self.folder / "teacher.npz"
        return load_teacher(path) if path.exists() else None

    @cached_property
    def inputs(self) -> InputMap:
        """From features in the user's units to the words of the ports."""
        path = self.folder / INPUTS
        if not path.exists() and (self.folder / "scaler.json").exists():
            raise InputError(
                f"{self.folder} was made by an earlier version: it has a scaler.json in place of "
                f"{INPUTS}; run the job again"
            )
        try:
            return from_json(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError) as error:
            raise InputError(f"cannot read {path}: {error}") from None

    @cached_property
    def front(self) -> Front:
        """What was measured of the designs, and which is chosen."""
        return Front.load(self.folder)

    @cached_property
    def advice(self) -> tuple[Suggestion, ...]:
        """What to raise and what it would buy, by the run's figures.

        Nothing where the chosen design keeps what the job asks for.
        """
        from symtick.run.advice import read_advice

        return read_advice(self)

    @cached_property
    def designs(self) -> Mapping[str, RunDesign]:
        """The designs of the front by name, smallest first."""
        return {entry.name: RunDesign(self, entry) for entry in self.front.entries}

    @property
    def chosen(self) -> RunDesign:
        """The design that the job chose."""
        return self.designs[self.front.entry().name]

    @cached_property
    def problem(self) -> Problem:
        """What the search is to imitate: the teacher's outputs on the training rows, or their y."""
        return make_problem(self.job, self.train, self.teacher, self.inputs)

    def said(self, data: Dataset) -> FloatArray | None:
        """The teacher's outputs for rows of the run, (rows, outputs); None without a teacher."""
        return taught(data, self.teacher)

    @property
    def complete(self) -> bool:
        """Whether the search ran to its end."""
        path = self.folder / "run.json"
        try:
            return bool(json.loads(path.read_text(encoding="utf-8"))["complete"])
        except (OSError, ValueError, KeyError) as error:
            raise InputError(f"cannot read {path}: {error}") from None

    @property
    def output_names(self) -> tuple[str, ...]:
        """Port name of each output."""
        outputs = None
        if self.train.scores is not None:
            outputs = self.train.scores.shape[1]
        elif self.teacher is not None:
            outputs = self.teacher.architecture.widths[-1]
        return output_names(self.train, outputs)

    @property
    def outputs_of(self) -> tuple[str, ...]:
        """Names of the classes, or of a regression's targets."""
        return self.train.target_names or self.train.class_names

    def design_folder(self, entry: FrontEntry) -> Path:
        """Where an entry's firmware is."""
        return self.folder / "designs" / entry.name

    def spec(self, entry: FrontEntry) -> DesignSpec:
        """An entry as something to compile."""
        return DesignSpec(
            name=f"{self.job.name}_{entry.name}",
            expression=entry.expression,
            output_names=self.output_names,
            formats=self.inputs.read_formats,
            precision=entry.precision,
            device=self.job.hardware.device,
            clock_mhz=self.job.hardware.clock_mhz,
            latency=self.job.hardware.latency,
            max_ticks=self.job.hardware.max_ticks,
            scheduler=self.job.hardware.scheduler,
            decision=self.job.hardware.decision,
            slices=self.inputs.slices,
            widths=entry.widths,
            interface=self.job.hardware.form,
        )

    def raw(self, rows: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
        """Features in the user's units as the words of the ports, same shape."""
        return self.inputs.words(rows)

    def verify(
        self,
        vectors: int | None = None,
        seed: int = 0,
        progress: Callable[[Verification], None] = _unobserved,
    ) -> list[Verification]:
        """Run C++ and Verilog of every design against the exact reference, bit for bit.

        Args:
            vectors: for each design, with rows of the test part among them; the job's by default.
            seed: of the random ones.
            progress: is told of each outcome; designs that share a build are done together.

        Raises:
            InputError: the run has no design, or is being verified already.
            ToolError: a tool is missing or fails.
        """
        from symtick.design_folder.checks import verify_folders

        folders = design_folders(self.folder)
        count = vectors or self.job.verify.vectors
        data = self.raw(self.test.X[:VERIFY_ROWS])
        with locked(self.folder, "verify"):
            return verify_folders(folders, count, seed, data, progress)

    def synthesise(
        self,
        route: Routed = "main",
        progress: Callable[[Synthesis], None] = _unobserved,
        vendor_tools: Collection[str] = (),
    ) -> list[Synthesis]:
        """Measure every design with Yosys, and with nextpnr those that are to be routed.

        Args:
            route: `main` are the chosen, the smallest and the most accurate.
            progress: is told of each outcome; designs that share a run of Yosys come together.
            vendor_tools: AMD's that are run, too, as `synthesise_folder` takes them.

        Raises:
            InputError: the run has no design, or its device has no open flow.
            ToolError: a tool is missing or fails.
        """
        from symtick.design_folder.checks import synthesise_folders

        folders = design_folders(self.folder)
        routed = set(folders) if route == "all" else set()
        if route == "main":
            main = (self.front.entry(), self.front.smallest, self.front.best)
            routed = {self.design_folder(entry) for entry in main}
        with locked(self.folder, "synth"):
            return synthesise_folders(folders, routed, vendor_tools, progress)

    def compare(
        self, route: bool = True, progress: Callable[[str], None] = _unobserved
    ) -> list[ComparisonRow]:
        """Build the networks' firmware, score everything, and keep the table in the run folder.

        Args:
            route: place and route the quantised network, too.
            progress: is told of each step.

        Returns:
            The teacher, hls4ml's and da4ml's networks, then the designs by LUTs; the chosen one's
            name ends in ` *`.

        Raises:
            InputError: the run has no teacher that is a plain perceptron.
            ToolError: a tool is missing or fails.
        """
        tools = ("g++", "hls4ml", "verilator", "yosys", *(("nextpnr-ecp5",) if route else ()))
        require("symtick compare", "search", tools=tools)
        from symtick.run.comparing import compare_run

        return compare_run(self, route, progress)

    def tune(
        self,
        budget: str,
        design: str | None = None,
        output: Path | None = None,
        progress: TuningObserver = _unobserved,
    ) -> Tuned:
        """Tune the widths of a design and write the tuned one into a new folder.

        Args:
            budget: `0.1%` of the rows (of a regression: of the RMSE), or the largest error of an
                output.
            design: its name; the chosen one by default.
            output: a folder that does not exist; `tuned/<design>` in the run by default.
            progress: is told of each step.

        Raises:
            InputError: no such design, no such budget, or the folder exists.
        """
        require("symtick tune", "search", "report")
        from symtick.run.tuning import tune_run

        return tune_run(self, budget, design, output, progress)

    def report(self) -> Path:
        """Write `report.html`: front, pipeline drawing, measurements and comparison.

        Returns:
            The file.

        Raises:
            InputError: the front is empty.
        """
        require("symtick report", "search", "report")
        from symtick.run.reporting import write_report

        return write_report(self)


def make_problem(job: Job, train: Dataset, teacher: Teacher | None, inputs: InputMap) -> Problem:
    """What a job's search is to imitate: the teacher's outputs on the training rows, or their y.

    Raises:
        InputError: rows, teacher and the share held out do not fit.
    """
    X, formats, said = inputs.values(train.X), inputs.formats, taught(train, teacher)
    common: dict[str, Any] = {
        "input_names": inputs.names,
        "output_names": output_names(train, None if said is None else said.shape[1]),
        "validation": job.data.validation,
        "seed": job.seed,
        "weights": train.weights,
    }
    if job.task == "classification":
        common["chosen_by"] = job.choose.goal(train.class_names)
    if job.task == "regression":
        truth = None if said is None else train.y
        values = train.targets if said is None else said
        return Problem.from_scores(X, values, formats, kind="values", truth=truth, **common)
    if said is None:
        classes = len(train.class_names)
        return Problem.from_labels(X, train.labels, formats, classes=classes, **common)
    return Problem.from_scores(X, said, formats, labels=train.y, **common)


def taught(data: Dataset, teacher: Teacher | None) -> FloatArray | None:
    """The teacher's outputs for rows, (rows, outputs); None where there is no teacher."""
    if data.scores is not None:
        return data.scores
    return None if teacher is None else teacher.logits(data.X)


def output_names(data: Dataset, outputs: int | None) -> tuple[str, ...]:
    """score_<class> or value_<target>, with what no port name can hold written as _.

    The one output of a teacher of two classes is the score of the second.
    """
    kind = "value" if data.target_names else "score"
    names = ["".join(c if c.isascii() and c.isalnum() else "_" for c in n)
             for n in data.target_names or data.class_names]  # fmt: skip
    if len(set(names)) < len(names):
        names = [str(k) for k in range(len(names))]
    if outputs is not None:
        names = names[-outputs:]
    return tuple(f"{kind}_{n}" for n in names)


def open_run(folder: Path | str) -> Run:
    """The run in a folder.

    Raises:
        InputError: there is none.
    """
    folder = Path(folder)
    check_run(folder)
    return Run(folder)
