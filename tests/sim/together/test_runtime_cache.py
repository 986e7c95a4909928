"""Verilator's run-time library: compiled once, restored dated ahead, compiled where not kept."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from symtick.sim import runtime_cache


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[int]:
    """How often the library was compiled, as the list's length."""
    times: list[int] = []

    def compile_now(env: Mapping[str, str]) -> bytes:
        times.append(1)
        return b"object"

    monkeypatch.setattr(runtime_cache, "_compiled", compile_now)
    monkeypatch.setenv("SYMTICK_CACHE", str(tmp_path / "cache"))
    return times


def test_it_is_compiled_once_and_newer_than_anything_made_now(
    compiled: list[int], tmp_path: Path
) -> None:
    runtime_cache.compile_ahead(["5.48"], {})
    for name in ("first", "second"):
        runtime_cache.provide(["5.48"], tmp_path / name, {})
        place = tmp_path / name / "verilated_whole.o"
        assert place.read_bytes() == b"object"
        assert place.stat().st_mtime > time.time() + 60
        assert "verilated_vpi.cpp" in place.with_suffix(".cpp").read_text()  # make asks for it
    assert len(compiled) == 1


def test_a_cache_that_cannot_be_written_is_no_error(
    compiled: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("SYMTICK_CACHE", str(tmp_path / "file"))
    for name in ("first", "second"):
        runtime_cache.provide(["5.48"], tmp_path / name, {})
        assert (tmp_path / name / "verilated_whole.o").read_bytes() == b"object"
    assert len(compiled) == 2


def test_versions_and_flags_have_their_own_object(compiled: list[int], tmp_path: Path) -> None:
    for parts in (["5.48", "-O0"], ["5.48", "-O1"], ["5.48", "-O0"]):
        runtime_cache.provide(parts, tmp_path / "build", {})
    assert len(compiled) == 2
    assert len(list((tmp_path / "cache").glob("verilator-*"))) == 2
