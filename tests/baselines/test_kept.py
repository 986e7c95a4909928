"""Baselines that are kept for the next run of the same network."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from symtick.baselines import kept
from symtick.baselines.rows import ComparisonRow
from symtick.search.data.dataset import Dataset
from symtick.search.teachers.teacher import TorchTeacher

NAMES = ("u", "v")
ROWS = [
    ComparisonRow("float", 0.7, 1.0, {"a": 0.9, "b": 0.8}),
    ComparisonRow("hls4ml", 0.69, 0.99, note="no tool"),
    ComparisonRow("da4ml", rmse={"q": 0.25}, ratio=1.5, lut=900, ff=3, dsp=0, ticks=4, mhz=91.5),
]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SYMTICK_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def teacher() -> TorchTeacher:
    torch.manual_seed(1)
    module = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU(), torch.nn.Linear(3, 2))
    return TorchTeacher.wrap(module, NAMES, class_names=("a", "b"))


def rows() -> Dataset:
    X = np.random.default_rng(0).normal(size=(20, 2))
    return Dataset(X, np.arange(20) % 2, NAMES, ("a", "b"))


def projects(folder: Path) -> None:
    for name, text in {
        "hls4ml/hls4ml_config.yml": yaml.safe_dump({"OutputDir": str(folder / "hls4ml")}),
        "hls4ml/firmware/nét.cpp": "int x;",
        "da4ml/src/network.v": "module network; endmodule",
        "da4ml_synth/network.json": "{}",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "hls4ml" / "firmware" / "nét.cpp").chmod(0o755)


def test_rows_and_projects_come_back_in_another_folder(tmp_path: Path) -> None:
    projects(tmp_path / "first")
    key = kept.key_of(teacher(), rows(), rows(), (0, True))
    assert kept.fetch(key, tmp_path / "second") is None and not (tmp_path / "second").exists()
    kept.keep(key, tmp_path / "first", ROWS)
    assert kept.fetch(key, tmp_path / "second") == ROWS
    found = {str(p.relative_to(tmp_path / "second")) for p in (tmp_path / "second").rglob("*.*")}
    assert found == {"hls4ml/hls4ml_config.yml", "hls4ml/firmware/nét.cpp", "da4ml/src/network.v"}
    config = yaml.safe_load((tmp_path / "second" / "hls4ml" / "hls4ml_config.yml").read_text())
    assert config["OutputDir"] == str(tmp_path / "second" / "hls4ml")
    modes = [(p.stat().st_mode & 0o111) for p in sorted((tmp_path / "second").rglob("*.*"))]
    assert modes == [0, 0o111, 0]  # network.v, what hls4ml runs, its configuration


def test_what_cannot_be_read_is_not_kept(tmp_path: Path) -> None:
    projects(tmp_path / "first")
    (tmp_path / "first" / "da4ml" / "gone").symlink_to(tmp_path / "nowhere")
    kept.keep("baselines-k", tmp_path / "first", ROWS)
    assert kept.fetch("baselines-k", tmp_path / "second") is None


def test_a_damaged_file_is_not_used(tmp_path: Path, cache: Path) -> None:
    projects(tmp_path / "first")
    kept.keep("baselines-k", tmp_path / "first", ROWS)
    (file,) = (cache / "builds").iterdir()
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    assert kept.fetch("baselines-k", tmp_path / "second") is None


def test_what_the_baselines_depend_on_is_in_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    first, data = teacher(), rows()

    def key(
        network: TorchTeacher = first, train: Dataset = data, test: Dataset = data, seed: int = 0
    ) -> str:
        return kept.key_of(network, train, test, (seed, True))

    changed = teacher()
    with torch.no_grad():
        changed.module[2].bias[0] += 1e-6
    moved = replace(data, X=data.X + 1e-9)
    keys = [
        key(),
        key(seed=1),
        key(changed),
        key(replace(first, mean=first.mean + 1.0)),
        key(train=moved),
        key(test=moved),
        key(test=replace(data, y=1 - data.labels)),
        key(test=replace(data, weights=np.arange(1.0, 21.0))),
    ]
    assert len(set(keys)) == len(keys) and key() == key(teacher()) == keys[0]
    monkeypatch.setattr(kept, "_version", lambda tool: f"{tool} 99")
    assert key() not in keys
