"""The emitted VHDL test bench: it passes in GHDL, and fails where it should."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from golden_designs import DESIGNS
from hand_designs import casts, design, spread, wide

from symtick.codegen import Design, Graph
from symtick.codegen.emit import vectors
from symtick.codegen.emit.project import write_project, write_rtl
from symtick.sim import tools

pytestmark = [
    pytest.mark.sim,
    pytest.mark.skipif(not tools.available("ghdl"), reason="GHDL is not installed"),
]


def _written(made: Design, folder: Path) -> Path:
    raw = vectors.make(made, 200, 0)
    write_project(made, folder, raw[:: max(1, len(raw) // 150)])
    write_rtl(made, folder)
    return folder


def _run(top: str, folder: Path, standard: str = "93") -> subprocess.CompletedProcess[str]:
    """Analyse, elaborate and run, as the head of the bench says."""
    ghdl, edition = tools.find("ghdl").command[0], f"--std={standard}"
    files = [f"rtl/{top}.vhd", f"rtl/{top}_tb.vhd"]
    made = subprocess.run(
        [ghdl, "-a", edition, *files], cwd=folder, capture_output=True, text=True, check=False
    )
    assert made.returncode == 0 and not made.stderr, made.stderr
    return subprocess.run(
        [ghdl, "--elab-run", edition, f"{top}_tb", "--ieee-asserts=disable"],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_bench_passes_and_a_corrupted_expectation_fails(tmp_path: Path) -> None:
    folder = _written(DESIGNS["tagger"](), tmp_path)
    good = _run("tagger", folder)
    path = folder / "tb_data/tb_output_predictions.dat"
    rows = path.read_text().splitlines()
    assert good.stdout == f"PASS: {len(rows)} vectors, 0 mismatches, latency 3 ticks\n"
    assert good.returncode == 0
    first, *rest = rows[7].split()
    rows[7] = " ".join([str(int(first) ^ 1), *rest])
    path.write_text("\n".join(rows) + "\n")
    bad = _run("tagger", folder)
    assert f"FAIL: {len(rows)} vectors, 1 mismatches at the latency of 3 ticks" in bad.stdout
    assert "first difference: outputs " in bad.stdout
    assert bad.returncode != 0


def test_the_bench_tells_another_latency(tmp_path: Path) -> None:
    folder = _written(DESIGNS["network"](), tmp_path)
    path = folder / "rtl/network_tb.vhd"
    text = path.read_text()
    path.write_text(text.replace("tb_latency : natural := 1;", "tb_latency : natural := 3;"))
    assert path.read_text() != text
    found = _run("network", folder)
    assert "the outputs agree at a latency of 1 ticks" in found.stdout
    assert "FAIL" in found.stdout and found.returncode != 0


@pytest.mark.parametrize(("make", "latency"), [(wide, 4), (casts, 0)])
def test_every_width_and_latency_is_read_in_the_next_edition(
    make: Callable[[], Graph], latency: int, tmp_path: Path
) -> None:
    graph = make()
    folder = _written(design(graph, spread(graph, latency, seed=1), latency, "hand"), tmp_path)
    found = _run("hand", folder, "08")
    assert "PASS" in found.stdout and found.returncode == 0, found.stdout


def test_without_data_the_bench_fails(tmp_path: Path) -> None:
    write_rtl(DESIGNS["network"](), tmp_path)
    found = _run("network", tmp_path)
    assert "FAIL: tb_data is missing" in found.stdout and found.returncode != 0
