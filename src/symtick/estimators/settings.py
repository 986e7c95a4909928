"""The parameters of `SymbolicRegressor` in groups, checked; it describes each of them.

They are flat outside, so that an error names the parameter alone, and every default stands here or
in the settings that it goes into.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

from annotated_types import Ge, Le
from pydantic import AfterValidator, InstanceOf, SkipValidation, Strict

from symtick.defaults import CLOCK_MHZ
from symtick.errors import InputError
from symtick.estimators.fronts.equations import AXES, SELECTIONS, usual_axis
from symtick.expr import Expression
from symtick.search.evolution.settings import EngineConfig, Limits, Period, Size
from symtick.search.grammar.grammar import Operator
from symtick.search.hybrid.settings import HybridConfig
from symtick.search.kernel_api.losses import Loss
from symtick.search.regression.islands import IslandSettings
from symtick.search.regression.task import ENUMERATIONS, METHODS, Task
from symtick.settings import (
    Budget,
    Count,
    Flag,
    Natural,
    NotNegative,
    Positive,
    Real,
    Seed,
    Texts,
    Threads,
    Whole,
    flat,
    one_of,
    told,
)

KINDS = ("open", "published", "unit", "complexity")
PRESETS: dict[str, Callable[[tuple[str, ...]], HybridConfig]] = {
    "mundhenk2021": HybridConfig.mundhenk2021,
    "petersen2021": HybridConfig.petersen2021,
    "symtick": HybridConfig.symtick,
}
Names = Annotated[Texts, told("a list of names")]
Lists = Annotated[tuple[Texts, ...], Strict(False)]
Operators = Annotated[tuple[str | InstanceOf[Operator], ...], Strict(False)]
Reals = Annotated[tuple[Real, ...], Strict(False)]
Complexities = Annotated[Real | Reals, told("a number or a list of them, -1 for any")]
NotNegatives = Annotated[tuple[NotNegative, ...], Strict(False)]
Weights = Annotated[NotNegative | NotNegatives, told("a number from 0 or a list of them")]
FeatureUnits = Annotated[Texts | Mapping[str, str], told("a list of texts or a dict by name")]
TargetUnits = Annotated[tuple[str | None, ...], Strict(False)]
Formats = Annotated[str | Mapping[str, str], told("fixed<W,I> or a dict of such texts by name")]
Penalty = Annotated[Callable[[Expression], float], told("a callable of an expression or None")]
Preset = Annotated[
    Annotated[str, one_of(PRESETS)] | InstanceOf[EngineConfig] | InstanceOf[HybridConfig],
    told(f"one of {', '.join(PRESETS)}, an EngineConfig or a HybridConfig"),
]


def _renamed(method: str) -> str:
    if method == "closed_forms":
        raise ValueError("'closed_forms' is called 'bidirectional' now")
    return method


@flat
@dataclass(frozen=True)
class OperatorSettings:
    """Operators and tokens."""

    operators: Names | None = None
    binary_operators: Names | None = None
    unary_operators: Names | None = None
    custom_operators: Annotated[Operators, told("a list of definitions")] = ()
    constants: Flag = EngineConfig.constants
    literals: Annotated[Reals, told("a list of numbers")] = EngineConfig.literals
    constant_bits: Annotated[Count, Le(53)] | None = EngineConfig.constant_bits


@flat
@dataclass(frozen=True)
class ObjectiveSettings:
    """What is minimised."""

    loss: Annotated[Loss, SkipValidation] = EngineConfig.loss
    huber_delta: Positive = EngineConfig.huber_delta
    penalty: Penalty | None = None


@flat
@dataclass(frozen=True)
class LimitSettings:
    """What equations may look like and cost."""

    template: str | None = None
    max_nodes: Annotated[Count, Le(100_000)] = 30
    max_depth: Annotated[Count, Le(2**31 - 1)] = Limits.max_depth
    max_constants: Size | None = None
    max_complexity: Positive | None = None
    complexity_of_operators: Mapping[str, NotNegative] | None = None
    complexity_of_constants: NotNegative = 1.0
    complexity_of_variables: Weights = 1.0
    nested_constraints: Mapping[str, Mapping[str, Natural]] | None = None
    constraints: Mapping[str, Complexities] | None = None
    X_units: FeatureUnits | None = None
    y_units: Annotated[str | TargetUnits, told("a text or a list of them")] | None = None
    max_ticks: Size | None = Limits.max_ticks
    max_lut: Positive | None = Limits.max_lut


@flat
@dataclass(frozen=True)
class HardwareSettings:
    """What equations run on."""

    cost: Annotated[str, one_of(KINDS)] | None = None
    device: str | None = None
    clock_mhz: Positive = CLOCK_MHZ
    input_bits: Annotated[Whole, Ge(2), Le(24)] = 8
    input_formats: Formats | None = None
    domain: Annotated[str, one_of(("rows", "box"))] = "rows"


@flat
@dataclass(frozen=True)
class SearchSettings:
    """How is searched, how long, from where, and on which machines."""

    method: Annotated[str, AfterValidator(_renamed), one_of(METHODS)] = Task.method
    evaluations: Budget = Task.evaluations
    max_passes: Budget | None = None
    target_loss: Real | None = EngineConfig.target_loss
    max_seconds: Positive | None = None
    preset: Preset | None = None
    guesses: Annotated[Texts | Lists, told("a list of texts")] = ()
    warm_start: Flag = False
    seed: Seed = EngineConfig.seed
    threads: Threads = 1
    n_workers: Count | None = None
    scheduler: Any = None
    islands: Annotated[InstanceOf[IslandSettings], told("an IslandSettings or None")] | None = None
    checkpoint: Annotated[Path, Strict(False)] | None = None

    def __post_init__(self) -> None:
        if self.method in ENUMERATIONS and self.guesses:
            raise InputError(f"method={self.method!r} takes no guesses: it writes down everything")
        if self.method != "gp" and self.cluster is not None:
            raise InputError(
                "islands on a cluster evolve: n_workers and scheduler need method='gp'"
            )
        if self.cluster is None and self.checkpoint is not None:
            raise InputError("a checkpoint is of islands on a cluster: give n_workers or scheduler")
        if self.cluster is None and self.islands is not None:
            raise InputError("islands live on a cluster: give n_workers or scheduler")

    @property
    def budget(self) -> int:
        """Evaluations that a fit may make, each of which is a pass over the rows."""
        return min(self.evaluations, self.max_passes or self.evaluations)

    @property
    def cluster(self) -> IslandSettings | None:
        """Settings of the islands on a cluster, or None for a search in this process."""
        if self.n_workers is None and self.scheduler is None:
            return None
        return self.islands or IslandSettings()


@flat
@dataclass(frozen=True)
class DataSettings:
    """How rows are treated before and during the search."""

    select_k_features: Count | None = None
    denoise: Flag = False
    batching: Annotated[Flag | Literal["auto"], told("True, False or 'auto'")] = "auto"
    batch_size: Period = EngineConfig.screen_rows


@flat
@dataclass(frozen=True)
class ResultSettings:
    """Which equation is chosen, and what is printed."""

    model_selection: Annotated[str, one_of(SELECTIONS)] = "mdl"
    axis: Annotated[str, one_of(AXES)] | None = None
    verbose: Annotated[
        Literal["auto"] | Flag | Natural, told("'auto', True, False or an integer from 0")
    ] = "auto"
    log: Annotated[Path, Strict(False)] | None = None


@dataclass(frozen=True)
class Parameters:
    """All parameters of a regressor."""

    operators: OperatorSettings
    objective: ObjectiveSettings
    limits: LimitSettings
    hardware: HardwareSettings
    search: SearchSettings
    data: DataSettings
    result: ResultSettings

    @property
    def cost(self) -> str:
        """What prices candidates: their complexity where nothing asks for hardware."""
        asked = (self.hardware.device, self.limits.max_ticks, self.limits.max_lut)
        usual = "complexity" if all(a is None for a in asked) else "open"
        return self.hardware.cost or usual

    @property
    def axis(self) -> str:
        """What equations are ordered by."""
        return self.result.axis or usual_axis(self.cost)

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Parameters:
        """The parameters by name, checked.

        Raises:
            InputError: one is not acceptable; names it.
        """
        return cls(
            **{
                name: group(**{field: given[field] for field in group.__dataclass_fields__})
                for name, group in get_type_hints(cls).items()
            }
        )
