"""Sequences, trees, text and custom operators: round trips and independent values."""

from __future__ import annotations

import copy
import math

import numpy as np
import pytest
import sympy
from grammar_samples import PLAIN, RICH, VOCABULARIES, Part, part_of, rows_of
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from symtick.errors import InputError
from symtick.expr import SEARCH_OPS, Op, parse, to_sympy
from symtick.search import _kernel
from symtick.search.grammar.grammar import OPERATORS, Operator, Rules, Vocabulary, random_sequences

pytestmark = pytest.mark.kernel

KNOWN = {
    "inv": lambda a: 1 / a,
    "tan": np.tan,
    "sec": lambda a: 1 / np.cos(a),
    "csc": lambda a: 1 / np.sin(a),
    "cot": lambda a: 1 / np.tan(a),
    "sinh": np.sinh,
    "cosh": np.cosh,
    "asinh": np.arcsinh,
    "acosh": np.arccosh,
    "atanh": np.arctanh,
    "sigmoid": lambda a: 1 / (1 + np.exp(-a)),
    "softplus": lambda a: np.logaddexp(0, a),
    "relu": lambda a: np.where(a > 0, a, 0),
    "step": np.ones_like,
    "ceil": np.ceil,
    "round": lambda a: np.floor(a + 0.5),
    "gauss": lambda a: np.exp(-(a**2)),
    "expneg": lambda a: np.exp(-a),
    "exp2": np.exp2,
    "log2": np.log2,
    "log10": np.log10,
    "log1p": np.log1p,
    "expm1": np.expm1,
    "logabs": lambda a: np.log(np.abs(a)),
    "sqrtabs": lambda a: np.sqrt(np.abs(a)),
    "invsqrt": lambda a: a**-0.5,
    "inv2": lambda a: a**-2.0,
    "n4": lambda a: a**4,
    "n5": lambda a: a**5,
    "pow": lambda a, b: np.where(a > 0, np.power(a, b), np.nan),
    "hypot": np.hypot,
    "clip": lambda a, b, c: np.minimum(np.maximum(a, b), c),
    "fma": lambda a, b, c: a * b + c,
    "twice": lambda a, b: np.sin(a) * a + 3 * b,
}


@pytest.mark.parametrize("name", sorted(OPERATORS))
def test_ready_operators_are_what_they_are_called(name: str) -> None:
    operator = OPERATORS[name]
    rng = np.random.default_rng(0)
    low, high = (1.1, 3.0) if name == "acosh" else (0.05, 0.95)
    data = rng.uniform(low, high, (200, operator.arity))
    values = operator.body.evaluate(data)[:, 0]
    np.testing.assert_allclose(values, KNOWN[name](*data.T), rtol=1e-12, atol=1e-14)


def test_inverses_undo_each_other() -> None:
    x = np.linspace(0.1, 0.9, 20)[:, None]
    for operator in OPERATORS.values():
        for inverse in operator.inverses:
            other = OPERATORS[inverse].body if inverse in OPERATORS else parse(f"{inverse}(x0)")
            assert np.allclose(operator.body.evaluate(other.evaluate(x)), x), operator.name


def values_of(
    part: Part, vocabulary: Vocabulary, X: np.ndarray, constants: list[float]
) -> np.ndarray:
    """Values of the nested form; takes its constants from the front of `constants`."""
    if part.name in vocabulary.inputs:
        return X[:, vocabulary.inputs.index(part.name)]
    if not part.args:
        value = constants.pop(0) if part.name == "const" else float(part.name)
        return np.full(len(X), value)
    args = [values_of(a, vocabulary, X, constants) for a in part.args]
    if part.name in KNOWN:
        return KNOWN[part.name](*args)
    return next(s for s in SEARCH_OPS.values() if s.name == part.name).numpy(*args)


