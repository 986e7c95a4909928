"""Designs that are verified together: each is judged as it would be alone, faults are its own."""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import replace
from pathlib import Path

import pytest
from hand_designs import arithmetic, design, spread, wide

from symtick.codegen import Design, Fixed, GOp, Graph, GraphBuilder
from symtick.codegen.emit.project import write_project, write_verilog
from symtick.errors import InputError, ToolError
from symtick.sim import builds, ghdl, tools
from symtick.sim import verify as verifying
from symtick.sim.case import Case
from symtick.sim.verify import Subject, Verification, verify, verify_together


def _sum(name: str) -> Design:
    b = GraphBuilder(("x0", "x1"))
    total = b.op(GOp.ADD, b.input(0, Fixed(6, 3)), b.input(1, Fixed(6, 3)))
    return design(b.build([total], ["y"]), [0, 0, 0], 1, name)


def _spread(graph: Graph, latency: int, name: str) -> Design:
    return design(graph, spread(graph, latency, seed=1), latency, name)


def _designs() -> list[Design]:
    return [
        _spread(arithmetic(), 0, "unclocked"),
        _spread(wide(), 3, "wide"),  # over 64 bits
        *(_sum(name) for name in ("plain", "signless", "late", "off")),
    ]


def _changed(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


def _alike(outcome: Verification) -> Verification:
    return replace(outcome, cpp_seconds=0.0, verilog_seconds=0.0, vhdl_seconds=0.0)


def _commands(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The commands that are executed from now on."""
    commands: list[str] = []
    execute = tools.execute

    def told(command: Sequence[str | Path], **options: object) -> str:
        commands.append(" ".join(map(str, command)))
        return execute(command, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(tools, "execute", told)
    return commands


@pytest.mark.sim
@pytest.mark.slow
def test_each_is_judged_alone_and_builds_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(builds, "_path", lambda name: tmp_path / "cache" / name)
    monkeypatch.setattr(verifying, "_groups", lambda names: [range(len(names))])  # one build
    subjects = [Subject.of(d, tmp_path / d.name, written=True) for d in _designs()]
    good = {v.design: v for v in verify_together(subjects, 700)}
    assert all(v.ok for v in good.values())
    assert [v.measured_latency for v in good.values()] == [0, 3, 1, 1, 1, 1]
    alone = verify(subjects[1].make(), tmp_path / "alone", 700)
    assert _alike(alone) == _alike(good["wide"])

    commands = _commands(monkeypatch)
    again = {v.design: v for v in verify_together(subjects, 700)}
    assert {k: _alike(v) for k, v in again.items()} == {k: _alike(v) for k, v in good.items()}
    commands = [c for c in commands if "ghdl" not in c]
    assert len(commands) == 1 + len(subjects)  # one simulation, and the C++ of each
    assert sum("--built" in c for c in commands) == 1 and not any("g++" in c for c in commands)

    late = "reg signed [6:0] late;\n    always @(posedge clk) late <= add2_s1;\n    assign y = late"
    _changed(tmp_path / "signless/rtl/signless.v", "{x0[5], x0}", "{1'b0, x0}")
    _changed(tmp_path / "late/rtl/late.v", "assign y = add2_s1", late)
    _changed(tmp_path / "off/firmware/off.cpp", "= x0 + x1", "= x0 - x1")
    told: list[str] = []
    bad = {
        v.design: v for v in verify_together(subjects, 700, done=lambda k, v: told.append(v.design))
    }
    assert told == [s.name for s in subjects]
    assert bad["signless"].verilog_mismatches > 0 == bad["signless"].cpp_mismatches
    assert "Verilog gives" in bad["signless"].first_mismatch
    assert bad["off"].cpp_mismatches > 0 == bad["off"].verilog_mismatches
    assert (bad["late"].measured_latency, bad["late"].verilog_mismatches) == (2, 0)
    assert not any(bad[name].ok for name in ("signless", "off", "late"))
    for name in ("unclocked", "wide", "plain"):
        assert _alike(bad[name]) == _alike(good[name])

    monkeypatch.undo()  # the bench beside a design runs alone
    place = tmp_path / "late/sim/verilog"
    response = (place / "response.txt").read_bytes()
    (place / "response.txt").unlink()
    found = tools.find("verilator")
    tools.execute(
        [sys.executable, "run.py"], folder=place, log=tmp_path / "log", env=found.environment()
    )
    assert (place / "response.txt").read_bytes() == response


def _written(names: Sequence[str], folder: Path) -> list[Subject]:
    made = [_sum(name) for name in names]
    for one in made:
        write_project(one, folder / one.name)
        write_verilog(one, folder / one.name)
    return [Subject.of(one, folder / one.name) for one in made]


def _outcome(case: Case) -> Verification:
    return Verification(case.design.name, 1, False, 0, 0, 1, 1, False, 1, "", 0.0, 0.0)


def test_a_design_that_does_not_build_fails_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def outcomes(begun: Sequence[verifying._Begun], pool: Executor) -> list[Verification]:
        if any(one.case.design.name in ("bad", "worse") for one in begun):
            raise ToolError("syntax error")
        return [_outcome(one.case) for one in begun]

    monkeypatch.setattr(verifying, "_outcomes", outcomes)
    monkeypatch.setattr(tools, "find", lambda name: None)
    monkeypatch.setattr(tools, "available", lambda name: False)
    names = ["d1", "d2", "bad", "d3", "d4", "worse", "d5"]
    told: list[str] = []
    with pytest.raises(ToolError, match="design bad: syntax error"):
        verify_together(
            _written(names, tmp_path), 10, done=lambda k, v: told.append(f"{k} {v.design}")
        )
    assert sorted(told) == ["0 d1", "1 d2", "3 d3", "4 d4", "6 d5"]


def test_a_design_that_ghdl_refuses_loses_no_other_and_no_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    builds: list[list[str]] = []

    def ran(cases: Sequence[Case]) -> list[tuple[None, None]]:
        if any(case.design.name == "bad" for case in cases):
            raise ToolError("bad.vhd:7:3: no declaration")
        return [(None, None) for _ in cases]

    def compiled(cases: Sequence[Case]) -> tuple[list[None], float]:
        builds.append([case.design.name for case in cases])
        return [None] * len(cases), 0.0

    monkeypatch.setattr(ghdl, "run_on_some", ran)
    monkeypatch.setattr(verifying, "_timed_cpp", compiled)
    monkeypatch.setattr(verifying, "_simulated", lambda cases: [None] * len(cases))
    monkeypatch.setattr(verifying, "_outcome", lambda case, *seen: _outcome(case))
    monkeypatch.setattr(tools, "find", lambda name: None)
    monkeypatch.setattr(tools, "available", lambda name: True)
    told: list[str] = []
    with pytest.raises(ToolError, match=r"design bad: bad\.vhd:7:3: no declaration"):
        verify_together(
            _written(["d1", "bad", "d2"], tmp_path), 10, done=lambda k, v: told.append(v.design)
        )
    assert told == ["d1", "d2"]
    assert builds == [["d1", "bad", "d2"]]


def test_tools_begin_while_designs_are_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulated = threading.Event()

    def described(cases: Sequence[Case]) -> list[str]:
        simulated.set()
        return [case.design.name for case in cases]

    def outcomes(begun: Sequence[verifying._Begun], pool: Executor) -> list[Verification]:
        seen = [one.vhdl.result() for one in begun if one.vhdl is not None]
        assert seen == ["first", "second"]
        return [_outcome(one.case) for one in begun]

    def second() -> Design:
        assert simulated.wait(60.0)  # the first is in GHDL before this one is made
        return _sum("second")

    monkeypatch.setattr(ghdl, "run_on_some", described)
    monkeypatch.setattr(verifying, "_outcomes", outcomes)
    monkeypatch.setattr(tools, "find", lambda name: None)
    monkeypatch.setattr(tools, "available", lambda name: True)
    first, made = _sum("first"), []
    subjects = [
        Subject("first", lambda: made.append("first") or first, tmp_path / "first"),
        Subject("second", second, tmp_path / "second"),
    ]
    assert [v.design for v in verify_together(subjects, 10)] == ["first", "second"]
    assert made == ["first"]  # once


def test_a_design_that_cannot_be_made_loses_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def outcomes(begun: Sequence[verifying._Begun], pool: Executor) -> list[Verification]:
        return [_outcome(one.case) for one in begun]

    def broken() -> Design:
        raise InputError("broken compiles to another design")

    monkeypatch.setattr(verifying, "_outcomes", outcomes)
    monkeypatch.setattr(tools, "find", lambda name: None)
    monkeypatch.setattr(tools, "available", lambda name: False)
    subjects = _written(["d1", "d2", "d3"], tmp_path)
    subjects[1] = Subject("broken", broken, tmp_path / "broken")
    told: list[str] = []
    with pytest.raises(InputError, match="broken compiles to another design"):
        verify_together(subjects, 10, done=lambda k, v: told.append(v.design))
    assert told == ["d1", "d3"]
    with pytest.raises(InputError, match="broken compiles to another design"):
        verify_together(subjects[1:2], 10)


@pytest.mark.parametrize("damage", ["rtl/one.vhd", "firmware/one.cpp", "no text"])
def test_what_is_written_is_verified_as_it_is_or_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    monkeypatch.setattr(
        verifying, "_outcomes", lambda begun, pool: [_outcome(one.case) for one in begun]
    )
    monkeypatch.setattr(tools, "find", lambda name: None)
    monkeypatch.setattr(tools, "available", lambda name: False)
    subject = Subject.of(_sum("one"), tmp_path, written=True)
    verify_together([subject], 10)
    text = tmp_path / "rtl/one.v"
    changed = text.read_text().replace("x0", "x1")
    text.write_text(changed)
    verify_together([subject], 10)
    assert text.read_text() == changed
    if damage == "no text":
        text.write_bytes(b"\xff\xfe\0")
        message = "one.v is no text in UTF-8"
    else:
        (tmp_path / damage).unlink()
        message = f"{damage} is missing beside other files of the design"
    before = text.read_bytes()
    with pytest.raises(InputError, match=message):
        verify_together([subject], 10)
    assert text.read_bytes() == before


def test_a_stop_is_seen_between_two_designs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = threading.Event()

    def first() -> Design:
        asked.set()
        return _sum("first")

    def second() -> Design:
        raise AssertionError("made after the stop")

    monkeypatch.setattr(verifying, "stopping", asked.is_set)
    monkeypatch.setattr(tools, "find", lambda name: None)
    monkeypatch.setattr(tools, "available", lambda name: False)
    subjects = [Subject(n, m, tmp_path / n) for n, m in (("first", first), ("second", second))]
    with pytest.raises(KeyboardInterrupt):
        verify_together(subjects, 10)


def test_two_designs_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="two designs are named 'same'"):
        verify_together([Subject.of(_sum("same"), tmp_path / k) for k in "ab"])


@pytest.mark.parametrize("count", [1, 2, 3, 80, 81, 200])
@pytest.mark.parametrize("cores", [1, 2, 8, None])
def test_groups_hold_every_design_once(
    count: int, cores: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verifying.os, "cpu_count", lambda: cores)
    groups = verifying._groups(["d"] * count)
    assert [k for group in groups for k in group] == list(range(count))
    assert 0 < max(map(len, groups)) <= 80 and max(map(len, groups)) - min(map(len, groups)) <= 1
    assert len(groups) == max(min(count, 4 if cores == 8 else 1), -(-count // 80))


def test_nothing_is_verified_at_once() -> None:
    assert verify_together([]) == []
