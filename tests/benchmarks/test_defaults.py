"""The jobs of `benchmarks.distilling.defaults`: their data, and the designs that are picked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml

from benchmarks.distilling.defaults import picked
from benchmarks.distilling.jobs import CELL_LIMIT, CELL_NOISE, JOBS, shower
from symtick.config import load_job
from symtick.search.data.files import load_dataset


@pytest.mark.parametrize("name", JOBS)
def test_every_job_is_one_that_a_user_could_write(name: str, tmp_path: Path) -> None:
    content = JOBS[name].written(tmp_path, name, 3)
    assert "search" not in content and "tune" not in content  # defaults
    (tmp_path / "job.yaml").write_text(yaml.safe_dump(content))
    job = load_job(tmp_path / "job.yaml")
    assert (job.name, job.seed) == (name, 3) and job.teacher.train is not None
    part = "train" if name == "jets" else "all"
    data = load_dataset(job.data.path, part, task=job.task)
    assert len(data) > 500 and np.isfinite(data.X).all()


def test_a_shower_is_all_there_but_for_what_leaks_and_saturates() -> None:
    cells, energy = shower(4_000, 1)
    assert cells.shape == (4_000, 9) and cells.max() == CELL_LIMIT
    whole = (cells < CELL_LIMIT).all(axis=1)
    found = cells[whole].sum(axis=1) / (1e3 * energy[whole])
    assert 0.5 < np.median(found) < 1.0 and found.max() < 1.0 + 9 * CELL_NOISE / 5e3
    assert np.corrcoef(cells[whole].sum(axis=1), energy[whole])[0, 1] > 0.98


def test_designs_are_picked_by_validation_rows() -> None:
    def design(lut: float, valid: float, share: float) -> dict[str, float]:
        return {"lut": lut, "valid": valid, "share": share, "ticks": 2, "nodes": 20}

    row = {"designs": [design(30, 0.93, 0.99), design(60, 0.985, 0.9), design(50, 0.983, 0.97)]}
    found = [(d["from"], d["lut"]) for d in picked(row)]
    assert found == [(0.9, 30), (0.95, 50), (0.97, 50), (0.98, 50), (None, 60)]
