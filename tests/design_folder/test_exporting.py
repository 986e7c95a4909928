"""Exported projects: the same bytes anywhere, nothing outside, and what is refused."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from command_line import command

from symtick import compile_text, export_folder
from symtick.codegen import Fixed, Interface
from symtick.codegen.emit.hls import HlsTool, hls_files
from symtick.codegen.projects.emulator import common_format
from symtick.design_folder.exporting import ProjectKind
from symtick.design_folder.folder import read_spec
from symtick.errors import InputError, WidthError

FORMATS = ("x=fixed<8,4>", "y=ufixed<6,2>")


def _compiled(folder: Path) -> Path:
    compile_text("s = x*y; t = sin(x) + y", FORMATS, folder=folder, name="tiny")
    return folder


def _texts(folder: Path) -> dict[str, bytes]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_two_runs_in_different_folders_write_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trees: list[dict[str, bytes]] = []
    for place in ("one", "another"):
        (tmp_path / place).mkdir()
        monkeypatch.chdir(tmp_path / place)
        design = _compiled(Path(f"{place}_design"))
        trees.append(_texts(design))
        for kind in ProjectKind:
            made = export_folder(design, kind, Path(kind.value), headers=False)
            files = _texts(made.folder)
            assert list(made.files) == list(files)
            assert {"README.md", "tb_data/tb_input_features.dat"} <= set(files)
            trees[-1] |= {f"{kind.value}/{name}": text for name, text in files.items()}
    assert trees[0] == trees[1]


@pytest.fixture(scope="module")
def design(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The design folder."""
    return _compiled(tmp_path_factory.mktemp("exporting") / "design")


