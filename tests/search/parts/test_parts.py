"""Laws from parts: the library, the scans, the description length, the clean-up."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from symtick.expr import OPCODES, Op, Program, from_programs, parse, to_text
from symtick.hwcost import SearchCost
from symtick.search.grammar.grammar import Rules, Units, Vocabulary, accepts, sequences_of
from symtick.search.kernel_api.evaluation import evaluate
from symtick.search.kernel_api.rows import Rows
from symtick.search.parts.atoms import MOST_ATOMS, exponents_of, library
from symtick.search.parts.criterion import Criterion, linear_summands, price, simple_near
from symtick.search.parts.find import Finder, scaling_exponents
from symtick.search.parts.front import ROWS, Bounds, description, laws
from symtick.search.parts.interactions import interactions
from symtick.search.parts.language import Language, constants_of, postfix_of, program_of
from symtick.search.parts.outer import OUTER
from symtick.search.parts.polish import Polisher, quotients, reductions
from symtick.search.parts.sanity import sound
from symtick.search.parts.scans import SumScan, nearest, products

pytestmark = pytest.mark.kernel
Floats = NDArray[np.float64]
NAMES = ("x0", "x1", "x2")
OPS = ("add", "sub", "mul", "div", "sqrt", "square", "exp", "sin", "cos")


def rows(count: int = 200, low: float = 1.0) -> Floats:
    return np.random.default_rng(2).uniform(low, 3.0, (count, 3))


def vocabulary(ops: tuple[str, ...] = OPS, names: tuple[str, ...] = NAMES) -> Vocabulary:
    return Vocabulary.of(ops, len(names), names=names)


def language() -> Language:
    made = Language.of(vocabulary())
    assert made is not None
    return made


def program(text: str, names: tuple[str, ...] = NAMES) -> Program:
    return parse(text, names).to_program()


def polisher(X: Floats, y: Floats) -> Polisher:
    data = Rows.make(X, y)
    criterion = Criterion.of(data, "mse", 12)
    assert criterion is not None
    return Polisher(data, criterion, "mse", 1.0, NAMES)


LANGUAGE_OF_30 = Language(frozenset([Op.ADD, Op.MUL, Op.SIN, Op.EXP]), tuple(range(30)))


def text_of(function: object) -> str:
    return to_text(from_programs([program_of(function)], NAMES))  # type: ignore[arg-type]


def test_a_language_without_constants_or_sums_has_no_parts() -> None:
    assert Language.of(Vocabulary.of(("add", "mul"), 2, constants=False)) is None
    assert Language.of(vocabulary(("mul", "div"))) is None


def test_exponents_are_all_of_a_size() -> None:
    made = exponents_of([False, True], 2, 100)
    assert set(made) == {(1, 0), (-1, 0), (0, 1), (2, 0), (-2, 0), (0, 2), (1, 1), (-1, 1)}


def test_the_library_holds_what_its_functions_compute() -> None:
    X = rows(64)
    made = library(X, language())
    assert len(made.functions) > 1000
    for k in range(0, len(made.functions), 97):
        values = np.asarray(evaluate([program_of(made.functions[k])], X)[0])
        values = (values - values.mean()) / values.std()
        np.testing.assert_allclose(made.values[k], values, atol=1e-4)


def test_the_library_divides_by_no_input_that_changes_its_sign() -> None:
    X = rows(64, low=-1.0)
    for function in library(X, language()).functions:
        written = text_of(function)
        assert "/x" not in written and "/square(x" not in written, written


def test_the_library_holds_what_the_kernel_s_judge_allows_with_units() -> None:
    units = Units.parse(["m", "m/s", "s"])
    tokens, cost = vocabulary(), unit_bounds().cost
    free, bound = library(rows(), language()), Language.of(tokens, units)
    assert bound is not None
    made = library(rows(), bound)
    assert 100 < len(made.functions) < 0.7 * len(free.functions)
    for count, some in enumerate((made, free)):
        chosen = some.functions[:: len(some.functions) // 150]
        lines = [tokens.sequence(from_programs([program_of(f)], NAMES))[0] for f in chosen]
        held = accepts(Rules(units=units), tokens, sequences_of(lines), cost)
        assert held.all() if count == 0 else not held.all()
        assert held.tolist() == [bound.fits(f) for f in chosen]
    texts = {text_of(f) for f in made.functions}
    assert {"exp(x0/(x1*x2))", "x0 + x1*x2"} & texts and not {"x0 + x1", "exp(x0)"} & texts


def test_the_library_takes_columns_that_are_constant_or_differ_by_a_constant() -> None:
    X = rows(64)
    X[:, 1], X[:, 2] = 1.0, X[:, 0] + 1.0
    names = {text_of(function) for function in library(X, language()).functions}
    assert {"x0", "sin(x0)"} <= names and "x1" not in names and "x0 - x2" not in names
    assert not library(np.ones((64, 3)), language()).functions


def test_the_library_of_many_columns_is_bounded_and_has_their_squares() -> None:
    names = tuple(f"x{k}" for k in range(150))
    made = Language.of(Vocabulary.of(("add", "mul", "sin"), len(names), names=names))
    assert made is not None
    X = np.random.default_rng(2).uniform(-1.0, 1.0, (16, len(names)))
    found = library(X, made)
    assert len(found.functions) <= MOST_ATOMS
    held = {to_text(from_programs([program_of(f)], names)) for f in found.functions}
    assert {f"x{k}*x{k}" for k in range(150)} <= held


@pytest.mark.parametrize("outer", OUTER, ids=[o.name for o in OUTER])
def test_outer_functions_go_back(outer: object) -> None:
    y = np.linspace(0.1, 0.9, 50)
    z, weights, keep = outer.targets(y, np.ones((1, 50)), np.ones(50))  # type: ignore[attr-defined]
    assert keep.tolist() == [0]
    again = evaluate([program_of(outer.written(((Op.INPUT, 0.0),)))], z.T)[0]  # type: ignore[attr-defined]
    np.testing.assert_allclose(again, y, rtol=1e-12)
    step = 1e-6
    moved = evaluate([program_of(outer.written(((Op.INPUT, 0.0),)))], z.T + step)[0]  # type: ignore[attr-defined]
    slopes = (np.asarray(moved) - y) / step
    np.testing.assert_allclose(weights[0], slopes**2, rtol=1e-3)


def test_scans_agree_with_least_squares() -> None:
    rng = np.random.default_rng(3)
    values = rng.standard_normal((40, 80)).astype(np.float32)
    z, weights = rng.standard_normal(80), rng.uniform(0.5, 2.0, 80)
    places, left = nearest(values, z[None, :], weights[None, :], 3)
    root = np.sqrt(weights)

    def squares(chosen: list[int]) -> float:
        design = np.stack([np.ones(80), *values[chosen].astype(float)], axis=1) * root[:, None]
        return float(np.linalg.lstsq(design, z * root, rcond=None)[1][0])

    every = [squares([k]) for k in range(40)]
    assert set(places[0].tolist()) == set(np.argsort(every)[:3].tolist())
    np.testing.assert_allclose(left[0], [every[k] for k in places[0]], rtol=1e-4)
    whole = float(np.sum(weights * (z - np.average(z, weights=weights)) ** 2))
    for terms in SumScan(terms=3, width=4).sums(values, np.ones(40), z, weights, 80):
        assert terms.left * whole == pytest.approx(squares(list(terms.places)), rel=1e-4)


def test_many_targets_are_compared_as_each_alone() -> None:
    rng = np.random.default_rng(4)
    values = rng.standard_normal((50, 80)).astype(np.float32)
    z, weights = rng.standard_normal((150, 80)), rng.uniform(0.5, 2.0, (150, 80))
    places, left = nearest(values, z, weights, 3)
    for k in range(150):
        place, own = nearest(values, z[k : k + 1], weights[k : k + 1], 3)
        assert set(place[0].tolist()) == set(places[k].tolist())
        np.testing.assert_allclose(np.sort(own[0]), np.sort(left[k]), rtol=1e-4)


def test_descriptions_are_those_of_the_criterion() -> None:
    criterion = Criterion(100, 1.0, 12, 3)
    for text in ("x0 + 0.5", "x0 + 1.7*x1", "sin(x0 - x2)", "x0 + 0.5"):
        program = parse(text, NAMES).to_program()
        for loss in (0.1, 0.2, 0.1):
            expected = criterion.length(postfix_of(program), loss)
            assert description(program, loss, criterion) == expected


def test_exponents_of_inputs_that_only_scale_are_found_under_noise() -> None:
    X = np.random.default_rng(5).uniform(1.0, 5.0, (256, 4))
    y = -3.0 * X[:, 0] ** 2 / X[:, 1] ** 3 * np.sqrt(X[:, 2] ** 2 + X[:, 3] ** 2)
    y = y + 0.02 * np.std(y) * np.random.default_rng(6).standard_normal(256)
    assert scaling_exponents(X, y, np.ones(256)) == (2, -3, 0, 0)


@pytest.mark.parametrize(
    ("law", "noise"),
    [
        ("x0/sqrt(1.5 - square(x1/x0)/9)", 0.01),
        ("2.5*x0*x1 + 0.7*cos(x2)", 0.1),
    ],
)
def test_laws_are_found_under_noise(law: str, noise: float) -> None:
    X = rows()
    exact = np.asarray(evaluate([program(law)], X)[0])
    y = exact + noise * np.std(exact) * np.random.default_rng(8).standard_normal(len(X))
    best = Finder(polisher(X, y), language(), Rules()).find()[0]
    new = np.random.default_rng(9).uniform(1.0, 3.0, (200, 3))
    found = np.asarray(evaluate([program_of(best.function)], new)[0])
    wanted = np.asarray(evaluate([program(law)], new)[0])
    assert np.mean((found - wanted) ** 2) < 0.01 * noise**2 * np.var(exact) + 1e-12
    assert len(best.function) <= len(program(law).ops) + 2


@pytest.mark.parametrize(
    ("law", "op"),
    [
        ("5*sin(0.6*(x0 + 1.3)*(x1 - 0.4)) + square(x2)", Op.SIN),
        ("3*exp(0.4*(x0 - 1.1)*(x1 + 1.5)) - 2*x2", Op.EXP),
        ("2*tanh(1.5*(x0 + 0.2)*(x1 + 0.9)) + x2", Op.TANH),
    ],
)
def test_functions_of_a_product_of_shifted_inputs_are_found(law: str, op: Op) -> None:
    X = np.random.default_rng(3).uniform(-1.7, 1.7, (300, 3))
    exact = np.asarray(evaluate([program(law)], X)[0])
    y = exact + 0.05 * np.std(exact) * np.random.default_rng(8).standard_normal(len(X))
    speech = Language.of(vocabulary((*OPS, "tanh")))
    assert speech is not None
    made = interactions(X, y, np.ones(300), speech)
    read = {int(v) for f, _ in made for o, v in f if o is Op.INPUT}
    assert read == {0, 1} and op in {f[-1][0] for f, _ in made}  # x2 interacts with nothing
    for function, values in made:
        again = evaluate([program_of(function)], X)[0]
        np.testing.assert_allclose(values, again, rtol=1e-9, atol=1e-9)
    best = Finder(polisher(X, y), speech, Rules()).find()[0]
    found = np.asarray(evaluate([program_of(best.function)], X)[0])
    assert np.mean((found - exact) ** 2) < 0.1 * 0.05**2 * np.var(exact)


def test_no_interaction_is_found_where_there_is_none() -> None:
    rng = np.random.default_rng(4)
    X = rng.uniform(-1.7, 1.7, (300, 30))
    y = np.sin(X[:, 3]) + X[:, 7] ** 2 + 0.1 * rng.standard_normal(300)
    assert interactions(X, y, np.ones(300), LANGUAGE_OF_30) == []
    y = y + 2.0 * X[:, 3] * X[:, 7]
    assert {int(v) for f, _ in interactions(X, y, np.ones(300), LANGUAGE_OF_30)
            for o, v in f if o is Op.INPUT} == {3, 7}  # fmt: skip
    assert interactions(X[:5], y[:5], np.ones(5), LANGUAGE_OF_30) == []  # too few rows to tell


def test_a_sum_has_more_functions_as_long_as_they_pay() -> None:
    rng = np.random.default_rng(6)
    values = rng.standard_normal((40, 300)).astype(np.float32)
    values -= values.mean(axis=1, keepdims=True)
    values /= values.std(axis=1, keepdims=True)
    z = values[:7].sum(axis=0).astype(float) + 0.1 * rng.standard_normal(300)
    prices, ones = np.full(40, 20.0), np.ones(300)
    few = SumScan().sums(values, prices, z, ones, 300)
    more = SumScan(further=10).sums(values, prices, z, ones, 300)
    assert max(len(t.places) for t in few) == 4
    assert {0, 1, 2, 3, 4, 5, 6} in [set(t.places) for t in more]
    assert max(len(t.places) for t in more) == 8  # the eighth did not pay


def test_simple_numbers() -> None:
    for value in (0.0, 1.0, -7.0, 0.5, 2.0 / 3.0, math.pi, 2.0 * math.pi, -math.e, 1.0 / math.pi):
        assert price(value) is not None, value
    for value in (0.0737, 2.5382, 101.0, 1.0 + 1e-9):
        assert price(value) is None, value
    assert 3.0 in simple_near(2.98) and math.pi in simple_near(3.14) and simple_near(2.5382)
    assert all(abs(v - 2.98) <= 0.15 for v in simple_near(2.98))


def test_the_description_prefers_the_law_to_more_constants() -> None:
    criterion = Criterion(1000, 1.0, 12, 3)
    law = postfix_of(program("2*x0 + 3"))
    tuned = postfix_of(program("2.0001*x0 + 2.9999"))
    longer = postfix_of(program("2*x0 + 3 + 0.001*x1"))
    assert criterion.length(law, 0.01) < criterion.length(tuned, 0.00999)
    assert criterion.length(law, 0.01) < criterion.length(longer, 0.00999)
    assert criterion.length(longer, 0.005) < criterion.length(law, 0.01)
    assert Criterion.of(Rows.make(rows(), np.ones(200)), "mse", 9) is None
    assert Criterion.of(Rows.make(rows(), rows()[:, 0]), "margin", 9) is None


def test_the_inputs_of_a_linear_model_are_described_as_a_set() -> None:
    criterion = Criterion(400, 1.0, 20, 10)
    texts = ("3.3*x0", "2.1*x1 + 3.3*x0", "4.7 + (2.1*x1 - x2) + 3.3*x0")
    counts = [linear_summands(postfix_of(program(t))) for t in texts]
    assert [sum(c) for c in counts] == [3, 7, 10]
    for text, count in zip(texts, counts, strict=True):
        function = postfix_of(program(text))
        free = sum(price(value) is None for value in constants_of(function))
        plain = criterion.size(len(function), free)
        which = math.log(20 * 20 * 11 * math.comb(10, len(count)) * 2 ** len(count))
        wanted = plain - max(0.0, sum(count) * math.log(20) - which)
        assert math.isclose(criterion.length(function, 1.0), wanted, abs_tol=1e-9)
    for text in ("3.3*(x0 + x1)", "3.3*x0 + x1 + x1*x2", "2.5"):
        assert not linear_summands(postfix_of(program(text)))


def test_a_target_that_is_noise_alone_has_no_linear_model() -> None:
    for seed in range(8):
        rng = np.random.default_rng([11, seed])
        X, y = rng.standard_normal((200, 3)), rng.standard_normal(200)
        criterion = Criterion.of(Rows.make(X, y), "mse", 14)
        assert criterion is not None
        level = criterion.length(postfix_of(program("1.2345")), float(np.var(y)))
        texts = ("1.2345*x0", "1.2345*x1", "1.2345*x2", "1.2345*x0 + 1.2345*x1",
                 "1.2345*x0 + 1.2345*x2", "1.2345*x1 + 1.2345*x2")  # fmt: skip
        for text in texts:
            design = X[:, [k for k in range(3) if f"x{k}" in text]]
            left = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
            assert criterion.length(postfix_of(program(text)), float(np.mean(left**2))) > level


def test_the_shortest_description_stands_beside_a_front_that_has_lower_losses() -> None:
    rng = np.random.default_rng(3)
    X = rng.standard_normal((300, 6))
    y = X @ [1.1, 0.9, -0.7, 0.5, -0.3, 0.2] + rng.standard_normal(300)
    names = tuple(f"x{k}" for k in range(6))
    free = (0.0,) * 6
    cost = SearchCost(1.0, False, False, (0.0,) * len(OPCODES), (1.0,) * len(OPCODES), free, free)
    bounds = Bounds(vocabulary(names=names), Rules(max_nodes=30, max_constants=8), cost)
    data = Rows.make(X, y)
    found, _ = laws(data, bounds, "mse", 1.0, 60_000)
    criterion = Criterion.of(data, "mse", len(bounds.vocabulary))
    assert criterion is not None
    lengths = [description(c.program, c.loss, criterion) for c in found]
    design = np.column_stack([np.ones(300), X[:, :4]])
    left = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
    four = program("c1*x0 + c2*x1 + c3*x2 + c4*x3 + c0".replace("c", "1.2345"), names)
    assert min(lengths) <= criterion.length(postfix_of(four), float(np.mean(left**2))) + 1e-6


def test_weights_that_are_no_counts_leave_the_rows_their_number() -> None:
    X = rows(300)
    y = 100.0 ** X[:, 0]
    for weights, count in ((y**-2.0, 300), (1e3 * y**-2.0, 300), (np.arange(300) % 2 * 0.3, 150)):
        criterion = Criterion.of(Rows.make(X, y, weights), "mse", 12)
        assert criterion is not None and criterion.rows == count


def test_whole_weights_count_as_repetitions() -> None:
    X, y = rows(60), rows(60)[:, 0]
    weights = np.arange(60) % 3
    once = Criterion.of(Rows.make(X, y, weights), "mse", 9)
    again = Criterion.of(Rows.make(X.repeat(weights, 0), y.repeat(weights)), "mse", 9)
    assert once is not None and again is not None
    assert once.rows == again.rows and once.scale == pytest.approx(again.scale)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("1.0003*x0*x1 + 1e-9*sin(x2) + 1.9996", "x0*x1 + 2"),
        ("x0*(1.0001*x1/x1) + 2.0002", "x0 + 2"),
        ("x0*(1/(x1 + 1.0001))*0.5", "x0*0.5/(x1 + 1)"),
        ("x0*(0.0014716 - x1)*cos(x2)", "-1*x0*x1*cos(x2)"),
        (
            "(9889.5*cos(x1*x2) - 9893)*(x0/(9924.5*cos(x1) - 9914.6))",
            "(cos(x1*x2) - 1)*x0/(cos(x1) - 1)",
        ),
    ],
)
def test_formulas_are_cleaned_up(given: str, wanted: str) -> None:
    X = rows()
    exact = np.asarray(evaluate([program(wanted)], X)[0])
    y = exact + 0.01 * np.random.default_rng(1).standard_normal(len(X))
    tool = polisher(X, y)
    done = tool.polished(tool.fitted([postfix_of(program(given))])[0])
    np.testing.assert_allclose(evaluate([program_of(done.function)], X)[0], exact, rtol=1e-12)
    assert len(done.function) <= len(program(wanted).ops)


def test_a_law_without_noise_keeps_constants_that_are_not_simple() -> None:
    X = rows()
    y = 2.0001 * X[:, 0] + 1.0
    tool = polisher(X, y)
    done = tool.polished(tool.fitted([postfix_of(program("1.9137*x0 + 0.9137"))])[0])
    np.testing.assert_allclose(evaluate([program_of(done.function)], X)[0], y, rtol=1e-12)


def test_reductions_are_functions() -> None:
    function = postfix_of(program("2.3*sin(x0*x1) + 0.4*sin(x2) - sqrt(x0)"))
    made = list(reductions(function))
    assert len(made) > 15
    for one in made:
        assert np.shape(evaluate([program_of(one)], rows(10))) == (1, 10)
    assert text_of(quotients(postfix_of(program("x0*(1/(x1 + x2))")))) == "x0/(x1 + x2)"


@pytest.mark.parametrize(
    ("text", "low", "good"),
    [
        ("x0/(x1 + 0.5)", 1.0, True),
        ("x0/x1", -1.0, False),
        ("1/(x0 - 2.0000001)", 1.0, False),
        ("x0/(1 - 0.0002/(2.6 - x1))", 1.0, False),
        ("x0/(1 + 0.5/(2 + x1))", 1.0, True),
        ("sin(x0)/x0", -1.0, True),
        ("cos(x0*0.00001)*64146.5 - 64146", 1.0, False),
        ("2.5*cos(x1) - 7270.4*cos(0.016559*x0) + 7269.9", -3.0, False),
        ("sin(2000*x0)", 1.0, False),
        ("sin(20*x0)", 1.0, True),
        ("sqrt(x0 - 1.05)", 1.0, False),
        ("sqrt(x0)", 0.0, True),  # it ends where the rows do
        ("log(x0)*x1", 0.0, True),
        ("1/(x0 + 0.0001)", 0.0, False),
    ],
)
def test_soundness(text: str, low: float, good: bool) -> None:
    X = rows(200, low)
    y = X[:, 0] + X[:, 1]
    assert sound(program(text), X, y) == good


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [("x1/x0", 1.0, 25.0), ("x1/x0", -25.0, -1.0), ("x1/(1 - square(x0))", 0.0, 0.95)],
)
def test_poles_beyond_the_rows_are_no_fault(text: str, low: float, high: float) -> None:
    X = np.random.default_rng(3).uniform(low, high, (200, 3))
    y = np.asarray(evaluate([program(text)], X)[0])
    assert sound(program(text), X, y)
    assert not sound(program(f"{text} + 0.01/(x2 - {0.5 * (low + high)})"), X, y)


@pytest.mark.parametrize("text", ["300 + 0.1*x0*x1", "300.5 - square(17*x0 - x1)*x2"])
def test_offsets_are_no_cancellation(text: str) -> None:
    X = rows()
    assert sound(program(text), X, np.asarray(evaluate([program(text)], X)[0]))


@pytest.mark.parametrize("text", ["x1/(x0 - x2)", "1/(x0 - 0.5) + x1", "x1/(square(x0) - 1)"])
def test_poles_that_noisy_data_show_are_no_fault(text: str) -> None:
    X = np.random.default_rng(5).uniform(-2.0, 2.0, (300, 3))
    exact = np.asarray(evaluate([program(text)], X)[0])
    y = exact + 0.01 * np.std(exact) * np.random.default_rng(6).standard_normal(len(X))
    assert sound(program(text), X, y)
    # poles that no row feels, that meet one row, or of the wrong sign
    ordinary = float(X[np.argmin(np.abs(y - np.median(y))), 0])
    for other in ("0.0001/(x2 - 0.4321)", f"0.001/(x0 - {ordinary + 1e-6!r})"):
        assert not sound(program(f"{text} + {other}"), X, y)
    assert not sound(program(text), X, X[:, 0])
    assert not sound(program(f"-({text})"), X, y)


def test_a_term_that_one_row_alone_shows_is_unsound() -> None:
    rng = np.random.default_rng(7)
    X = rng.uniform(-0.7, 0.7, (100, 3))
    X[4, 1:] = 4.0
    y = X[:, 0] + 0.1 * rng.standard_normal(100)
    for text in ("x0 - 0.000001*exp(x1*x2)", "x0 + square(x1*x1 - exp(9*x2))/1e30"):
        assert not sound(program(text), X, y)
    # what other rows show, too, one may be far out in
    assert sound(program("x0 + x1"), X, y + X[:, 1])
    assert sound(program("x0 + x1*x2"), X, y + X[:, 1] * X[:, 2])
    assert not sound(program("x0 + x1*x2"), X, y)
    exact = np.asarray(evaluate([program("x0 - 0.000001*exp(x1*x2)")], X)[0])
    assert sound(program("x0 - 0.000001*exp(x1*x2)"), X, exact)


def test_inputs_far_from_zero_may_be_shifted() -> None:
    X = np.random.default_rng(3).uniform(2000.0, 2000.1, (200, 3))
    y = 30.0 * (X[:, 0] - 2000.0)
    assert sound(program("30*x0 - 60000"), X, y) and sound(program("30*(x0 - 2000)"), X, y)
    assert not sound(program("8e5*cos(x0*0.0005) - 4e5"), X, y)


def test_products_of_large_functions_are_compared() -> None:
    one, other = np.random.default_rng(4).uniform(1e7, 9e7, (2, 5, 60)).astype(np.float32)
    z = 1e-3 * one[3].astype(float) * other[1]
    assert products(one, other, z, np.ones(60), 1) == [(3, 1)]


def unit_bounds(most: int = 30) -> Bounds:
    free = (0.0,) * 3
    cost = SearchCost(1.0, False, False, (0.0,) * len(OPCODES), (1.0,) * len(OPCODES), free, free)
    return Bounds(vocabulary(), Rules(max_nodes=most), cost)


def test_rules_are_kept() -> None:
    X = rows(60)
    y = X[:, 0] * X[:, 1] / X[:, 2] + 0.1 * X[:, 1]
    given = Rows.make(X, y)
    found, spent = laws(given, unit_bounds(9), "mse", 1.0, 400_000)
    assert found and 1000 < spent <= 400_000
    assert all(len(c.program.ops) <= 9 for c in found)
    assert laws(given, unit_bounds(), "mse", 1.0, 1000) == ([], 0)


def test_the_clock_ends_the_search_for_parts_with_what_there_is() -> None:
    X = rows(200)
    y = X[:, 0] * np.sin(X[:, 1]) + 0.1 * np.random.default_rng(1).standard_normal(200)
    given = Rows.make(X, y)
    whole = laws(given, unit_bounds(), "mse", 1.0, 400_000)[1]
    found, spent = laws(given, unit_bounds(), "mse", 1.0, 400_000, until=0.0)
    assert found and spent < 0.8 * whole


def test_laws_of_many_rows_are_settled_on_all_of_them() -> None:
    X = np.random.default_rng(2).uniform(1.0, 3.0, (3 * ROWS, 3))
    y = 2.3 * X[:, 0] * np.sin(X[:, 1]) + 0.1 * np.random.default_rng(1).standard_normal(3 * ROWS)
    found, _ = laws(Rows.make(X, y), unit_bounds(), "mse", 1.0, 150_000)
    best = min(found, key=lambda c: c.loss)
    for one in found:
        left = y - evaluate([one.program], X)[0]
        assert one.loss == pytest.approx(float(np.mean(left**2)), rel=1e-9)
    assert best.loss < 0.0101