@pytest.mark.parametrize("vocabulary", VOCABULARIES)
def test_expanded_programs_have_the_values_of_what_was_written(vocabulary: Vocabulary) -> None:
    rng = np.random.default_rng(1)
    X = rng.uniform(0.5, 1.5, (20, len(vocabulary.inputs)))
    compared = 0
    for row in rows_of(random_sequences(Rules(max_nodes=12), vocabulary, 400, 2)):
        constants = rng.uniform(0.5, 2.0, 12)
        with np.errstate(all="ignore"):
            wanted = values_of(part_of(vocabulary, row), vocabulary, X, constants.tolist())
            near = values_of(
                part_of(vocabulary, row), vocabulary, X * (1 + 1e-11), constants.tolist()
            )
            found = vocabulary.expression(np.array(row), constants).evaluate(X)[:, 0]
            # where rounding is not blown up
            tame = np.isfinite(wanted) & (np.abs(near - wanted) < 1e-8 * np.abs(wanted))
        np.testing.assert_allclose(found[tame], wanted[tame], rtol=1e-4)
        compared += bool(tame.all())
    assert compared > 150


def test_expansion_equals_sympy() -> None:
    a, b = sympy.symbols("x0 x1", real=True)
    sequence, constants = RICH.sequence("tan(x0*inv(x1)) + twice(x0, x1)/pow(x0, x1)")
    assert len(constants) == 0
    found = to_sympy(RICH.expression(sequence))
    wanted = sympy.tan(a / b) + (sympy.sin(a) * a + 3 * b) / a**b
    point = {"x0": sympy.Rational(13, 10), "x1": sympy.Rational(7, 10)}
    exact = wanted.subs({a: point["x0"], b: point["x1"]})
    held = found.subs({s: point[s.name] for s in found.free_symbols})
    assert abs((held - exact).evalf(30)) < 1e-14


@settings(max_examples=60, deadline=None)
@given(vocabulary=st.sampled_from(VOCABULARIES), seed=st.integers(0, 2**32), values=st.data())
def test_tree_sequence_and_text_round_trips(
    vocabulary: Vocabulary, seed: int, values: st.DataObject
) -> None:
    for row in rows_of(random_sequences(Rules(max_nodes=16), vocabulary, 20, seed)):
        sequence = np.array(row, np.int16)
        count = sum(vocabulary.names[t] == "const" for t in row)
        constants = np.random.default_rng(seed).normal(size=count)
        tree = _kernel.tree(vocabulary.to_kernel(), sequence, constants)
        assert (_kernel.sequence_of(vocabulary.to_kernel(), *tree) == sequence).all()
        text = vocabulary.text(sequence, constants)
        again, numbers = vocabulary.sequence(text)
        assert again.tolist() == row, text
        assert numbers.tolist() == constants.tolist()


def test_copies_of_a_free_constant_are_tied_and_tuned_values_come_back() -> None:
    sequence, constants = RICH.sequence("tan(3.5*x0) + inv(7.25) + 2.0*pow(tan(0.5), x1)")
    ops, args, consts, ties = RICH.expand(sequence, constants)
    assert constants.tolist() == [3.5, 7.25, 0.5]
    held: dict[int, set[float]] = {}
    for value, tie in zip(consts, ties, strict=True):
        held.setdefault(int(tie), set()).add(float(value))
    assert held == {1: {3.5}, 0: {7.25}, 2: {0.5}, -1: {1.0, 2.0}}
    tuned = np.array([{3.5: -1.0, 7.25: -2.0, 0.5: -3.0}.get(c, c) for c in consts.tolist()])
    back = _kernel.retuned(RICH.to_kernel(), sequence, constants, tuned)
    free = [v for v, t in zip(back[2], back[3], strict=True) if t == 0]
    assert free == [-1.0, -2.0, -3.0]
    assert (ops == RICH.program(sequence, constants).ops).all()
    assert len(args) == len(ops)


