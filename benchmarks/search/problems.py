"""The recovery problems: laws, the tokens they may be written with, and points.

Nguyen (with 12*, the same law on a wider range), Jin, Nguyen-c, Neat and R as in Petersen et al.
(ICLR 2021, arXiv:1912.04871) and Mundhenk et al. (NeurIPS 2021, arXiv:2111.00053), Livermore in the
numbering and forms of the latter; the set, range and point counts as in arXiv:2509.15929, Table 7,
where the two agree. The same authors' benchmark table numbers and writes Livermore differently: its
name of each problem is kept, for its generator is seeded by the name. Three of its Livermore laws
are not the papers' (5, 14, 16); those are held apart as `Livermore-d`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from benchmarks.search.tokens import SETS, TokenSet
from symtick.errors import InputError
from symtick.expr import Expression, in_search_ops, parse

INPUTS = ("x", "y")


@dataclass(frozen=True)
class PointSpec:
    """Where points lie.

    Attributes:
        kind: `U`, uniformly random in [low, high]; equally spaced from low to high, in two inputs
            on a grid, `E` by a step or `N` by a number of points.
        low, high: ends of the range, the same for every input.
        points: number of points of each input; for `E` the step.
    """

    kind: str
    low: float
    high: float
    points: float


@dataclass(frozen=True)
class RecoveryProblem:
    """One problem.

    Attributes:
        name: the literature's.
        group: the set it is counted in.
        truth: the law in symtick's language; empty where there is no closed form (Neat-6).
        inputs: names of the inputs.
        tokens: what may be written.
        train: points to learn from.
        test: points to judge by; None for other draws from the same range.
        key: the name that seeds the literature's generator.
    """

    name: str
    group: str
    truth: str
    inputs: tuple[str, ...]
    tokens: TokenSet
    train: PointSpec
    test: PointSpec | None
    key: str

    @property
    def law(self) -> Expression:
        """The truth as an expression.

        Raises:
            InputError: it has no closed form.
        """
        if not self.truth:
            raise InputError(f"{self.name} has no closed form")
        return in_search_ops(parse(self.truth, self.inputs))


_U1, _U2, _U4 = (PointSpec("U", -1, 1, 20), PointSpec("U", 0, 2, 20), PointSpec("U", 0, 4, 20))
_U01, _U50, _U100 = (
    PointSpec("U", 0, 1, 20),
    PointSpec("U", -1, 1, 50),
    PointSpec("U", -1, 1, 100),
)
_JIN, _JIN_TEST = PointSpec("U", -3, 3, 100), PointSpec("U", -3, 3, 30)
_N1, _N10 = PointSpec("N", -1, 1, 20), PointSpec("N", -10, 10, 20)


def _powers(degree: int) -> str:
    return " + ".join(f"x**{k}" if k > 1 else "x" for k in range(degree, 0, -1))


# name, law, training points, key in the literature's generator
_Entry = tuple[str, str, PointSpec, str]

_NGUYEN: tuple[_Entry, ...] = (
    ("Nguyen-1", _powers(3), _U1, "Nguyen-1"),
    ("Nguyen-2", _powers(4), _U1, "Nguyen-2"),
    ("Nguyen-3", _powers(5), _U1, "Nguyen-3"),
    ("Nguyen-4", _powers(6), _U1, "Nguyen-4"),
    ("Nguyen-5", "sin(x**2)*cos(x) - 1", _U1, "Nguyen-5"),
    ("Nguyen-6", "sin(x) + sin(x + x**2)", _U1, "Nguyen-6"),
    ("Nguyen-7", "log(x + 1) + log(x**2 + 1)", _U2, "Nguyen-7"),
    ("Nguyen-8", "sqrt(x)", _U4, "Nguyen-8"),
    ("Nguyen-9", "sin(x) + sin(y**2)", _U01, "Nguyen-9"),
    ("Nguyen-10", "2*sin(x)*cos(y)", _U01, "Nguyen-10"),
    ("Nguyen-11", "exp(y*log(x))", _U01, "Nguyen-11"),
    ("Nguyen-12*", "x**4 - x**3 + y**2/2 - y", PointSpec("U", 0, 10, 20), "Nguyen-12a"),
)
_NGUYEN_12: tuple[_Entry, ...] = (("Nguyen-12", "x**4 - x**3 + y**2/2 - y", _U01, "Nguyen-12"),)
_LIVERMORE: tuple[_Entry, ...] = (
    ("Livermore-1", "1/3 + x + sin(x**2)", PointSpec("U", -10, 10, 1000), "Livermore-1"),
    ("Livermore-2", "sin(x**2)*cos(x) - 2", _U1, "Livermore-2"),
    ("Livermore-3", "sin(x**3)*cos(x**2) - 1", _U1, "Livermore-3"),
    ("Livermore-4", "log(x + 1) + log(x**2 + 1) + log(x)", _U2, "Livermore-4"),
    ("Livermore-5", "x**4 - x**3 + x**2 - y", _U01, "Livermore-5"),
    ("Livermore-6", "4*x**4 + 3*x**3 + 2*x**2 + x", _U1, "Livermore-6"),
    ("Livermore-7", "(exp(x) - exp(-x))/2", _U1, "Livermore-7"),
    ("Livermore-8", "(exp(x) + exp(-x))/2", _U1, "Livermore-8"),
    ("Livermore-9", _powers(9), _U1, "Livermore-9"),
    ("Livermore-10", "6*sin(x)*cos(y)", _U01, "Livermore-10"),
    ("Livermore-11", "x**2*y**2/(x + y)", _U50, "Livermore-11"),
    ("Livermore-12", "x**5/y**3", _U50, "Livermore-12"),
    ("Livermore-13", "exp(log(x)/3)", _U4, "Livermore-13"),
    ("Livermore-14", "x**3 + x**2 + x + sin(x) + sin(x**2)", _U1, "Livermore-14"),
    ("Livermore-15", "exp(log(x)/5)", _U4, "Livermore-15"),
    ("Livermore-16", "exp(2*log(x)/5)", _U4, "Livermore-16"),
    ("Livermore-17", "4*sin(x)*cos(y)", _U01, "Livermore-17"),
    ("Livermore-18", "sin(x**2)*cos(x) - 5", _U1, "Livermore-18"),
    ("Livermore-19", "x**5 + x**4 + x**2 + x", _U1, "Livermore-20"),
    ("Livermore-20", "exp(-x**2)", _U1, "Livermore-21"),
    ("Livermore-21", _powers(8), _U1, "Livermore-22"),
    ("Livermore-22", "exp(-x**2/2)", _U1, "Livermore-23"),
)
_LIVERMORE_D: tuple[_Entry, ...] = (
    ("Livermore-5d", "x**4 - x**3 + y**2 - y", _U01, "Livermore-5"),
    ("Livermore-14d", "x**3 + x**2 + x + sin(x) + sin(y**2)", _U1, "Livermore-14"),
    ("Livermore-16d", "exp(2*log(x)/3)", _U4, "Livermore-16"),
    ("Livermore-19d", "log(x**2 + x) + log(x**3 + x)", _U2, "Livermore-19"),
)
_JIN_ROWS: tuple[_Entry, ...] = (
    ("Jin-1", "2.5*x**4 - 1.3*x**3 + 0.5*y**2 - 1.7*y", _JIN, "Jin-1"),
    ("Jin-2", "8*x**2 + 8*y**3 - 15", _JIN, "Jin-2"),
    ("Jin-3", "0.2*x**3 + 0.5*y**3 - 1.2*y - 0.5*x", _JIN, "Jin-3"),
    ("Jin-4", "1.5*exp(x) + 5*cos(y)", _JIN, "Jin-4"),
    ("Jin-5", "6*sin(x)*cos(y)", _JIN, "Jin-5"),
    ("Jin-6", "1.35*x*y + 5.5*sin((x - 1)*(y - 1))", _JIN, "Jin-6"),
)
_NGUYEN_C: tuple[_Entry, ...] = (
    ("Nguyen-1c", "3.39*x**3 + 2.12*x**2 + 1.78*x", _U1, "Constant-1"),
    ("Nguyen-5c", "sin(x**2)*cos(x) - 0.75", _U1, "Constant-2"),
    ("Nguyen-7c", "log(x + 1.4) + log(x**2 + 1.3)", _U2, "Constant-8"),
    ("Nguyen-8c", "sqrt(1.23*x)", _U4, "Constant-5"),
    ("Nguyen-10c", "sin(1.5*x)*cos(0.5*y)", _U01, "Constant-3"),
)
_NEAT: tuple[tuple[_Entry, str, PointSpec | None], ...] = (
    (("Neat-1", _powers(4), _U1, "Neat-1"), "KozaPlus1", None),
    (("Neat-2", _powers(5), _U1, "Neat-2"), "KozaPlus1", None),
    (("Neat-3", "sin(x**2)*cos(x) - 1", _U1, "Neat-3"), "KozaPlus1", None),
    (("Neat-4", "log(x + 1) + log(x**2 + 1)", _U2, "Neat-4"), "KozaPlus1", None),
    (("Neat-5", "2*sin(x)*cos(y)", _U100, "Neat-5"), "Koza", None),
    (("Neat-6", "", PointSpec("E", 1, 50, 1), "Neat-6"), "KeijzerPlus1", PointSpec("E", 1, 120, 1)),
    (
        ("Neat-7", "2 - 2.1*cos(9.8*x)*sin(1.3*y)", PointSpec("U", -50, 50, 10000), "Neat-7"),
        "Korns",
        None,
    ),
    (
        ("Neat-8", "exp(-(x - 1)**2)/(1.2 + (y - 2.5)**2)", PointSpec("U", 0.3, 4, 100), "Neat-8"),
        "Vladislavleva-B",
        None,
    ),
    (
        ("Neat-9", "1/(1 + x**-4) + 1/(1 + y**-4)", PointSpec("E", -5, 5, 0.4), "Neat-9"),
        "Koza",
        None,
    ),
)
_R_LAWS = (
    "(x + 1)**3/(x**2 - x + 1)",
    "(x**5 - 3*x**3 + 1)/(x**2 + 1)",
    "(x**6 + x**5)/(x**4 + x**3 + x**2 + x + 1)",
)


def _problem(
    group: str, row: _Entry, tokens: str, test: PointSpec | None = None
) -> RecoveryProblem:
    name, truth, train, key = row
    inputs = INPUTS if "y" in truth else INPUTS[:1]
    return RecoveryProblem(name, group, truth, inputs, SETS[tokens], train, test, key)


def _all() -> Iterable[RecoveryProblem]:
    plain = (
        ("Nguyen", _NGUYEN),
        ("Nguyen-12", _NGUYEN_12),
        ("Livermore", _LIVERMORE),
        ("Livermore-d", _LIVERMORE_D),
    )
    for group, rows in plain:
        yield from (_problem(group, row, "Koza") for row in rows)
    yield from (_problem("Jin", row, "Jin", _JIN_TEST) for row in _JIN_ROWS)
    yield from (_problem("Nguyen-c", row, "CKoza") for row in _NGUYEN_C)
    yield from (_problem("Neat", row, tokens, test) for row, tokens, test in _NEAT)
    for group, mark, key, spec in (("R", "", "", _N1), ("R*", "*", "a", _N10)):
        for k, law in enumerate(_R_LAWS, 1):
            yield _problem(group, (f"R{k}{mark}", law, spec, f"R{k}{key}"), "Koza", spec)


PROBLEMS: dict[str, RecoveryProblem] = {problem.name: problem for problem in _all()}
GROUPS: tuple[str, ...] = tuple(dict.fromkeys(problem.group for problem in PROBLEMS.values()))


def select(wanted: Iterable[str]) -> list[RecoveryProblem]:
    """Problems by name or by group, each once, in the table's order.

    Raises:
        InputError: there is neither a problem nor a group of that name.
    """
    names = set(wanted)
    if unknown := names - set(PROBLEMS) - set(GROUPS):
        raise InputError(
            f"there is no problem or group {min(unknown)!r}: groups are {', '.join(GROUPS)}"
        )
    return [p for p in PROBLEMS.values() if p.name in names or p.group in names]
