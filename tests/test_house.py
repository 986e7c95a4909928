"""The house rules that a machine can hold: import arrows, packaging, no code-running calls."""

from __future__ import annotations

import ast
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("search", "hwcost", "codegen", "hls_templates", "sim", "baselines")
ALWAYS = {"defaults", "errors", "expr", "files", "settings", "version"}
ALLOWED = {
    "expr": set(),
    "hls_templates": set(),
    "codegen": {"hls_templates"},
    "hwcost": {"codegen"},
    "search": {"codegen", "hwcost"},
    "sim": {"codegen", "hls_templates"},
    "baselines": {"codegen", "hls_templates", "hwcost", "search", "sim"},
}


def sources(room: str) -> Iterator[Path]:
    folder = ROOT / "src/symtick/expr" if room == "expr" else ROOT / room
    yield from sorted(folder.rglob("*.py"))


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        yield from (n.split(".")[1] for n in names if n.startswith("symtick."))


@pytest.mark.parametrize("room", sorted(ALLOWED))
def test_imports_follow_the_arrows(room: str) -> None:
    assert list(sources(room)), f"room {room} is empty"
    for path in sources(room):
        reached = set(imported(path)) - {room} - ALWAYS
        assert reached <= ALLOWED[room], f"{path.relative_to(ROOT)} imports {reached}"


def test_nothing_runs_text_or_unpickles() -> None:
    files = [p for room in ALLOWED for p in sources(room)] + list(ROOT.glob("src/symtick/**/*.py"))
    for path in files:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                where = f"{path.relative_to(ROOT)}:{node.lineno}"
                called = ast.unparse(node.func)
                assert called not in {"eval", "exec", "compile", "os.system"}, where
                assert not called.endswith(("sympify", "parse_expr")), where
                assert not called.startswith("pickle."), where
                assert not [k for k in node.keywords if k.arg == "shell"], where


@pytest.mark.slow
def test_wheel_holds_every_room_and_nothing_at_the_top(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--no-build-isolation", "--no-deps", "--quiet",
         "--config-settings", f"build-dir={tmp_path / 'build'}",
         "--wheel-dir", str(tmp_path), str(ROOT)],
        check=True,
    )  # fmt: skip
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {t for t in tops if not t.endswith(".dist-info")} == {"symtick"}
    for room in ROOMS:
        assert f"symtick/{room}/__init__.py" in names
    assert any(n.startswith("symtick/search/_kernel") and n.endswith(".so") for n in names)
    assert any(n.startswith("symtick/hwcost/data/") and n.endswith(".yaml") for n in names)
    assert any(n.startswith("symtick/hls_templates/") and n.endswith(".j2") for n in names)
    assert "symtick/py.typed" in names
    assert not [n for n in names if n.endswith((".cpp", ".hpp", ".inc"))]
