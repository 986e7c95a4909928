"""A muon trigger of somebody else: whole numbers in, one real value out.

From a torch network and the detector's words to a verified block that delivers q/pT.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from command_line import command
from quick_searches import OF_EACH_KIND
from small_networks import MUON_FEATURES, Floats, muon_hits, trained

from symtick import SymbolicDistiller, open_run
from symtick.design_folder.checks import synthesise_folder, verify_folder
from symtick.design_folder.folder import read_spec
from symtick.design_folder.tuning import tune_folder
from symtick.search.distill.settings import DistillConfig

pytestmark = [pytest.mark.slow, pytest.mark.kernel, pytest.mark.sim, pytest.mark.synth]

WORD, ETA = "fixed<11,11>", "fixed<7,7>"  # strips, and steps of eta


def muons(rows: int) -> tuple[Floats, Floats]:
    """Hits and eta, whole numbers that their words hold, and q/pT in 1/TeV."""
    hits, curvature = muon_hits(rows)
    assert np.abs(hits).max() < 1024 and np.abs(hits[:, -1]).max() < 64
    return hits, 1000.0 * curvature


def root_mean_square(errors: Floats) -> float:
    return float(np.sqrt(np.mean(errors**2)))


def test_from_files_by_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hits, y = muons(3000)
    np.savez(tmp_path / "rows.npz", X=hits, y=y, feature_names=np.array(MUON_FEATURES),
             target_names=np.array(["q/pT"]))  # fmt: skip
    torch.save(trained(hits, y, (16,), 40).state_dict(), tmp_path / "net.pt")
    content = {
        "name": "muons",
        "task": "regression",
        "data": {"path": "rows.npz"},
        "teacher": {"torch": {"state_dict": "net.pt", "widths": [16], "standardise": False}},
        "inputs": {"raw": {"eta": ETA, "*": WORD}, "bits": 8},
        "hardware": {"max_ticks": 4},
        "search": OF_EACH_KIND,
        "verify": {"vectors": 300},
        "tune": {"rmse": None},  # the verb does it, below
    }
    (tmp_path / "job.yaml").write_text(yaml.safe_dump(content))
    folder, tuned = tmp_path / "run", tmp_path / "tuned"
    assert command(monkeypatch, "distill", str(tmp_path / "job.yaml"), "-o", str(folder)) == 0
    printed = capsys.readouterr().out
    assert "RMSE / teacher's" in printed
    run = open_run(folder)
    assert ("less than the job asks for" in printed) == bool(run.advice)
    count = len(run.front.entries)
    assert command(monkeypatch, "estimate", str(folder), "--json") == 0
    assert len(json.loads(capsys.readouterr().out)) == count
    assert command(monkeypatch, "verify", str(folder)) == 0
    assert capsys.readouterr().out.count("C++ 0 mismatches, Verilog 0 mismatches") == count
    assert command(monkeypatch, "synth", str(folder), "--place", "none") == 0
    capsys.readouterr()
    assert command(monkeypatch, "compare", str(folder), "--no-route", "--json") == 0
    rows = json.loads(capsys.readouterr().out)
    float_, hls4ml, da4ml, *ours = rows
    assert float_["ratio"] == 1.0 and len(ours) == count
    assert 0.9 < hls4ml["ratio"] < 3.0 and 0.5 < da4ml["ratio"] < 20.0
    assert set(ours[0]["rmse"]) == {"q/pT"}
    smallest = next(e for e in run.front.entries if not e.name.endswith("t"))  # not tuned yet
    words = ("--budget", "1 %", "--design", smallest.name, "-o", str(tuned))
    assert command(monkeypatch, "tune", str(folder), *words) == 0
    assert "minus the RMSE in units of the teacher's" in capsys.readouterr().out
    assert command(monkeypatch, "verify", str(tuned)) == 0
    assert "C++ 0 mismatches, Verilog 0 mismatches" in capsys.readouterr().out
    assert command(monkeypatch, "report", str(folder)) == 0
    assert "RMSE q/pT" in (folder / "report.html").read_text()
    hits, truth = run.test.X.astype(np.int64), run.test.targets  # the words are the features
    errors = [
        root_mean_square(read_spec(made)[1].real_outputs(hits) - truth)
        for made in (run.designs[smallest.name].folder, tuned)
    ]
    assert errors[0] == pytest.approx(smallest.rmse[0], rel=0.2)
    assert errors[1] < 1.05 * errors[0]


def test_the_same_from_python(tmp_path: Path) -> None:
    hits, y = muons(1500)
    base = DistillConfig()
    config = replace(
        base,
        tuning=replace(base.tuning, rmse=None),
        joint=replace(base.joint, starts=1, rounds=4, rows=800),
        layered=replace(base.layered, hidden=(3,), starts=1, fit_steps=200, refit_steps=40),
        shortening=replace(base.shortening, designs=1),
    )
    model = SymbolicDistiller(
        teacher=trained(hits, y, (16,), 40), task="regression", raw={"x5": ETA, "*": WORD}, bits=8,
        max_ticks=4, config=config,
    ).fit(hits, y)  # fmt: skip
    assert len(model.front_.teacher_rmse) == 1 and model.score(hits, y) > 0.9
    design = model.write(tmp_path / "muon")
    values = design.real_outputs(hits.astype(np.int64))[:, 0]
    assert np.array_equal(values, model.predict(hits))
    assert verify_folder(tmp_path / "muon", 200).ok
    assert synthesise_folder(tmp_path / "muon", place=False).measured.lut > 0
    tuned = tune_folder(tmp_path / "muon", "8.0", tmp_path / "tuned")
    assert tuned.after.area.lut < tuned.before.area.lut
    assert verify_folder(tmp_path / "tuned", 200).ok
    narrow = read_spec(tmp_path / "tuned")[1].real_outputs(hits.astype(np.int64))[:, 0]
    assert 0.0 < root_mean_square(narrow - values) < 8.0
