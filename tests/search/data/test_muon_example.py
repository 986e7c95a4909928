"""The muons of examples/muons: what its README says of them, and that its job reads them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from small_networks import MUONS, muon_example

from symtick.config import load_job
from symtick.search.data.files import load_dataset

README = (MUONS / "README.md").read_text()


def generated(out: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(MUONS / "generate.py"), "--out", str(out), *options],
        capture_output=True, text=True,
    )  # fmt: skip


def test_the_job_reads_what_the_readme_says_to_make(tmp_path: Path) -> None:
    assert generated(tmp_path / "muons.npz").returncode == 0
    (tmp_path / "job.yaml").write_text((MUONS / "job.yaml").read_text())
    job = load_job(tmp_path / "job.yaml")
    data = load_dataset(job.data.path, task=job.task)
    names = [line.split("`")[1] for line in README.splitlines() if line.startswith("| `")]
    assert [*data.feature_names, *data.target_names] == names
    assert names == [*(f"dphi{k}" for k in range(1, 6)), "eta", "q/pT"]
    assert data.X.shape == (30_000, 6) and "30,000" in README
    assert np.array_equal(data.X, np.rint(data.X))
    assert np.abs(data.targets).max() <= 0.25
    assert 0.0 < np.quantile(np.abs(data.targets), 0.01) < 0.005  # to the straightest
    inputs = job.inputs.fit(data.feature_names, data.X)  # every word holds its feature
    assert len(inputs.formats) == 6


def test_bend_scattering_and_noise_are_those_of_the_readme() -> None:
    """Residuals have mean 0 and, in units of the width that is expected, spread 1."""
    hits, curvature = muon_example().muon_hits(20_000, 3)
    levers = np.array([0.35, 0.7, 1.1, 1.5, 2.0])
    before = np.array([0.0, *levers[:-1]])  # where each turn takes place
    off = hits[:, :5] - 1500 * np.outer(curvature * (1 - 0.35 * (hits[:, 5] / 60) ** 2), levers)
    for station, lever in enumerate(levers):
        turns = np.sum(np.square(lever - before[: station + 1]))
        width = np.sqrt(1.5**2 + 1 / 12 + turns * np.square(1500 * 0.015 * curvature))
        pull = off[:, station] / width
        assert abs(pull.mean()) < 0.03 and abs(pull.std() - 1) < 0.03


def test_a_seed_gives_the_same_file_and_another_seed_another(tmp_path: Path) -> None:
    generate = muon_example().generate
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        generate(200, seed, tmp_path / f"{name}.npz")
    a, b, c = ((tmp_path / f"{name}.npz").read_bytes() for name in "abc")
    assert a == b != c


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--rows", "0"), "rows must be 1 to 10000000 and the seed 0 or more, not 0, 1"),
        (("--seed", "-1"), "rows must be 1 to 10000000 and the seed 0 or more, not 30000, -1"),
    ],
)
def test_a_wrong_number_is_named(tmp_path: Path, options: tuple[str, ...], message: str) -> None:
    made = generated(tmp_path / "muons.npz", *options)
    assert made.returncode == 1 and made.stderr == f"error: {message}\n"
    assert not list(tmp_path.iterdir())


def test_no_file_is_overwritten(tmp_path: Path) -> None:
    out = tmp_path / "muons.npz"
    out.write_text("mine")
    made = generated(out)
    assert made.returncode == 1 and "must be a new .npz file" in made.stderr
    assert out.read_text() == "mine"
