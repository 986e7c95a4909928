"""Data and teacher of a job: what fits together is learnt, the rest leaves no run folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from quick_searches import JOINT_ALONE
from torch import nn

from symtick import distill_job
from symtick.errors import InputError, SymtickWarning
from symtick.search.teachers.teacher import TorchTeacher

Job = Callable[..., Path]
QUICK = JOINT_ALONE


@pytest.mark.kernel
def test_a_saved_teacher_of_two_classes_has_one_output(job: Job, tmp_path: Path) -> None:
    net = nn.Linear(2, 1)
    with torch.no_grad():
        net.weight.copy_(torch.tensor([[1.0, 0.02]]))
        net.bias.zero_()
    teacher = TorchTeacher.wrap(nn.Sequential(net), ("eta", "pt"), ("bkg", "sig"))
    teacher.save(tmp_path / "net.npz")
    hardware = {"outputs": ["index", "margin"]}
    path = job(tmp_path, teacher={"saved": "net.npz"}, hardware=hardware)
    with pytest.raises(InputError, match=r"margin of one score, that of sig, cannot be: write ind"):
        distill_job(path, tmp_path / "run")
    hardware = {"outputs": ["index"]}
    choose = {"accuracy_share": 0.99}  # of labels that this teacher knows little of
    path = job(
        tmp_path, teacher={"saved": "net.npz"}, search=QUICK, hardware=hardware, choose=choose
    )
    run = distill_job(path, tmp_path / "run")
    assert run.output_names == run.problem.output_names == ("score_sig",)
    assert list(run.chosen.expressions) == ["score_sig"]
    X = run.test.X
    classes = run.chosen.classify(X)
    assert np.mean(classes == (teacher.logits(X)[:, 0] > 0)) > 0.9
    assert np.array_equal(run.chosen.outputs(X)["index"], classes)


def test_a_share_that_holds_no_row_out_leaves_no_folder(job: Job, tmp_path: Path) -> None:
    path = job(tmp_path, data={"path": "rows.npz", "validation": 1e-4}, teacher={})
    with pytest.raises(InputError, match=r"holding out a share of 0\.0001 of 720 rows"):
        distill_job(path, tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("given", ["y_train", "y_test"])
def test_y_of_one_part_alone_is_refused(job: Job, tmp_path: Path, given: str) -> None:
    path = job(tmp_path, teacher={}, search=QUICK)
    rows = dict(np.load(tmp_path / "rows.npz"))
    y, parts = rows.pop("y"), {"X_train": rows["X"], "X_test": rows.pop("X")}
    np.savez(tmp_path / "rows.npz", **rows, **parts, **{given: y})
    with pytest.raises(InputError, match=rf"rows\.npz has {given} alone: give y_train and y_test"):
        distill_job(path, tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.kernel
def test_parts_without_class_names_have_the_classes_of_both(tmp_path: Path, job: Job) -> None:
    path = job(tmp_path, teacher={}, search=QUICK)
    rows = np.load(tmp_path / "rows.npz")
    X, y = rows["X"], rows["y"].copy()
    y[-1] = 2
    np.savez(tmp_path / "rows.npz", X_train=X[:600], y_train=y[:600], X_test=X[600:],
             y_test=y[600:])  # fmt: skip
    with pytest.warns(SymtickWarning, match=r"hardly a training row: 2 \(0\)"):
        run = distill_job(path, tmp_path / "run")
    assert run.train.class_names == run.test.class_names == ("0", "1", "2")
    assert run.test.labels[-1] == 2
