"""Twenty formulas of a physicist: C++ and Verilog agree, and the error is what was asked for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.codegen.physics_formulas import FORMULAS, worst_shares
from symtick.sim.verify import Subject, verify_together

pytestmark = [pytest.mark.sim, pytest.mark.slow]


def test_there_are_twenty() -> None:
    assert len({formula.name for formula in FORMULAS}) == len(FORMULAS) >= 20


def test_all_are_verified_and_within_their_errors(tmp_path: Path) -> None:
    subjects = []
    for number, formula in enumerate(FORMULAS):
        made = formula.compiled(tmp_path / f"compiled{number}")
        for name, (_, share) in zip(
            made.design.score_names, worst_shares(formula, made, 500), strict=True
        ):
            assert share <= 1.0, (formula.name, name)
        design = replace(made.design, name=f"formula{number}")
        subjects.append(Subject.of(design, tmp_path / f"verified{number}"))
    for formula, outcome in zip(FORMULAS, verify_together(subjects, 2000), strict=True):
        assert outcome.ok, (formula.name, str(outcome))
        assert outcome.vectors >= 2000 and outcome.measured_ii == 1
