"""The judge of EmpiricalBench: whether a front holds the form of a law.

A run solves its law if the front over (loss, nodes) at its end holds the law's form. The paper
judged that by eye; here it is
1. an identity: with its own constants the expression equals the law's form for some values of the
   form's free constants, none of them 0, to 1e-30 at 200 points (decided in mpmath at 50 digits),
   and it has at least as many constants of its own.
   Numbers that belong to the form (the 2 in 2*log(r), the 3 of 3*log(nu), the 1 in exp(..) - 1)
   must be met to 1e-6. The expression may be read as written, with 8 digits, and with constants
   below 1e-9 of the largest as 0. And
2. constants that are fitted: its mean absolute error on the data is at most twice that of the
   form with the constants of least squares. The paper asks no such thing, except that it counts an
   expression as almost found which is "off of the true expression by a constant factor somewhere".

`almost` is what meets the form with its numbers within 5 %, or has the form and misses the second
condition; it does not count as solved.

The second judge reads as people do, and as the paper did: an expression on the front is the law
where it has the form for any values of the free constants, its own numbers are met to 0.1 %, and
however it fits. A constant that is 1 need not be written: c - log(P) is Leavitt's law then.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import mpmath
import numpy as np
from scipy.optimize import least_squares

from benchmarks.search.family import member
from benchmarks.search.laws import Floats, Law, data
from benchmarks.search.precise import Formula, Real, carrying
from symtick.expr import Expression, Op, in_search_ops, parse, to_text

MAX_NODES = 30
DIGITS = 8
EXACT = 1e-6  # how closely a form's own numbers must be met, relative
NEAR = 0.05
READ = 1e-3  # the same where people read it
TINY = 1e-9
WORSE = 2.0  # times the error of the form's best fit


@dataclass(frozen=True)
class FormVerdict:
    """What the judges say of a front.

    Attributes:
        grade: `solved`, `almost` or `missed`.
        expression: by which expression.
        read: the expression that people would read as the law; empty where there is none.
    """

    grade: str
    expression: str
    read: str = ""


def judge(front: Sequence[str], law: Law) -> FormVerdict:
    """The best grade on the front, by its smallest expression."""
    X, y = data(law)
    kept = pareto(front, law, X, y)
    read = next((text for text in kept if reads_as(text, law)), "")
    best = FormVerdict("missed", "", read)
    for text in kept:
        grade = grade_of(text, law, X, y)
        if grade == "solved":
            return FormVerdict(grade, text, read)
        if grade == "almost" and best.grade == "missed":
            best = FormVerdict(grade, text, read)
    return best


def reads_as(text: str, law: Law) -> bool:
    """Whether people would read an expression as the law."""
    versions = _rounded(in_search_ops(parse(text, law.inputs)))
    return any(_valid(_solved(Formula.of(v, law.inputs), law), law, READ) for v in versions)


def pareto(front: Sequence[str], law: Law, X: Floats, y: Floats) -> list[str]:
    """Those of at most `MAX_NODES` that no smaller one equals in mean absolute error, by size."""
    sized = []
    for text in front:
        expression = in_search_ops(parse(text, law.inputs))
        with np.errstate(all="ignore"):
            loss = float(np.mean(np.abs(expression.evaluate(X)[:, 0] - y)))
        size = len(expression.to_program().ops)
        if size <= MAX_NODES and np.isfinite(loss):
            sized.append((size, loss, text))
    kept: list[str] = []
    least = float("inf")
    for _, loss, text in sorted(sized):
        if loss < least:
            kept.append(text)
            least = loss
    return kept


def grade_of(text: str, law: Law, X: Floats, y: Floats) -> str:
    """The grade of one expression."""
    grade = "missed"
    for version in _rounded(in_search_ops(parse(text, law.inputs))):
        met = _form(version, law)
        if met == "exact" and _fitted(version, law, X, y):
            return "solved"
        if met:
            grade = "almost"
    return grade


def _rounded(expression: Expression) -> Iterator[str]:
    """As it is, with 8 digits, and with its tiny constants as 0."""
    yield to_text(expression)
    short = to_text(expression, precision=DIGITS)
    yield short
    parsed = parse(short, expression.inputs)
    largest = max((abs(v) for v in parsed.constants), default=0.0)
    program = parsed.to_program()
    small = np.abs(program.consts) < TINY * largest
    if small.any():
        yield _with_zeros(parsed, set(program.consts[small].tolist()))


def _with_zeros(expression: Expression, gone: set[float]) -> str:
    nodes = tuple(
        replace(node, value=0.0) if node.op is Op.CONST and node.value in gone else node
        for node in expression.nodes
    )
    return to_text(replace(expression, nodes=nodes))


def _form(text: str, law: Law) -> str:
    """`exact` or `near` where the expression has the law's form, else empty."""
    candidate = Formula.of(text, law.inputs)
    solved = _solved(candidate, law)
    if len(set(candidate.constants)) >= len(law.free) and _valid(solved, law, EXACT):
        return "exact"
    return "near" if _valid(solved, law, NEAR) else ""


def _solved(candidate: Formula, law: Law) -> tuple[Real, ...] | None:
    """The form's constants with which it is the candidate: the free ones, or else all."""
    formula, points = law.formula, law.points()
    solved = member(candidate, formula, law.free, points)
    if solved is None:
        solved = member(candidate, formula, range(len(formula.constants)), points)
    return solved


def _valid(solved: Sequence[Real] | None, law: Law, tolerance: float) -> bool:
    nominal = law.formula.constants
    if solved is None or any(abs(solved[k]) < TINY * abs(nominal[k]) for k in law.free):
        return False
    own = [k for k in range(len(solved)) if k not in law.free]
    return all(abs(solved[k] - nominal[k]) <= tolerance * abs(nominal[k]) for k in own)


def _fitted(text: str, law: Law, X: Floats, y: Floats) -> bool:
    """Whether it fits the data about as well as the form can."""
    gaps = _gaps(Formula.of(text, law.inputs), X, y)
    return float(np.mean(np.abs(gaps))) <= WORSE * best_error(law, X, y)


def _gaps(
    formula: Formula, X: Floats, y: Floats, constants: Sequence[Real] | None = None
) -> Floats:
    """Differences from the target; in mpmath, where Planck's exponential does not overflow."""
    with carrying():
        values = [formula.value([mpmath.mpf(v) for v in row], constants) for row in X.tolist()]
        return np.array(
            [1e6 if v is None else float(v - t) for v, t in zip(values, y, strict=True)]
        )


def best_error(law: Law, X: Floats, y: Floats) -> float:
    """Mean absolute error of the form with the constants of least squares."""
    formula = law.formula

    def residual(scale: Floats) -> Floats:
        constants = list(formula.constants)
        for place, factor in zip(law.free, scale, strict=True):
            constants[place] *= float(factor)
        return _gaps(formula, X, y, constants)

    done = least_squares(residual, np.ones(len(law.free)), xtol=1e-12, ftol=1e-12)
    return float(np.mean(np.abs(done.fun)))
