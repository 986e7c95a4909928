"""Twenty formulas of a physicist: C++ and Verilog agree, and the error is what was asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.codegen.physics_formulas import FORMULAS, PhysicsFormula, worst_shares
from symtick.sim.verify import verify

pytestmark = [pytest.mark.sim, pytest.mark.slow]


def test_there_are_twenty() -> None:
    assert len({formula.name for formula in FORMULAS}) == len(FORMULAS) >= 20


@pytest.mark.parametrize("formula", FORMULAS, ids=lambda formula: formula.name)
def test_a_formula_is_verified_and_within_its_error(
    formula: PhysicsFormula, tmp_path: Path
) -> None:
    made = formula.compiled(tmp_path / "design")
    outcome = verify(made.design, tmp_path / "verified", count=2000)
    outcome.check()
    assert outcome.vectors >= 2000 and outcome.measured_ii == 1
    for name, (_, share) in zip(made.design.score_names, worst_shares(formula, made), strict=True):
        assert share <= 1.0, name
