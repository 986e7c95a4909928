"""Candidates: programs with their loss and their cost, as every search lists them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from symtick.expr import Expression, Program
from symtick.search.kernel_api.pareto import non_dominated
from symtick.search.kernel_api.states import Arrays, State

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

    @property
    def figures(self) -> tuple[float, ...]:
        """What candidates are compared by: ticks, LUTs, loss."""
        return (self.ticks, self.lut, self.loss)


def front_of(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Those that no other beats, by ticks, then LUT; of equals the one of the smallest program."""
    return non_dominated(candidates, lambda c: c.figures, lambda c: (*c.figures, *_shape(c)))


def _shape(candidate: Candidate) -> tuple[int, bytes, bytes, bytes]:
    program = candidate.program
    parts = (program.ops.tobytes(), program.args.tobytes(), program.consts.tobytes())
    return len(program.ops), *parts


_KINDS = {"ops": np.uint8, "args": np.int32, "consts": float, "sequence": np.int16,
          "constants": float}  # fmt: skip


def to_arrays(candidates: Sequence[Candidate]) -> State:
    """Candidates as plain arrays; `from_arrays` inverts it exactly."""
    rows = [(c.program.ops, c.program.args, c.program.consts, c.sequence, c.constants)
            for c in candidates]  # fmt: skip
    arrays: State = {
        name: np.concatenate([np.zeros(0, kind), *(np.asarray(row[k], kind) for row in rows)])
        for k, (name, kind) in enumerate(_KINDS.items())
    }
    arrays["sizes"] = np.array([[len(part) for part in row] for row in rows], np.int64)
    arrays["figures"] = np.array([c.figures for c in candidates], np.float64)
    return arrays


def from_arrays(arrays: Arrays) -> list[Candidate]:
    """The candidates of `to_arrays`."""
    ends = np.cumsum(arrays["sizes"].reshape(-1, len(_KINDS)), axis=0)
    columns: list[list[npt.NDArray[Any]]] = [
        np.split(arrays[name], ends[:-1, k]) for k, name in enumerate(_KINDS)
    ]
    return [
        Candidate(Program(ops, args, consts), float(loss), int(ticks), float(lut),
                  tuple(sequence.tolist()), tuple(constants.tolist()))
        for (ops, args, consts, sequence, constants), (ticks, lut, loss) in zip(
            zip(*columns, strict=True), arrays["figures"].reshape(-1, 3), strict=False
        )
    ]  # fmt: skip
