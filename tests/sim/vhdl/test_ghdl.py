"""The emitted VHDL in GHDL: every operation equals the integers, and faults are seen."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from golden_designs import DESIGNS
from hand_designs import arithmetic, casts, chance, design, spread, wide

from symtick.codegen import Design, Fixed, GOp, Graph, GraphBuilder, Interface
from symtick.codegen.emit import project, vectors
from symtick.codegen.emit.project import write_vhdl
from symtick.codegen.emit.vhdl import vhdl_files
from symtick.errors import ToolError, VerificationError
from symtick.sim import ghdl, gpp, tools, verilator
from symtick.sim import verify as verifying
from symtick.sim.case import MOST_OF_SOME
from symtick.sim.verify import Verification, verify
from symtick.sim.verilator import Simulation

pytestmark = [
    pytest.mark.sim,
    pytest.mark.skipif(not tools.available("ghdl"), reason="GHDL is not installed"),
]
HAND: dict[str, tuple[Callable[[], Graph], int, int]] = {
    "arithmetic": (arithmetic, 3, 400),
    "casts": (casts, 1, 400),
    "wide": (wide, 0, 300),
    **{f"chance{k}": ((lambda k=k: chance(k, 90)), k, 500) for k in (2, 5, 10)},
}


def _hand(name: str) -> tuple[Design, int]:
    make, latency, count = HAND[name]
    graph = make()
    return design(graph, spread(graph, latency, seed=3), latency, name), count


def _some(made: Design, count: int) -> np.ndarray:
    """Corners and random vectors, not more than asked for."""
    raw = vectors.make(made, 2 * count, 0)
    return raw[:: max(1, len(raw) // count)]


def _sum() -> Design:
    b = GraphBuilder(("x0", "x1"))
    total = b.op(GOp.ADD, b.input(0, Fixed(6, 3)), b.input(1, Fixed(6, 3)))
    return design(b.build([total], ["y"]), [0, 0, 0], 1, "total")


def _changed(folder: Path, old: str, new: str) -> Path:
    (text,) = vhdl_files(_sum()).values()
    assert old in text
    source = folder / "changed.vhd"
    source.write_text(text.replace(old, new))
    return source


@pytest.mark.parametrize("name", HAND)
def test_hand_made_designs_agree(name: str, tmp_path: Path) -> None:
    made, count = _hand(name)
    found = ghdl.run(made, _some(made, count), tmp_path)
    assert (found.mismatches, found.latency) == (0, made.schedule.latency)
    assert not found.ambiguous and found.ii == 1


@pytest.mark.parametrize("name", DESIGNS)
def test_compiled_designs_agree(name: str, tmp_path: Path) -> None:
    made = DESIGNS[name]()
    found = ghdl.run(made, _some(made, 800), tmp_path)
    assert (found.mismatches, found.latency, found.ambiguous) == (0, made.schedule.latency, False)


def test_both_editions_of_vhdl_take_the_text(tmp_path: Path) -> None:
    sources = [path for name in HAND for path in write_vhdl(_hand(name)[0], tmp_path)]
    for standard in ("93", "08"):
        folder = tmp_path / standard
        folder.mkdir()
        assert ghdl.analyse(sources, folder, standard) == ""


@pytest.mark.parametrize("name", ["products", "tagger", "quotient"])
def test_what_ghdl_synthesises_agrees(name: str, tmp_path: Path) -> None:
    """No unsigned products: GHDL 2.0 prints these as signed ones in its netlists."""
    made = DESIGNS[name]()
    (source,) = write_vhdl(made, tmp_path)
    command = [*tools.find("ghdl").command, "--synth", "--std=93", str(source), "-e", name]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    netlist = tmp_path / "netlist.vhd"
    netlist.write_text(done.stdout)
    found = ghdl.run(made, _some(made, 300), tmp_path, source=netlist)
    assert (found.mismatches, found.latency) == (0, made.schedule.latency)


def test_an_added_register_is_measured(tmp_path: Path) -> None:
    late = "process (clk) begin if rising_edge(clk) then y <= std_logic_vector(add2_s1); end if; "
    source = _changed(tmp_path, "y <= std_logic_vector(add2_s1);", f"{late}end process;")
    found = ghdl.run(_sum(), vectors.make(_sum(), 100, 0), tmp_path, source=source)
    assert (found.mismatches, found.latency) == (0, 2)


@pytest.mark.parametrize("latency", [0, 3])
def test_clocks_that_are_not_enabled_change_nothing(latency: int, tmp_path: Path) -> None:
    graph = chance(5, 40)
    made = design(graph, spread(graph, latency, seed=1), latency, "held")
    made = replace(made, interface=Interface(enable=True))
    raw = _some(made, 300)
    found = ghdl.run(made, raw, tmp_path)
    assert (found.mismatches, found.latency, found.ambiguous) == (0, latency, False)
    (text,) = vhdl_files(made).values()
    source = tmp_path / "free.vhd"
    source.write_text(text.replace("if ce = '1' then", "if true then"))
    free = ghdl.run(made, raw, tmp_path, source=source)
    assert (free.mismatches > len(raw) // 5) == (latency > 0)


def test_a_lost_sign_is_counted(tmp_path: Path) -> None:
    source = _changed(tmp_path, "resize(signed(x0), 7)", "signed(resize(unsigned(x0), 7))")
    raw = vectors.make(_sum(), 100, 0)
    found = ghdl.run(_sum(), raw, tmp_path, source=source)
    assert found.mismatches == (raw[:, 0] < 0).sum() and found.ii is None


def test_what_nothing_drives_differs_from_every_value(tmp_path: Path) -> None:
    source = _changed(tmp_path, "y <= std_logic_vector(add2_s1);", "y <= (others => 'Z');")
    found = ghdl.run(_sum(), vectors.make(_sum(), 100, 0)[:50], tmp_path, source=source)
    assert found.mismatches == 50


def test_text_that_does_not_compile_is_a_tool_error(tmp_path: Path) -> None:
    source = _changed(tmp_path, "end architecture rtl;", "end architekture rtl;")
    with pytest.raises(ToolError, match=r"changed\.vhd:"):
        ghdl.run(_sum(), np.zeros((4, 2), np.int64), tmp_path, source=source)


def _verified(folder: Path, monkeypatch: pytest.MonkeyPatch, count: int = 100) -> Verification:
    """`verify` of a sum whose C++ and Verilog are right without being run."""
    made = _sum()
    monkeypatch.setattr(gpp, "run_together", lambda cases: [case.expected for case in cases])
    monkeypatch.setattr(
        verilator, "run_together",
        lambda cases: [Simulation(case.expected, 1, 1, 0, False, 0.0) for case in cases],
    )  # fmt: skip
    return verify(made, folder, count)


def test_verification_runs_the_vhdl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = _verified(tmp_path, monkeypatch)
    assert outcome.ok and outcome.vectors == 4096 and outcome.vhdl_vectors == MOST_OF_SOME
    assert (outcome.vhdl_mismatches, outcome.vhdl_latency) == (0, 1)
    assert "VHDL 0 mismatches in 1000, at most " in str(outcome)
    assert (tmp_path / "sim/vhdl/simulation.log").is_file()


def test_verification_tells_a_wrong_vhdl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def files(made: Design) -> dict[str, str]:
        texts = vhdl_files(made)
        return {name: text.replace(" + ", " - ") for name, text in texts.items()}

    monkeypatch.setattr(project, "vhdl_files", files)
    outcome = _verified(tmp_path, monkeypatch)
    assert not outcome.ok and outcome.vhdl_mismatches > 900
    assert "VHDL gives" in outcome.first_mismatch
    with pytest.raises(VerificationError, match=r"VHDL 9\d\d mismatches in 1000"):
        outcome.check()


def test_verification_says_that_ghdl_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(verifying, "TOOLS", ())  # of which none runs here
    outcome = _verified(tmp_path, monkeypatch)
    assert outcome.ok and "VHDL not simulated (ghdl is missing), at most " in str(outcome)
    with pytest.raises(ToolError, match=r"simulating the generated VHDL needs it.*Debian: ghdl"):
        ghdl.run(_sum(), np.zeros((4, 2), np.int64), tmp_path)
