"""CMS emulators of a jet tagger, built against a stand-in for the interface, loaded by dlopen."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from symtick import compile_text, export_folder
from symtick.codegen import Design, Fixed
from symtick.codegen.emit.hls import vector_files
from symtick.codegen.emit.names import ports
from symtick.codegen.emit.project import write_files, write_rtl
from symtick.codegen.ir.fixed import RawArray
from symtick.design_folder.folder import read_spec
from symtick.errors import ToolError
from symtick.sim import tools

pytestmark = [pytest.mark.sim, pytest.mark.slow]

_STUB = Path(__file__).parent / "emulator_stub"
_SAMPLE = Path(__file__).parents[3] / "examples" / "jets" / "jets_sample.npz"
_ROWS = 10_000
# words of the detector, and scores of two versions of a tagger
_WORDS = {
    "mass_mmdt": "ufixed<16,10>", "multiplicity": "ufixed<16,8>", "zlogz": "fixed<16,4>",
    "c1_b1_mmdt": "ufixed<16,-1>",
}  # fmt: skip
_TAGGERS = {
    "v1": "score = 0.02*mass_mmdt - 0.05*multiplicity - zlogz; tight = 4*c1_b1_mmdt + score",
    "v2": "score = 0.03*mass_mmdt - 0.04*multiplicity - zlogz; tight = 5*c1_b1_mmdt - score",
}
_HOST = """
#include <dlfcn.h>
#include <fstream>
#include <iostream>

#include "emulator.h"
#include "tagger_v1.h"
#include "tagger_v2.h"

typedef hls4mlEmulator::Model Model;

static Model *load(const char *name) {
    // everything global: the worst that a host can do to two libraries
    void *library = dlopen(name, RTLD_NOW | RTLD_GLOBAL);
    if (!library) throw std::runtime_error(dlerror());
    return ((Model * (*)()) dlsym(library, "create_model"))();
}

template <class input_t, class result_t, unsigned N, unsigned M>
static void run(Model *model, const double *row) {
    input_t in[N];
    result_t out[M];
    for (unsigned k = 0; k < N; k++) in[k] = row[k];
    model->prepare_input((input_t *)in);
    model->predict();
    model->read_result((result_t *)out);
    for (unsigned k = 0; k < M; k++) std::cout << out[k].to_double() << " ";
}

