"""Equalities that no word of an input meets are told of."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from symtick.design_folder.compiling import compile_text
from symtick.errors import SymtickWarning


@pytest.mark.parametrize(
    ("text", "fmt", "lsbs", "told"),
    [
        ("x == 0.3", "fixed<20,1>", (), r"x == 0\.3 is 0 for all words of x \(fixed<20,1>\)"),
        ("3*where(x + y != 0.3, x, y)", "fixed<6,1>", (), r"x \+ y != 0\.3 is 1 .* y \(fixed<6,1>"),
        ("x == 0.37", "fixed<6,1>", ("0.1",), r"x == 3\.7 .*\(fixed<6,6> in steps of 0\.1\)"),
    ],
)
def test_a_decided_equality_is_told(
    tmp_path: Path, text: str, fmt: str, lsbs: tuple[str, ...], told: str
) -> None:
    with pytest.warns(SymtickWarning, match=told):
        compile_text(text, [fmt], lsbs=lsbs, folder=tmp_path / "d")


def test_others_are_not(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", SymtickWarning)
        text = "a = (x == 0.25) + (x == y); b = y > 9; c = x*0 + (1 == 2)"
        compile_text(text, ["fixed<6,1>"], folder=tmp_path / "d")
        made = compile_text("x == 0.3", ["fixed<6,1>"], lsbs=["0.1"], folder=tmp_path / "e")
    words = made.design.graph.evaluate([[3], [4]])
    assert words[:, 0].tolist() == [1, 0]
