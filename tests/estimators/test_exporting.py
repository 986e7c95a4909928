"""Expressions in SymPy, LaTeX and torch agree with NumPy's values."""

from __future__ import annotations

import cmath
from collections.abc import Collection
from html import unescape
from random import Random

import numpy as np
import pytest
import sympy
import torch

from symtick.errors import InputError
from symtick.estimators.exports.exporting import Function, latex, latex_table, mathml, rounded_sympy
from symtick.estimators.exports.torch_export import TORCH, TorchExpression
from symtick.expr import OPS, SEARCH_OPS, Builder, Expression, Op, arity, parse, to_sympy
from symtick.search.data.names import port_names


def grown(random: Random, size: int, ops: Collection[Op] = OPS) -> Expression:
    """A random expression of three inputs with constants of moderate size."""
    builder = Builder(("x0", "x1", "x2"))
    held = [builder.input(k) for k in range(3)]
    held += [builder.const(v) for v in (0.5, -1.75, 3.0, random.uniform(-2, 2))]
    for _ in range(size):
        op = random.choice(list(ops))
        held.append(builder.op(op, *(random.choice(held[-7:]) for _ in range(arity(op)))))
    return builder.build(held[-1:])


def steady(expression: Expression, X: np.ndarray) -> np.ndarray:
    """Rows whose finite value hardly moves when the inputs do in the last places."""
    with np.errstate(all="ignore"):
        value = expression.evaluate(X)[:, 0]
        moved = expression.evaluate(X * (1.0 + 1e-12))[:, 0]
        return np.isfinite(value) & (np.abs(value - moved) <= 1e-8 * (1.0 + np.abs(value)))


def test_torch_has_every_operator_and_numpy_s_values() -> None:
    assert set(TORCH) == set(OPS)
    random, compared = Random(1), 0
    X = np.random.default_rng(1).uniform(0.2, 2.0, size=(40, 3))
    for _ in range(300):
        expression = grown(random, 8)
        rows = steady(expression, X)
        found = TorchExpression(expression)(torch.from_numpy(X)).detach().numpy()
        np.testing.assert_allclose(found[rows], Function(expression)(X)[rows], rtol=1e-7, atol=1e-7)
        compared += int(rows.sum())
    assert compared > 6000


def test_sympy_and_its_latex_number_have_numpy_s_values() -> None:
    random, compared = Random(2), 0
    X = np.random.default_rng(2).uniform(0.2, 2.0, size=(8, 3))
    names = [sympy.Symbol(f"x{k}", real=True) for k in range(3)]
    for _ in range(60):
        expression = grown(random, 6, SEARCH_OPS)
        rows = steady(expression, X)
        if not rows.any():
            continue
        try:
            told = to_sympy(expression)
        except InputError as error:
            assert "zoo" in str(error)  # 1/0 on the side of a choice that is not taken
            continue
        assert latex(expression)
        for row in X[rows]:
            exact = [sympy.Float(value, 40) for value in row.tolist()]
            value = complex(told.subs(dict(zip(names, exact, strict=True))).evalf(30))
            if cmath.isnan(value):
                continue  # SymPy has no atan2(0, 0)
            assert value == pytest.approx(Function(expression)(row[None])[0], rel=1e-6, abs=1e-6)
            compared += 1
    assert compared > 200


def test_what_sympy_cannot_hold_is_named() -> None:
    with pytest.raises(InputError, match=r"SymPy cannot hold 1/where\(.*\) >= 1.*zoo"):
        to_sympy(parse("1/where(x0 > 0.5, x0, 0) >= 1"))


def test_constants_are_parameters_and_can_be_trained() -> None:
    net = TorchExpression(parse("1.5*sin(2.5*x0) + 1/x1"), fixed={1.0})
    (constants,) = net.parameters()
    assert sorted(constants.tolist()) == [1.5, 2.5]
    X = torch.from_numpy(np.random.default_rng(0).uniform(0.5, 2.0, size=(200, 2)))
    y = 2.0 * torch.sin(2.2 * X[:, 0]) + 1.0 / X[:, 1]
    descent = torch.optim.Adam(net.parameters(), 0.02)
    for _ in range(400):
        descent.zero_grad()
        loss = (net(X) - y).square().mean()
        loss.backward()
        descent.step()
    assert loss.item() < 1e-6
    tuned = net.tuned()
    assert sorted(tuned.constants) == pytest.approx([1.0, 2.0, 2.2], abs=0.01)
    np.testing.assert_allclose(Function(tuned)(X.numpy()), net(X).detach().numpy(), rtol=1e-12)


def test_several_outputs_constants_only_and_single_precision() -> None:
    X = torch.rand(5, 2, dtype=torch.float64)
    assert TorchExpression(parse("x0 + x1; x0*x1"))(X).shape == (5, 2)
    assert TorchExpression(parse("2.5", ["a", "b"]))(X).tolist() == [2.5] * 5
    net = TorchExpression(parse("2.5*x0 + x1"), dtype=torch.float32)
    assert net(X.float()).dtype == torch.float32
    with pytest.raises(InputError, match=r"2 inputs.*not \(5, 3\)"):
        net(torch.zeros(5, 3))


def test_greek_letters_are_typeset_again_and_escaped_names_stay() -> None:
    names = port_names(["\N{GREEK SMALL LETTER ALPHA}", "Δx", "θ_1", "λ", "sin", "µ"])
    expression = parse("alpha*Delta_x + theta_1*lamda - sin_*mu", names)
    text, page = latex(expression), unescape(mathml(expression))
    for part in (r"\alpha", r"\Delta_{x}", r"\theta_{1}", r"\lambda", r"\mathrm{sin\_}", r"\mu"):
        assert part in text
    for letter in "\N{GREEK SMALL LETTER ALPHA}Δθλμ":
        assert letter in page
    assert "<mi>sin_</mi>" in page


def test_latex_rounds_constants_and_keeps_long_names_upright() -> None:
    held = parse("2.123456*p_t_max + 1.25e-7*x1", ["p_t_max", "x1"])
    assert latex(held) == r"2.12 \mathrm{p\_t\_max} + 1.25 \cdot 10^{-7} x_{1}"
    assert str(rounded_sympy(held, 5)) == "2.1235*p_t_max + 1.25e-7*x1"
    table = latex_table(["loss"], [["1.2e-05"], ["3"]], ["a", "b"])
    assert r"$a$ & $1.2 \cdot 10^{-5}$ \\" in table and r"$b$ & $3$ \\" in table
    assert table.count(r"\\") == 3