int main(int, char **names) {
    Model *first = load(names[1]), *second = load(names[2]);
    double wrong_type = 0;
    try {
        first->prepare_input(&wrong_type);
        return 3;
    } catch (const std::bad_any_cast &) {
    }
    std::ifstream rows(names[3], std::ios::binary);
    double row[tagger_v1::N_INPUTS];
    std::cout.precision(17);
    while (rows.read((char *)row, sizeof row)) {
        run<tagger_v1::input_t, tagger_v1::result_t, tagger_v1::N_INPUTS, tagger_v1::N_OUTPUTS>(
            first, row);
        run<tagger_v2::input_t, tagger_v2::result_t, tagger_v2::N_INPUTS, tagger_v2::N_OUTPUTS>(
            second, row);
        std::cout << "\\n";
    }
}
"""


def _jets() -> RawArray:
    """Raw words of the features, (rows, words)."""
    with np.load(_SAMPLE, allow_pickle=False) as sample:
        names = [str(name) for name in sample["feature_names"]]
        rows = sample["X_test"][:_ROWS, [names.index(name) for name in _WORDS]]
    columns = [Fixed.parse(fmt).to_raw(rows[:, k]) for k, fmt in enumerate(_WORDS.values())]
    return np.stack(columns, axis=1)


def _make(folder: Path, *targets: str) -> str:
    words = [f"HLS4ML_INCLUDE={_STUB}", f"AP_TYPES={tools.find('hls4ml').path}", "CXXFLAGS=-O0"]
    command = [*tools.find("make").command, *targets, *words]
    return tools.execute(command, folder=folder, log=folder / "make.log")


def _exported(version: str, raw: RawArray, folder: Path) -> Design:
    """The design of a version, its emulator with the rows as test-bench data, and its library."""
    formats = [f"{name}={fmt}" for name, fmt in _WORDS.items()]
    compile_text(
        _TAGGERS[version], formats, folder=folder / f"design_{version}", name="tagger",
        outputs=["score", "tight"],
    )  # fmt: skip
    export_folder(folder / f"design_{version}", "emulator", folder / version, version=version)
    _, design = read_spec(folder / f"design_{version}")
    assert [index for index, *_ in ports(design).inputs] == list(range(len(_WORDS)))
    write_files(folder / version, vector_files(raw, design.graph.evaluate(raw)))
    _make(folder / version)
    return design


def _rtl_agrees(design: Design, raw: RawArray, folder: Path) -> None:
    """The emitted Verilog on the same rows, by its test bench in Icarus."""
    write_files(folder, vector_files(raw, design.graph.evaluate(raw)))
    write_rtl(design, folder)
    sources = ["rtl/tagger.v", "rtl/tagger_tb.v"]
    log = folder / "log"
    tools.execute(["iverilog", "-g2001", "-o", "bench", *sources], folder=folder, log=log)
    said = tools.execute(["vvp", "-N", "bench"], folder=folder, log=log)
    assert f"{len(raw)} vectors, 0 mismatches" in said


def test_two_versions_side_by_side_equal_integers_and_verilog(tmp_path: Path) -> None:
    raw = _jets()
    designs = {version: _exported(version, raw, tmp_path) for version in _TAGGERS}
    (tmp_path / "host.cpp").write_text(_HOST)
    command = [
        *tools.find("g++").command, "-std=c++17", "-isystem", tools.find("hls4ml").path,
        "-I", _STUB, "-I", "v1", "-I", "v2", "host.cpp", "-ldl", "-o", "host",
    ]  # fmt: skip
    tools.execute(command, folder=tmp_path, log=tmp_path / "build.log")
    reals = [Fixed.parse(fmt).to_real(raw[:, k]) for k, fmt in enumerate(_WORDS.values())]
    (tmp_path / "rows.bin").write_bytes(np.stack(reals, axis=1).astype("<f8").tobytes())
    libraries = [f"./{version}/tagger_{version}.so" for version in _TAGGERS]
    said = tools.execute(["./host", *libraries, "rows.bin"], folder=tmp_path, log=tmp_path / "log")
    found = np.array([line.split() for line in said.splitlines()], np.float64)
    wanted = [design.real_outputs(raw) for design in designs.values()]
    assert found.shape == (_ROWS, 4) and np.array_equal(found, np.concatenate(wanted, axis=1))
    assert (wanted[0] != wanted[1]).all(axis=1).mean() > 0.9
    for version, design in designs.items():
        _rtl_agrees(design, raw, tmp_path / f"rtl_{version}")
    assert f"{_ROWS} vectors, 0 mismatches" in _make(tmp_path / "v1", "check")
    _finds_a_wrong_result(tmp_path / "v1")
    for library in libraries:
        listed = subprocess.run(
            ["nm", "-D", "--defined-only", library], cwd=tmp_path, capture_output=True, text=True,
            check=True, env=dict(os.environ),
        )  # fmt: skip
        names = {line.split()[-1] for line in listed.stdout.splitlines()}
        assert names == {"create_model", "destroy_model"}


def _finds_a_wrong_result(folder: Path) -> None:
    predictions = folder / "tb_data" / "tb_output_predictions.dat"
    first, *rest = predictions.read_text().splitlines()
    words = [str(int(word) ^ 1) for word in first.split()]
    predictions.write_text("\n".join([" ".join(words), *rest]) + "\n")
    with pytest.raises(ToolError, match=f"{_ROWS} vectors, 1 mismatches"):
        _make(folder, "check")
