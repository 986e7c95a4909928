"""A tagger of somebody else: twelve features of sizes from 1e-6 to 1e5, three classes.

From a torch network and the detector's words to a verified block that delivers the class.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from command_line import command
from quick_searches import OF_EACH_KIND
from small_networks import Floats, particles, trained

from symtick import SymbolicDistiller, open_run
from symtick.codegen import Fixed
from symtick.design_folder.checks import synthesise_folder, verify_folder
from symtick.design_folder.folder import read_spec
from symtick.design_folder.tuning import tune_folder
from symtick.search.distill.settings import DistillConfig

pytestmark = [pytest.mark.slow, pytest.mark.kernel, pytest.mark.sim, pytest.mark.synth]

SIZES = 10.0 ** np.linspace(-6, 5, 12)
COUNT = 256  # of the detector's words in a feature's size
NAMES = tuple(f"f{k}" for k in range(12))
FORMATS = (*(Fixed(12, 0),) * 11, Fixed(12, 0, False))  # the last feature is never negative
RAW: dict[str, Any] = {
    name: {"format": str(fmt), "unit": float(size / COUNT)}
    for name, fmt, size in zip(NAMES, FORMATS, SIZES, strict=True)
}


def rows() -> tuple[Floats, np.ndarray]:
    return particles(1500, 12, distance=0.8, decades=(-6, 5))


def words(X: Floats) -> np.ndarray:
    """What the detector sends, by hand."""
    counts = np.floor(X / SIZES * COUNT + 0.5)
    return np.stack(
        [np.clip(c, f.raw_min, f.raw_max) for c, f in zip(counts.T, FORMATS, strict=True)],
        axis=1,
    ).astype(np.int64)  # fmt: skip


def test_from_files_by_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    X, y = rows()
    np.savez(tmp_path / "rows.npz", X=X, y=y, feature_names=np.array(NAMES))
    net = trained(X, y, (16, 8), 20)
    torch.save(net.state_dict(), tmp_path / "net.pt")
    content = {
        "name": "particles",
        "data": {"path": "rows.npz"},
        "teacher": {"torch": {"state_dict": "net.pt", "widths": [16, 8], "standardise": False}},
        "inputs": {"raw": RAW, "bits": 5},
        "hardware": {"outputs": ["index"], "max_ticks": 3},
        "search": OF_EACH_KIND,
        "verify": {"vectors": 300},
        "tune": {"accuracy": None},  # the verb does it, below
    }
    (tmp_path / "job.yaml").write_text(yaml.safe_dump(content))
    folder, tuned = tmp_path / "run", tmp_path / "tuned"
    assert command(monkeypatch, "distill", str(tmp_path / "job.yaml"), "-o", str(folder)) == 0
    printed = capsys.readouterr().out
    told = " ".join(printed.split())  # lines break where the terminal ends
    assert "In: raw words; out: index; outside the firmware: nothing." in told
    run = open_run(folder)
    assert ("less than the job asks for" in printed) == bool(run.advice)
    assert command(monkeypatch, "verify", str(folder)) == 0
    count = len(run.front.entries)
    assert capsys.readouterr().out.count("C++ 0 mismatches, Verilog 0 mismatches") == count
    assert command(monkeypatch, "synth", str(folder), "--place", "none", "--json") == 0
    measured = json.loads(capsys.readouterr().out)
    assert len(measured) == count
    name = run.chosen.name.removesuffix("t")  # before the tuning that distilling ends with
    options = ("--budget", "1%", "--design", name, "-o", str(tuned))
    assert command(monkeypatch, "tune", str(folder), *options) == 0
    assert command(monkeypatch, "verify", str(tuned)) == 0
    assert "C++ 0 mismatches, Verilog 0 mismatches" in capsys.readouterr().out
    assert command(monkeypatch, "report", str(folder)) == 0
    assert "particles" in (folder / "report.html").read_text()
    test = run.test
    index, narrow = (
        read_spec(made)[1].graph.evaluate(words(test.X))[:, 0]
        for made in (run.chosen.folder, tuned)
    )
    assert np.array_equal(index, run.chosen.classify(test.X))
    taught = net(torch.tensor(test.X).float()).argmax(1).numpy()
    assert np.mean(index == test.labels) > 0.85 * np.mean(taught == test.labels)
    assert np.mean(narrow == test.labels) > np.mean(index == test.labels) - 0.08  # 300 rows


def test_the_same_from_python(tmp_path: Path) -> None:
    X, y = rows()
    base = DistillConfig()
    config = replace(
        base,
        tuning=replace(base.tuning, accuracy=None),
        joint=replace(base.joint, starts=1, rounds=4, rows=800),
        layered=replace(base.layered, hidden=(3,), starts=1, fit_steps=200, refit_steps=40),
        shortening=replace(base.shortening, designs=1),
    )
    raw = {f"x{k}": word for k, word in enumerate(RAW.values())}
    model = SymbolicDistiller(
        teacher=trained(X, y, (16, 8), 20), raw=raw, bits=5, decide=("index",), max_ticks=3,
        config=config,
    ).fit(X[:1200], y[:1200])  # fmt: skip
    design = model.write(tmp_path / "tagger")
    index = design.graph.evaluate(words(X))[:, 0]
    assert np.array_equal(model.predict(X), index)
    assert model.score(X[1200:], y[1200:]) > 0.6
    assert verify_folder(tmp_path / "tagger", 200).ok
    assert synthesise_folder(tmp_path / "tagger", place=False).measured.lut > 0
    tuned = tune_folder(tmp_path / "tagger", "0.5", tmp_path / "tuned")
    assert tuned.after.area.lut <= tuned.before.area.lut
    assert verify_folder(tmp_path / "tuned", 200).ok
    index = read_spec(tmp_path / "tuned")[1].graph.evaluate(words(X))[:, 0]
    assert np.mean(index == model.predict(X)) > 0.9
