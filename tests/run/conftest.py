"""A small job that all tests of runs share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from quick_searches import JOINT_ALONE

from symtick import Run, distill_job

Job = Callable[..., Path]


@pytest.fixture(scope="session")
def job() -> Job:
    """Writes rows and a job of a few seconds into a folder; sections of it can be replaced."""

    def write(folder: Path, **changes: Any) -> Path:
        rng = np.random.default_rng(8)
        X = rng.normal(size=(900, 2)) * (1.0, 40.0)
        y = (np.abs(X[:, 0]) + np.tanh(X[:, 1] / 40) > 0.8).astype(int)
        np.savez(
            folder / "rows.npz", X=X, y=y, feature_names=np.array(["eta", "pt"]),
            classes=np.array(["bkg", "sig"]),
        )  # fmt: skip
        content = {
            "name": "small_job",
            "seed": 4,
            "data": {"path": "rows.npz"},
            "teacher": {"train": {"widths": [8], "epochs": 30, "batch": 64}},
            "search": {**JOINT_ALONE, "rounds": 4},
            "verify": {"vectors": 300},
        }
        path = folder / "job.yaml"
        path.write_text(yaml.safe_dump(content | changes))
        return path

    return write


@pytest.fixture(scope="session")
def deciding(job: Job, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run whose designs deliver scores, the class and the margin; not to be written to."""
    folder = tmp_path_factory.mktemp("deciding")
    hardware = {"outputs": ["scores", "index", "margin"]}
    return distill_job(job(folder, hardware=hardware), folder / "run")
