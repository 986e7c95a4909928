"""Room: `search`. Find expressions: data, teachers, the kernel's engine, ladders, the front."""

from symtick.search.data.problem import Problem
from symtick.search.designs.front import Front, FrontEntry
from symtick.search.distill.distill import Distiller, Progress
from symtick.search.distill.settings import (
    AssembleSettings,
    ChoiceSettings,
    DistillConfig,
    EvolutionSettings,
    FixedPointSettings,
    LadderSettings,
)
from symtick.search.distill.stage import Status

__all__ = [
    "AssembleSettings",
    "ChoiceSettings",
    "DistillConfig",
    "Distiller",
    "EvolutionSettings",
    "FixedPointSettings",
    "Front",
    "FrontEntry",
    "LadderSettings",
    "Problem",
    "Progress",
    "Status",
]
