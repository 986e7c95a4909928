"""Files are written whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from symtick.errors import InputError
from symtick.files import new_folder, write_json, write_text


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_json(path, {"a": 1})
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(path, {"a": float("nan")})
    assert path.read_text() == '{\n  "a": 1\n}\n'
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


def test_a_failed_folder_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), new_folder(tmp_path / "run") as draft:
        write_text(draft / "half", "x")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_an_existing_folder_is_refused_untouched(tmp_path: Path) -> None:
    write_text(tmp_path / "run" / "old", "x")
    complaint = pytest.raises(InputError, match=r"run exists: remove it or name another")
    with complaint, new_folder(tmp_path / "run"):
        pass
    assert (tmp_path / "run" / "old").read_text() == "x"


def test_a_whole_folder_appears_at_the_end(tmp_path: Path) -> None:
    with new_folder(tmp_path / "deep" / "run") as draft:
        write_text(draft / "sub" / "a", "x")
        assert not (tmp_path / "deep" / "run").exists()
    assert (tmp_path / "deep" / "run" / "sub" / "a").read_text() == "x"
