"""Whether a found expression is the law that was sought: exactly, as a function, not by its fit.

Recovered is what
1. is written with the problem's tokens only,
2. has a mean squared error below 1e-12 of the variance on the noiseless test points, and
3. is the law: without free constants, it agrees with the law to 1e-30 of the value, at 50 digits,
   at 100 random points in the range and beyond it, and SymPy simplifies the difference to zero
   (rule `symbolic`) or does not decide in time (rule `numeric`). With free constants, it equals the
   law with constants within 1e-6 of the law's own, as an identity at 50 digits (`constants`), or
   SymPy finds the law exactly once each constant is rounded by at most 1e-6 (`rounded`).

An input whose range has no negative part is taken to be positive throughout.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.family import member
from benchmarks.precise import Formula, agree, carrying, points
from benchmarks.problems import Problem
from benchmarks.sampling import Sample
from symtick.expr import parse

NMSE = 1e-12
ROUNDING = 1e-6
POINTS = 100
SECONDS = 30.0
_LEAST = 30  # points of the range at which the law must be defined
_ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Verdict:
    """What the judge says.

    Attributes:
        recovered: whether it is the law.
        rule: what decided: `symbolic`, `numeric`, `constants` or `rounded`; if not recovered
            `tokens` (foreign ones), `error` (on the test points), `different`, `open` (no closed
            form to compare with).
        nmse: mean squared error on the test points over their variance; infinite where undefined.
    """

    recovered: bool
    rule: str
    nmse: float


def nmse(text: str, problem: Problem, X: np.ndarray, y: np.ndarray) -> float:
    """Mean squared error over the variance of y; infinite where it is not defined everywhere."""
    with np.errstate(all="ignore"):
        found = parse(text, problem.inputs).evaluate(X)[:, 0]
        value = float(np.mean((found - y) ** 2) / np.var(y))
    return value if np.isfinite(value) else float("inf")


def judge(text: str, problem: Problem, sample: Sample, *, seconds: float = SECONDS) -> Verdict:
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
    decide = _with_constants if problem.tokens.constants else _without_constants
    rule = decide(text, problem, seconds)
    return Verdict(bool(rule), rule or "different", error)


def _ranges(problem: Problem) -> list[tuple[float, float]]:
    return [(problem.train.low, problem.train.high)] * len(problem.inputs)


def _without_constants(text: str, problem: Problem, seconds: float) -> str:
    if not equal(text, problem):
        return ""
    return _proof(text, problem, False, seconds) or "numeric"


def _with_constants(text: str, problem: Problem, seconds: float) -> str:
    law = Formula.of(problem.truth, problem.inputs)
    candidate = Formula.of(text, problem.inputs)
    fitted = member(candidate, law, range(len(law.constants)), _ranges(problem))
    if fitted is not None:
        pairs = zip(fitted, law.constants, strict=True)
        return "constants" if all(abs(a - b) <= ROUNDING * abs(b) for a, b in pairs) else ""
    return _proof(text, problem, True, seconds)


def equal(text: str, problem: Problem) -> bool:
    """Whether it agrees with the law at many digits wherever both are defined.

    Within the range it must be defined wherever the law is.
    """
    candidate = Formula.of(text, problem.inputs)
    law = Formula.of(problem.truth, problem.inputs)
    defined = 0
    with carrying():
        for wider in (False, True):
            for point in points(_ranges(problem), POINTS // 2, wider=wider):
                a, b = candidate.value(point), law.value(point)
                if a is not None and b is not None:
                    if not agree(a, b):
                        return False
                    defined += not wider
                elif not wider and b is not None:
                    return False
    return defined >= _LEAST


def _proof(text: str, problem: Problem, rounded: bool, seconds: float) -> str:
    question = {
        "candidate": text,
        "truth": problem.truth,
        "inputs": list(problem.inputs),
        "positive": problem.train.low >= 0.0,
        "rounded": rounded,
    }
    try:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.prove"],
            input=json.dumps(question),
            capture_output=True,
            text=True,
            timeout=seconds,
            cwd=_ROOT,
            check=True,
        )
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError):
        return ""
    return str(json.loads(done.stdout)["rule"])