@pytest.mark.parametrize("kind", ["vitis", "vivado-hls", "oneapi"])
def test_sources_read_nothing_outside_the_project(kind: str, design: Path, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    export_folder(design, kind, folder, headers=False)
    files = _texts(folder)
    included = {
        (name, word.decode())
        for name, text in files.items()
        for word in re.findall(rb'#include "([^"]+)"', text)
    }
    library = {"ap_fixed.h", "ap_int.h", "ac_fixed.h", "ac_int.h"}
    for name, word in included:
        here = {str(Path(name).parent / word), word, f"src/{word}"}
        assert here & set(files) or word in library, (name, word)
    for name, text in files.items():
        assert b"../" not in text, name
        assert str(tmp_path).encode() not in text or name == "hls4ml_config.yml"


def test_the_readme_tells_what_it_is(design: Path, tmp_path: Path) -> None:
    known = json.loads((design / "design.json").read_text())
    latency, digest = f"latency {known['ticks']} ticks", known["digest"]
    for kind in ProjectKind:
        folder = tmp_path / kind.value
        export_folder(design, kind, folder, headers=False)
        text = (folder / "README.md").read_text()
        for part in ("s = x*y", "x : fixed<8,4> [-8, 7.9375]", latency, digest):
            assert part in text, (kind, part)
        # of every file there is a line
        for name in {Path(name).parts[0] for name in _texts(folder)} - {"README.md"}:
            assert name in text or name == "hls4ml_config.yml", (kind, name)


def test_the_readme_names_the_form_of_the_ports(tmp_path: Path) -> None:
    form = Interface("ap_vld")
    compile_text("x*y", FORMATS, folder=tmp_path / "d", name="tiny", latency=2, interface=form)
    text = (tmp_path / "d" / "README.md").read_text()
    assert "`firmware/tiny_vld.cpp`" in text and "form of its ports, ap_vld" in text
    assert (tmp_path / "d" / "firmware" / "tiny_vld.cpp").is_file()


def test_hls4ml_finds_name_place_and_shapes(design: Path, tmp_path: Path) -> None:
    for kind, backend in (("vitis", "Vitis"), ("vivado-hls", "Vivado"), ("oneapi", "oneAPI")):
        export_folder(design, kind, tmp_path / kind, headers=False)
        config = yaml.safe_load((tmp_path / kind / "hls4ml_config.yml").read_text())
        assert config["Backend"] == backend and config["OutputDir"] == str(tmp_path / kind)
        assert config["InputShapes"] == {"features": [2]}
        assert config["OutputShapes"] == {"predictions": [2]}


def test_pragmas_are_those_of_the_tool(tmp_path: Path) -> None:
    design = tmp_path / "design"
    compile_text("x*y + sin(z)", ["x=fixed<18,6>", "y=fixed<18,6>", "z=fixed<9,3>"],
                 folder=design, name="tiny", device="xcvu9p-2")  # fmt: skip
    texts = {}
    for kind in ("vitis", "vivado-hls"):
        export_folder(design, kind, tmp_path / kind, headers=False)
        texts[kind] = (tmp_path / kind / "firmware" / "tiny.cpp").read_text()
    pragmas = {
        kind: set(re.findall(r"#pragma HLS (BIND_\w+|RESOURCE) variable=\w+ (.*)", text))
        for kind, text in texts.items()
    }
    made = re.findall("impl=(dsp|fabric)", texts["vitis"])
    assert made and ("BIND_STORAGE", "type=rom_1p impl=lutram") in pragmas["vitis"]
    assert ("RESOURCE", "core=ROM_1P_LUTRAM") in pragmas["vivado-hls"]
    _, known = read_spec(design)
    bound = replace(known, in_dsp=tuple(chosen and False for chosen in known.in_dsp))
    text = hls_files(bound, tool=HlsTool.VIVADO)["firmware/tiny.cpp"]
    assert made == ["dsp"] * text.count("core=Mul_LUT") and "Mul_LUT" not in texts["vivado-hls"]
    assert not {word for word, _ in pragmas["vivado-hls"]} & {"BIND_OP", "BIND_STORAGE"}
    scripts = {kind: (tmp_path / kind / "build_prj.tcl").read_text() for kind in texts}
    assert "vivado_hls -f" in scripts["vivado-hls"] and "vitis_hls" not in scripts["vivado-hls"]
    assert "vitis_hls -f" in scripts["vitis"] and "vitis-run --mode hls" in scripts["vitis"]


def test_what_cannot_be_exported_is_refused(design: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    with pytest.raises(InputError, match="no project can be written for 'quartus': one of vitis"):
        export_folder(design, "quartus", output)
    with pytest.raises(InputError, match="a vitis project has no version, which 'v2' would be"):
        export_folder(design, "vitis", output, version="v2")
    with pytest.raises(InputError, match=r"the version '2\.0' cannot stand in a name"):
        export_folder(design, "emulator", output, version="2.0")
    with pytest.raises(InputError, match="holds no design"):
        export_folder(tmp_path, "vitis", output)
    with pytest.raises(InputError, match=r"the output folder .* exists"):
        export_folder(design, "oneapi", design)
    assert not output.exists()


def test_one_type_holds_all_ports() -> None:
    assert common_format([Fixed(8, 4), Fixed(6, 4, False)], "inputs") == Fixed(8, 4)
    assert common_format([Fixed(8, 4), Fixed(9, 4, False)], "inputs") == Fixed(10, 4)
    assert common_format([Fixed(3, -2, False), Fixed(3, 5, False)], "x") == Fixed(10, 5, False)
    with pytest.raises(WidthError, match="one type for all outputs, which would take 131 bits"):
        common_format([Fixed(100, 0), Fixed(1, 30), Fixed(100, 31)], "outputs")


def test_the_command_line_exports(
    design: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ("export", str(design), "--to", "emulator")
    assert command(monkeypatch, *words, "-o", "e2", "--model-version", "v2", "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert said["kind"] == "emulator" and "tiny_v2.cpp" in said["files"]
    assert command(monkeypatch, *words, "-o", "e3", "--design", "d1") == 1
    assert "is no run folder, which --design needs" in " ".join(capsys.readouterr().err.split())
