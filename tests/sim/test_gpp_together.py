"""Designs with ports and nodes of equal names can be compiled into one program."""

from __future__ import annotations

from pathlib import Path

import pytest
from golden_designs import layers, tagger

from symtick.codegen.emit.project import write_project
from symtick.sim import tools

pytestmark = pytest.mark.sim

_MAIN = """
#include "tagger/firmware/tagger.cpp"
#include "layers/firmware/layers.cpp"

int main() {
    tagger_firmware::index_t index;
    tagger_firmware::margin_t margin;
    layers_firmware::y0_t y0;
    tagger(0.5, 0.25, -0.5, 0.125, index, margin);
    layers(0.5, 0.25, -0.5, 0.125, y0);
    return !(index == 0 && y0 > 0);
}
"""


def test_two_designs_in_one_translation_unit(tmp_path: Path) -> None:
    for made in (tagger(), layers()):
        write_project(made, tmp_path / made.name)
    (tmp_path / "main.cpp").write_text(_MAIN)
    compiler, headers = tools.find("g++"), tools.find("hls4ml")
    command = [
        *compiler.command, "-std=c++14", "-Wno-unknown-pragmas", "-isystem", str(headers.path),
        "main.cpp", "-o", "main",
    ]  # fmt: skip
    tools.execute(command, folder=tmp_path, log=tmp_path / "build.log")
    tools.execute(["./main"], folder=tmp_path, log=tmp_path / "run.log")
