"""Enumeration against a reference that writes every tree and computes it with 60 digits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import combinations, product
from typing import Any

import mpmath
import numpy as np
import numpy.typing as npt
import pytest

from symtick.errors import InputError
from symtick.expr import OPCODES, Expression, Program, from_programs, to_text
from symtick.hwcost.search_model.table import SearchCost
from symtick.search.enumeration.bidirectional import bidirectional_front
from symtick.search.enumeration.enumeration import EnumeratedFront, Enumeration, EnumerationStats
from symtick.search.grammar.grammar import Rules, Vocabulary, accepts, sequences_of
from symtick.search.kernel_api.candidate import Candidate
from symtick.search.kernel_api.evaluation import costs, evaluate

pytestmark = pytest.mark.kernel

X1 = np.random.default_rng(3).uniform(0.2, 2.0, (6, 1))
X2 = np.random.default_rng(4).uniform(0.2, 2.0, (6, 2))
LARGEST = 1e9
DIGITS = 60

Value = tuple[Any, ...]
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "square": lambda a: a * a,
    "sin": mpmath.sin,
    "cos": mpmath.cos,
    "exp": mpmath.exp,
    "log": lambda a: mpmath.log(a) if a > 0 else mpmath.nan,
    "min": min,
    "max": max,
}


@dataclass
class Oracle:
    """All trees of a vocabulary by number of nodes, as prefix sequences with their values."""

    vocabulary: Vocabulary
    X: npt.NDArray[np.float64]
    known: dict[tuple[str, Value, Value], Value | None] = field(default_factory=dict)
    full: dict[Value, list[Any]] = field(default_factory=dict)  # with all digits

    def value(self, name: str, a: Value, b: Value = ()) -> Value | None:
        """Values over the rows, None where one is not finite or too large."""
        key = (name, a, b)
        if key not in self.known:
            self.known[key] = self._value(name, a, b)
        return self.known[key]

    def _value(self, name: str, a: Value, b: Value) -> Value | None:
        out = []
        with mpmath.workdps(DIGITS):
            columns = [self.full[a], self.full[b]] if b else [self.full[a]]
            for args in zip(*columns, strict=True):
                try:
                    value = FUNCTIONS[name](*args)
                except ZeroDivisionError:
                    return None
                if not mpmath.isfinite(value) or abs(value) > LARGEST:
                    return None
                out.append(value)
        return self.rounded(out)

    def rounded(self, values: list[Any]) -> Value:
        """To 40 digits, which tells functions apart and forms of one function together."""
        with mpmath.workdps(40):
            key = tuple(mpmath.mpf(0) if abs(v) < 1e-45 else +v for v in values)
        self.full.setdefault(key, values)
        return key

    def leaves(self) -> Iterator[tuple[tuple[int, ...], Value]]:
        for k, token in enumerate(self.vocabulary.tokens):
            if token.kind == "input":
                yield (k,), self.rounded([mpmath.mpf(float(v)) for v in self.X[:, token.feature]])
            if token.kind == "literal":
                yield (k,), self.rounded([mpmath.mpf(token.value)] * len(self.X))

    def trees(self, most: int) -> list[list[tuple[tuple[int, ...], Value]]]:
        """Of 0, 1, .. `most` nodes; those with a part that is not finite are left out."""
        levels: list[list[tuple[tuple[int, ...], Value]]] = [[], list(self.leaves())]
        for n in range(2, most + 1):
            made = []
            for k, token in enumerate(self.vocabulary.tokens):
                if token.arity == 1:
                    pairs = (((s,), (v,)) for s, v in levels[n - 1])
                elif token.arity == 2:
                    pairs = (
                        ((s, t), (v, w))
                        for left in range(1, n - 1)
                        for (s, v), (t, w) in product(levels[left], levels[n - 1 - left])
                    )
                else:
                    continue
                for parts, values in pairs:
                    value = self.value(token.name, *values)
                    if value is not None:
                        made.append(((k, *(x for part in parts for x in part)), value))
            levels.append(made)
        return levels


def near(value: Value) -> npt.NDArray[np.float64]:
    return np.array([float(v) for v in value])


VOCABULARIES = {
    "koza": (("add", "sub", "mul", "div", "sin", "log"), 1, (), 6),
    "ring": (("add", "mul"), 2, (), 7),
    "literals": (("sub", "div", "exp"), 1, (1.0, 0.5), 6),
    "order": (("min", "max", "add"), 2, (), 5),
    "powers": (("add", "mul", "square", "sin"), 1, (), 6),
}


@cache
def oracle(name: str) -> tuple[Vocabulary, npt.NDArray[np.float64], list[Any]]:
    ops, features, literals, most = VOCABULARIES[name]
    vocabulary = Vocabulary.of(ops, features, constants=False, literals=literals)
    X = X1 if features == 1 else X2
    return vocabulary, X, Oracle(vocabulary, X).trees(most)


def first_levels(levels: list[Any], allowed: Callable[[list[Any]], list[bool]]) -> dict[Value, int]:
    """The least number of nodes of each function."""
    found: dict[Value, int] = {}
    for n, trees in enumerate(levels):
        if trees:
            for (_, value), good in zip(trees, allowed([s for s, _ in trees]), strict=True):
                if good:
                    found.setdefault(value, n)
    return found


def check_equal(found: dict[Value, int], enumeration: Enumeration) -> None:
    """The same functions at the same levels, each once."""
    wanted = sorted((n, *near(value)) for value, n in found.items())
    values = enumeration.values()
    got = sorted((int(n), *row) for n, row in zip(enumeration.levels(), values, strict=True))
    assert len(wanted) == len(got)
    np.testing.assert_allclose(np.array(wanted)[:, 0], np.array(got)[:, 0])
    # sorting by values that differ in the last digits may swap rows: each must have its partner
    table = np.array(got)
    for row in np.array(wanted):
        place = np.searchsorted(table[:, 0], row[0])
        end = np.searchsorted(table[:, 0], row[0], side="right")
        apart = np.abs(table[place:end] - row).max(axis=1) / (1.0 + np.abs(row).max())
        assert (apart < 1e-8).sum() == 1


@pytest.mark.parametrize("name", VOCABULARIES)
def test_every_function_is_there_once_at_its_level(name: str) -> None:
    vocabulary, X, levels = oracle(name)
    found = first_levels(levels, lambda sequences: [True] * len(sequences))
    enumeration = Enumeration(X, vocabulary, Rules(), max_level=len(levels) - 1)
    assert not enumeration.run()
    check_equal(found, enumeration)
    stats = enumeration.stats()
    assert stats.complete == len(levels) - 1
    assert sum(stats.functions) == len(enumeration)


RULES = {
    "nested": Rules(trig_in_trig=False, nested={"mul": {"add": 0}}),
    "barred": Rules(barred={"add": ("mul",), "div": ("div", "sub"), "sub": ("exp",)}),
    "counts": Rules(max_count={"sub": 1, "mul": 1, "x0": 2}),
    "depth": Rules(max_depth=3),
    "complexity": Rules(max_argument={"mul": (2, None), "div": (1, 3)}, max_complexity=5),
    "no constants": Rules(constant_arguments=False),
    "size": Rules(max_nodes=4),
}


@pytest.mark.parametrize("rules", RULES)
@pytest.mark.parametrize("name", ["koza", "ring", "literals"])
def test_every_function_within_rules_is_there_once(name: str, rules: str) -> None:
    vocabulary, X, levels = oracle(name)

    def allowed(sequences: list[Any]) -> list[bool]:
        return list(accepts(RULES[rules], vocabulary, sequences_of(sequences)))

    found = first_levels(levels, allowed)
    enumeration = Enumeration(X, vocabulary, RULES[rules], max_level=len(levels) - 1)
    enumeration.run()
    check_equal(found, enumeration)
    forms = [enumeration.program(k) for k in range(len(enumeration))]
    sequences = [vocabulary.sequence(from_program(p, vocabulary))[0] for p in forms]
    assert accepts(RULES[rules], vocabulary, sequences_of(sequences)).all()


@pytest.mark.parametrize("chain", [False, True])
@pytest.mark.parametrize("fuse", [False, True])
@pytest.mark.parametrize("most", [1, 2, 3])
def test_every_function_within_ticks_is_there(fuse: bool, chain: bool, most: int) -> None:
    """Under fused tables the inputs that a form reads decide what is built on it: x1 - x1/x1."""
    vocabulary = Vocabulary.of(("sub", "div", "sin"), 2, constants=False)
    levels = Oracle(vocabulary, X2).trees(5)
    rng = np.random.default_rng(1)
    delays = (
        rng.uniform(0.3, 3, len(OPCODES))
        if chain
        else rng.integers(1, 4, len(OPCODES)).astype(float)
    )
    delays[:2] = 0.0
    cost = SearchCost(
        2.5 if chain else 1.0, chain, fuse, tuple(delays), (1.0,) * len(OPCODES),
        (1.0, 2.0), (1.0, 1.0),
    )  # fmt: skip
    rules = Rules(max_nodes=5, max_ticks=most)

    def allowed(sequences: list[Any]) -> list[bool]:
        return list(accepts(rules, vocabulary, sequences_of(sequences), cost))

    found = first_levels(levels, allowed)
    enumeration = Enumeration(X2, vocabulary, rules, cost, max_level=5)
    enumeration.run()
    check_equal(found, enumeration)


def enumerate_front(
    *data: Any, max_evaluations: int | None = None, **settings: Any
) -> tuple[list[Candidate], EnumerationStats]:
    enumerated = EnumeratedFront(*data, **settings)
    enumerated.run(max_evaluations)
    return enumerated.front(), enumerated.stats()


def test_nothing_is_done_without_evaluations() -> None:
    vocabulary = Vocabulary.of(("add", "sin"), 2)
    y, cost = X2[:, 0], SearchCost.unit(2)
    for most in (0, 1, 2, 3, 10):
        _, stats = enumerate_front(X2, y, cost, vocabulary, Rules(), max_evaluations=most)
        assert stats.evaluations <= most
        _, met = bidirectional_front(X2, y, cost, vocabulary, Rules(), max_evaluations=most)
        assert met.evaluations <= most
    for bad in ({"max_evaluations": -1}, {"max_functions": 0}, {"max_operations": -1},
                {"max_operations": 0}, {"enough": float("nan")}):  # fmt: skip
        with pytest.raises(InputError):
            bidirectional_front(X2, y, cost, vocabulary, Rules(), **bad)
    for bad in ({"max_evaluations": -1}, {"fits": -1}):
        with pytest.raises(InputError):
            enumerate_front(X2, y, cost, vocabulary, Rules(), **bad)
    with pytest.raises(InputError, match="largest must be positive"):
        Enumeration(X2, vocabulary, Rules(), largest=float("nan"))


def from_program(program: Program, vocabulary: Vocabulary) -> Expression:
    return from_programs([program], vocabulary.inputs)


def test_the_cheapest_form_is_kept() -> None:
    vocabulary, X, levels = oracle("powers")
    # a square takes longer than any number of products
    unit = SearchCost.unit(1)
    delays = changed(unit.op_delay, vocabulary, "square", 50.0)
    cost = SearchCost(**{**vars(unit), "op_delay": delays, "fuse": False})
    least: dict[Value, int] = {}
    for trees in levels[1:]:
        ticks, _ = costs([vocabulary.program(s) for s, _ in trees], cost)
        for (_, value), tick in zip(trees, ticks.tolist(), strict=True):
            least[value] = min(least.get(value, 10**9), tick)
    held, plain = (
        Enumeration(X, vocabulary, Rules(), c, max_level=len(levels) - 1) for c in (cost, None)
    )
    held.run()
    plain.run()
    programs = [held.program(k) for k in range(len(held))]
    np.testing.assert_allclose(evaluate(programs, X), held.values(), rtol=1e-6, atol=1e-12)
    wanted = {tuple(np.round(near(v), 7)): tick for v, tick in least.items()}
    ticks, _ = costs(programs, cost)
    for row, tick in zip(held.values(), ticks.tolist(), strict=True):
        assert tick <= wanted[tuple(np.round(row, 7))]
    first, _ = costs([plain.program(k) for k in range(len(plain))], cost)
    assert (ticks < first).sum() > 20


def changed(values: Any, vocabulary: Vocabulary, name: str, value: float) -> Any:
    out = list(values)
    out[vocabulary.tokens[vocabulary.places[name]].op] = value
    return type(values)(out)


def test_in_steps_or_at_once() -> None:
    vocabulary = Vocabulary.of(("add", "mul", "sin"), 2, constants=False)
    for shared in (False, True):
        one, other = (
            Enumeration(X2, vocabulary, Rules(), max_level=3 if shared else 6, shared=shared)
            for _ in "12"
        )
        one.run()
        budget = 2  # the leaves
        while other.run(budget):
            assert other.stats().evaluations <= budget
            budget += 37
        assert one.stats() == other.stats()
        np.testing.assert_array_equal(one.values(), other.values())


def test_shared_levels_count_operations() -> None:
    """Against all straight-line programs of up to three operations."""
    vocabulary = Vocabulary.of(("add", "mul", "div", "sin"), 1, constants=False)
    held = Oracle(vocabulary, X1)
    names = [t.name for t in vocabulary.tokens if t.arity]
    leaf = next(held.leaves())[1]
    levels: dict[Value, int] = {leaf: 0}
    states = {frozenset([leaf])}
    for n in range(1, 4):
        grown = set()
        for state in states:
            for name in names:
                pairs = [(a,) for a in state] if name == "sin" else list(product(state, repeat=2))
                for pair in pairs:
                    value = held.value(name, *pair)
                    if value is not None:
                        levels.setdefault(value, n)
                        grown.add(state | {value})
        states = grown
    enumeration = Enumeration(X1, vocabulary, Rules(), max_level=3, shared=True)
    enumeration.run()
    check_equal(levels, enumeration)


def test_limits_hold() -> None:
    vocabulary = Vocabulary.of(("add", "mul", "sin"), 2, constants=False)
    enumeration = Enumeration(X2, vocabulary, Rules(), max_level=9, max_functions=500)
    assert not enumeration.run()
    assert len(enumeration) == 500
    assert enumeration.stats().complete < 9
    with pytest.raises(InputError, match="max_level must be at most 8, not 20"):
        Enumeration(X2, vocabulary, Rules(), max_level=20, shared=True)
    with pytest.raises(InputError, match="at most 512 rows, not 600"):
        Enumeration(np.ones((600, 2)), vocabulary, Rules())


def test_custom_operators_are_tokens() -> None:
    vocabulary = Vocabulary.of(("add", "inv", "tan"), 1, constants=False)
    enumeration = Enumeration(X1, vocabulary, Rules(), max_level=3)
    enumeration.run()
    programs = [enumeration.program(k) for k in range(len(enumeration))]
    np.testing.assert_allclose(evaluate(programs, X1), enumeration.values(), rtol=1e-12)
    x = X1[:, 0]
    for wanted in (1 / x, np.tan(x), 1 / np.tan(x), 2 * x, np.tan(np.tan(x))):
        assert np.isclose(enumeration.values(), wanted, rtol=1e-9).all(axis=1).sum() == 1


# --- with constants -----------------------------------------------------------------------------


def test_constants_are_symbols_that_no_other_does_the_work_of() -> None:
    vocabulary = Vocabulary.of(("add", "sub", "mul", "exp"), 1)
    enumeration = Enumeration(X1, vocabulary, Rules(), max_level=4, symbols=1)
    enumeration.run()
    programs = [enumeration.program(k) for k in range(len(enumeration))]
    with_constant = [p for p in programs if len(p.consts)]
    assert all(len(p.consts) == 1 for p in with_constant)
    # distinct functions of x and c: compare the families, not the values at one c
    grids = [families(p, X1) for p in programs]
    for one, other in combinations(range(len(grids)), 2):
        assert not np.allclose(grids[one], grids[other], rtol=1e-9)
    texts = {vocabulary_text(p, vocabulary) for p in with_constant}
    assert any("exp" in t for t in texts)
    for text in ("exp(x0)*", "x0 - "):  # each family in one form only
        assert sum(t.startswith(text) for t in texts) <= 1


def families(program: Program, X: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    some = [Program(program.ops, program.args, np.full(len(program.consts), c)) for c in (0.3, 1.7)]
    return evaluate(some, X)


def vocabulary_text(program: Program, vocabulary: Vocabulary) -> str:
    return to_text(from_program(program, vocabulary))


@pytest.mark.parametrize(
    ("law", "level"),
    [
        (lambda x: 2.5 * np.exp(-1.3 * x) + 0.7, 4),
        (lambda x: 3.0 / (x + 1.25), 5),
        (lambda x: np.sin(2.2 * x + 0.4), 6),
    ],
)
def test_the_front_has_a_law_with_constants(law: Callable[[Any], Any], level: int) -> None:
    X = np.random.default_rng(5).uniform(0.1, 2.0, (300, 1))
    y = law(X[:, 0])
    vocabulary = Vocabulary.of(("add", "mul", "div", "exp", "sin"), 1)
    cost = SearchCost.unit(1)
    front, stats = enumerate_front(
        X, y, cost, vocabulary, Rules(), max_level=level, symbols=2, rows=40
    )
    assert stats.complete == level
    assert min(c.loss for c in front) < 1e-16
    ticks = [c.ticks for c in front]
    assert ticks == sorted(ticks)
    losses = [c.loss for c in front]
    assert losses == sorted(losses, reverse=True)
    fresh = evaluate([c.program for c in front], X)
    np.testing.assert_allclose(((fresh - y) ** 2).mean(axis=1), losses, rtol=1e-9, atol=1e-20)


def test_the_front_without_constants_is_the_best_of_all_functions() -> None:
    vocabulary = Vocabulary.of(("add", "sub", "mul", "sin"), 2, constants=False)
    X = np.random.default_rng(6).uniform(-1, 1, (30, 2))
    y = np.sin(X[:, 0]) * X[:, 1] + 0.1 * X[:, 0] ** 2
    cost = SearchCost.unit(2)
    front, _ = enumerate_front(X, y, cost, vocabulary, Rules(), max_level=6)
    enumeration = Enumeration(X, vocabulary, Rules(), cost, max_level=6)
    enumeration.run()
    programs = [enumeration.program(k) for k in range(len(enumeration))]
    ticks, _ = costs(programs, cost)
    losses = ((enumeration.values() - y) ** 2).mean(axis=1)
    best: dict[int, float] = defaultdict(lambda: np.inf)
    for tick, loss in zip(ticks.tolist(), losses.tolist(), strict=True):
        best[tick] = min(best[tick], loss)
    for tick in best:
        held = min(c.loss for c in front if c.ticks <= tick)
        assert held <= min(v for t, v in best.items() if t <= tick) * (1 + 2e-4)
