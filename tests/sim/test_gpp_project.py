"""The HLS project as users get it: it compiles without a warning, and its test bench decides."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hand_designs import chance, design, spread

from symtick.codegen.emit import vectors
from symtick.codegen.emit.project import write_project
from symtick.errors import ToolError
from symtick.sim import gpp, tools

pytestmark = pytest.mark.sim


def _bench(folder: Path) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "AP_TYPES": str(tools.find("hls4ml").path)}
    return subprocess.run(
        ["./build_lib.sh", "bench"],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )


def test_test_bench_passes_and_fails(tmp_path: Path) -> None:
    graph = chance(seed=5, size=25)
    made = design(graph, spread(graph, 2, seed=0), 2, "bench")
    raw = vectors.make(made, 300, 0)
    write_project(made, tmp_path, raw)
    good = _bench(tmp_path)
    assert good.returncode == 0 and f"{len(raw)} vectors, 0 mismatches" in good.stdout
    predictions = tmp_path / "tb_data" / "tb_output_predictions.dat"
    rows = np.loadtxt(predictions, dtype=np.int64)
    rows[17, 0] ^= 1
    np.savetxt(predictions, rows, fmt="%d")
    bad = _bench(tmp_path)
    assert bad.returncode == 1 and f"{len(raw)} vectors, 1 mismatches" in bad.stdout


def test_project_compiles_without_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SYMTICK_CACHE", str(tmp_path / "cache"))  # a kept program has no log
    graph = chance(seed=6, size=40)
    made = design(graph, spread(graph, 2, seed=0), 2, "quiet")
    write_project(made, tmp_path)
    gpp.build([(made, tmp_path)], tmp_path / "work")
    assert (tmp_path / "sim" / "cpp" / "build.log").read_text() == ""


def test_text_that_does_not_compile_is_a_tool_error(tmp_path: Path) -> None:
    graph = chance(seed=6, size=12)
    made = design(graph, spread(graph, 0, seed=0), 0, "broken")
    write_project(made, tmp_path)
    source = tmp_path / "firmware" / "broken.cpp"
    source.write_text(source.read_text() + "nonsense\n")
    with pytest.raises(ToolError, match="nonsense"):
        gpp.build([(made, tmp_path)], tmp_path / "work")
