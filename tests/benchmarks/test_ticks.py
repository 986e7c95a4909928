"""Ticks against node counts: the sets, one small pair of runs, and the sums over fronts."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.search.hypervolume import hypervolume
from benchmarks.search.tick_sets import CLASSES, FORMAT, PLAIN, SETS, load
from benchmarks.ticks import (
    DEVICES,
    LUT,
    TICKS,
    TicksRun,
    cheapest,
    device_cost,
    equal_loss,
    main,
    report,
    summary,
    volume,
    work,
)

NOWHERE = Path("unused")


def fake_jets(path: Path) -> Path:
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(200, len(CLASSES)))
    np.savez(path, X=rng.normal(size=(200, 16)), scores=scores)
    return path


@pytest.mark.parametrize("name", PLAIN)
def test_sets_are_quantised_and_standardised(name: str) -> None:
    held, again = load(name, NOWHERE), load(name, NOWHERE)
    assert np.array_equal(held.X, again.X) and np.array_equal(held.y_test, again.y_test)
    assert np.array_equal(held.X * 2**FORMAT.frac, np.round(held.X * 2**FORMAT.frac))
    assert held.X.min() >= FORMAT.lo and held.X.max() <= FORMAT.hi
    assert held.y.mean() == pytest.approx(0.0, abs=1e-9) and held.y.std() == pytest.approx(1.0)
    assert len(held.y_test) == pytest.approx(0.3 * (len(held.y) + len(held.y_test)), abs=1)


def test_the_jets_sets_are_the_columns_of_the_teacher(tmp_path: Path) -> None:
    cache = fake_jets(tmp_path / "jets.npz")
    jets = [load(f"jets/{name}", cache) for name in CLASSES]
    assert {held.X.shape for held in jets} == {(140, 16)}
    assert all(np.array_equal(held.X, jets[0].X) for held in jets)
    assert not any(np.allclose(held.y, jets[0].y) for held in jets[1:])
    assert len(SETS) == len(CLASSES) + len(PLAIN) == 10


def test_volumes_are_shares_of_the_box() -> None:
    points = [(0.5, 1.0, 25.0), (0.1, TICKS["open"] / 2, LUT / 2)]
    bound = [1.0, TICKS["open"], LUT]
    assert volume(points, "open") == pytest.approx(hypervolume(points, bound) / np.prod(bound))
    assert volume([(0.0, 0.0, 0.0)], "open") == 1.0
    # LUTs do not count for the published cycles
    assert volume([(0.5, TICKS["published"] / 2, 9e9)], "published") == pytest.approx(0.25)
    assert volume([(0.5, 99.0, 9.0), (1.5, 1.0, 1.0)], "open") == 0.0


def test_equal_loss_compares_at_what_both_reach() -> None:
    ticks = [(0.5, 1.0, 30.0), (0.2, 3.0, 90.0)]
    nodes = [(0.6, 2.0, 20.0), (0.1, 9.0, 50.0)]
    loss, held = equal_loss(ticks, nodes, 1.0)
    assert loss == 0.2
    assert held == {"ticks_ticks": 3.0, "lut_ticks": 90.0, "ticks_nodes": 9.0, "lut_nodes": 50.0}
    loss, held = equal_loss(ticks, nodes, 0.5)
    assert loss == pytest.approx(0.6)
    assert (held["ticks_ticks"], held["ticks_nodes"]) == (1.0, 2.0)
    assert cheapest(nodes, 0.6, 2) == 20.0


@pytest.mark.kernel
def test_a_pair_of_runs_costs_the_same_programs_alike() -> None:
    rows = [work(TicksRun("diabetes", loop, 0, 1500), NOWHERE) for loop in ("open", "nodes")]
    assert list(rows[0]["fronts"]) == ["open"] and list(rows[1]["fronts"]) == list(DEVICES)
    for row in rows:
        assert row["evaluations"] <= 1500
        for device, points in row["fronts"].items():
            assert points and row["volumes"][device] == pytest.approx(
                volume(points, device), abs=1e-6
            )
    (line,) = summary(rows)
    assert (line["set"], line["device"], line["seeds"]) == ("diabetes", "open", 1)
    assert line["volume_ticks"] == rows[0]["volumes"]["open"]
    assert line["wins"] == int(rows[0]["volumes"]["open"] > rows[1]["volumes"]["open"])
    assert "diabetes" in report(rows)
    held = load("diabetes", NOWHERE)
    assert device_cost("published", held).op_delay != device_cost("open", held).op_delay


@pytest.mark.kernel
def test_the_command_writes_its_result(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "ticks.json"
    main(["--sets", "gaussian", "--seeds", "1", "--evaluations", "300", "--processes", "1",
          "--log", str(tmp_path / "log.jsonl"), "--out", str(out)])  # fmt: skip
    held = json.loads(out.read_text())
    assert [r["device"] for r in held["sets"]] == list(DEVICES)
    assert len(held["runs"]) == len(DEVICES) + 1
    assert held["settings"]["reference"]["lut"] == LUT
    assert "gaussian" in capsys.readouterr().out
