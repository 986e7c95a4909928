"""Room: `search`. Find expressions: data, teachers, the kernel's engine, ladders, the front."""

from symtick.search.distill import Distiller, Progress
from symtick.search.front import Front, FrontEntry
from symtick.search.measure import real_outputs
from symtick.search.problem import Problem
from symtick.search.settings import (
    AssembleSettings,
    ChoiceSettings,
    DistillConfig,
    EvolutionSettings,
    FixedPointSettings,
    LadderSettings,
)
from symtick.search.source import Status

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
    "real_outputs",
]
