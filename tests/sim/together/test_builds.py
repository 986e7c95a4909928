"""The cache of built programs: whole or not at all, by content, and bounded."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from symtick.sim import builds


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SYMTICK_CACHE", str(tmp_path / "cache"))


def _program(folder: Path, content: bytes) -> Path:
    path = folder / "program"
    path.write_bytes(content)
    return path


def test_a_kept_program_comes_back_executable(tmp_path: Path) -> None:
    builds.keep("a", _program(tmp_path, b"#!/bin/sh\n"))
    assert builds.fetch("a", tmp_path / "new" / "place")
    assert (tmp_path / "new" / "place").read_bytes() == b"#!/bin/sh\n"
    assert os.access(tmp_path / "new" / "place", os.X_OK)
    assert not builds.fetch("b", tmp_path / "other") and not (tmp_path / "other").exists()


@pytest.mark.parametrize("damage", [lambda b: b[:-1], lambda b: b[:40] + b"x" + b[41:], bytes])
def test_a_damaged_program_is_not_used(tmp_path: Path, damage: object) -> None:
    builds.keep("a", _program(tmp_path, b"content of a program"))
    path = builds.base() / "builds" / "a"
    assert callable(damage)
    path.write_bytes(damage(path.read_bytes()) if damage is not bytes else b"")
    assert not builds.fetch("a", tmp_path / "place")


def test_what_was_used_longest_ago_goes_first(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(builds, "LIMIT", 300)
    for age, name in enumerate(("old", "used", "newer")):
        builds.keep(name, _program(tmp_path, bytes(60)))
        os.utime(builds.base() / "builds" / name, (1000.0 + age, 1000.0 + age))
    assert builds.fetch("old", tmp_path / "place")  # used now
    builds.keep("newest", _program(tmp_path, bytes(60)))
    kept = {name for name in ("old", "used", "newer", "newest") if
            builds.fetch(name, tmp_path / "place")}  # fmt: skip
    assert kept == {"old", "newer", "newest"}


def test_a_key_tells_texts_apart_by_their_ends_too() -> None:
    assert builds.key(["ab", "c"]) != builds.key(["a", "bc"]) != builds.key(["abc"])
    assert builds.key(["ab", "c"]) == builds.key(["ab", "c"])


def test_a_cache_that_cannot_be_written_is_no_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("SYMTICK_CACHE", str(tmp_path / "file"))
    builds.keep("a", _program(tmp_path, b"x"))
    assert not builds.fetch("a", tmp_path / "place")
