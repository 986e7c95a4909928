"""The Python code in the documents runs, with smaller budgets."""

from __future__ import annotations

import ast
import re
import runpy
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.kernel

DOCS = Path(__file__).resolve().parents[1] / "docs"
SMALLER = {"60_000": "1_500", "2_000_000": "800"}
CLUSTER = ("n_workers", "dask_jobqueue")  # `tests/search/regression/test_islands.py` has these


def snippets(name: str) -> list[str]:
    """Fenced Python, and blocks that are set in by four columns and begin with an import."""
    text = (DOCS / name).read_text()
    fenced = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    text = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    blocks = re.findall(r"(?:^(?: {4}.*)?\n)+", text, re.MULTILINE)
    return fenced + [textwrap.dedent(b) for b in blocks if b.strip().startswith("from ")]


def ran(source: str, folder: Path, known: dict[str, Any]) -> dict[str, Any]:
    """The names that a snippet leaves behind, those it was given included."""
    for large, small in SMALLER.items():
        source = source.replace(large, small)
    path = folder / "snippet.py"
    path.write_text(
        re.sub(r"^SymbolicRegressor\(", "shown = SymbolicRegressor(", source, flags=re.M)
    )
    held = runpy.run_path(str(path), init_globals=known)
    return {k: v for k, v in held.items() if not k.startswith("__")}


def test_of_regression(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    first, *others = snippets("regression.md")
    known = ran(first, tmp_path, {})
    assert (tmp_path / "firmware/energy/design.json").is_file()
    assert (tmp_path / "front.json").is_file()
    fitted = 0
    for source in others:
        if any(word in source for word in CLUSTER):
            ast.parse(source)
            continue
        known = ran(source, tmp_path, known)
        model = known["shown"].set_params(evaluations=300)
        model.fit(known["data"], known["energy"])
        assert np.isfinite(model.predict(known["data"])).all()
        fitted += 1
    assert fitted == 3


def test_of_the_grammar_and_the_policy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (source,) = snippets("grammar.md")
    known = ran(source, tmp_path, {})
    assert len(capsys.readouterr().out.splitlines()) == 5
    assert len(known["vocabulary"].sequence("x0/x1 + 2*hill(x0, x1)")[0]) == 9
    (source,) = snippets("policy.md")
    X = np.random.default_rng(0).uniform(1, 2, size=(40, 2))
    known = ran(source, tmp_path, {"X": X, "y": np.sin(X[:, 0]) * X[:, 1]})
    status = known["search"].status
    assert status.done or status.evaluations == 800
    assert status.best_loss < 1e-20
