"""Rounding of a front's constants to numbers that hardware can hold."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from symtick.expr import Program, from_programs
from symtick.search import _kernel
from symtick.search.grammar.grammar import Vocabulary
from symtick.search.kernel_api.candidate import Candidate, front_of
from symtick.search.kernel_api.evaluation import costs
from symtick.search.kernel_api.fitting import rounded
from symtick.search.regression.task import Task


def rounded_front(
    front: Sequence[Candidate], vocabulary: Vocabulary, task: Task, bits: int, threads: int = 1
) -> tuple[Candidate, ...]:
    """The front with free constants of `bits` significant bits, re-scored; literals stay.

    Constants are rounded one after another and the rest tuned again (`evaluation.rounded`). What
    is no longer finite or is beaten by another then is left out.

    Args:
        front: candidates with their tokens.
        vocabulary: the tokens.
        task: what they were searched for.
        bits: 1 to 53.
        threads: that share the candidates.

    Raises:
        InputError: `bits` is not possible.
    """
    rows = task.rows
    spelled = [vocabulary.expand(c.sequence, c.constants) if c.sequence else None for c in front]
    programs = [
        c.program if s is None else Program(*s[:3]) for c, s in zip(front, spelled, strict=True)
    ]
    kinds = [
        np.zeros(len(c.program.consts), int).tolist() if s is None else s[3].tolist()
        for c, s in zip(front, spelled, strict=True)
    ]
    fits = rounded(
        programs, rows, bits=bits, loss=task.config.loss, delta=task.config.huber_delta,
        kinds=kinds, threads=threads,
    )  # fmt: skip
    ticks, lut = costs([f.program for f in fits], task.cost)
    candidates = [
        replace(
            _respelled(c, f.program, vocabulary),
            loss=f.loss + _penalty(task, f.program),
            ticks=int(t),
            lut=float(a),
        )
        for c, f, t, a in zip(front, fits, ticks, lut, strict=True)
    ]
    return tuple(front_of([c for c in candidates if math.isfinite(c.loss)]))


def _respelled(candidate: Candidate, program: Program, vocabulary: Vocabulary) -> Candidate:
    """The candidate with the constants of a program that was expanded from it."""
    if not candidate.sequence:
        return replace(candidate, program=program)
    _, _, values, kinds = _kernel.retuned(
        vocabulary.to_kernel(),
        np.array(candidate.sequence, np.int16),
        np.array(candidate.constants, np.float64),
        program.consts,
    )
    free = tuple(values[kinds != _kernel.LITERAL].tolist())
    return replace(candidate, program=program, constants=free)


def _penalty(task: Task, program: Program) -> float:
    return 0.0 if task.penalty is None else task.penalty(from_programs([program], task.names))
