"""Finding and running external programs."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from symtick.errors import ToolError
from symtick.sim import tools


def test_survey_lists_every_tool_once() -> None:
    held = tools.survey()
    names = [line.name for line in held]
    assert len(set(names)) == len(names)
    assert {"g++", "verilator", "yosys", "nextpnr-ecp5", "cocotb", "vitis_hls"} <= set(names)
    assert all(line.purpose and line.remedy for line in held)
    required = [line for line in held if not line.optional]
    assert all(line.tool is not None and line.tool.path.exists() for line in required)
    assert all(line.tool.version != "unknown" for line in required if line.tool)


def test_missing_tool_says_what_needs_it_and_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError, match=r"vivado is missing; place and route.*SYMTICK_VIVADO"):
        tools.find("vivado")
    with pytest.raises(ToolError, match=r"g\+\+ is missing; running the generated C\+\+ needs it"):
        tools.find("g++")


def test_unknown_tool_is_refused() -> None:
    with pytest.raises(ToolError, match="knows no tool 'quartus': it knows g"):
        tools.find("quartus")


def test_override_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "my_vitis"
    program.write_text("#!/bin/sh\necho 'Vitis HLS v2023.2 (64-bit)'\n")
    program.chmod(0o755)
    monkeypatch.setenv("SYMTICK_VPP", str(program))
    found = tools.find("v++")
    assert (found.path, found.version, found.command) == (program, "2023.2", (str(program),))
    monkeypatch.setenv("SYMTICK_VPP", str(tmp_path / "nowhere"))
    with pytest.raises(ToolError, match=r"SYMTICK_VPP names '.*nowhere', which does not exist"):
        tools.find("v++")


def test_execute_keeps_the_log(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "run.log"
    text = tools.execute([sys.executable, "-c", "print('seen')"], folder=tmp_path, log=log)
    assert text == "seen\n" == log.read_text()


def test_execute_reports_the_tail_of_a_failure(tmp_path: Path) -> None:
    code = "import sys\nfor k in range(40): print('line', k)\nsys.exit(3)"
    with pytest.raises(ToolError, match=r"ended with status 3; the end of ") as caught:
        tools.execute([sys.executable, "-c", code], folder=tmp_path, log=tmp_path / "log")
    assert "line 39" in str(caught.value) and "line 9\n" not in str(caught.value)


def test_execute_stops_what_takes_too_long(tmp_path: Path) -> None:
    code = "import time; time.sleep(60)"
    with pytest.raises(ToolError, match=r"took more than 0.2 s"):
        tools.execute(
            [sys.executable, "-c", code], folder=tmp_path, log=tmp_path / "log", timeout=0.2
        )


def test_execute_names_a_program_that_cannot_start(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="no_such_program cannot be started"):
        tools.execute(["no_such_program"], folder=tmp_path, log=tmp_path / "log")
