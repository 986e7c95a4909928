"""The plan of the house: which folder may import which, and what no code may do.

`python tests/test_house.py` writes the plan as a Mermaid graph into docs/architecture.md.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("search", "hwcost", "codegen", "hls_templates", "sim", "baselines")
PAGE = ROOT / "docs" / "architecture.md"
MARKS = "<!-- house:begin -->", "<!-- house:end -->"
MOST_FILES = 16

# A folder may import those that it points at, and everything that these may import.
PLAN: dict[str, tuple[str, ...]] = {
    "expr": (),
    "hls_templates": (),
    "codegen.ir": ("expr",),
    "codegen.functions": ("codegen.ir",),
    "codegen.passes.linear": ("codegen.ir",),
    "codegen.passes": ("codegen.passes.linear",),
    "codegen.scheduling": ("codegen.ir",),
    "codegen.lowering": ("codegen.functions", "codegen.passes"),
    "codegen.tuning": ("codegen.lowering",),
    "codegen": ("codegen.scheduling", "codegen.tuning"),
    "codegen.emit.tables": ("codegen",),
    "codegen.emit.logic": ("codegen.ir",),
    "codegen.emit": ("codegen.emit.logic", "codegen.emit.tables", "hls_templates"),
    "codegen.projects": ("codegen.emit",),
    "codegen.forms": ("codegen.emit",),
    "hwcost.devices": (),
    "hwcost.reports": (),
    "hwcost.models": ("codegen", "hwcost.devices"),
    "hwcost.search_model": ("hwcost.models",),
    "hwcost": ("hwcost.reports", "hwcost.search_model"),
    "sim.bench": (),
    "sim": ("codegen.forms", "sim.bench", "sim.proof.values"),
    "sim.proof.values": ("codegen.ir",),
    "sim.proof.cuts": ("codegen.lowering", "sim.proof.values"),
    "sim.proof": ("sim", "sim.proof.cuts"),
    "search": (),
    "search.data": ("codegen",),
    "search.inputs": ("search.data",),
    "search.teachers": ("search", "search.data"),
    "search.kernel_api": ("hwcost.search_model", "search"),
    "search.grammar": ("search.kernel_api",),
    "search.enumeration": ("search.grammar",),
    "search.evolution": ("search.grammar",),
    "search.policy": ("search.grammar",),
    "search.hybrid": ("search.enumeration", "search.evolution", "search.policy"),
    "search.parts": ("search.grammar",),
    "search.regression": ("search.hybrid", "search.parts"),
    "search.template": ("search.regression",),
    "search.designs": ("search.inputs", "search.kernel_api"),
    "search.layered": ("search.designs",),
    "search.joint": ("search.designs", "search.hybrid"),
    "search.shortening": ("search.designs",),
    "search.distill": ("search.joint", "search.layered", "search.shortening", "search.template"),
    "baselines": ("search.teachers", "sim"),
    "job_sources": ("search.data",),
    "job_choice": ("job_sources", "search.designs"),
    "config": ("job_choice", "search.distill"),
    "report.plots": ("codegen",),
    "extras": ("sim",),
    "design_folder": ("codegen.projects", "extras", "hwcost", "report.plots", "sim.proof"),
    "report": ("baselines", "config", "design_folder"),
    "run": ("report",),
    "calibration": ("design_folder",),
    "estimators.course": ("search.kernel_api",),
    "estimators.exports": ("expr",),
    "estimators.fronts": ("estimators.exports", "report.plots"),
    "estimators": (
        "config",
        "design_folder",
        "estimators.course",
        "estimators.fronts",
        "search.teachers",
    ),
    "modules": ("estimators",),
    "cli": ("calibration", "run"),
}
OPEN = {
    "defaults",
    "errors",
    "files",
    "interrupts",
    "progress",
    "settings",
    "version",
}  # every folder may import these
TOP = "symtick"  # the public names, loaded one by one; no folder imports them


def place(path: Path) -> str:
    """The folder of a source file, as a dotted name below `symtick`."""
    parts = path.relative_to(ROOT).parent.parts
    return ".".join(parts[2:] if parts[:2] == ("src", "symtick") else parts)


@cache
def sources() -> dict[str, list[Path]]:
    """Python files by folder; a file that lies in `src/symtick` itself is a folder of its own."""
    files: dict[str, list[Path]] = {}
    for folder in (ROOT / "src" / "symtick", *(ROOT / room for room in ROOMS)):
        for path in sorted(folder.rglob("*.py")):
            if any(parent.is_symlink() for parent in path.parents):
                continue
            name = place(path) or (TOP if path.stem == "__init__" else path.stem)
            files.setdefault(name, []).append(path)
    return files


def imported(path: Path) -> Iterator[str]:
    """The dotted names of symtick that a file imports, inside functions too."""
    for node in ast.walk(ast.parse(path.read_text())):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        yield from (n for n in names if n.split(".")[0] == "symtick")


def folder_of(name: str) -> str:
    """The longest folder that a dotted name begins with."""
    parts = name.split(".")[1:]
    while parts and ".".join(parts) not in sources():
        parts.pop()
    return ".".join(parts) or TOP


def reach(folder: str) -> set[str]:
    """Everything that a folder may import, itself included."""
    return {folder}.union(*(reach(other) for other in PLAN[folder]))


@cache
def arrows() -> dict[tuple[str, str], set[Path]]:
    """The imports between folders as they are, each with the files that make it."""
    pairs: dict[tuple[str, str], set[Path]] = {}
    for folder, paths in sources().items():
        for path in paths if folder not in {*OPEN, TOP} else ():
            for other in {folder_of(name) for name in imported(path)} - OPEN - {folder}:
                pairs.setdefault((folder, other), set()).add(path)
    return pairs


def mermaid() -> str:
    """The plan as a Mermaid graph, one box for each room."""
    rooms: dict[str, list[str]] = {}
    for folder in PLAN:
        rooms.setdefault(folder.split(".")[0], []).append(folder)
    lines = ["```mermaid", "flowchart LR"]
    for room, folders in rooms.items():
        if folders == [room]:
            lines.append(f"    {key(room)}[{room}]")
            continue
        lines.append(f"    subgraph {key(room)}_room[{room}]")
        lines += [f"        {key(f)}[{f.removeprefix(f'{room}.')}]" for f in folders]
        lines.append("    end")
    lines += [f"    {key(a)} --> {key(b)}" for a, others in PLAN.items() for b in others]
    return "\n".join([*lines, "```"])


def key(folder: str) -> str:
    """A folder's name as an identifier of Mermaid's."""
    return folder.replace(".", "_")


def with_plan(page: str) -> str:
    """The page with the graph between its marks."""
    begin, end = MARKS
    graph = f"{begin}\n\n{mermaid()}\n\n{end}"
    return re.sub(f"{begin}.*?{end}", lambda _: graph, page, flags=re.DOTALL)


def test_every_folder_is_in_the_plan() -> None:
    assert set(PLAN) == set(sources()) - OPEN - {TOP}


def test_the_plan_has_no_cycle_and_says_no_arrow_twice() -> None:
    list(TopologicalSorter(PLAN).static_order())
    for folder, others in PLAN.items():
        for other in others:
            around = {f for o in others if o != other for f in reach(o)}
            assert other not in around, f"{folder} -> {other} follows from the other arrows"


@pytest.mark.parametrize("folder", sorted(PLAN))
def test_imports_follow_the_arrows(folder: str) -> None:
    for (start, end), paths in arrows().items():
        if start == folder:
            names = ", ".join(str(p.relative_to(ROOT)) for p in sorted(paths))
            assert end in reach(folder), f"{names}: {folder} may not import {end}"


def test_every_arrow_is_used() -> None:
    for folder, others in PLAN.items():
        for other in others:
            assert any(a == folder and b in reach(other) for a, b in arrows()), (folder, other)


def test_what_every_folder_may_import_imports_nothing_else() -> None:
    for path in (p for folder in OPEN for p in sources()[folder]):
        assert {folder_of(name) for name in imported(path)} <= OPEN, path


def test_no_public_name_hides_a_folder() -> None:
    for folder in PLAN:
        parent, _, name = f"symtick.{folder}".rpartition(".")
        package = import_module(parent)
        shown = vars(package).get(name)
        assert shown is None or isinstance(shown, ModuleType), f"{parent}.{name}"
        assert name not in getattr(package, "__all__", ()), f"{parent}.{name}"


@pytest.mark.parametrize("folder", [*ROOMS, "src/symtick", "benchmarks", "tests"])
def test_no_folder_is_flat(folder: str) -> None:
    for inside in (ROOT / folder, *(ROOT / folder).rglob("*/")):
        if "__pycache__" in inside.parts or any(p.is_symlink() for p in (inside, *inside.parents)):
            continue
        files = [p for p in inside.iterdir() if p.suffix in {".py", ".cpp", ".hpp", ".inc"}]
        assert len(files) <= MOST_FILES, f"{inside.relative_to(ROOT)} holds {len(files)} files"


def test_the_page_shows_the_plan() -> None:
    assert MARKS[0] in PAGE.read_text() and MARKS[1] in PAGE.read_text()
    assert with_plan(PAGE.read_text()) == PAGE.read_text(), "run `python tests/test_house.py`"


def test_nothing_runs_text_or_unpickles() -> None:
    for path in (p for paths in sources().values() for p in paths):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                where = f"{path.relative_to(ROOT)}:{node.lineno}"
                called = ast.unparse(node.func)
                assert called not in {"eval", "exec", "compile", "os.system"}, where
                assert not called.endswith(("sympify", "parse_expr")), where
                assert not called.startswith("pickle."), where
                assert not [k for k in node.keywords if k.arg == "shell"], where


if __name__ == "__main__":
    PAGE.write_text(with_plan(PAGE.read_text()))
