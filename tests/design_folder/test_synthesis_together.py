"""Designs that are synthesised together: the areas of each alone, and failures that stay alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from symtick import compile_text
from symtick.design_folder.checks import (
    AT_ONCE,
    Synthesis,
    read_synthesis,
    synthesise_folder,
    synthesise_folders,
)
from symtick.errors import ToolError

pytestmark = pytest.mark.synth


def folders(at: Path, count: int) -> list[Path]:
    """Folders of designs of some sums and tables."""
    made = []
    for k in range(count):
        made.append(at / f"d{k}")
        text = f"tanh(x0 + {k + 1}/8*x1) + abs(x1 - {k})"
        compile_text(text, ["fixed<6,2>"], name=f"d{k}", folder=made[-1])
    return made


def test_a_batch_has_the_areas_of_each_alone(tmp_path: Path) -> None:
    told: list[Synthesis] = []
    places = folders(tmp_path, AT_ONCE + 1)  # more than a run of Yosys takes
    together = synthesise_folders(places, [], progress=told.append)
    assert [f.design for f in together] == [p.name for p in places]
    assert sorted(told, key=lambda f: f.design) == together
    assert [read_synthesis(p) for p in places] == together
    alone = synthesise_folder(places[0], place=False)
    assert (alone.measured.lut, alone.measured.ff) == pytest.approx(
        (together[0].measured.lut, together[0].measured.ff), rel=0.1
    )
    assert together[0].measured.lut > 0


def test_a_design_that_fails_takes_no_other_with_it(tmp_path: Path) -> None:
    places = folders(tmp_path, 3)
    rtl = places[1] / "rtl" / "d1.v"
    rtl.write_text(rtl.read_text().replace("endmodule", "endmodul"))
    told: list[Synthesis] = []
    with pytest.raises(ToolError, match=r"d1\.v"):
        synthesise_folders(places, [], progress=told.append)
    assert {f.design for f in told} == {"d0", "d2"}
    found = read_synthesis(places[0]), read_synthesis(places[1]), read_synthesis(places[2])
    assert found[0] is not None and found[1] is None and found[2] is not None
