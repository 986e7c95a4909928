"""The emitted Verilog test bench: it passes in Verilator and Icarus, and fails where it should."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from golden_designs import DESIGNS
from hand_designs import arithmetic, design, spread, wide

from symtick.codegen import Design, Graph
from symtick.codegen.emit import vectors
from symtick.codegen.emit.project import write_project, write_rtl
from symtick.sim import tools

pytestmark = pytest.mark.sim


def _written(made: Design, folder: Path) -> Path:
    write_project(made, folder, vectors.make(made, 200, 0))
    write_rtl(made, folder)
    return folder


def _sources(top: str) -> list[str]:
    return [f"rtl/{top}.v", f"rtl/{top}_tb.v"]


def _run(
    command: list[str], folder: Path, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, env=env or dict(os.environ), capture_output=True, text=True
    )


def _built_by_verilator(top: str, folder: Path) -> list[str]:
    tool = tools.find("verilator")
    flags = ["--binary", "--timing", "--output-split", "0", "--top-module", f"{top}_tb"]
    made = _run([*tool.command, *flags, *_sources(top)], folder, tool.environment())
    assert made.returncode == 0, made.stdout + made.stderr
    return [f"obj_dir/V{top}_tb"]


def _built_by_icarus(top: str, folder: Path) -> list[str]:
    if shutil.which("iverilog") is None:
        pytest.skip("Icarus Verilog is not installed")
    made = _run(["iverilog", "-g2001", "-Wall", "-o", f"{top}_tb", *_sources(top)], folder)
    assert made.returncode == 0, made.stdout + made.stderr
    return ["vvp", "-N", f"{top}_tb"]


BUILDERS = {"verilator": _built_by_verilator, "icarus": _built_by_icarus}


def _corrupted(folder: Path) -> None:
    """One bit of one expectation changes."""
    path = folder / "tb_data/tb_output_predictions.dat"
    rows = path.read_text().splitlines()
    first, *rest = rows[7].split()
    rows[7] = " ".join([str(int(first) ^ 1), *rest])
    path.write_text("\n".join(rows) + "\n")


@pytest.mark.parametrize("simulator", BUILDERS)
def test_the_bench_passes_and_a_corrupted_expectation_fails(simulator: str, tmp_path: Path) -> None:
    made = DESIGNS["tagger"]()
    folder = _written(made, tmp_path)
    command = BUILDERS[simulator](made.name, folder)
    good = _run(command, folder)
    count = len((folder / "tb_data/tb_output_predictions.dat").read_text().splitlines())
    assert f"PASS: {count} vectors, 0 mismatches, latency 3 ticks" in good.stdout
    assert good.returncode == 0
    _corrupted(folder)
    bad = _run(command, folder)
    assert f"FAIL: {count} vectors, 1 mismatches at the latency of 3 ticks" in bad.stdout
    assert "first difference: outputs" in bad.stdout
    assert bad.returncode != 0


@pytest.mark.parametrize("simulator", BUILDERS)
def test_the_bench_tells_another_latency(simulator: str, tmp_path: Path) -> None:
    made = DESIGNS["network"]()
    folder = _written(made, tmp_path)
    source = folder / "rtl/network.v"
    text = source.read_text()
    assert "assign y0 = sub9_s1;" in text
    for port, signal in (("y0", "sub9_s1"), ("y1", "cast15_s1"), ("y2", "sub19_s1")):
        late = f"reg {{0}} {port}_late;\n    always @(posedge clk) {port}_late <= {signal};\n"
        width = "[12:0]" if port == "y2" else "[11:0]"
        old = f"assign {port} = {signal};"
        text = text.replace(old, f"{late.format(width)}    assign {port} = {port}_late;")
    source.write_text(text)
    found = _run(BUILDERS[simulator](made.name, folder), folder)
    assert "the outputs agree at a latency of 2 ticks" in found.stdout
    assert "FAIL" in found.stdout and found.returncode != 0


@pytest.mark.parametrize("latency", [0, 4])
@pytest.mark.parametrize("make", [arithmetic, wide])
def test_every_width_and_latency_is_read_in_icarus(
    make: Callable[[], Graph], latency: int, tmp_path: Path
) -> None:
    graph = make()
    made = design(graph, spread(graph, latency, seed=1), latency, "hand")
    folder = _written(made, tmp_path)
    found = _run(_built_by_icarus("hand", folder), folder)
    assert "PASS" in found.stdout and found.returncode == 0, found.stdout


def test_without_data_the_bench_fails(tmp_path: Path) -> None:
    made = DESIGNS["network"]()
    write_rtl(made, tmp_path)
    found = _run(_built_by_icarus(made.name, tmp_path), tmp_path)
    assert "FAIL: tb_data is missing" in found.stdout and found.returncode != 0
