"""Settings of a distillation, grouped by stage.

Everything is counted in generations and steps, never in seconds, so that a seed decides the result.
The defaults suit a jet tagger: 16 inputs, 5 classes, 60,000 rows; a job and `SymbolicDistiller`
read theirs from here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from pydantic import AfterValidator, Field, InstanceOf, Strict

from symtick.codegen import SCORES, Decision
from symtick.codegen.scheduling.scheduler import SCHEDULERS
from symtick.defaults import SCHEDULER
from symtick.expr import BY_NAME, SEARCH_NAMES
from symtick.search.designs.settings import ChoiceSettings, FixedPointSettings, TuningSettings
from symtick.search.evolution.settings import EngineConfig, Limits
from symtick.search.hybrid.settings import HYBRID_METHODS
from symtick.search.layered.settings import LayeredSettings
from symtick.settings import Count, Natural, Threads, checked, one_of


def _is_searched(name: str) -> str:
    if name in BY_NAME and name not in SEARCH_NAMES:
        raise ValueError(
            f"must be one of {', '.join(SEARCH_NAMES)}; {name!r} is an operator of the compiler, "
            "which the search does not evaluate"
        )
    return name


OpName = Annotated[str, AfterValidator(_is_searched), one_of(SEARCH_NAMES)]
DEFAULT_OPS = ("add", "sub", "mul", "neg", "abs", "min", "max", "square", "exp", "tanh")


@checked
@dataclass(frozen=True)
class EvolutionSettings:
    """The evolutionary search, one for each output.

    Attributes:
        method: `gp`, evolution alone, `policy`, a learned policy alone, or `hybrid`, each fed by
            the other (`symtick.search.hybrid.hybrid`); each slice is one step of it.
        batch: sequences that the policy draws for each slice.
        generations: length of the search; 0 leaves it out.
        slice_generations: generations between two checkpoints.
        rows: training rows that it sees.
        engine: its own settings; operators, seed and tick limit are set by the distiller, and
            `limits.max_magnitude` of values is in units of the largest of them, where that is
            over 1.
    """

    method: Annotated[str, one_of(HYBRID_METHODS)] = "gp"
    batch: Count = 100
    generations: Natural = 120
    slice_generations: Count = 10
    rows: Natural = 20_000
    engine: EngineConfig = field(
        default_factory=lambda: EngineConfig(
            islands=2, population=24, limits=Limits(max_nodes=90, max_magnitude=1e4)
        )
    )


@checked
@dataclass(frozen=True)
class AssembleSettings:
    """Designs from the evolved fronts, one candidate for each output.

    Attributes:
        designs: prices of a LUT, under each limit of ticks; 0 leaves the stage out.
        polish_iterations: L-BFGS iterations on all constants together.
        polish_rows: training rows for that.
    """

    designs: Natural = 16
    polish_iterations: Natural = 200
    polish_rows: Natural = 10_000


@checked
@dataclass(frozen=True)
class DistillConfig:
    """A whole distillation.

    Attributes:
        seed: of every random choice.
        threads: searches that run at the same time; they change nothing but the time.
        ops: names of the operators that may occur.
        decision: what designs deliver of their scores; it is part of their ticks and area.
        scheduler: where their registers go.
        latency: ticks that they are filled up to, or none.

    Raises:
        InputError: a number outside its range, or an unknown operator, scheduler or shape.
    """

    seed: Natural = 1
    threads: Threads = 2
    ops: Annotated[tuple[OpName, ...], Strict(False), Field(min_length=1)] = DEFAULT_OPS
    evolution: EvolutionSettings = field(default_factory=EvolutionSettings)
    layered: LayeredSettings = field(default_factory=LayeredSettings)
    assemble: AssembleSettings = field(default_factory=AssembleSettings)
    fixed_point: FixedPointSettings = field(default_factory=FixedPointSettings)
    choice: ChoiceSettings = field(default_factory=ChoiceSettings)
    tuning: TuningSettings = field(default_factory=TuningSettings)
    decision: InstanceOf[Decision] = SCORES
    scheduler: Annotated[str, one_of(SCHEDULERS)] = SCHEDULER
    latency: int | None = None
