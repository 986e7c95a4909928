"""Files are written whole or not at all."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from symtick.errors import InputError
from symtick.files import (
    check_new_folder,
    copy_files,
    locked,
    new_folder,
    write_json,
    write_text,
)


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


def test_one_process_at_a_time_works_in_a_folder(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from symtick.files import locked\n"
        "with locked(Path(sys.argv[1]), 'verify'): print('in', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as other:  # fmt: skip
        assert other.stdout is not None
        assert other.stdout.readline() == "in\n"
        with pytest.raises(InputError, match="another symtick verify is at work in"):
            locked(tmp_path, "verify").__enter__()
        with locked(tmp_path, "synth"):  # another verb is in no one's way
            pass
        other.kill()
    with locked(tmp_path, "verify"):  # a process that is gone holds nothing
        pass


def test_a_full_disk_is_told_with_the_name_of_the_file(tmp_path: Path) -> None:
    script = (
        "import resource, sys; from pathlib import Path; from symtick.files import *\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try: write_bytes(Path(sys.argv[1]) / 'a', b'x' * 2000)\n"
        "except OSError as error: print(error.filename, error.strerror)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"{tmp_path / 'a'} File too large\n"
    assert list(tmp_path.iterdir()) == []


def test_a_failure_inside_a_new_folder_is_told_by_its_last_name(tmp_path: Path) -> None:
    path = tmp_path / "run"
    with pytest.raises(OSError, match=f"'{path}/no/a'"), new_folder(path) as draft:
        (draft / "no" / "a").write_text("")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", ["/proc/symtick_run", "/dev/null/run"])
def test_a_folder_that_cannot_be_made_is_refused_before_the_work(place: str) -> None:
    with pytest.raises(OSError, match=f"'{place}'"):
        check_new_folder(Path(place))
    with pytest.raises(OSError, match=f"'{place}'"), new_folder(Path(place)):
        pass


def test_a_lock_that_cannot_be_made_is_told_by_its_folder() -> None:
    with pytest.raises(OSError, match="'/proc'"), locked(Path("/proc"), "verify"):
        pass


def test_copied_files_are_whole_or_not_there(tmp_path: Path) -> None:
    write_text(tmp_path / "a/one", "1")
    write_text(tmp_path / "a/sub/two", "x" * 2000)
    copy_files(tmp_path / "a", tmp_path / "b")
    assert {p.name for p in (tmp_path / "b").rglob("*")} == {"one", "sub", "two"}
    script = (
        "import resource, sys; from pathlib import Path; from symtick.files import *\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)); a, b = map(Path, sys.argv[1:])\n"
        "try: copy_files(a, b)\n"
        "except OSError as error: print(error.filename, error.strerror)\n"
    )
    words = [sys.executable, "-c", script, str(tmp_path / "a"), str(tmp_path / "c")]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout == f"{tmp_path / 'c/sub/two'} File too large\n"
    assert {p.name for p in (tmp_path / "c").rglob("*")} == {"one", "sub"}
