"""The whole flow on a small job: every verb on one run folder."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from command_line import command
from pytest import MonkeyPatch

from symtick import compile_text, distill_job, open_run, resume_run
from symtick.design_folder.checks import (
    read_synthesis,
    read_verification,
    synthesise_folder,
    verify_folder,
)
from symtick.search.designs.front import Front

Job = Callable[..., Path]
REPORTS = Path(__file__).parents[1] / "data/reports"


@pytest.mark.slow
@pytest.mark.kernel
@pytest.mark.sim
@pytest.mark.synth
def test_every_verb_in_one_run_folder(
    job: Job, tmp_path: Path, monkeypatch: MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    assert command(monkeypatch, "distill", str(job(tmp_path)), "-o", str(run)) == 0
    front = open_run(run).front
    assert front.entry().score > 0.7
    for entry in front.entries:
        folder = run / "designs" / entry.name
        assert (folder / "tb_data/tb_input_features.dat").is_file()
        assert json.loads((folder / "design.json").read_text())["ticks"] == entry.ticks
    capsys.readouterr()
    words = ("--device", "xcvu13p-2", "--clock", "360", "--share", "1%", "--json")
    assert command(monkeypatch, "estimate", str(run), *words) == 0
    fits = json.loads(capsys.readouterr().out)
    # tuned widths belong to the job's target: each formula once, without them
    plain = {(str(e.expression), e.precision) for e in front.entries}
    assert len(fits) == len(plain) and all(f["fits"] for f in fits)
    assert command(monkeypatch, "verify", str(run)) == 0
    lines = capsys.readouterr().out.splitlines()
    assert sum("C++ 0 mismatches, Verilog 0 mismatches" in line for line in lines) == len(
        front.entries
    )
    assert command(monkeypatch, "synth", str(run), "--place", "none") == 0
    text = open_run(run).report().read_text()
    for part in text.split("<svg")[1:]:
        ElementTree.fromstring("<svg" + part[: part.index("</svg>") + 6])
    assert text.count("<svg") == 3  # front, pipeline, ROC
    for entry in front.entries:
        folder = run / "designs" / entry.name
        checked, measured = read_verification(folder), read_synthesis(folder)
        assert checked is not None and checked.ok and checked.measured_latency == entry.ticks
        assert measured is not None and measured.ticks == entry.ticks
    assert command(monkeypatch, "distill", "--resume", str(run)) == 0
    assert Front.load(run).to_json() == front.to_json()


@pytest.mark.kernel
def test_resume_before_the_first_checkpoint_starts_over(job: Job, tmp_path: Path) -> None:
    whole = distill_job(job(tmp_path), tmp_path / "a")
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    for name in ("checkpoint", "designs"):
        shutil.rmtree(tmp_path / "b" / name)
    for name in ("front.json", "front.csv", "run.json"):
        (tmp_path / "b" / name).unlink()
    assert resume_run(tmp_path / "b").front.to_json() == whole.front.to_json()


@pytest.mark.sim
def test_another_design_in_the_same_folder_loses_the_old_results(job: Job, tmp_path: Path) -> None:
    run = distill_job(job(tmp_path), tmp_path / "run")
    kept = run.designs["d1"].folder
    verify_folder(kept, 100)
    assert read_verification(kept) is not None
    held = run.front
    texts = held.to_json()
    entry = next(e for e in texts["entries"] if e["name"] == "d1")
    entry["expressions"][0] += " + 0.5*eta"
    (run.folder / "front.json").write_text(json.dumps(texts))
    from symtick.design_folder.folder import write_design

    changed = open_run(run.folder)
    write_design(kept, changed.designs["d1"].spec)
    assert read_verification(kept) is None


@pytest.mark.synth
def test_constants_have_no_clock_to_place_for(tmp_path: Path) -> None:
    compile_text("0*x0 + 3.5", ["fixed<6,1>"], folder=tmp_path / "d")
    found = synthesise_folder(tmp_path / "d")
    assert found.fmax_mhz is None and found.measured.lut == 0
