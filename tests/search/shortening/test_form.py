"""Forms against the expressions that they are read from, and their slopes against differences."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from random_expressions import NAMES, built, trees

from symtick.expr import Op, parse
from symtick.search.shortening.form import Form, Swap

SMOOTH = (Op.ADD, Op.SUB, Op.MUL, Op.NEG, Op.SQUARE, Op.TANH, Op.SIN, Op.ABS, Op.MAX)
TEXTS = (
    "1.7*tanh(0.4*x0 - 1.1*x1 + 0.3) + 0.2*x2",
    "tanh(0.4*x0 - 1.1*x1 + 0.3)*(x1 + 0.5*x2) - abs(x2 - 0.7)",
    "max(0.3*x0 + x1, 0.25) + exp(-square(1.5*x2)) + 0.1*(0.3*x0 + x1)",
)


def rows(count: int = 50, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1.5, 1.5, (count, len(NAMES)))


def outputs(form: Form, X: np.ndarray) -> np.ndarray:
    return form.computed(form.forward(X)[0])


@given(trees(SMOOTH))
@settings(max_examples=80, deadline=None)
def test_a_form_is_the_expression_and_can_be_written_again(tree: object) -> None:
    given_one = built(tree)
    X = rows()
    wanted = given_one.evaluate(X)
    form = Form.of(given_one)
    for made in (outputs(form, X), form.expression().evaluate(X)):
        assert np.allclose(made, wanted, rtol=1e-9, atol=1e-9, equal_nan=True)


def test_slopes_by_constants_and_by_atoms_are_those_of_differences() -> None:
    form, X = Form.of(parse(TEXTS, NAMES)), rows()
    values, seen = form.forward(X)
    by_atom, by_value = form.jacobian(values, seen)
    step = 1e-6
    for p in range(len(form.values)):
        moved = []
        for side in (step, -step):
            changed = form.values.copy()
            changed[p] += side
            moved.append(outputs(form.changed(changed, form.plain.copy()), X))
        difference = (moved[0] - moved[1]).T / (2 * step)
        assert np.allclose(by_value[p], difference, rtol=1e-4, atol=1e-6), p
    # an atom that only outputs read: its slope is its factor there
    tops = {a for s in form.outputs for _, a in form.sums[s].terms}
    inner = {a for atom in form.atoms for s in atom.args for _, a in form.sums[s].terms}
    for k in tops - inner:
        for out, place in enumerate(form.outputs):
            factors = [form.values[p] for p, a in form.sums[place].terms if a == k]
            assert np.allclose(by_atom[k, out], sum(factors))


@pytest.mark.parametrize(
    "text",
    [
        "0.5*exp(exp(x0)) + 3*x0 - exp(9*x0)",
        "exp(4*x0)*exp(4*x0) + x0 + exp(9*x0)",
        "sin(exp(4*x0)*exp(4*x0))*2.5 + x0 + exp(9*x0)",
    ],
)
def test_where_an_atom_overflows_no_slope_does(text: str) -> None:
    form, X = Form.of(parse(text, ["x0"])), np.array([[1.0], [90.0]])
    values, seen = form.forward(X)
    with np.errstate(divide="raise", invalid="raise", over="raise"):
        form.computed(values)
        by_atom, by_value = form.jacobian(values, seen)
    assert not np.isfinite(values).all()
    assert np.isfinite(by_atom).all() and np.isfinite(by_value).all()
    # the row that is finite keeps its slopes
    alone = form.jacobian(*form.forward(X[:1]))
    assert np.allclose(alone[0][..., 0], by_atom[..., 0])
    assert np.allclose(alone[1][..., 0], by_value[..., 0])


def test_plain_constants_are_those_that_the_text_does_not_show() -> None:
    form = Form.of(parse(["x0 - 2.5*x1", "tanh(x0) + 1.5"], NAMES))
    free = sorted(form.values[~form.plain].tolist())
    assert free == [1.5, 2.5] or free == [-2.5, 1.5]


@pytest.mark.parametrize(
    ("swap_op", "text"),
    [
        (Op.ABS, "2.0*(3.0*abs(x0 - 0.5)) + x1"),
        (Op.MAX, "2.0*(3.0*max(x0, 0.5)) + x1"),
        (None, "2.0*(3.0*x0) + x1"),
    ],
)
def test_a_swap_puts_a_factor_times_a_kink_in_an_atoms_place(swap_op: Op | None, text: str) -> None:
    form, X = Form.of(parse(["2.0*tanh(0.7*x0 + 0.1) + x1"], NAMES)), rows()
    (atom,) = (k for k, a in enumerate(form.atoms) if a.op is Op.TANH)
    (signal,) = (k for k, a in enumerate(form.atoms) if a.op is Op.INPUT and a.index == 0)
    made = form.swapped([Swap(atom, signal, 3.0, swap_op, 0.5)], form.values.copy())
    wanted = parse([text], NAMES).evaluate(X)
    assert np.allclose(outputs(made, X), wanted)
    assert np.allclose(made.expression().evaluate(X), wanted)
    gone = [p for p in range(len(form.values)) if form.values[p] in (0.7, 0.1)]
    assert made.plain[gone].all() == (swap_op is not None or not made.live()[atom])


def test_what_nothing_reads_is_no_constant_to_be_fitted() -> None:
    form = Form.of(parse(["1.5*tanh(0.7*x0 + 0.1) + 0.3*x1"], NAMES))
    values = form.values.copy()
    values[[p for p in range(len(values)) if values[p] == 1.5]] = 0.0
    made = form.changed(values, values == 0.0)
    assert sorted(made.values[~made.plain].tolist()) == [0.3]
    assert str(made.expression()) == "0.3*x1"


def test_the_nodes_that_go_with_a_term_are_counted_with_what_only_it_needs() -> None:
    form = Form.of(parse(["1.5*tanh(0.7*x0 + 0.1) + 0.3*x1 + 2.0*x2", "x2"], NAMES))
    whole = len(form.expression())
    _, with_term = form.owned()
    for p in np.flatnonzero(form.factor & ~form.plain).tolist():
        if p not in {q for q, _ in form.sums[form.outputs[0]].terms}:
            continue
        values, plain = form.values.copy(), form.plain.copy()
        values[p], plain[p] = 0.0, True
        shorter = len(form.changed(values, plain).expression())
        assert with_term[p] == whole - shorter
