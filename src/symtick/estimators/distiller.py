"""`SymbolicDistiller`: the distillation of a teacher as a scikit-learn estimator.

It does in memory what `symtick distill` does with a run folder.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils import Tags
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from symtick.codegen import SCORES, Decision, Design
from symtick.config import InputsSection
from symtick.defaults import CLOCK_MHZ, DEVICE, INPUT_FORMAT, SLICE, TAIL, VALIDATION
from symtick.design_folder.folder import DesignSpec, write_design
from symtick.errors import InputError
from symtick.estimators.distilled import Distilled
from symtick.expr import default_names
from symtick.files import new_folder
from symtick.hwcost import model, search_cost
from symtick.job_choice import ChooseSection
from symtick.search.data.dataset import FloatArray
from symtick.search.data.inputs import InputMap
from symtick.search.data.oddities import warn_of_oddities
from symtick.search.data.problem import Problem
from symtick.search.designs.front import FrontEntry
from symtick.search.designs.settings import ChoiceSettings, Ratio
from symtick.search.distill.advice import (
    MORE_BITS,
    QuantisedTeacher,
    quantised_teacher,
    suggestions,
    unmet,
)
from symtick.search.distill.distill import Distiller
from symtick.search.distill.settings import DistillConfig
from symtick.search.teachers.objects import object_teacher
from symtick.search.teachers.scoring import ScoringTeacher, Signature
from symtick.settings import Chance, Natural, Positive, Threads, flat, validated

# parameters that are what settings of a job are
PARAMETERS = {
    "hardware.max_ticks": "max_ticks",
    "hardware.max_lut": "max_lut",
    "inputs.bits": "bits",
    "inputs.format": "input_format",
    "search.hidden": "config.layered.hidden",
    "search.effort": "config.layered.fit_steps",
    "search.generations": "config.evolution.generations",
}


@flat
@dataclass(frozen=True)
class DistillerSettings:
    """Parameters of `SymbolicDistiller` that become the search's settings."""

    keep: Chance
    rmse_ratio: Ratio
    max_ticks: Natural | None
    max_lut: Positive | None
    seed: Natural
    threads: Threads


