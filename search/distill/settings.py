"""Settings of a distillation, grouped by stage.

Everything is counted in generations and steps, never in seconds, so that a seed decides the result.
The defaults suit a jet tagger: 16 inputs, 5 classes, 60,000 rows; a job and `SymbolicDistiller`
read theirs from here.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields

from symtick.codegen import SCORES, Decision
from symtick.defaults import SCHEDULER
from symtick.errors import InputError
from symtick.expr import BY_NAME
from symtick.search.designs.settings import ChoiceSettings
from symtick.search.evolution.settings import EngineConfig, Limits
from symtick.search.hybrid.settings import HYBRID_METHODS
from symtick.search.layered.layers import SHAPES
from symtick.search.layered.settings import LayeredSettings

DEFAULT_OPS = ("add", "sub", "mul", "neg", "abs", "min", "max", "square", "exp", "tanh")


@dataclass(frozen=True)
class EvolutionSettings:
    """The evolutionary search, one for each output.

    Attributes:
        method: `gp`, evolution alone, or `hybrid`, evolution that a policy feeds
            (`symtick.search.hybrid.hybrid`); each slice is one step of it.
        batch: sequences that the policy draws for each slice.
        generations: length of the search; 0 leaves it out.
        slice_generations: generations between two checkpoints.
        rows: training rows that it sees.
        engine: its own settings; operators, seed and tick limit are set by the distiller.
    """

    method: str = "gp"
    batch: int = 100
    generations: int = 120
    slice_generations: int = 10
    rows: int = 20_000
    engine: EngineConfig = field(
        default_factory=lambda: EngineConfig(
            islands=2, population=24, limits=Limits(max_nodes=90, max_magnitude=1e4)
        )
    )


@dataclass(frozen=True)
class AssembleSettings:
    """Designs from the evolved fronts, one candidate for each output.

    Attributes:
        designs: prices of a LUT, under each limit of ticks; 0 leaves the stage out.
        polish_iterations: L-BFGS iterations on all constants together.
        polish_rows: training rows for that.
    """

    designs: int = 16
    polish_iterations: int = 200
    polish_rows: int = 10_000


@dataclass(frozen=True)
class FixedPointSettings:
    """How designs are made fixed-point.

    Attributes:
        term_fracs: bits after the point to try on evolved designs, coarse to fine; for values in
            units of their spread.
        address_bits: address bits of tables on signals of several inputs, of evolved designs.
        tolerance: score that the coarser of two may lose and is still taken.
    """

    term_fracs: tuple[int, ...] = (3, 4, 5, 6, 8)
    address_bits: int = 8
    tolerance: float = 0.002


@dataclass(frozen=True)
class DistillConfig:
    """A whole distillation.

    Attributes:
        seed: of every random choice.
        threads: searches that run at the same time; they change nothing but the time.
        ops: names of the operators that may occur.
        decision: what designs deliver of their scores; it is part of their ticks and area.
        scheduler: where their registers go.

    Raises:
        InputError: a number outside its range, or an unknown operator or shape.
    """

    seed: int = 1
    threads: int = 2
    ops: tuple[str, ...] = DEFAULT_OPS
    evolution: EvolutionSettings = field(default_factory=EvolutionSettings)
    layered: LayeredSettings = field(default_factory=LayeredSettings)
    assemble: AssembleSettings = field(default_factory=AssembleSettings)
    fixed_point: FixedPointSettings = field(default_factory=FixedPointSettings)
    choice: ChoiceSettings = field(default_factory=ChoiceSettings)
    decision: Decision = SCORES
    scheduler: str = SCHEDULER

    def __post_init__(self) -> None:
        _check_names("operator", self.ops, set(BY_NAME))
        _check_names("shape", self.layered.shapes, set(SHAPES))
        if self.evolution.method not in HYBRID_METHODS:
            raise InputError(
                f"unknown search {self.evolution.method!r}: there are {', '.join(HYBRID_METHODS)}"
            )
        for group in (self.evolution, self.layered, self.assemble):
            for item in fields(group):
                _check_number(item.name, getattr(group, item.name))
        counts = (self.evolution.slice_generations, self.evolution.batch, self.layered.batch)
        if min(self.threads, *counts) < 1:
            raise InputError("threads, slice_generations and batch must be at least 1")
        if any(h < 1 for h in self.layered.hidden):
            raise InputError(f"a layered form needs hidden sums, not {self.layered.hidden}")
        if not 0.0 <= self.choice.floor <= self.choice.share <= 1.0 or self.choice.max_ticks < 0:
            raise InputError(
                "0 <= floor <= share <= 1 must hold and max_ticks must not be negative"
            )
        if not self.fixed_point.term_fracs:
            raise InputError("fixed_point.term_fracs must not be empty")


def _check_names(what: str, names: tuple[str, ...], known: set[str]) -> None:
    for name in names:
        if name not in known:
            raise InputError(f"unknown {what} {name!r}: there are {', '.join(sorted(known))}")


def _check_number(name: str, value: object) -> None:
    if isinstance(value, int | float) and value < 0:
        raise InputError(f"{name} must not be negative, not {value}")
