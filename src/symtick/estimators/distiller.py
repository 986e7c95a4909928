"""`SymbolicDistiller`: the distillation of a teacher as a scikit-learn estimator.

It does in memory what `symtick distill` does with a run folder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from inspect import signature
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.utils import Tags
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import validate_data

from symtick.codegen import SCORES
from symtick.config import InputsSection
from symtick.defaults import CLOCK_MHZ, DEVICE, INPUT_FORMAT, TAIL, VALIDATION
from symtick.errors import InputError
from symtick.estimators.distilled import FORMAT, Distilled, config_from_json
from symtick.estimators.storing import read_stored
from symtick.expr import default_names
from symtick.hwcost import model, search_cost
from symtick.job_choice import ChooseSection
from symtick.progress import Lines
from symtick.search.cluster import connected_if
from symtick.search.data.dataset import FloatArray
from symtick.search.data.oddities import warn_of_oddities, warn_of_other_order
from symtick.search.data.problem import Problem
from symtick.search.designs.settings import ChoiceSettings, Ratio
from symtick.search.distill.advice import (
    MORE_BITS,
    QuantisedTeacher,
    quantised_teacher,
    suggestions,
    unmet,
)
from symtick.search.distill.distill import Distiller, Progress
from symtick.search.distill.settings import DistillConfig
from symtick.search.inputs.maps import InputMap
from symtick.search.inputs.slice_bits import AskedTeacher
from symtick.search.teachers.objects import object_teacher
from symtick.search.teachers.scoring import Signature, given_scores
from symtick.settings import Chance, Count, Natural, Positive, Threads, flat, validated

# parameters that are what settings of a job are
PARAMETERS = {
    "hardware.max_ticks": "max_ticks",
    "hardware.max_lut": "max_lut",
    "search.max_nodes": "max_nodes",
    "inputs.raw": "raw",
    "inputs.bits": "bits",
    "inputs.widths": "bits",
    "inputs.formats": "input_format",
    "inputs.format": "input_format",
    "search.hidden": "config.layered.hidden",
    "search.effort": "config.layered.fit_steps",
    "search.rounds": "config.joint.rounds",
}


@flat
@dataclass(frozen=True)
class DistillerSettings:
    """Parameters of `SymbolicDistiller` that become the search's settings."""

    keep: Chance
    rmse_ratio: Ratio
    max_ticks: Natural | None
    max_lut: Positive | None
    max_nodes: Count | None
    seed: Natural
    workers: Threads


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
        bits: of the slices that the firmware reads of words, as few as the teacher bears by
            default; or a mapping by name as above.
        input_format: without `raw`: `fixed<W,1>` of every input, scaled to [-1, 1); or a mapping
            by name, `*` for all that are not named.
        tail: without `raw`: quantile of the training rows at which an input saturates.
        device: device of the cost model.
        clock_mhz: clock.
        max_ticks: latency budget, or None.
        max_lut: LUT budget, a DSP block counted as 173 LUTs, or None.
        max_nodes: nodes that all formulas may have together, or None.
        keep: the chosen design is the smallest that keeps this share of the teacher's score.
        rmse_ratio: in a regression with a teacher, the smallest whose error is at most this many
            times the teacher's, both against `y`.
        choose: what a score of classes is, as the keys `by`, `signal`, `background` of a job's
            section `choose` (docs/jobs.md); None: accuracy.
        validation: share of the rows that precision and design are chosen on.
        config: the search's settings; its seed, workers and choice are set from here.
        decide: outputs of the firmware: some of `scores`, `index`, `margin`, `top`, `above`.
        threshold: for `above`: one number, or one for each score.
        seed: of every random choice.
        workers: processes that search at the same time; they change nothing but the time.
        scheduler: of a dask cluster whose workers search in place of processes of this machine: its
            address, a cluster of dask's or a `distributed.Client`.
        verbose: 1 prints a line for each stage of the search, and one now and then.

    Attributes:
        front_: the designs (`symtick.search.designs.front.Front`).
        advice_: what to raise and what it would buy, where no design is good enough
            (`symtick.search.distill.advice.Suggestion`).
        inputs_: from features to ports (`symtick.search.inputs.maps.InputMap`).
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
        bits: int | Mapping[str, int] | None = None,
        input_format: str | Mapping[str, str] = INPUT_FORMAT,
        tail: float = TAIL,
        device: str = DEVICE,
        clock_mhz: float = CLOCK_MHZ,
        max_ticks: int | None = ChoiceSettings.max_ticks,
        max_lut: float | None = ChoiceSettings.max_lut,
        max_nodes: int | None = ChoiceSettings.max_nodes,
        keep: float = ChoiceSettings.share,
        rmse_ratio: float = ChoiceSettings.rmse_ratio,
        choose: Mapping[str, Any] | None = None,
        validation: float = VALIDATION,
        config: DistillConfig | None = None,
        decide: tuple[str, ...] = SCORES.outputs,
        threshold: float | tuple[float, ...] | None = None,
        seed: int = DistillConfig.seed,
        workers: int = DistillConfig.workers,
        scheduler: Any = None,
        verbose: int = 0,
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
        self.max_nodes = max_nodes
        self.keep = keep
        self.rmse_ratio = rmse_ratio
        self.choose = choose
        self.validation = validation
        self.config = config
        self.decide = decide
        self.threshold = threshold
        self.seed = seed
        self.workers = workers
        self.scheduler = scheduler
        self.verbose = verbose

    def __repr__(self) -> str:
        """Parameters that differ from the defaults, objects by their kind, and what was found."""
        usual = signature(type(self)).parameters
        parts = []
        for name, value in self.get_params(deep=False).items():
            if value is not None and name in ("teacher", "config"):
                parts.append(f"{name}=<{type(value).__name__}>")
            elif repr(value) != repr(usual[name].default):
                parts.append(f"{name}={value!r}")
        found = f": {self.front_.line}" if hasattr(self, "front_") else ""
        return f"SymbolicDistiller({', '.join(parts)}){found}"

    def __sklearn_tags__(self) -> Tags:
        """The kind of estimator, by `task`."""
        tags = super().__sklearn_tags__()
        tags.estimator_type = "classifier" if self.task == "classification" else "regressor"
        tags.target_tags.required = True
        return tags

    def fit(
        self,
        X: npt.ArrayLike,
        y: npt.ArrayLike,
        sample_weight: npt.ArrayLike | None = None,
        scores: npt.ArrayLike | None = None,
    ) -> SymbolicDistiller:
        """Search.

        Args:
            X: (rows, features).
            y: (rows,) class labels or values; (rows, outputs) values.
            sample_weight: (rows,), how much each row counts; all alike by default.
            scores: what a teacher says of the rows, in place of `teacher`: (rows, classes) scores
                before softmax in the order of the sorted classes, (rows,) for two classes, or
                values as `y`.

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
        problem = self._problem(rows, target, sample_weight, scores)
        warn_of_oddities(rows, self.inputs_.titles, problem.labels, self._classes, self.validation)
        if problem.kind == "classes" and problem.labels is not None:
            said, meant = problem.targets[problem.train], problem.labels[problem.train]
            remedy = "put its outputs in the order of the sorted classes of y"
            warn_of_other_order(said, meant, self._classes, remedy)
        costs = model(self.device, self.clock_mhz)
        table = search_cost(costs, self.inputs_.formats)
        settings = self.settings()
        search = Distiller(problem, settings, costs, table, self.inputs_)
        with connected_if(self.scheduler) as client:
            front = search.run(self._observer(), client=client)
        evidence = search.evidence()
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

    def _observer(self) -> Callable[[Progress], None] | None:
        """Prints how the search goes on, if that is wanted."""
        if not self.verbose:
            return None
        lines = Lines(partial(print, flush=True))
        return lambda p: None if p.stage == "write" else lines.tell(p.stage, p.line)

    @property
    def _classes(self) -> tuple[str, ...]:
        """Names of the classes; none of a regression."""
        return tuple(map(str, self.classes_)) if self.task == "classification" else ()

    def _inputs(self, rows: FloatArray) -> InputMap:
        """The map from features to ports, by the columns' names where X is a DataFrame."""
        names = tuple(map(str, getattr(self, "feature_names_in_", ())))
        with _as_parameters():
            return self._section().fit(names or default_names(rows.shape[1]), rows)

    def _section(self) -> InputsSection:
        given: dict[str, Any] = {"raw": self.raw, "tail": self.tail}
        if self.raw is None:
            given["format"], given["formats"] = _by_name(self.input_format, INPUT_FORMAT)
        else:
            given["bits"], given["widths"] = _by_name(self.bits, None)
        with _as_parameters("inputs."):
            return validated(InputsSection, given)

    def _teacher_by_bits(self, rows: FloatArray, problem: Problem) -> list[QuantisedTeacher]:
        """The teacher on inputs of the bits that they have, and of more."""
        maps = self._section().finer(self.inputs_, rows, MORE_BITS)
        return quantised_teacher(maps, rows, problem, self.seed, self._teacher.logits)

    def settings(self) -> DistillConfig:
        """The search's settings: `config` with what the parameters say.

        Raises:
            InputError: a parameter is out of range.
        """
        base = self.config or DistillConfig()
        given = DistillerSettings(
            self.keep,
            self.rmse_ratio,
            self.max_ticks,
            self.max_lut,
            self.max_nodes,
            self.seed,
            self.workers,
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
            max_nodes=given.max_nodes,
            prefer=validated(ChooseSection, dict(self.choose or {})).prefer,
        )
        decision = self._decision()
        return replace(
            base, seed=given.seed, workers=given.workers, choice=choice, decision=decision
        )

    def _problem(
        self,
        rows: FloatArray,
        target: npt.NDArray[Any],
        weights: npt.ArrayLike | None,
        given: npt.ArrayLike | None,
    ) -> Problem:
        common: dict[str, Any] = {
            "validation": self.validation,
            "seed": self.seed,
            "input_names": self.inputs_.names,
            "weights": weights,
        }
        section = validated(ChooseSection, dict(self.choose or {}))
        if self.task == "regression":
            said = self._said(rows, range(_columns(target)), given, target)
            values, truth = (target, None) if said is None else (said, target)
            X, formats = self.inputs_.values(rows), self.inputs_.formats
            return Problem.from_scores(X, values, formats, kind="values", truth=truth, **common)
        check_classification_targets(target)
        self.classes_, labels = np.unique(target, return_inverse=True)
        if len(self.classes_) < 2:
            raise InputError("one class only: y must hold at least two classes")
        common["chosen_by"] = section.goal(self._classes)
        said = self._said(rows, self.classes_.tolist(), given)
        X, formats = self.inputs_.values(rows), self.inputs_.formats
        if said is None:
            return Problem.from_labels(X, labels, formats, classes=len(self.classes_), **common)
        return Problem.from_scores(X, said, formats, labels=labels, **common)

    def _said(
        self,
        rows: FloatArray,
        outputs: Sequence[Any],
        given: npt.ArrayLike | None,
        truth: FloatArray | None = None,
    ) -> FloatArray | None:
        """What the teacher says of the rows, for these classes or numbers of targets.

        The inputs get the bits that it needs, where none are stated.
        """
        if given is not None and self.teacher is not None:
            raise InputError("there are a teacher and scores of one: leave one of the two out")
        names, columns = tuple(map(str, outputs)), getattr(self, "feature_names_in_", None)
        features = default_names(rows.shape[1]) if columns is None else tuple(map(str, columns))
        values = self.task == "regression"
        said = Signature(features, *(((), names) if values else (names,)))
        if given is not None:
            return given_scores(given, len(rows), said, "scores")
        if self.teacher is None:
            return None
        self._teacher = object_teacher(self.teacher, rows, said, () if values else outputs)
        asked = AskedTeacher(self._teacher.logits, rows, not values, truth)
        self.inputs_ = self._section().suited(self.inputs_, asked)
        return self._teacher.logits(rows)

    @classmethod
    def load(cls, path: Path | str) -> SymbolicDistiller:
        """A fitted distiller from the file that `save` wrote; it predicts what that one did.

        The teacher is not stored: it is None, which matters for another `fit` only.

        Raises:
            InputError: the file cannot be read or is damaged.
        """
        stored = read_stored(path, FORMAT, "distiller")
        try:
            made = cls(**stored["parameters"], config=config_from_json(stored["config"]))
            for name in ("decide", "threshold"):  # JSON has no tuples
                if isinstance(value := getattr(made, name), list):
                    setattr(made, name, tuple(value))
            made.take(stored)
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"{path} is damaged: {error}") from None
        return made


def _check_columns(X: object) -> None:
    """Name the columns of a DataFrame that hold no numbers."""
    kinds = getattr(X, "dtypes", None)
    if kinds is None or not hasattr(X, "columns"):
        return
    text = [str(name) for name, kind in kinds.items() if kind.kind not in "iufb"]
    if text:
        raise InputError(f"the columns {', '.join(text)} hold no numbers: drop or encode them")


@contextmanager
def _as_parameters(section: str = "") -> Iterator[None]:
    """Names parameters in messages in place of the keys of a job, or of that section of one."""
    try:
        yield
    except InputError as error:
        text = f"{section}{error}"
        for key, name in PARAMETERS.items():
            text = text.replace(key, name)
        raise InputError(text) from None


def _by_name(given: Any, default: Any) -> tuple[Any, Any]:
    """What holds for all inputs, and what for single ones."""
    if not isinstance(given, Mapping):
        return given, {}
    return given.get("*", default), {k: v for k, v in given.items() if k != "*"}


def _columns(target: npt.NDArray[Any]) -> int:
    return 1 if target.ndim == 1 else int(target.shape[1])
