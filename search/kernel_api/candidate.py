"""Candidates: programs with their loss and their cost, as every search lists them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from symtick.expr import Expression, Program

Penalty = Callable[[Expression], float]  # a number from 0 that is added to a candidate's loss


@dataclass(frozen=True)
class Candidate:
    """A program on the front with its mean loss over all rows and its cost.

    `sequence` and `constants` are the candidate in tokens of the engine's vocabulary, where it can
    be written so: token numbers, and the values of its free constants.
    """

    program: Program
    loss: float
    ticks: int
    lut: float
    sequence: tuple[int, ...] = ()
    constants: tuple[float, ...] = ()
