"""Checkpoint files: exact, whole, and refused when damaged."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from distill_samples import classes, distiller, first, short, shortening, values

from symtick.errors import InputError
from symtick.search.distill.checkpoint import (
    Checkpoint,
    fingerprint,
)
from symtick.search.distill.settings import DistillConfig
from symtick.search.grammar.grammar import Rules, Units
from symtick.search.joint.search import JointSearch
from symtick.search.kernel_api.states import read_state
from symtick.search.layered.elimination import Elimination
from symtick.search.shortening.shortening import Shortening

pytestmark = pytest.mark.kernel


def searches() -> list[Elimination | JointSearch | Shortening]:
    made = distiller(classes(), short())
    return [first(made, "layers")[1], first(made, "joint")[1], shortening(classes(), short())]


@pytest.mark.parametrize("place", [0, 1, 2])
def test_restored_source_goes_on_exactly(tmp_path: Path, place: int) -> None:
    first, second = searches()[place], searches()[place]
    store = Checkpoint(tmp_path, "k")
    first.step()
    first.step()
    store.save(first)
    assert store.load(second)
    while not first.status.done:
        first.step()
        second.step()
    assert second.status == first.status
    assert [e.figures for e in second.front()] == [e.figures for e in first.front()]
    assert first.front()
    for one, other in zip(*(s.state().items() for s in (first, second)), strict=True):
        assert one[0] == other[0]
        np.testing.assert_array_equal(one[1], other[1])


def test_missing_file_is_a_fresh_start(tmp_path: Path) -> None:
    assert not Checkpoint(tmp_path, "k").load(searches()[0])


@pytest.mark.parametrize("keep", [0, 10, 200, -30])
def test_damaged_file_is_refused(tmp_path: Path, keep: int) -> None:
    store = Checkpoint(tmp_path, "k")
    source = searches()[0]
    source.step()
    store.save(source)
    path = tmp_path / f"{source.status.name}.npz"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(InputError, match=r"damaged"):
        store.load(searches()[0])


def test_pickles_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    np.savez(path, __values__=np.array([{"a": 1}], dtype=object))
    with pytest.raises(InputError, match="damaged"):
        read_state(path)


def test_fingerprint_depends_on_data_and_settings_but_not_on_workers() -> None:
    problem, config = classes(), short()
    key = fingerprint(problem, config, "m")
    assert fingerprint(problem, replace(config, workers=7), "m") == key
    changed = replace(problem, targets=problem.targets + 1e-9)
    others = [
        fingerprint(problem, replace(config, seed=3), "m"),
        fingerprint(problem, config, "n"),
        fingerprint(values(), config, "m"),
        fingerprint(changed, config, "m"),
    ]
    assert len({key, *others}) == 5


def test_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "checkpoint.json").write_text('{"format": "other"}')
    with pytest.raises(InputError, match="not a checkpoint"):
        Checkpoint(tmp_path, "k").begin(resume=True)
    (tmp_path / "checkpoint.json").write_text('{"format": "symtick-checkpoint-2", "key": "k"}')
    with pytest.raises(InputError, match="written by an earlier version of symtick: start anew"):
        Checkpoint(tmp_path, "k").begin(resume=True)
    (tmp_path / "checkpoint.json").write_text("{")
    with pytest.raises(InputError, match="damaged"):
        Checkpoint(tmp_path, "k").begin(resume=True)


def test_a_fingerprint_takes_units_and_refuses_what_it_cannot_compare() -> None:
    problem, config = classes(), short()
    units = Rules(units=Units.parse(("m^(1/2)",), "m"))
    found = {fingerprint(problem, _with(config, rules=rules), "model") for rules in (None, units)}
    assert len(found) == 2
    with pytest.raises(InputError, match="a loss by its name"):
        fingerprint(problem, _with(config, loss=lambda p, y: (p - y) ** 2), "model")


def _with(config: DistillConfig, **engine: object) -> DistillConfig:
    joint = config.joint
    return replace(config, joint=replace(joint, engine=replace(joint.engine, **engine)))  # type: ignore[arg-type]
