"""A regression from files: a muon-like toy, through runs and their verbs."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
import yaml
from small_networks import MUON_FEATURES, Floats, muon_hits, trained

from symtick import Run, SymbolicDistiller, distill_job, open_run
from symtick.cli import main
from symtick.config import load_job
from symtick.design_folder.checks import synthesise_folder, verify_folder
from symtick.design_folder.tuning import tune_folder
from symtick.errors import InputError
from symtick.hwcost import estimate
from symtick.report.tables import front_table
from symtick.search.distill.settings import AssembleSettings, DistillConfig
from symtick.search.teachers.train import train_mlp

TARGETS = ("q/pT", "size")


def targets(curvature: Floats) -> Floats:
    """q/pT in 1/TeV, and its size in 1/GeV: two values of other sizes."""
    return np.stack([1000.0 * curvature, np.abs(curvature)], axis=1)


def write_job(folder: Path, **changes: Any) -> Path:
    """Rows, a network that was trained on raw rows, and a job, in `folder`."""
    hits, curvature = muon_hits(3000)
    y = targets(curvature)
    np.savez(folder / "rows.npz", X=hits, y=y, feature_names=np.array(MUON_FEATURES),
             target_names=np.array(TARGETS))  # fmt: skip
    torch.save(trained(hits, y, (16,), 40).state_dict(), folder / "net.pt")
    content = {
        "name": "muons",
        "task": "regression",
        "data": {"path": "rows.npz"},
        "teacher": {"torch": {"state_dict": "net.pt", "widths": [16], "standardise": False}},
        "inputs": {"format": "fixed<8,1>"},
        "hardware": {"max_ticks": 5},
        "search": {"generations": 4, "hidden": [3], "effort": 0.2},
        "verify": {"vectors": 300},
    }
    (folder / "job.yaml").write_text(yaml.safe_dump(content | changes))
    return folder / "job.yaml"


@pytest.fixture(scope="module")
def muons(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run; not to be written to, except by adding what verbs add."""
    folder = tmp_path_factory.mktemp("muons")
    return distill_job(write_job(folder), folder / "run")


@pytest.mark.kernel
def test_a_run_of_two_real_targets(muons: Run) -> None:
    front, test = muons.front, muons.test
    assert muons.train.target_names == TARGETS and test.targets.shape == (600, 2)
    assert muons.output_names == ("value_q_pT", "value_size")
    assert muons.teacher is not None and muons.teacher.task == "regression"
    assert len(front.teacher_rmse) == 2 and len(front.entries) >= 4
    assert all(len(e.rmse) == 2 for e in front.entries)
    best = front.ratio(front.best)
    assert best is not None and best < 3.0
    values = muons.designs[front.best.name].predict(test.X)
    errors = np.sqrt(np.mean((values - test.targets) ** 2, axis=0))
    assert errors == pytest.approx(front.best.rmse, rel=0.2)
    with pytest.raises(InputError, match="classes of a regression"):
        muons.chosen.classify(test.X)


@pytest.mark.kernel
@pytest.mark.parametrize("given", ["train", "saved", "none"])
def test_other_teachers_of_values(tmp_path: Path, given: str) -> None:
    teacher: dict[str, Any] = {"train": {"widths": [8], "epochs": 5, "batch": 128}}
    path = write_job(tmp_path, search={"generations": 2, "hidden": []})
    if given == "saved":
        from symtick.search.data.files import load_dataset

        rows = load_dataset(tmp_path / "rows.npz", task="regression")
        train_mlp(rows, (8,), epochs=5).save(tmp_path / "teacher.npz")
        teacher = {"saved": "teacher.npz"}
    content = yaml.safe_load(path.read_text()) | {"teacher": {} if given == "none" else teacher}
    path.write_text(yaml.safe_dump(content))
    run = distill_job(path, tmp_path / "run")
    assert len(run.front.entry().rmse) == 2
    assert bool(run.front.teacher_rmse) == (given != "none")


def test_refusals_name_both_sides(tmp_path: Path) -> None:
    path = write_job(tmp_path)
    content = yaml.safe_load(path.read_text())

    def refused(words: str, **changes: Any) -> None:
        path.write_text(yaml.safe_dump(content | changes))
        with pytest.raises(InputError, match=words):
            distill_job(path, tmp_path / "run")

    refused("real targets are learnt with task: regression", task="classification")
    refused(
        "index compare classes; a regression delivers", hardware={"outputs": ["scores", "index"]}
    )
    refused(r"task", task="ranking")
    hits, curvature = muon_hits(300)
    np.savez(tmp_path / "one.npz", X=hits, y=curvature, feature_names=np.array(MUON_FEATURES))
    refused(r"\(2, 16\), but .* needs \(1, 16\)", data={"path": "one.npz"})
    np.savez(tmp_path / "flat.npz", X=hits, y=np.ones(300))
    refused("target 'y0' is 1.0 in every row", data={"path": "flat.npz"})
    np.savez(tmp_path / "none.npz", X=hits, target_names=np.array(["u"]))
    refused("has no y, and the job names no teacher", data={"path": "none.npz"}, teacher={})
    from symtick.search.data.dataset import Dataset

    labels = Dataset(hits, (curvature > 0).astype(int), MUON_FEATURES, ("n", "p"))
    train_mlp(labels, (4,), epochs=1).save(tmp_path / "classes.npz")
    refused(
        "made for classification, but the job's task is regression",
        teacher={"saved": "classes.npz"},
    )


