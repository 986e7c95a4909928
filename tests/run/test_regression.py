"""A regression of two real targets from files; tests/next_user takes one through every verb."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
import yaml
from quick_searches import JOINT_ALONE, OF_EACH_KIND
from small_networks import MUON_FEATURES, Floats, muon_hits, trained

from symtick import Run, distill_job
from symtick.config import load_job
from symtick.errors import InputError
from symtick.report.tables import front_table
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
        "search": {**OF_EACH_KIND, "method": "gp"},
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
    path = write_job(
        tmp_path,
        search={**JOINT_ALONE, "rounds": 4},
    )
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
    for factor in (1e-9, 1e14):
        y = targets(curvature) * (1.0, factor)
        np.savez(tmp_path / "unit.npz", X=hits, y=y, target_names=np.array(TARGETS))
        refused("target 'size' has .*: state it in another unit", data={"path": "unit.npz"},
                teacher={})  # fmt: skip
    assert not (tmp_path / "run").exists()
    np.savez(tmp_path / "none.npz", X=hits, target_names=np.array(["u"]))
    refused("has no y, and the job names no teacher", data={"path": "none.npz"}, teacher={})
    from symtick.search.data.dataset import Dataset

    labels = Dataset(hits, (curvature > 0).astype(int), MUON_FEATURES, ("n", "p"))
    train_mlp(labels, (4,), epochs=1).save(tmp_path / "classes.npz")
    refused(
        "made for classification, but the job's task is regression",
        teacher={"saved": "classes.npz"},
    )
    both = Dataset(hits, targets(curvature), MUON_FEATURES, target_names=TARGETS[::-1])
    train_mlp(both, (4,), epochs=1).save(tmp_path / "turned.npz")
    refused("targets size, q/pT, the data has .* and q/pT, size", teacher={"saved": "turned.npz"})


def test_a_job_names_several_columns(tmp_path: Path) -> None:
    path = write_job(tmp_path)
    content = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump(content | {"data": {"path": "d.csv", "label": ["u", "v"]}}))
    assert load_job(path).data.label == ["u", "v"]
    content["task"] = "classification"
    path.write_text(yaml.safe_dump(content | {"data": {"path": "d.csv", "label": ["u", "v"]}}))
    with pytest.raises(InputError, match="several are for task: regression"):
        load_job(path)


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
