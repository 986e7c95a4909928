"""Laws with operators of three arguments: found, and the same in every export."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sympy
import torch

from symtick import SymbolicRegressor
from symtick.errors import InputError
from symtick.expr import Op

pytestmark = pytest.mark.kernel
ROWS = np.random.default_rng(3).integers(-128, 128, (400, 2)) / 64.0

LAWS = [
    (["+", "*", "gt", "where"], lambda a, b: np.where(a > 0.3, b, 2.0 * b), Op.GT),
    (["*", "gt", "where"], lambda a, b: np.where(a > 0.3, b, a * a), Op.WHERE),
    (["*", "clip"], lambda a, b: np.clip(a * b, -1.0, 1.0), Op.MIN),
    (["fma", "square"], lambda a, b: a * b + a * a, Op.MUL),
]


@pytest.mark.parametrize(("operators", "law", "holds"), LAWS)
def test_a_law_is_found_and_exported(
    operators: list[str], law: Callable[..., Any], holds: Op
) -> None:
    y = law(*ROWS.T)
    model = SymbolicRegressor(
        operators=operators, max_nodes=12, evaluations=60_000, target_loss=1e-20, seed=1,
        domain="box", verbose=0,
    ).fit(ROWS, y)  # fmt: skip
    np.testing.assert_allclose(model.predict(ROWS), y, atol=1e-7)
    assert any(node.op is holds for node in model.best_.expression.nodes)
    fresh = np.random.default_rng(4).integers(-120, 121, (200, 2)) / 64.0
    wanted = model.predict(fresh)
    symbols = sympy.symbols("x0 x1", real=True)
    function = sympy.lambdify(symbols, model.sympy(), "numpy")
    np.testing.assert_allclose(function(*fresh.T), wanted, rtol=1e-12, atol=1e-12)
    tensor = torch.tensor(fresh)
    np.testing.assert_allclose(model.torch()(tensor).detach(), wanted, rtol=1e-12, atol=1e-12)
    design = model.design()
    raw = np.round(fresh * 64.0).astype(np.int64)  # words of eight bits, six after the point
    assert np.abs(design.real_outputs(raw)[:, 0] - wanted).max() < 0.01  # nothing is on a threshold


def test_one_s_own_operator_has_three_arguments() -> None:
    a, b = ROWS.T
    model = SymbolicRegressor(
        operators=["+", "*"], custom_operators=["mix(p, q, r) = q + p*(r - q)"], max_nodes=6,
        constants=False, evaluations=20_000, target_loss=1e-20, seed=1, verbose=0,
    ).fit(ROWS, b + a * (a - b))  # fmt: skip
    assert model.best_.text == "mix(x0, x1, x0)"


def test_all_functions_of_three_arguments_are_too_many() -> None:
    model = SymbolicRegressor(operators=["+", "where"], method="enumeration", evaluations=1_000)
    with pytest.raises(InputError, match="where takes three arguments"):
        model.fit(ROWS, ROWS[:, 0])
