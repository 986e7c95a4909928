"""examples/ugt: what its README says of the block and of the events; all tools run on the block."""

from __future__ import annotations

import json
import re
import runpy
import shlex
from pathlib import Path

import numpy as np
import pytest
import yaml
from command_line import command
from fake_amd import installed

from symtick.codegen import Fixed
from symtick.design_folder.checks import read_synthesis, verify_folder
from symtick.design_folder.folder import estimate_folder

FOLDER = Path(__file__).parents[3] / "examples" / "ugt"
README = (FOLDER / "README.md").read_text()


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> dict[str, np.ndarray]:
    script = runpy.run_path(str(FOLDER / "generate.py"))
    file = tmp_path_factory.mktemp("ugt") / "events.npz"
    script["generate"](60_000, 1, file)
    with np.load(file, allow_pickle=False) as made:
        return {name: made[name] for name in made}


def test_words_fill_and_fit_their_formats(events: dict[str, np.ndarray]) -> None:
    formats = yaml.safe_load((FOLDER / "job.yaml").read_text())["inputs"]["raw"]
    assert list(formats) == events["feature_names"].tolist()
    for column, text in zip(events["X"].T, formats.values(), strict=True):
        fmt = Fixed.parse(text)
        assert fmt.raw_min <= column.min() and column.max() <= fmt.raw_max
        assert column.max() > fmt.raw_max / 8
    assert events["y"].mean() == 0.5


@pytest.mark.sim
@pytest.mark.synth
@pytest.mark.slow
def test_the_block_is_what_the_readme_says(
    events: dict[str, np.ndarray],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = re.search(r"^    symtick (compile (?:.*\\\n)*.*)", README, re.MULTILINE)
    assert text is not None
    words = shlex.split(text[1].replace("\\\n", " "))
    words[words.index("-f") + 1] = str(FOLDER / "block.txt")
    monkeypatch.chdir(tmp_path)
    assert command(monkeypatch, *words) == 0
    _, design, estimate = estimate_folder(tmp_path / "topbits")
    assert (estimate.ticks, estimate.clock_mhz, estimate.area.dsp) == (2, 40.0, 0.0)
    names = events["feature_names"].tolist()
    raw = events["X"][:, [names.index(name) for name in design.graph.input_names]].astype(np.int64)
    passed = design.graph.evaluate(raw)
    for k, name in enumerate(design.graph.output_names):
        stated = re.search(rf"^\| `{name}`.*?\| ([\d.]+) % \| ([\d.]+) %", README, re.MULTILINE)
        assert stated is not None
        for label, share in enumerate(stated.groups()):
            found = 100.0 * passed[events["y"] == label, k].mean()
            assert found == pytest.approx(float(share), abs=0.06)
    outcome = verify_folder(tmp_path / "topbits", 3000, data=raw)
    outcome.check()
    assert outcome.measured_latency == 2
    _tools_run_and_are_read_back(tmp_path, monkeypatch, capsys)


def _tools_run_and_are_read_back(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Yosys measures what the README says; AMD's tools, stand-ins, run from the same command."""
    installed(folder, monkeypatch, "vitis_hls", "vivado")
    words = ("synth", "topbits", "--place", "none", "--tool", "vitis", "--tool", "vivado")
    capsys.readouterr()
    assert command(monkeypatch, *words, "--json") == 0
    (said,) = json.loads(capsys.readouterr().out)
    stated = re.search(r"Measured: (\d+) LUT, (\d+) FF and (\d+) DSP", README)
    assert stated is not None
    area = [said["measured"][name] for name in ("lut", "ff", "dsp")]
    assert area == [float(figure) for figure in stated.groups()]
    vendor, routed = said["vendor"], said["routed"]
    assert (vendor["top"], vendor["lut"]) == ("topbits", 1057)
    assert vendor["cosim"] == {
        "rtl": "Verilog", "status": "Pass", "latency_min": 3, "latency_max": 3, "ii_max": 1,
    }  # fmt: skip
    bench = vendor["bench"]
    assert bench["vectors"] >= 2000 and (bench["mismatches"], bench["latency"]) == (0, 2)
    # of the recorded report's two clocks the one of 25 ns
    assert (routed["state"], routed["wns_ns"]) == ("Routed", 20.118)
    kept = read_synthesis(folder / "topbits")
    assert kept is not None and kept.vendor_agrees and kept.to_json() == said
    lines = "\n".join(kept.vendor_lines())
    assert "1057 LUT (estimate 208)" in lines and "co-simulation: Pass" in lines
    assert f"{bench['vectors']} vectors, 0 mismatches, latency 2" in lines
    calls = (folder / "topbits" / "calls.txt").read_text().splitlines()
    assert [c for c in calls if c.endswith("_design")] == [
        "csim_design", "csynth_design", "cosim_design",
    ]  # fmt: skip
    assert "set_part xc7vx690tffg1761-2" in calls
    routing = (folder / "topbits" / "rtl" / "calls.txt").read_text().splitlines()
    assert routing[2].startswith("synth_design -top topbits -part xc7vx690tffg1761-2")
    assert routing[3:7] == ["opt_design", "place_design", "phys_opt_design", "route_design"]
