"""An exported project, compiled, called and built by hls4ml's link_existing_project."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from fake_amd import installed

from symtick import compile_text, export_folder
from symtick.codegen.emit import vectors
from symtick.design_folder.folder import read_spec
from symtick.sim.tools import execute

pytestmark = pytest.mark.sim

_SCRIPT = """
import json
import sys
import numpy as np
import hls4ml

project, features, predictions = sys.argv[1:]
model = hls4ml.converters.link_existing_project(project)
model.compile()
rows = np.load(features)
found = model.predict(rows)
np.save(predictions, found)
single = model.predict(rows[:500].astype(np.float32))
assert single.dtype == np.float32 and np.array_equal(single, found[:500].astype(np.float32))
report = model.build(csim=True, synth=True, cosim=True)
with open("report.json", "w") as file:
    json.dump(report, file)
"""


def test_predictions_equal_the_exact_integers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    design_folder, project = tmp_path / "design", tmp_path / "project"
    compile_text(
        "s = x*y - 3.5; unread = w; t = sin(x) + max(y, z)",
        ["x=fixed<9,3>", "y=ufixed<7,-1>", "z=ap_int<5>", "w=fixed<4,4>"],
        folder=design_folder, name="linked", outputs=["s", "t"],
    )  # fmt: skip
    export_folder(design_folder, "vitis", project)
    _, design = read_spec(design_folder)
    raw = vectors.make(design, 10_000, seed=1)
    columns = [
        np.zeros(len(raw)) if fmt is None else fmt.to_real(raw[:, k])
        for k, fmt in enumerate(design.graph.input_formats)
    ]
    np.save(tmp_path / "features.npy", np.stack(columns, axis=1))
    monkeypatch.delenv("AP_TYPES", raising=False)
    installed(tmp_path, monkeypatch, "vitis-run")
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-c",
        _SCRIPT,
        str(project),
        "features.npy",
        "found.npy",
    ]
    execute(command, folder=tmp_path, log=tmp_path / "log", env={**os.environ, "PYTHONPATH": ""})
    found = np.load(tmp_path / "found.npy")
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["CSynthesisReport"]["LUT"] == "1057"
    assert report["CosimReport"]["Status"] == "Pass"
    assert found.shape == (len(raw), 2) and np.array_equal(found, design.real_outputs(raw))
