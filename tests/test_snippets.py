"""The Python code in the documents runs, with smaller budgets."""

from __future__ import annotations

import ast
import re
import runpy
import textwrap
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from quick_searches import JOINT_ALONE
from small_networks import particles, trained

from symtick import distill_job
from symtick.search.data.files import load_split
from symtick.search.distill.settings import DistillConfig
from symtick.search.joint.settings import JointSettings

pytestmark = pytest.mark.kernel

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
SMALLER = {"60_000": "1_500", "2_000_000": "800", '"d4"': '"d1"'}
QUICK = DistillConfig(
    joint=JointSettings(starts=1, rounds=6, method="gp", rows=600),
    layered=replace(DistillConfig().layered, hidden=()),
    shortening=replace(DistillConfig().shortening, designs=0),
)
CLUSTER = ("n_workers", "dask_jobqueue")  # `tests/search/regression/test_islands.py` has these


def snippets(name: str) -> list[str]:
    """Fenced Python, and blocks that are set in by four columns and begin with an import."""
    text = (DOCS / name).read_text()
    fenced = fences(text, "python")
    text = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    blocks = re.findall(r"(?:^(?: {4}.*)?\n)+", text, re.MULTILINE)
    return fenced + [textwrap.dedent(b) for b in blocks if b.strip().startswith("from ")]


def fences(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


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


def test_of_templates(tmp_path: Path) -> None:
    known: dict[str, Any] = {}
    for source in snippets("templates.md"):
        known = ran(source, tmp_path, known)
    assert set(known["model"].parts_) == {"g", "f", "h"}


def test_of_modules(tmp_path: Path) -> None:
    (source,) = snippets("modules.md")
    known = ran(source, tmp_path, {})
    rows = known["pairs"].reshape(500, 6)
    values = known["law"].expression.evaluate(rows)
    with torch.no_grad():
        assert np.allclose(values, known["found"].network(known["pairs"]), atol=1e-4)


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


@pytest.fixture(scope="module")
def tagger(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The job of the README, run with a network and rows of its own: names that snippets know."""
    folder = tmp_path_factory.mktemp("readme")
    X, y = particles(900, decades=(-2, 3))
    (text,) = fences((ROOT / "README.md").read_text(), "yaml")
    content = yaml.safe_load(text)
    spread = X.std(axis=0)
    net = trained((X - X.mean(axis=0)) / spread, y, content["teacher"]["torch"]["widths"], 10)
    torch.save(net.state_dict(), folder / "net.pt")
    np.savez(folder / "rows.npz", X_train=X[:700], y_train=y[:700], X_test=X[700:], y_test=y[700:],
             classes=np.array(["e", "mu", "tau"]))  # fmt: skip
    content["hardware"]["max_ticks"] = 6
    smaller = {
        "search": {**JOINT_ALONE, "rounds": 4},
        "verify": {"vectors": 200},
    }
    (folder / "tagger.yaml").write_text(yaml.safe_dump(content | smaller))
    distill_job(folder / "tagger.yaml", folder / "runs/tagger")
    return {"folder": folder, "X": X, "y": y, "net": trained(X, y)}


@pytest.mark.slow
@pytest.mark.sim
def test_of_runs(tagger: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tagger["folder"])
    opening = fences((ROOT / "README.md").read_text(), "python")[0]
    assert ran(opening, tmp_path, {"X": tagger["X"]})["run"].chosen.verification.ok
    (source,) = snippets("jobs.md")
    run = ran(source, tmp_path, {"X": tagger["X"]})["run"]
    assert (run.folder / "report.html").is_file() and (run.folder / "tuned/d1").is_dir()
    assert Path("firmware/tagger/design.json").is_file()


def test_of_teachers(
    tagger: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    X, y = tagger["X"], tagger["y"]
    (source,) = snippets("teachers.md")
    parts = {"X_train": X[:700], "y_train": y[:700], "X_test": X[700:], "y_test": y[700:]}
    ran(source, tmp_path, {**parts, "np": np, "model": lambda rows: rows[:, :3]})
    train, test = load_split(tmp_path / "rows.npz")
    assert train.scores is not None and test.scores is not None
    assert np.array_equal(test.scores, X[700:, :3])


def test_of_estimators_in_the_readme(
    tagger: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    _, distiller, regressor = fences((ROOT / "README.md").read_text(), "python")
    X, y = tagger["X"], tagger["y"]
    rows = {"net": tagger["net"], "X": X[:700], "y": y[:700], "X_test": X[700:], "y_test": y[700:]}
    shorter = {"max_ticks=4": "max_ticks=4, config=quick", 'domain="box"': "evaluations=1_500"}
    for old, new in shorter.items():
        distiller, regressor = distiller.replace(old, new), regressor.replace(old, new)
    model = ran(distiller, tmp_path, rows | {"quick": QUICK})["model"]
    assert model.score(X[700:], y[700:]) > 0.7
    assert (tmp_path / "firmware/tagger/design.json").is_file()
    X = np.random.default_rng(0).uniform(0.5, 2.0, (200, 2))
    model = ran(regressor, tmp_path, {"X": X, "y": X[:, 0] * X[:, 1]})["model"]
    assert model.score(X, X[:, 0] * X[:, 1]) > 0.9
    assert (tmp_path / "firmware/law/design.json").is_file()


def test_every_document_with_python_is_run_here() -> None:
    paths = (ROOT / "README.md", *DOCS.glob("*.md"))
    starts = ("```python", "\n    from ")
    documents = [path for path in paths if any(s in path.read_text() for s in starts)]
    assert {path.name for path in documents} == {
        "README.md", "grammar.md", "jobs.md", "modules.md", "policy.md", "regression.md",
        "teachers.md", "templates.md",
    }  # fmt: skip