def test_the_first_copy_gives_the_tuned_value_of_every_random_tree() -> None:
    rng = np.random.default_rng(3)
    for row in rows_of(random_sequences(Rules(max_nodes=14), RICH, 300, 4)):
        sequence = np.array(row, np.int16)
        count = sum(RICH.names[t] == "const" for t in row)
        old, new = rng.normal(size=count), rng.normal(size=count)
        tuned = RICH.expand(sequence, new)[2]
        back = _kernel.retuned(RICH.to_kernel(), sequence, old, tuned)
        assert back[2][back[3] == 0].tolist() == new.tolist()


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("x0 - x1", "x0 + -1.0*x1"),
        ("-x0", "-1.0*x0"),
        ("x0/x1", "x0/x1"),
        ("1/x0", "1.0/x0"),
        ("x0**3", "x0*square(x0)"),
        ("sinh(x0)", "(exp(x0) + -1.0*exp(-1.0*x0))/2.0"),
        ("pow(x0, 2.5)", "pow(x0, 2.5)"),
        ("n2(x0)", "square(x0)"),
        ("-2.5*x0", "-2.5*x0"),
    ],
)
def test_guesses_are_written_with_the_tokens_there_are(text: str, written: str) -> None:
    sequence, constants = RICH.sequence(text)
    assert RICH.text(sequence, constants) == written
    X = np.random.default_rng(0).uniform(0.5, 2.0, (9, 3))
    if "n2" not in text and "pow" not in text and "sinh" not in text:
        wanted = parse(text, RICH.inputs).evaluate(X)
        assert np.allclose(RICH.expression(sequence, constants).evaluate(X), wanted)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tanh(x0)", "'tanh' is no token"),
        ("abs(x0)", "'abs' is no token"),
        ("x7", "unknown name 'x7'"),
        ("frob(x0)", "unknown operator 'frob'"),
        ("pow(x0)", "pow takes 2 arguments"),
        ("x0; x1", "cannot read"),
    ],
)
def test_text_that_cannot_be_written_is_refused(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        RICH.sequence(text)


def test_a_quotient_is_written_with_inv_where_there_is_no_division() -> None:
    vocabulary = Vocabulary.of(("add", "mul", "inv"), 2, constants=False)
    sequence, _ = vocabulary.sequence("1/x0 + x0/x1")
    assert vocabulary.text(sequence) == "inv(x0) + x0*inv(x1)"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("2*max(x0 - 1, 0) + x1", "2.0*relu(x0 - 1.0) + x1"),
        ("max(max(x0, 0)/x1, 0)", "relu(relu(x0)/x1)"),
        ("sqrt((x0 + 1)*(x0 + 1) + x1*x1)", "hypot(x0 + 1.0, x1)"),
    ],
)
def test_the_body_of_an_operator_is_written_as_its_call(text: str, written: str) -> None:
    custom = [OPERATORS["relu"], OPERATORS["hypot"]]
    vocabulary = Vocabulary.of(("add", "sub", "mul", "div", "relu", "hypot"), 2, custom=custom)
    sequence, constants = vocabulary.sequence(text)
    assert vocabulary.text(sequence, constants) == written
    for other in ("max(x0, 1)", "sqrt(x0*x1 + x1*x1)"):
        with pytest.raises(InputError, match="is no token"):
            vocabulary.sequence(other)


def test_numbers_need_constants_or_literals() -> None:
    bare = Vocabulary.of(("add", "mul"), 1, constants=False, literals=(1.0,))
    assert bare.text(bare.sequence("x0 + 1")[0]) == "x0 + 1.0"
    with pytest.raises(InputError, match=r"the number 2.0 is no token.*literals are 1.0"):
        bare.sequence("2*x0")


def test_expressions_are_read_as_their_text() -> None:
    expression = parse("sin(x0)*x1 + 0.1", PLAIN.inputs)
    sequence, constants = PLAIN.sequence(expression)
    assert PLAIN.expression(sequence, constants) == expression


def test_vocabularies_and_rules_can_be_copied_to_other_processes() -> None:
    RICH.to_kernel()
    again = copy.deepcopy(RICH)
    assert again == RICH
    assert again.names == RICH.names
    assert len(again.to_kernel()) == len(RICH)
    rules = Rules(nested={"exp": {"exp": 0}}, max_argument={"exp": (2,)})
    assert copy.deepcopy(rules) == rules