class SymbolicDistiller(Distilled, BaseEstimator):  # type: ignore[misc]
    """Distil a teacher, or plain data, into expressions with FPGA ticks in the search.

    `predict` computes what the hardware computes: features are scaled, quantised to the input
    format, and the chosen design's exact integers decide.

    Args:
        teacher: what to imitate: a torch module or Keras model of any architecture, anything with
            `logits(X)`, or a fitted classifier (`predict_proba` or `decision_function`) or
            regressor of scikit-learn, XGBoost or LightGBM; None learns `y` itself.
        task: `classification` (the class is the largest output) or `regression`.
        raw: the word that each port carries, as `inputs.raw` of a job (docs/jobs.md): a format for
            all, or a mapping by name. None: features are scaled outside the firmware.
        bits: of the slices that the firmware reads of words.
        input_format: without `raw`: `fixed<W,1>` of every input, scaled to [-1, 1).
        tail: without `raw`: quantile of the training rows at which an input saturates.
        device: device of the cost model.
        clock_mhz: clock.
        max_ticks: latency budget, or None.
        max_lut: LUT budget, a DSP block counted as 173 LUTs, or None.
        keep: the chosen design is the smallest that keeps this share of the teacher's score.
        rmse_ratio: in a regression with a teacher, the smallest whose error is at most this many
            times the teacher's, both against `y`.
        choose: what a score of classes is, as the keys `by`, `signal`, `background` of a job's
            section `choose` (docs/jobs.md); None: accuracy.
        validation: share of the rows that precision and design are chosen on.
        config: the search's settings; its seed, threads and choice are set from here.
        decide: outputs of the firmware: some of `scores`, `index`, `margin`, `top`, `above`.
        threshold: for `above`: one number, or one for each score.
        seed: of every random choice.
        threads: worker threads; they change nothing but the time.

    Attributes:
        front_: the designs (`symtick.search.designs.front.Front`).
        advice_: what to raise and what it would buy, where no design is good enough
            (`symtick.search.distill.advice.Suggestion`).
        inputs_: from features to ports (`symtick.search.data.inputs.InputMap`).
        classes_: class labels (classification).
        n_features_in_: number of features.

    Examples:
        >>> from symtick import SymbolicDistiller
        >>> SymbolicDistiller(max_ticks=3).get_params()["max_ticks"]
        3
    """

    def __init__(
        self,
        teacher: object = None,
        task: Literal["classification", "regression"] = "classification",
        raw: str | Mapping[str, Any] | None = None,
        bits: int = SLICE,
        input_format: str = INPUT_FORMAT,
        tail: float = TAIL,
        device: str = DEVICE,
        clock_mhz: float = CLOCK_MHZ,
        max_ticks: int | None = ChoiceSettings.max_ticks,
        max_lut: float | None = ChoiceSettings.max_lut,
        keep: float = ChoiceSettings.share,
        rmse_ratio: float = ChoiceSettings.rmse_ratio,
        choose: Mapping[str, Any] | None = None,
        validation: float = VALIDATION,
        config: DistillConfig | None = None,
        decide: tuple[str, ...] = SCORES.outputs,
        threshold: float | tuple[float, ...] | None = None,
        seed: int = DistillConfig.seed,
        threads: int = DistillConfig.threads,
    ) -> None:
        self.teacher = teacher
        self.task = task
        self.raw = raw
        self.bits = bits
        self.input_format = input_format
        self.tail = tail
        self.device = device
        self.clock_mhz = clock_mhz
        self.max_ticks = max_ticks
        self.max_lut = max_lut
        self.keep = keep
        self.rmse_ratio = rmse_ratio
        self.choose = choose
        self.validation = validation
        self.config = config
        self.decide = decide
        self.threshold = threshold
        self.seed = seed
        self.threads = threads

    def __sklearn_tags__(self) -> Tags:
        """The kind of estimator, by `task`."""
        tags = super().__sklearn_tags__()
        tags.estimator_type = "classifier" if self.task == "classification" else "regressor"
        tags.target_tags.required = True
        return tags

    def fit(
        self, X: npt.ArrayLike, y: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None
    ) -> SymbolicDistiller:
        """Search.

        Args:
            X: (rows, features).
            y: (rows,) class labels or values; (rows, outputs) values.
            sample_weight: (rows,), how much each row counts; all alike by default.

        Raises:
            InputError: settings, data or teacher that do not fit, or no design within the limits.
        """
        if self.task not in ("classification", "regression"):
            raise InputError(f"task must be classification or regression, not {self.task!r}")
        _check_columns(X)
        rows, target = validate_data(
            self, X, y, dtype=np.float64, multi_output=self.task == "regression"
        )
        self.inputs_ = self._inputs(rows)
        problem = self._problem(rows, target, sample_weight)
        warn_of_oddities(rows, self.inputs_.titles, problem.labels, self._classes, self.validation)
        costs = model(self.device, self.clock_mhz)
        table = search_cost(costs, self.inputs_.formats)
        settings = self.settings()
        search = Distiller(problem, settings, costs, table, self.inputs_)
        front, evidence = search.run(), search.evidence()
        if not front.entries:
            raise InputError(unmet(settings.choice, evidence.entries))
        self.front_ = front
        quantised = []
        if front.missing(front.entry(), settings.choice) > 0 and self.teacher is not None:
            quantised = self._teacher_by_bits(rows, problem)
        key = f"inputs.{self._section().bits_key}"
        advice = suggestions(front, settings.choice, evidence, quantised, key)
        self.advice_ = tuple(replace(s, setting=PARAMETERS[s.setting]) for s in advice)
        self._output_names = problem.output_names
        return self

    @property
    def _classes(self) -> tuple[str, ...]:
        """Names of the classes; none of a regression."""
        return tuple(map(str, self.classes_)) if self.task == "classification" else ()

    def _inputs(self, rows: FloatArray) -> InputMap:
        """The map from features to ports, by the columns' names where X is a DataFrame."""
        names = tuple(map(str, getattr(self, "feature_names_in_", ())))
        return self._section().fit(names or default_names(rows.shape[1]), rows)

    def _section(self) -> InputsSection:
        given: dict[str, Any] = {"format": self.input_format}
        if self.raw is not None:
            given = {"raw": self.raw, "bits": self.bits}
        return validated(InputsSection, {**given, "tail": self.tail})

    def _teacher_by_bits(self, rows: FloatArray, problem: Problem) -> list[QuantisedTeacher]:
        """The teacher on inputs of the bits that they have, and of more."""
        sections = self._section().finer(MORE_BITS)
        maps = {bits: part.fit(self.inputs_.titles, rows) for bits, part in sections.items()}

        return quantised_teacher(maps, rows, problem, self.seed, self._teacher.logits)

    def settings(self) -> DistillConfig:
        """The search's settings: `config` with what the parameters say.

        Raises:
            InputError: a parameter is out of range.
        """
        base = self.config or DistillConfig()
        given = DistillerSettings(
            self.keep, self.rmse_ratio, self.max_ticks, self.max_lut, self.seed, self.threads
        )
        floor = base.choice.floor
        if given.keep < floor:
            raise InputError(
                f"keep must be from config.choice.floor={floor:g} to 1, not {self.keep!r}"
            )
        choice = replace(
            base.choice,
            share=given.keep,
            rmse_ratio=given.rmse_ratio,
            max_ticks=given.max_ticks,
            max_lut=given.max_lut,
        )
        decision = self._decision()
        return replace(
            base, seed=given.seed, threads=given.threads, choice=choice, decision=decision
        )

    def _decision(self) -> Decision:
        given = () if self.threshold is None else np.atleast_1d(self.threshold).tolist()
        return Decision(tuple(self.decide), tuple(given))

    def _problem(
        self, rows: FloatArray, target: npt.NDArray[Any], weights: npt.ArrayLike | None
    ) -> Problem:
        X, formats = self.inputs_.values(rows), self.inputs_.formats
        common: dict[str, Any] = {
            "validation": self.validation,
            "seed": self.seed,
            "input_names": self.inputs_.names,
            "weights": weights,
        }
        section = validated(ChooseSection, dict(self.choose or {}))
        if self.task == "regression":
            values, truth = target, None
            if self.teacher is not None:
                self._teacher = self._taught(rows, range(_columns(target)))
                values, truth = self._teacher.logits(rows), target
            return Problem.from_scores(X, values, formats, kind="values", truth=truth, **common)
        check_classification_targets(target)
        self.classes_, labels = np.unique(target, return_inverse=True)
        if len(self.classes_) < 2:
            raise InputError("one class only: y must hold at least two classes")
        common["chosen_by"] = section.goal(self._classes)
        if self.teacher is None:
            return Problem.from_labels(X, labels, formats, classes=len(self.classes_), **common)
        self._teacher = self._taught(rows, self.classes_.tolist())
        scores = self._teacher.logits(rows)
        return Problem.from_scores(X, scores, formats, labels=labels, **common)

    def _taught(self, rows: FloatArray, outputs: Sequence[Any]) -> ScoringTeacher:
        """The teacher, for these classes or numbers of targets."""
        names = tuple(map(str, outputs))
        given = getattr(self, "feature_names_in_", default_names(rows.shape[1]))
        features = tuple(map(str, given))
        if self.task == "regression":
            return object_teacher(self.teacher, rows, Signature(features, (), names))
        return object_teacher(self.teacher, rows, Signature(features, names), outputs)

    def spec(self, name: str | None = None, top: str = "distilled") -> DesignSpec:
        """A design of the front as something to compile; the chosen one without a name."""
        check_is_fitted(self, "front_")
        entry: FrontEntry = self.front_.entry(name)
        return DesignSpec(
            name=top,
            expression=entry.expression,
            output_names=self._output_names,
            max_ticks=self.max_ticks,
            formats=self.inputs_.read_formats,
            precision=entry.precision,
            device=self.device,
            clock_mhz=self.clock_mhz,
            decision=self._decision(),
            scheduler=self.settings().scheduler,
            slices=self.inputs_.slices,
            widths=entry.widths,
        )

    def write(self, folder: Path | str, name: str | None = None, top: str = "distilled") -> Design:
        """Write C++, Verilog and design.json of a design into a new folder.

        Raises:
            InputError: the folder exists, or there is no such design.
        """
        with new_folder(Path(folder)) as draft:
            return write_design(draft, self.spec(name, top))

    def decision_function(self, X: npt.ArrayLike) -> FloatArray:
        """Outputs of the chosen design, in fixed point as the hardware: (rows, outputs)."""
        check_is_fitted(self, "front_")
        rows = validate_data(self, X, dtype=np.float64, reset=False)
        return self.spec().scores().real_outputs(self.inputs_.words(rows))

    def predict(self, X: npt.ArrayLike) -> npt.NDArray[Any]:
        """Class labels (rows,), or values (rows,) or (rows, outputs)."""
        outputs = self.decision_function(X)
        if self.task == "regression":
            return outputs[:, 0] if outputs.shape[1] == 1 else outputs
        single = outputs.shape[1] == 1
        places = (outputs[:, 0] > 0).astype(int) if single else outputs.argmax(axis=1)
        return np.asarray(self.classes_[places])

    def score(
        self, X: npt.ArrayLike, y: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None
    ) -> float:
        """Accuracy against labels, or R^2 of values."""
        measure = r2_score if self.task == "regression" else accuracy_score
        return float(measure(y, self.predict(X), sample_weight=sample_weight))


def _check_columns(X: object) -> None:
    """Name the columns of a DataFrame that hold no numbers."""
    kinds = getattr(X, "dtypes", None)
    if kinds is None or not hasattr(X, "columns"):
        return
    text = [str(name) for name, kind in kinds.items() if kind.kind not in "iufb"]
    if text:
        raise InputError(f"the columns {', '.join(text)} hold no numbers: drop or encode them")


def _columns(target: npt.NDArray[Any]) -> int:
    return 1 if target.ndim == 1 else int(target.shape[1])
