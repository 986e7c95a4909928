"""The oneAPI project, built by g++ against a stand-in for SYCL and the Algorithmic C Datatypes.

Intel's compiler is not at hand: the stand-in (`sycl_stub`) has the calls that the project makes, by
their documented signatures, and `icpx` below is g++ behind a check of the flags. The arithmetic is
compiled as it is emitted.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import cmake
import numpy as np
import pytest
from hand_designs import arithmetic, casts, design, wide

from symtick.codegen import Design, GOp, Graph
from symtick.codegen.emit import vectors
from symtick.codegen.emit.hls import vector_files
from symtick.codegen.emit.names import ports
from symtick.codegen.emit.project import write_files
from symtick.codegen.ir.fixed import RawArray
from symtick.codegen.projects.oneapi import oneapi_files
from symtick.errors import ToolError
from symtick.sim import tools

pytestmark = pytest.mark.sim

_STUB = Path(__file__).parent / "sycl_stub"
# what icpx is given in the documented flow, and g++ does not know
_ICPX = """#!/bin/sh
case "$*" in
    *--version*|*-print*|*CompilerId*|*CMakeScratch*|*cmTC_*) exec g++ "$@" ;;
    *-fsycl\\ -fintelfpga\\ -qactypes*) ;;
    *) echo "not the flags of a SYCL build: $*" >&2; exit 1 ;;
esac
for word in "$@"; do
    shift
    case "$word" in
        -fsycl|-fintelfpga|-qactypes) ;;
        *) set -- "$@" "$word" ;;
    esac
done
exec g++ -std=c++17 -DSYCL_LANGUAGE_VERSION=202001 -isystem "$AC_TYPES" -I "$SYCL_STUB" "$@"
"""
_LINK = """
import sys
import numpy as np
import hls4ml

project, features, predictions = sys.argv[1:]
model = hls4ml.converters.link_existing_project(project)
model.compile()
np.save(predictions, model.predict(np.load(features)))
"""


def _ac_types() -> Path:
    return tools.find("hls4ml").path.parents[1] / "quartus" / "ac_types"


def _written(graph: Graph, name: str, folder: Path) -> tuple[Design, RawArray]:
    made = design(graph, [0] * len(graph.nodes), 0, name)
    raw = vectors.make(made, 2000, 0)
    columns = [index for index, *_ in ports(made).inputs]
    write_files(folder, oneapi_files(made, str(folder)))
    write_files(folder, vector_files(raw[:, columns], graph.evaluate(raw)))
    return made, raw


def _icpx(folder: Path) -> dict[str, str]:
    """An environment with the stand-in for icpx, and cmake."""
    program = folder / "bin" / "icpx"
    program.parent.mkdir()
    program.write_text(_ICPX)
    program.chmod(0o755)
    path = os.pathsep.join([str(program.parent), cmake.CMAKE_BIN_DIR, os.environ["PATH"]])
    return os.environ | {"PATH": path, "AC_TYPES": str(_ac_types()), "SYCL_STUB": str(_STUB)}


def _bench_agrees(bench: Path, project: Path, count: int) -> None:
    """The test bench says that all agree, and finds a changed bit."""
    log = project / "run.log"
    assert tools.execute([bench], folder=project, log=log) == f"{count} vectors, 0 mismatches\n"
    predictions = project / "tb_data" / "tb_output_predictions.dat"
    lines = predictions.read_text().splitlines()
    words = lines[17].split()
    lines[17] = " ".join([str(int(words[0]) ^ 1), *words[1:]])
    predictions.write_text("\n".join(lines) + "\n")
    with pytest.raises(ToolError, match=f"{count} vectors, 1 mismatches"):
        tools.execute([bench], folder=project, log=log)


def test_every_operation_equals_the_integers(tmp_path: Path) -> None:
    graph = arithmetic()
    assert {node.op for node in graph.nodes} == set(GOp)
    _, raw = _written(graph, "hand", tmp_path)
    command = [
        *tools.find("g++").command, "-std=c++17", "-Wall", "-Werror",
        "-DSYCL_LANGUAGE_VERSION=202001", "-isystem", _ac_types(), "-I", _STUB, "-I", "src",
        "src/firmware/hand.cpp", "src/hand_test.cpp", "-o", "bench",
    ]  # fmt: skip
    assert tools.execute(command, folder=tmp_path, log=tmp_path / "build.log") == ""
    _bench_agrees(tmp_path / "bench", tmp_path, len(raw))


def test_cmake_builds_the_bench_of_values_over_64_bits(tmp_path: Path) -> None:
    project, env = tmp_path / "project", _icpx(tmp_path)
    _, raw = _written(wide(), "wide", project)
    for words in (["-S", ".", "-B", "build"], ["--build", "build", "--target", "fpga_emu"]):
        tools.execute(["cmake", *words], folder=project, log=tmp_path / "build.log", env=env)
    _bench_agrees(project / "build" / "wide.fpga_emu", project, len(raw))


def test_hls4ml_compiles_and_predicts_every_cast_mode(tmp_path: Path) -> None:
    graph, project = casts(), tmp_path / "project"
    made, raw = _written(graph, "modes", project)
    columns = [fmt.to_real(raw[:, k]) for k, fmt in enumerate(graph.input_formats) if fmt]
    np.save(tmp_path / "features.npy", np.stack(columns, axis=1))
    command = [sys.executable, "-W", "ignore", "-c", _LINK, project, "features.npy", "found.npy"]
    tools.execute(command, folder=tmp_path, log=tmp_path / "link.log", env=_icpx(tmp_path))
    assert np.array_equal(np.load(tmp_path / "found.npy"), made.real_outputs(raw))
