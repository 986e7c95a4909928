"""The job file: the settings of `symtick distill`, checked when it is read.

A job is YAML; unknown keys, wrong types and values outside their range are
refused with the key's full name. Paths are relative to the job file. The resolved job is written
into the run folder, so that every later step and a resumed search read the same settings.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy.typing as npt
import yaml
from annotated_types import Ge, Gt, Le, Lt
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from symtick.codegen import Decision, Fixed, Interface
from symtick.codegen.scheduling.scheduler import SCHEDULERS
from symtick.defaults import (
    CLOCK_MHZ,
    DEVICE,
    INPUT_FORMAT,
    MOST_VECTORS,
    SLICE,
    TAIL,
    VECTORS,
)
from symtick.errors import InputError, did_you_mean
from symtick.job_choice import ChooseSection
from symtick.job_sources import CHECKED, DataSection, TeacherSection
from symtick.search.data.dataset import Scaler
from symtick.search.distill.settings import DistillConfig, OpName
from symtick.search.evolution.settings import MOST_INDIVIDUALS, Groups
from symtick.search.hybrid.settings import HYBRID_METHODS
from symtick.search.inputs.maps import SLICE_BITS, InputMap, ScaledInputs, Word, WordInputs
from symtick.search.inputs.slice_bits import AskedTeacher, by_teacher
from symtick.search.layered.settings import Hidden
from symtick.settings import Count, Positive, Real, Threads, complaints, one_of

MAX_YAML_BYTES = 1_000_000
SEARCH = DistillConfig()  # the defaults of a job's search


def _by_name(given: object) -> object:
    """Words by name: one format is that of all inputs, a text that of one."""
    if isinstance(given, str):
        return {"*": {"format": given}}
    if isinstance(given, dict):
        return {n: {"format": w} if isinstance(w, str) else w for n, w in given.items()}
    return given


def _is_name(given: str) -> str:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,39}", given):
        raise ValueError(
            f"must begin with a letter and have up to 40 letters, digits and _, not {given!r}"
        )
    return given


class _Section(BaseModel):
    model_config = CHECKED


SliceBits = Annotated[int, Ge(SLICE_BITS[0]), Le(SLICE_BITS[-1])]


class RawSection(_Section):
    """An input as the detector delivers it.

    Attributes:
        format: of the word that the port carries, `ufixed<W,I>` or `fixed<W,I>`.
        unit: the feature is unit * value of the word + offset.
        offset: see there.
    """

    format: str
    unit: Real = 1.0
    offset: Real = 0.0

    @model_validator(mode="after")
    def _words(self) -> RawSection:
        try:
            self.word  # noqa: B018 (raises where it is none)
        except InputError as error:
            raise ValueError(str(error)) from None
        return self

    @property
    def word(self) -> Word:
        """The word."""
        return Word(Fixed.parse(self.format), self.unit, self.offset)


class InputsSection(_Section):
    """How features become what the firmware reads.

    With `raw` the ports carry the words of the detector, and the firmware reads a slice of each
    (`symtick.search.inputs.maps`). Without it features are scaled outside the firmware.

    Attributes:
        raw: the word of each input by name, `*` for all that are not named; a format alone is that
            of all.
        bits: of a slice; it has more or fewer where the data ask for that. By default as few as
            the teacher bears (`symtick.search.inputs.slice_bits`); 6 where none can be asked.
        widths: bits of single slices, by name.
        format: format of every input, `fixed<width,1>`: features are scaled to [-1, 1) by an
            affine map of quantiles of the training rows, and saturated.
        formats: other formats for single features, by name.
        tail: the quantiles `tail` and 1 - `tail` of the training rows become the ends of the range.
    """

    raw: Annotated[dict[str, RawSection] | None, BeforeValidator(_by_name)] = None
    bits: SliceBits | None = None
    widths: dict[str, SliceBits] = {}
    format: str = INPUT_FORMAT
    formats: dict[str, str] = {}
    tail: Annotated[float, Ge(0), Lt(0.5)] = TAIL

    @model_validator(mode="after")
    def _one_way(self) -> InputsSection:
        ways = (("format", "formats"), ("bits", "widths"))
        given = [key for key in ways[self.raw is None] if key in self.model_fields_set]
        if given:
            other = "without" if self.raw is None else "with"
            raise ValueError(f"inputs {other} raw take no {given[0]}")
        return self

    @property
    def unused(self) -> set[str]:
        """The keys that say nothing here."""
        return {"raw", "bits", "widths"} if self.raw is None else {"format", "formats"}

    def fit(self, names: Sequence[str], X: npt.ArrayLike) -> InputMap:
        """The map of features with these training rows, (n, features).

        Raises:
            InputError: a name is no feature, a feature has no word, or a word does not hold it.
        """
        for key in ("raw", "widths", "formats"):
            all_others = {"*"} if key == "raw" else set()
            strange = sorted(set(getattr(self, key) or {}) - {*names, *all_others})
            if strange:
                meant = did_you_mean(strange[0], names)
                raise InputError(
                    f"inputs.{key} names {', '.join(strange)}: {meant}the features are "
                    f"{', '.join(names)}"
                )
        if self.raw is None:
            formats = tuple(Fixed.parse(self.formats.get(n, self.format)) for n in names)
            return ScaledInputs.of(names, Scaler.fit(X, self.tail), formats)
        missing = [n for n in names if n not in self.raw and "*" not in self.raw]
        if missing:
            raise InputError(
                f"inputs.raw has no word for {', '.join(missing)}: add them, or one for all others "
                "as '*'"
            )
        words = [(self.raw.get(n) or self.raw["*"]).word for n in names]
        bits = SLICE if self.bits is None else self.bits
        return WordInputs.fit(names, words, X, bits=bits, widths=self.widths, tail=self.tail)

    def suited(self, inputs: InputMap, asked: AskedTeacher) -> InputMap:
        """The map that `fit` made, with the bits that this teacher needs where none are stated."""
        if self.bits is not None or not isinstance(inputs, WordInputs):
            return inputs
        return by_teacher(inputs, asked, self.widths)

    @property
    def bits_key(self) -> str:
        """The key that says how many bits an input has."""
        return "format" if self.raw is None else "bits"

    def finer(self, inputs: InputMap, X: npt.ArrayLike, more: int) -> dict[int, InputMap]:
        """A map by the most bits that its inputs have, and those of one to so many bits more.

        With raw words these end at the most bits at which each feature's slice tells enough values
        apart.

        Args:
            inputs: the map in use.
            X: training rows (n, features).
            more: see there.
        """
        if self.raw is None:
            first = Fixed.parse(self.format).width
            numbers = range(first + 1, first + more + 1)
            parts = {n: self.model_copy(update={"format": f"fixed<{n},1>"}) for n in numbers}
        else:
            first = self.bits or max(fmt.width for fmt in inputs.formats)
            numbers = range(first + 1, min(first + more, SLICE_BITS[-1]) + 1)
            parts = {n: self.model_copy(update={"bits": n}) for n in numbers}
        maps = {first: inputs}
        for bits, part in parts.items():
            try:
                maps[bits] = part.fit(inputs.titles, X)
            except InputError:
                break
        return maps

    @field_validator("format")
    @classmethod
    def _format(cls, text: str) -> str:
        return scaled_format(text)

    @field_validator("formats")
    @classmethod
    def _formats(cls, held: dict[str, str]) -> dict[str, str]:
        return {name: scaled_format(text) for name, text in held.items()}


def scaled_format(text: str) -> str:
    """The text of a format whose range is [-1, 1).

    Raises:
        InputError: it is not a format, or has another range.
    """
    found = Fixed.parse(text)
    if not found.signed or found.integer != 1:
        raise InputError(f"{text!r}: features are scaled to [-1, 1), so write fixed<width,1>")
    return text


class HardwareSection(_Section):
    """The target.

    Attributes:
        device: a name that `symtick devices` lists, or a device file (`.yaml`).
        clock_mhz: clock frequency.
        max_ticks: latency budget of a design, or none.
        max_lut: LUT budget of a design, a DSP block counted as 173 LUTs, or none.
        latency: exact number of ticks of every design, or none for the fewest of each. Designs
            that need fewer are filled with registers, so that a model that is trained again keeps
            its place in a system of fixed latency.
        scheduler: where the registers go: `asap`, `alap` or `registers`, the fewest of them.
        outputs: what a design delivers of its scores: some of `scores`, `index`, `margin`, `top`,
            `above` (`symtick.codegen.lowering.decision`).
        thresholds: for `above`: one for all scores, or one for each.
        interface: the form of the ports: `plain`, `ap_vld` or `axi_stream`.
        enable: with a clock enable.
        reset: with a reset of the valid line.
    """

    device: str = DEVICE
    clock_mhz: Annotated[float, Gt(0), Le(1000)] = CLOCK_MHZ
    max_ticks: Count | None = SEARCH.choice.max_ticks
    max_lut: Positive | None = SEARCH.choice.max_lut
    latency: Count | None = None
    scheduler: Annotated[str, one_of(SCHEDULERS)] = SEARCH.scheduler
    outputs: list[str] = list(SEARCH.decision.outputs)
    thresholds: list[float] = []
    interface: str = "plain"
    enable: bool = False
    reset: bool = False

    @model_validator(mode="after")
    def _reachable(self) -> HardwareSection:
        if self.latency is not None and (self.max_ticks is None or self.latency < self.max_ticks):
            shown = "none" if self.max_ticks is None else self.max_ticks
            raise ValueError(
                "a fixed latency needs a max_ticks that is at most that latency, "
                f"not latency {self.latency} and max_ticks {shown}"
            )
        try:
            self.decision  # noqa: B018 (raises where outputs and thresholds do not go together)
            self.form  # noqa: B018 (raises where there is none)
        except InputError as error:
            raise ValueError(str(error)) from None
        return self

    @property
    def decision(self) -> Decision:
        """What a design delivers of its scores."""
        return Decision(tuple(self.outputs), tuple(self.thresholds))

    @property
    def form(self) -> Interface:
        """The form of a design's ports."""
        return Interface.read(self.interface, self.enable, self.reset)


