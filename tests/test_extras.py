"""What works with no extra, and what is said where one is missing."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from symtick.errors import MissingExtraError
from symtick.extras import EXTRAS, missing, require

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
# a Python in which none of the extras' packages can be imported or found, nor their programs
BARE = f"""
import os, sys
os.environ["PATH"] = {"/nowhere"!r}
for name in {sorted({m for e in EXTRAS.values() for m in e.packages.values()})}:
    sys.modules[name] = None
"""


def bare(code: str, *words: str, folder: Path) -> tuple[int, str, str]:
    """Exit status, stdout and stderr of code in such a Python."""
    done = subprocess.run(
        [sys.executable, "-c", BARE + code, *words], capture_output=True, text=True, cwd=folder,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


def command(*words: str, folder: Path) -> tuple[int, str, str]:
    return bare("from symtick.cli import main; main()", *words, folder=folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Holds a design `d` and a run `r`, as far as verbs look before they need an extra."""
    place = tmp_path_factory.mktemp("bare")
    words = ("compile", "x0*x1 + 0.5", "--input-format", "fixed<8,2>", "-o", "d")
    code, out, err = command(*words, folder=place)
    assert code == 0 and "written to d" in out, err
    (place / "r").mkdir()
    (place / "r/job.yaml").write_text("")
    return place


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (("verify", "d"), "symtick verify needs the extra 'verify': pip install 'symtick[verify]'"),
        (("synth", "d"), "symtick synth needs the extra 'synth': pip install 'symtick[synth]'"),
        (("tune", "d", "--budget", "1"),
         "symtick tune needs the extra 'report': pip install 'symtick[report]'"),
        (("estimate", "d", "--picture", "a.svg"),
         "symtick estimate --picture needs the extra 'report': pip install 'symtick[report]'"),
        (("distill", "job.yaml"),
         "symtick distill needs the extra 'search': pip install 'symtick[search]'"),
        (("calibrate",), "symtick calibrate needs the extra 'synth': pip install 'symtick[synth]'"),
        (("report", "r"),
         "symtick report needs the extras 'search' and 'report': "
         "pip install 'symtick[search,report]'"),
        (("compare", "r"),
         "symtick compare needs the extras 'search', 'verify' and 'synth': "
         "pip install 'symtick[search,verify,synth]'"),
    ],
)  # fmt: skip
def test_a_verb_names_its_extra_in_one_line(
    folder: Path, words: tuple[str, ...], wanted: str
) -> None:
    assert command(*words, folder=folder) == (1, "", f"{wanted}\n")


def test_what_needs_no_extra_works(folder: Path) -> None:
    assert command("estimate", "d", folder=folder)[0] == 0
    assert "xcvu9p-2" in command("devices", folder=folder)[1]
    code, out, _ = command("doctor", folder=folder)
    lines = {line.split()[0]: line for line in out.splitlines() if line}
    assert code == 0 and all("not installed" in lines[extra] for extra in EXTRAS)
    assert "scikit-learn" in lines["search"] and "pip install 'symtick[synth]'" in lines["yosys"]
    for code in ("import symtick; symtick.SymbolicRegressor",
                 "from symtick import SymbolicRegressor"):  # fmt: skip
        status, _, err = bare(code, folder=folder)
        assert status == 1
        assert "symtick.SymbolicRegressor needs the extra 'search'" in err.splitlines()[-1]
    code = "import symtick; print([n for n in symtick.__all__ if not hasattr(symtick, n)])"
    status, out, err = bare(code, folder=folder)
    assert status == 0 and "SymbolicRegressor" in out and "compile_text" not in out, err


def test_the_extras_are_those_of_the_package() -> None:
    stated = PROJECT["optional-dependencies"]
    assert set(stated) == {*EXTRAS, "all", "bench", "jets"}
    for name, extra in EXTRAS.items():
        assert sorted(extra.packages) == [text.partition(">")[0] for text in stated[name]]
    assert not {p for e in EXTRAS.values() for p in e.packages} & {
        text.partition(">")[0] for text in PROJECT["dependencies"]
    }


def test_here_all_are_installed() -> None:
    assert not any(missing(extra) for extra in EXTRAS)
    require("this", *EXTRAS, tools=("g++", "verilator", "yosys"))
    assert str(MissingExtraError("x", "da")) == "x needs the extra 'da': pip install 'symtick[da]'"
