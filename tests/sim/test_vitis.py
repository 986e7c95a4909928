"""The vendor's HLS tool, imitated by a script."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from symtick.errors import InputError, ToolError
from symtick.sim import vitis

REPORT = Path(__file__).parents[1] / "data" / "reports" / "vitis_csynth.xml"
PLACE = "jets_prj/solution1/syn/report/jets_csynth.xml"

FAKE = f"""#!/bin/sh
case "$*" in
  *-version*) echo "Vitis HLS v2023.2 (64-bit)"; exit 0 ;;
esac
echo "$@" > called_with
mkdir -p "$(dirname {PLACE})"
cp {REPORT} {PLACE}
touch {PLACE}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / vitis.SCRIPT).write_text("csynth_design\n")
    for name in ("SYMTICK_VITIS_HLS", "SYMTICK_VPP"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    return folder


def _program(folder: Path, name: str, text: str) -> None:
    path = folder.parent / "bin" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def test_the_script_is_run_and_the_report_found(project: Path) -> None:
    _program(project, "vitis_hls", FAKE)
    assert vitis.available()
    assert vitis.run(project, "jets") == vitis.HlsRun(project / PLACE, None, ())
    assert (project / "called_with").read_text() == "-f build_prj.tcl\n"
    assert (project / PLACE).read_text() == REPORT.read_text()


def test_newer_versions_run_scripts_beside_the_compiler(project: Path) -> None:
    _program(project, "v++", FAKE)
    assert not vitis.available()
    _program(project, "vitis-run", FAKE)
    assert vitis.run(project, "jets").csynth == project / PLACE
    assert (project / "called_with").read_text() == "--mode hls --tcl build_prj.tcl\n"


def test_a_missing_tool_says_how_to_get_it(project: Path) -> None:
    assert not vitis.available()
    with pytest.raises(ToolError, match=r"vitis_hls is missing.*settings64\.sh"):
        vitis.run(project, "jets")


def test_a_failing_tool_shows_its_last_lines(project: Path) -> None:
    _program(project, "vitis_hls", "#!/bin/sh\necho 'ERROR: no license found'\nexit 3\n")
    with pytest.raises(ToolError, match=r"status 3(?s:.*)no license found"):
        vitis.run(project, "jets")


def test_an_old_report_is_not_taken_for_a_new_one(project: Path) -> None:
    _program(project, "vitis_hls", "#!/bin/sh\nexit 0\n")
    (project / PLACE).parent.mkdir(parents=True)
    (project / PLACE).write_text("old")
    with pytest.raises(ToolError, match=r"left no jets_csynth\.xml"):
        vitis.run(project, "jets")


def test_a_folder_without_script_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no build_prj\.tcl"):
        vitis.run(tmp_path, "jets")


def test_co_simulation_has_to_leave_its_report(project: Path) -> None:
    _program(project, "vitis_hls", FAKE)
    with pytest.raises(ToolError, match=r"left no jets_cosim\.rpt"):
        vitis.run(project, "jets", cosim=True)