class SearchSection(_Section):
    """The search for expressions (`symtick.search.distill.settings` holds the finer settings).

    Attributes:
        operators: names the search may use.
        method: where the terms of joint models come from: `gp`, evolution alone, `policy`, a
            learned policy alone, or `hybrid`, each fed by the other.
        starts: joint models (`search.joint.search`) that are grown; 0 leaves them out.
        rounds: of growth, for each of them.
        generations: of evolution in each round.
        population: terms in each island.
        islands: number of islands of a round.
        term_nodes: largest tree that evolution breeds.
        max_nodes: nodes that all formulas of a design may have together, or none.
        hidden: hidden sums of each layered start (`search.layered.layers`); empty leaves them out.
        shorten: designs of the front whose formulas are shortened; 0 leaves that out.
        guesses: texts of formulas to begin with (`search.distill.given`).
        template: formulas with functions in them that are found; empty leaves that out.
        effort: factor on the number of fitting steps of the layered forms, and on the evaluations
            for a template. From 2 on as many starts are added as it has whole units, five at
            most, each of four hidden sums more, where `hidden` is as it is by default.
        workers: processes that search at the same time; the result does not depend on it.
    """

    operators: Annotated[list[OpName], Field(min_length=1)] = list(SEARCH.ops)
    method: Annotated[str, one_of(HYBRID_METHODS)] = SEARCH.joint.method
    starts: Annotated[int, Ge(0)] = SEARCH.joint.starts
    rounds: Annotated[int, Ge(1)] = SEARCH.joint.rounds
    generations: Annotated[int, Ge(1)] = SEARCH.joint.generations
    population: Annotated[int, Ge(4), Le(MOST_INDIVIDUALS)] = SEARCH.joint.engine.population
    islands: Groups = SEARCH.joint.engine.islands
    term_nodes: Annotated[int, Ge(3), Le(100_000)] = SEARCH.joint.engine.limits.max_nodes
    max_nodes: Annotated[int, Ge(1), Le(100_000)] | None = SEARCH.choice.max_nodes
    hidden: list[Hidden] = list(SEARCH.layered.hidden)
    shorten: Annotated[int, Ge(0), Le(1000)] = SEARCH.shortening.designs
    guesses: list[str] = list(SEARCH.given.guesses)
    template: str = SEARCH.given.template
    effort: Annotated[float, Gt(0), Le(100)] = 1.0
    workers: Threads = SEARCH.workers

    @model_validator(mode="after")
    def _something(self) -> SearchSection:
        given = self.guesses or self.template
        if not self.starts and not self.hidden and not given:
            raise ValueError("nothing to search: set starts or hidden")
        return self


