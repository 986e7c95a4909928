"""Room: `search`. Find expressions: data, teachers, the kernel's engine, ladders, the front."""

from symtick.search.data.problem import Problem
from symtick.search.designs.front import Front, FrontEntry
from symtick.search.designs.settings import ChoiceSettings
from symtick.search.distill.distill import Distiller, Progress
from symtick.search.distill.settings import (
    AssembleSettings,
    DistillConfig,
    EvolutionSettings,
    FixedPointSettings,
)
from symtick.search.distill.stage import Status
from symtick.search.layered.settings import LayeredSettings

__all__ = [
    "AssembleSettings",
    "ChoiceSettings",
    "DistillConfig",
    "Distiller",
    "EvolutionSettings",
    "FixedPointSettings",
    "Front",
    "FrontEntry",
    "LayeredSettings",
    "Problem",
    "Progress",
    "Status",
]
