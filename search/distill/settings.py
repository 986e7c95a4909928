"""Settings of a distillation, grouped by stage.

Everything is counted in rounds, generations and steps, never in seconds, so that a seed decides the
result.
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
from symtick.search.distill.given_settings import GivenSettings
from symtick.search.joint.settings import JointSettings
from symtick.search.layered.settings import LayeredSettings
from symtick.search.shortening.settings import ShorteningSettings
from symtick.settings import Natural, Threads, checked, one_of


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
class DistillConfig:
    """A whole distillation.

    Attributes:
        seed: of every random choice.
        workers: processes that run searches at the same time; they change nothing but the time. One
            works in this process.
        ops: names of the operators that may occur.
        given: formulas, and a structure of formulas, that the search begins with.
        decision: what designs deliver of their scores; it is part of their ticks and area.
        scheduler: where their registers go.
        latency: ticks that they are filled up to, or none.

    Raises:
        InputError: a number outside its range, or an unknown operator, scheduler or shape.
    """

    seed: Natural = 1
    workers: Threads = 2
    ops: Annotated[tuple[OpName, ...], Strict(False), Field(min_length=1)] = DEFAULT_OPS
    joint: JointSettings = field(default_factory=JointSettings)
    layered: LayeredSettings = field(default_factory=LayeredSettings)
    fixed_point: FixedPointSettings = field(default_factory=FixedPointSettings)
    choice: ChoiceSettings = field(default_factory=ChoiceSettings)
    shortening: ShorteningSettings = field(default_factory=ShorteningSettings)
    tuning: TuningSettings = field(default_factory=TuningSettings)
    given: GivenSettings = field(default_factory=GivenSettings)
    decision: InstanceOf[Decision] = SCORES
    scheduler: Annotated[str, one_of(SCHEDULERS)] = SCHEDULER
    latency: int | None = None
