"""The fuzzer: what it draws passes every check, faults are found, and a killed run goes on."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.fuzz import checks
from benchmarks.fuzz.__main__ import CPU, fuzz
from benchmarks.fuzz.cases import FuzzCase
from benchmarks.fuzz.draw import draw
from benchmarks.fuzz.shrink import shrunk
from symtick.expr import Op, parse
from symtick.sim import tools
from symtick.sim.verify import Verification

pytestmark = [pytest.mark.sim]

KEPT = sorted((Path(__file__).parent / "kept").glob("*.json"))
SMALL = FuzzCase(("tanh(x0) + 0.5*x1",), ("x0", "x1"), ((6, 4, True), (6, 4, True)))


@pytest.mark.slow
def test_330_cases_pass_or_are_refused_in_words(tmp_path: Path) -> None:
    total = fuzz(tmp_path, 7, 330, 66, 256)
    assert total["failed"] == 0
    assert total["passed"] >= 220 and total["vectors"] >= 256 * total["passed"]


@pytest.mark.slow
def test_cases_that_once_failed_pass(tmp_path: Path) -> None:
    cases = [FuzzCase.from_json(json.loads(path.read_text())["case"]) for path in KEPT]
    numbers = range(5, 100 * len(cases), 100)  # whose turn it is with the sanitisers
    outcome = checks.checked(dict(zip(numbers, cases, strict=True)), 256, tmp_path / "work")
    assert cases and not outcome.failures and not outcome.refused


def test_a_case_is_plain_data() -> None:
    for number in range(40):
        case = draw(3, number)
        assert FuzzCase.from_json(json.loads(json.dumps(case.to_json()))) == case


def test_each_check_can_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failed(name: str, other: object) -> str:
        with monkeypatch.context() as patch:
            patch.setattr(checks, name, other)
            outcome = checks.checked({0: SMALL}, 64, tmp_path / "work")
        return outcome.failures[0].check

    def other_formula(texts: list[str], *rest: object) -> list[float]:
        return [d + 1.0 for d in distances(texts, *rest)]

    def other_graph(_: object, *rest: object) -> object:
        return lower(parse("tanh(x1) + 0.5*x0", SMALL.inputs), *rest)

    distances, lower, evaluated = checks.distances, checks.lower, checks.exhaustive.outputs
    assert failed("distances", other_formula) == "formula"
    assert failed("lower", lambda *a: 1 / 0) == "compile"
    with monkeypatch.context() as patch:
        patch.setattr(checks.exhaustive, "outputs", lambda *a: [v + 1 for v in evaluated(*a)])
        assert checks.checked({0: SMALL}, 64, tmp_path / "work").failures[0].check == "integers"
    assert failed("lower", other_graph) == "decision"


@pytest.mark.slow
def test_each_tool_finds_a_fault_in_what_it_runs(tmp_path: Path) -> None:
    case = replace(SMALL, texts=("tanh(x0) + 0.5*x1 + sin(x0*x1)",))
    design = case.compiled("made")
    ((_, seen),) = checks._by_tools({0: design}, 64, tmp_path)
    assert isinstance(seen, Verification) and seen.ok
    place = tmp_path / "made"

    def changed(name: str, old: str, new: str) -> None:
        text = (place / name).read_text()
        assert old in text
        (place / name).write_text(text.replace(old, new, 1))

    assert checks._in_bench(place) is None
    changed("firmware/made.cpp", "_rom[x0", "_rom[64 + x0")  # beyond the end
    found = checks._sanitised([checks._case(design, 64, tmp_path)])
    assert found["made"].check == "sanitiser" and "made.cpp" in found["made"].text
    assert "made.cpp" in checks._in_bench(place).text
    changed("firmware/made.cpp", "_rom[64 + x0", "_rom[1 ^ x0")
    found = checks._sanitised([checks._case(design, 64, tmp_path)])
    assert found == {"made": checks.Failure("sanitiser", "the C++ gives other integers")}
    if tools.available("iverilog"):
        assert checks._in_icarus(design, place) is None
        changed("tb_data/tb_output_predictions.dat", "\n", "1\n")
        assert checks._in_icarus(design, place).check == "icarus"


def test_a_case_is_made_smaller() -> None:
    case = draw(1, 118)
    assert len(case.expression.nodes) > 10

    def fails(other: FuzzCase) -> bool:
        return any(node.op is Op.SQUARE for node in other.expression.nodes)

    large = replace(case, texts=(f"0.3*square({case.texts[0]}) + x0", *case.texts[1:]))
    small = shrunk(large, fails)
    assert fails(small) and len(small.texts) == 1 and len(small.expression.nodes) == 2


@pytest.mark.slow
def test_a_killed_run_goes_on(tmp_path: Path) -> None:
    words = ["--designs", "4", "--batch", "2", "--seed", "2", "--vectors", "64", "--folder"]
    program = [sys.executable, "-m", "benchmarks.fuzz", *words]
    root = Path(__file__).resolve().parents[3]
    batches = tmp_path / "killed" / "batches"
    with subprocess.Popen([*program, str(tmp_path / "killed")], cwd=root) as process:
        while not list(batches.glob("*.json")):
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
    done = {path: path.stat().st_mtime_ns for path in batches.glob("*.json")}
    assert len(done) < 2
    subprocess.run([*program, str(tmp_path / "killed")], cwd=root, check=True)
    assert all(path.stat().st_mtime_ns == when for path, when in done.items())
    whole = fuzz(tmp_path / "whole", 2, 4, 2, 64)
    found = [json.loads(path.read_text()) for path in sorted(batches.glob("*.json"))]
    assert len(found) == 2
    sums = {key: sum(batch.get(key, 0) for batch in found) for key in whole}
    assert sums.pop(CPU) > 0 and whole.pop(CPU) > 0
    assert sums == dict(whole)
