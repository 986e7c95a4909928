"""The judge of recovery: whether an expression is the law as a function, not only by its fit.

Recovered is what
1. is written with the problem's tokens only,
2. has a mean squared error below 1e-12 of the variance on the noiseless test points, and
3. is the law as an identity: it agrees with it to 1e-30 of the value, at 50 digits, at 100 random
   points in the range and beyond it. Where the problem has free constants, each may change by 1e-6
   for that (relative above 1, absolute below). In the range it is defined wherever the law is.

Without free constants SymPy is then asked to simplify the difference to zero: the rule is
`symbolic` where it does and `numeric` where it does not in its time. With them it is `constants`.
An input whose range has no negative part is taken to be positive throughout.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.search.family import member
from benchmarks.search.precise import Formula, Real, agree, carrying, points
from benchmarks.search.problems import RecoveryProblem
from benchmarks.search.sampling import Floats, Sample
from symtick.expr import parse

NMSE = 1e-12
ROUNDING = 1e-6
POINTS = 100
SECONDS = 20.0
_LEAST = 30  # points of the range at which the law must be defined
_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Verdict:
    """What the judge says.

    Attributes:
        recovered: whether it is the law.
        rule: what decided: `symbolic`, `numeric` or `constants`; if not recovered `tokens` (foreign
            ones), `error` (on the test points), `different` or `open` (no closed form).
        nmse: mean squared error on the test points over their variance; infinite where undefined.
    """

    recovered: bool
    rule: str
    nmse: float


def nmse(text: str, problem: RecoveryProblem, X: Floats, y: Floats) -> float:
    """Mean squared error over the variance of y; infinite where it is not defined everywhere."""
    with np.errstate(all="ignore"):
        values = parse(text, problem.inputs).evaluate(X)[:, 0]
        value = float(np.mean((values - y) ** 2) / np.var(y))
    return value if np.isfinite(value) else float("inf")


def judge(
    text: str, problem: RecoveryProblem, sample: Sample, *, seconds: float = SECONDS
) -> Verdict:
    """Decide on one expression.

    Args:
        text: in symtick's language over the problem's inputs.
        problem: what was sought.
        sample: its points.
        seconds: time limit for SymPy.

    Raises:
        ParseError: the text is no expression.
    """
    error = nmse(text, problem, sample.X_test, sample.y_test)
    if problem.tokens.foreign(text, problem.inputs):
        return Verdict(False, "tokens", error)
    if error >= NMSE:
        return Verdict(False, "error", error)
    if not problem.truth:
        return Verdict(False, "open", error)
    if not is_law(text, problem):
        return Verdict(False, "different", error)
    if problem.tokens.constants:
        return Verdict(True, "constants", error)
    return Verdict(True, "symbolic" if proved(text, problem, seconds) else "numeric", error)


def is_law(text: str, problem: RecoveryProblem) -> bool:
    """Whether it is the law as an identity, its constants adjusted a little if they are free."""
    candidate = Formula.of(text, problem.inputs)
    law = Formula.of(problem.truth, problem.inputs)
    if not problem.tokens.constants:
        return _identical(candidate, candidate.constants, law, problem)
    free = range(len(candidate.constants))
    adjusted = member(
        law, candidate, free, points(_ranges(problem), 4 * len(free) + POINTS, seed=2)
    )
    if adjusted is None or not _close(adjusted, candidate.constants):
        return False
    return _identical(candidate, adjusted, law, problem)


def _close(adjusted: Sequence[Real], written: Sequence[Real]) -> bool:
    pairs = zip(adjusted, written, strict=True)
    return all(abs(a - b) <= ROUNDING * max(1, abs(b)) for a, b in pairs)


def _identical(
    candidate: Formula, constants: Sequence[Real], law: Formula, problem: RecoveryProblem
) -> bool:
    defined = 0
    with carrying():
        for wider in (False, True):
            for point in points(_ranges(problem), POINTS // 2, wider=wider):
                a, b = candidate.value(point, constants), law.value(point)
                if a is not None and b is not None:
                    if not agree(a, b):
                        return False
                    defined += not wider
                elif not wider and b is not None:
                    return False
    return defined >= _LEAST


def _ranges(problem: RecoveryProblem) -> list[tuple[float, float]]:
    return [(problem.train.low, problem.train.high)] * len(problem.inputs)


def proved(text: str, problem: RecoveryProblem, seconds: float) -> bool:
    """Whether SymPy, in a process of its own, simplifies the difference to zero in time."""
    question = {
        "candidate": text,
        "truth": problem.truth,
        "inputs": list(problem.inputs),
        "positive": problem.train.low >= 0.0,
    }
    try:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.search.prove"],
            input=json.dumps(question),
            capture_output=True,
            text=True,
            timeout=seconds,
            cwd=_ROOT,
            check=True,
        )
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError):
        return False
    return bool(json.loads(done.stdout)["equal"])