def test_a_job_names_several_columns(tmp_path: Path) -> None:
    path = write_job(tmp_path)
    content = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump(content | {"data": {"path": "d.csv", "label": ["u", "v"]}}))
    assert load_job(path).data.label == ["u", "v"]
    content["task"] = "classification"
    path.write_text(yaml.safe_dump(content | {"data": {"path": "d.csv", "label": ["u", "v"]}}))
    with pytest.raises(InputError, match="several are for task: regression"):
        load_job(path)


def command(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["symtick", *words])
    try:
        main()
    except SystemExit as stop:
        return int(stop.code or 0)
    return 0


@pytest.mark.kernel
def test_tables_and_report_speak_of_errors(muons: Run) -> None:
    table = front_table(muons.front, muons.job, muons.train.target_names)
    assert table.head[:5] == ("design", "RMSE q/pT", "RMSE size", "RMSE / teacher's", "R2")
    assert all(len(row.cells) == len(table.head) for row in table.rows)
    text = muons.report().read_text()
    for part in text.split("<svg")[1:]:
        ElementTree.fromstring("<svg" + part[: part.index("</svg>") + 6])
    assert text.count("<svg") == 2 + 2 * len(TARGETS)
    for words in ("times the teacher's RMSE", "Resolution of q/pT", "Turn-on of size"):
        assert words in text.replace("&#39;", "'")


@pytest.mark.kernel
def test_tuning_by_a_share_of_the_error(muons: Run, tmp_path: Path) -> None:
    made = muons.tune("5%", muons.front.best.name, tmp_path / "tuned")
    before, after = made.scores
    assert "RMSE" in made.measure and 1.05 * before <= after <= 0.0
    assert made.after.area.lut < made.before.area.lut
    assert made.tested is not None
    ratio = muons.front.ratio(muons.front.best)
    assert -made.tested[0] == pytest.approx(ratio, rel=0.2)


@pytest.mark.slow
@pytest.mark.kernel
@pytest.mark.sim
@pytest.mark.synth
def test_every_verb_on_a_regression(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "run"
    job = write_job(tmp_path, hardware={"max_ticks": 3})
    assert command(monkeypatch, "distill", str(job), "-o", str(folder)) == 0
    assert "RMSE / teacher's" in capsys.readouterr().out
    run = open_run(folder)
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
    assert set(ours[0]["rmse"]) == set(TARGETS)
    words = ("--budget", "1 %", "--design", "d1", "-o", str(tmp_path / "tuned"))
    assert command(monkeypatch, "tune", str(folder), *words) == 0
    assert "minus the RMSE in units of the teacher's" in capsys.readouterr().out
    assert command(monkeypatch, "report", str(folder)) == 0
    assert "RMSE q/pT" in (folder / "report.html").read_text()


@pytest.mark.slow
@pytest.mark.kernel
@pytest.mark.sim
@pytest.mark.synth
def test_the_same_from_python(tmp_path: Path) -> None:
    hits, curvature = muon_hits(1500)
    y = targets(curvature)
    config = replace(
        DistillConfig(),
        evolution=replace(DistillConfig().evolution, generations=3, rows=800),
        layered=replace(DistillConfig().layered, hidden=(3,), fit_steps=200, refit_steps=40),
        assemble=AssembleSettings(designs=2, polish_iterations=10, polish_rows=400),
    )
    model = SymbolicDistiller(
        teacher=trained(hits, y, (16,), 40), task="regression", input_format="fixed<8,1>",
        max_ticks=4, config=config,
    ).fit(hits, y)  # fmt: skip
    assert len(model.front_.teacher_rmse) == 2 and model.score(hits, y) > 0.9
    model.write(tmp_path / "muon")
    assert verify_folder(tmp_path / "muon", 200).ok
    assert synthesise_folder(tmp_path / "muon", place=False).measured.lut > 0
    before = model.spec().scores()
    tuned = tune_folder(tmp_path / "muon", "2.0", tmp_path / "tuned")
    assert tuned.after.area.lut < estimate(before, model.spec().model()).area.lut
