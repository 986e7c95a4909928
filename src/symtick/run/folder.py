"""The run folder: where a distillation and all that follows from it is kept.

Room: front door.

    job.yaml            the job with every default written out
    run.json            version, machine and times
    data.npz            the rows, training and test part
    teacher.npz         the teacher, where there is one
    scaler.json         how features become hardware words
    checkpoint/         the search, to resume from
    front.json, .csv    the designs
    designs/<name>/     firmware, rtl, tb_data, sim, synth, results of each
    results/            what compares designs with networks
    report.html

Every verb starts from a run folder, and most also from a design folder alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from symtick.codegen import Fixed
from symtick.config import Job, load_job
from symtick.design_folder.checks import (
    Synthesis,
    read_synthesis,
    read_verification,
    synthesise_folder,
    verify_folder,
)
from symtick.design_folder.folder import FILE, DesignSpec
from symtick.errors import InputError
from symtick.search.data.dataset import Dataset, Scaler
from symtick.search.data.files import load_dataset
from symtick.search.designs.front import Front, FrontEntry
from symtick.search.teachers.files import load_teacher
from symtick.search.teachers.teacher import TorchTeacher
from symtick.sim.verify import Verification

JOB = "job.yaml"
VERIFY_ROWS = 4000  # of the test part, beside corners and random vectors


class Place(StrEnum):
    """Which designs to place and route."""

    MAIN = "main"
    ALL = "all"
    NONE = "none"


@dataclass(frozen=True)
class Run:
    """A run folder, read piece by piece as needed.

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
        return load_dataset(self.folder / "data.npz", "train")

    @cached_property
    def test(self) -> Dataset:
        """Test rows, which no step before the comparison reads."""
        return load_dataset(self.folder / "data.npz", "test")

    @cached_property
    def teacher(self) -> TorchTeacher | None:
        """The teacher; None where the labels themselves were learnt."""
        path = self.folder / "teacher.npz"
        return load_teacher(path) if path.exists() else None

    @cached_property
    def scaler(self) -> Scaler:
        """From the user's units to [-1, 1)."""
        path = self.folder / "scaler.json"
        try:
            return Scaler.from_dict(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError) as error:
            raise InputError(f"cannot read {path}: {error}") from None

    @cached_property
    def front(self) -> Front:
        """The designs."""
        return Front.load(self.folder)

    @property
    def complete(self) -> bool:
        """Whether the search ran to its end."""
        path = self.folder / "run.json"
        try:
            return bool(json.loads(path.read_text(encoding="utf-8"))["complete"])
        except (OSError, ValueError, KeyError) as error:
            raise InputError(f"cannot read {path}: {error}") from None

    @property
    def formats(self) -> tuple[Fixed, ...]:
        """Format of each input."""
        return input_formats(self.job, self.train.feature_names)

    @property
    def output_names(self) -> tuple[str, ...]:
        """Port name of each output."""
        return output_names(self.train)

    def design_folder(self, entry: FrontEntry) -> Path:
        """Where an entry's firmware is."""
        return self.folder / "designs" / entry.name

    def spec(self, entry: FrontEntry) -> DesignSpec:
        """An entry as something to compile."""
        return DesignSpec(
            name=f"{self.job.name}_{entry.name}",
            expression=entry.expression,
            output_names=self.output_names,
            formats=self.formats,
            precision=entry.precision,
            device=self.job.hardware.device,
            clock_mhz=self.job.hardware.clock_mhz,
            latency=self.job.hardware.latency,
            scheduler=self.job.hardware.scheduler,
            decision=self.job.hardware.decision,
        )

    def raw(self, rows: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
        """Features in the user's units as hardware words, same shape."""
        scaled = self.scaler.transform(rows)
        columns = [f.to_raw(c) for f, c in zip(self.formats, scaled.T, strict=True)]
        return np.stack(columns, axis=1)


def input_formats(job: Job, features: tuple[str, ...]) -> tuple[Fixed, ...]:
    """Format of each feature.

    Raises:
        InputError: the job names a feature that the data does not have.
    """
    strange = sorted(set(job.inputs.formats) - set(features))
    if strange:
        raise InputError(
            f"inputs.formats names {', '.join(strange)}, but the features are {', '.join(features)}"
        )
    return tuple(Fixed.parse(job.inputs.formats.get(n, job.inputs.format)) for n in features)


def output_names(data: Dataset) -> tuple[str, ...]:
    """score_<class>, with what no port name can hold written as _."""
    names = ["".join(c if c.isascii() and c.isalnum() else "_" for c in n)
             for n in data.class_names]  # fmt: skip
    if len(set(names)) < len(names):
        names = [str(k) for k in range(len(names))]
    return tuple(f"score_{n}" for n in names)


def open_run(folder: Path) -> Run:
    """The run in a folder.

    Raises:
        InputError: there is none.
    """
    if not (folder / JOB).is_file():
        raise InputError(f"{folder} is no run folder: it has no {JOB}; make one with distill")
    return Run(folder)


def design_folders(folder: Path) -> list[Path]:
    """The design folders of a run, by LUTs, or the folder itself if it is one.

    Raises:
        InputError: it is neither, or the run has no design.
    """
    if (folder / FILE).is_file():
        return [folder]
    run = open_run(folder)
    held = [run.design_folder(e) for e in run.front.entries]
    if not held:
        raise InputError(f"the run {folder} has no design: no candidate met its limits")
    return held


def verify_all(folder: Path, vectors: int | None, seed: int) -> Iterator[Verification]:
    """Verify every design in a folder, two at a time, on real rows too where it is a run."""
    folders = design_folders(folder)
    data = None
    count = vectors or 10_000
    if (folder / JOB).is_file():
        run = open_run(folder)
        data = run.raw(run.test.X[:VERIFY_ROWS])
        count = vectors or run.job.verify.vectors
    with ThreadPoolExecutor(2) as pool:
        yield from pool.map(lambda f: verify_folder(f, count, seed, data), folders)


def synthesise_all(folder: Path, place: Place) -> Iterator[Synthesis]:
    """Synthesise every design in a folder, two at a time.

    Args:
        folder: a run or design folder.
        place: which designs to place and route, too: `main` are the chosen, the smallest and the
            most accurate of a run.
    """
    folders = design_folders(folder)
    placed = set(folders) if place is not Place.NONE else set()
    if place is Place.MAIN and (folder / JOB).is_file():
        run = open_run(folder)
        main = (run.front.entry(), run.front.smallest, run.front.best)
        placed = {run.design_folder(e) for e in main}
    with ThreadPoolExecutor(2) as pool:
        yield from pool.map(lambda f: synthesise_folder(f, f in placed), folders)


def kept_results(run: Run) -> list[tuple[FrontEntry, Verification | None, Synthesis | None]]:
    """Every entry with what was measured of it so far."""
    folders = [(e, run.design_folder(e)) for e in run.front.entries]
    return [(e, read_verification(f), read_synthesis(f)) for e, f in folders]