def test_complexities_and_groups() -> None:
    weights = {t.name: t.complexity for t in RICH.tokens}
    assert weights["exp"] == 3.0
    assert weights["sin"] == weights["tan"] == weights["twice"] == 2.5
    assert (weights["const"], weights["x1"], weights["x0"], weights["1.0"]) == (2.0, 0.5, 1.0, 1.0)
    names = {g: {RICH.names[k] for k in held} for g, held in RICH.groups.items()}
    assert names["trig"] == {"sin", "tan", "twice"}
    assert names["leaf"] == {"x0", "x1", "x2", "1.0", "2.0", "const"}
    assert names["binary"] == {"add", "mul", "div", "max", "pow", "twice"}
    assert RICH.arities.tolist() == [t.arity for t in RICH.tokens]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("exp", "a", "built-in operator"),
        ("n2", "a*a", "built-in operator"),
        ("tan", "2*a", "stands for sin\\(a\\)/cos\\(a\\)"),
        ("loop", "loop(a) + 1", "unknown operator 'loop'"),
        ("four", "a + d", "unknown name 'd'"),
        ("gap", "a + c", "does not read 'b'"),
        ("flat", "3.5", "does not read 'a'"),
        ("late", "b", "does not read 'a'"),
        ("a", "a*a", "cannot name an operator"),
        ("sinh", "a*a", r"'sinh' stands for \(exp\(a\) - exp\(-a\)\)/2"),
        ("where", "a*a", "built-in operator"),
        ("clip", "a*a", r"'clip' stands for min\(max\(a, b\), c\)"),
        ("pi", "a*a", "means something else"),
        ("two words", "a*a", "cannot name an operator"),
    ],
)
def test_bad_operators_are_refused(name: str, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Operator.of(name, text)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"ops": ("add", "wat")}, "unknown operator 'wat'"),
        ({"literals": (1.0, 1.0)}, "'1.0' stands twice"),
        ({"literals": (math.inf,)}, "finite number"),
        ({"names": ("x",)}, "2 inputs have 1 names"),
        ({"names": ("exp", "y")}, "cannot name an input"),
        ({"names": ("hypot", "y"), "ops": ("hypot",)}, "'hypot' stands twice"),
        ({"names": ("const", "y")}, "'const' stands twice"),
        ({"complexity": {"wat": 1.0}}, "'wat' is no token"),
        ({"complexity": {"add": -1.0}}, "must be finite from 0"),
        ({"custom": tuple(Operator.of(f"f{k}", f"a*{k}") for k in range(33))}, "32 custom"),
    ],
)
def test_bad_vocabularies_are_refused(arguments: dict[str, object], message: str) -> None:
    given = {"ops": ("add",), "features": 2, **arguments}
    with pytest.raises(InputError, match=message):
        Vocabulary.of(**given)  # type: ignore[arg-type]


@given(sequence=st.lists(st.integers(-1, 13), max_size=5))
def test_only_whole_sequences_have_text(sequence: list[int]) -> None:
    open_slots = [1]
    cut = sequence[: sequence.index(-1)] if -1 in sequence else sequence
    for token in cut:
        assume(token < len(PLAIN))
        open_slots.append(open_slots[-1] + int(PLAIN.arities[token]) - 1)
    whole = open_slots[-1] == 0 and 0 not in open_slots[:-1]
    for reader in (PLAIN.text, PLAIN.program):
        if whole:
            reader(sequence)
        else:
            with pytest.raises(InputError, match="not one whole expression"):
                reader(sequence)


def test_custom_operators_over_every_built_in_one() -> None:
    names = ("a", "b", "c")
    own = [
        Operator.of(f"f_{s.name}", f"{s.name}({', '.join(names[: s.arity])}) + a")
        for op, s in SEARCH_OPS.items()
        if op not in (Op.INPUT, Op.CONST)
    ]
    vocabulary = Vocabulary.of((), 3, custom=own, names=names)
    X = np.random.default_rng(0).uniform(0.5, 1.5, (7, 3))
    for operator in own:
        inputs = names[: operator.arity]
        sequence = vocabulary.sequence(f"{operator.name}({', '.join(inputs[::-1])})")[0]
        found = vocabulary.expression(sequence).evaluate(X)
        wanted = operator.body.evaluate(X[:, : operator.arity][:, ::-1])
        assert np.array_equal(found, wanted, equal_nan=True)
