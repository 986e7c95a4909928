"""da4ml and alkaid on a chain of steps: values, Verilog files, refusals."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from benchmarks.baselines.libraries import Setting, trace
from symtick.errors import InputError, VerificationError

WEIGHTS = np.array([[3, -7], [23, 5], [0, 11]])
STEPS = ({"kind": "matrix", "weights": WEIGHTS.tolist(), "frac": 1}, {"kind": "relu"})
ROWS = np.random.default_rng(0).integers(-32, 32, (50, 3)).astype(float)
WANTED = np.maximum(ROWS @ WEIGHTS / 2.0, 0.0)
FORMAT = (6, 0, True)


@pytest.mark.slow
@pytest.mark.parametrize("tool", ["da4ml", "alkaid"])
def test_a_library_computes_the_chain_and_writes_it(tool: str, tmp_path: Path) -> None:
    if find_spec(tool) is None:
        pytest.skip(f"{tool} is not installed")
    settings = [Setting(0, -1), Setting(-1, 2)]
    one, many = trace(tool, settings, STEPS, ROWS, FORMAT, WANTED, tmp_path / "good")
    assert (one.setting, one.stages) == (settings[0], 1) and many.stages > 1
    assert one.cost > 0.0 and one.depth > 0.0
    for made in (one, many):
        assert any("module network" in path.read_text() for path in made.sources)
    with pytest.raises(VerificationError, match=f"{tool} gives other values in 50 of 50 rows"):
        trace(tool, settings[:1], STEPS, ROWS, FORMAT, WANTED + 1.0, tmp_path / "bad")


def test_another_library_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no library 'vivado': there are da4ml, alkaid"):
        trace("vivado", [Setting(0, -1)], STEPS, ROWS, FORMAT, WANTED, tmp_path)