class TuneSection(_Section):
    """Width tuning of the designs on the front, at the end of the search.

    Attributes:
        accuracy: share of the rows whose class may become another, net; none leaves tuning out.
        rmse: of a regression, the share by which the error may grow; none leaves tuning out.
    """

    accuracy: Annotated[Real, Ge(0), Le(1)] | None = SEARCH.tuning.accuracy
    rmse: Annotated[Real, Ge(0)] | None = SEARCH.tuning.rmse


class VerifySection(_Section):
    """How the generated firmware is checked."""

    vectors: Annotated[Count, Le(MOST_VECTORS)] = VECTORS


class Job(_Section):
    """A whole job; see the sections."""

    name: Annotated[str, AfterValidator(_is_name)]
    seed: Annotated[int, Ge(0), Lt(2**32)] = SEARCH.seed
    task: Literal["classification", "regression"] = "classification"
    data: DataSection
    teacher: TeacherSection = TeacherSection()
    inputs: InputsSection = InputsSection()
    hardware: HardwareSection = HardwareSection()
    search: SearchSection = SearchSection()
    choose: ChooseSection = ChooseSection()
    tune: TuneSection = TuneSection()
    verify: VerifySection = VerifySection()

    @model_validator(mode="after")
    def _one_task(self) -> Job:
        if self.task == "classification":
            if isinstance(self.data.label, list):
                raise ValueError("data.label names one column; several are for task: regression")
            return self
        if self.data.classes:
            raise ValueError("data.classes is for task: classification; a regression has none")
        if self.choose.by != "accuracy":
            raise ValueError(f"choose.by: {self.choose.by} is of classes; a regression has an RMSE")
        of_classes = [n for n in self.hardware.outputs if n not in ("scores", "above")]
        if of_classes:
            raise ValueError(
                f"hardware.outputs: {', '.join(of_classes)} compare classes; a regression delivers "
                "scores (its values), above, or both"
            )
        return self

    def to_yaml(self) -> str:
        """The job with every default written out."""
        content = self.model_dump(mode="json", exclude={"inputs": self.inputs.unused})
        return yaml.safe_dump(content, sort_keys=False)


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file.

    Raises:
        InputError: the file is missing, too large, not YAML or not a mapping.
    """
    try:
        if path.stat().st_size > MAX_YAML_BYTES:
            raise InputError(f"{path} is over {MAX_YAML_BYTES} bytes: is it a job file?")
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot read the job file {path}: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(content, dict):
        raise InputError(f"{path} must hold a mapping of settings, not {type(content).__name__}")
    return content


def load_job(path: Path) -> Job:
    """Read and check a job file; relative paths in it are made absolute.

    Raises:
        InputError: names every unknown key and every value that is not acceptable.
    """
    try:
        job = Job.model_validate(read_yaml(path))
    except ValidationError as error:
        raise InputError(f"{path}: {complaints(error, Job)}") from None
    found: Job = _anchored(job, path.resolve().parent)
    return found


def _anchored(section: Any, folder: Path) -> Any:
    """The section with every relative path taken from `folder`."""
    changes: dict[str, Any] = {}
    for name in type(section).model_fields:
        value = getattr(section, name)
        if isinstance(value, Path):
            changes[name] = folder / value
        elif isinstance(value, str) and value.endswith(".yaml"):  # a device file
            changes[name] = str(folder / value)
        elif isinstance(value, BaseModel):
            changes[name] = _anchored(value, folder)
    return section.model_copy(update=changes)
