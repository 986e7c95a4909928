"""The cache of Verilator's run-time objects: restored whole, dated ahead, or not at all."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from symtick.sim import runtime_cache


def _built(folder: Path) -> Path:
    folder.mkdir()
    for name in runtime_cache._OBJECTS:
        (folder / name).write_bytes(name.encode())
    return folder


def test_kept_objects_come_back_newer_than_anything_made_now(tmp_path: Path) -> None:
    first, second = _built(tmp_path / "first"), tmp_path / "second"
    runtime_cache.keep(tmp_path / "cache", first)
    assert runtime_cache.seed(tmp_path / "cache", second)
    for name in runtime_cache._OBJECTS:
        assert (second / name).read_bytes() == name.encode()
        assert (second / name).stat().st_mtime > time.time() + 60


def test_an_incomplete_cache_is_not_used(tmp_path: Path) -> None:
    runtime_cache.keep(tmp_path / "cache", _built(tmp_path / "first"))
    (tmp_path / "cache" / runtime_cache._OBJECTS[1]).unlink()
    assert not runtime_cache.seed(tmp_path / "cache", tmp_path / "second")
    assert not (tmp_path / "second").exists()


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    runtime_cache.keep(tmp_path / "file" / "cache", _built(tmp_path / "first"))
    assert not runtime_cache.seed(tmp_path / "file" / "cache", tmp_path / "second")


def test_versions_and_flags_have_their_own_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SYMTICK_CACHE", str(tmp_path))
    one, other = runtime_cache.folder(["5.48", "-O0"]), runtime_cache.folder(["5.48", "-O1"])
    assert one != other and one.parent == other.parent == tmp_path
    assert one == runtime_cache.folder(["5.48", "-O0"])
