"""A quantised network as distributed-arithmetic RTL by da4ml, checked and measured like our own.

da4ml (arXiv:2507.04535) is an optional dependency. Its design is compared with `QuantisedNet` word
for word, by da4ml's own interpreter on every row and in Verilator on some.
"""

from __future__ import annotations

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from symtick.baselines.quantised import Integers, QuantisedNet
from symtick.errors import InputError, ToolError, VerificationError
from symtick.files import copy_files, new_folder
from symtick.search.data.dataset import FloatArray
from symtick.sim.nextpnr import place_and_route
from symtick.sim.tools import build_folder, execute, find
from symtick.sim.yosys import Resources, synthesize

TOP = "network"
_LOG_NAME = "da4ml.log"


@dataclass(frozen=True, eq=False)
class Da4mlRun:
    """What a run gave.

    Attributes:
        scores: float64 (rows, outputs), exact values before softmax.
        project: the folder of da4ml's project.
        sources: its Verilog files; the top module is `TOP`.
        stages: stages of logic between registers.
        ticks: clock edges from an input to its output, as counted in Verilator; one more than
            `stages`, as the module also registers its inputs. None where nothing was simulated.
        simulated: rows compared in Verilator.
        seconds: tracing, writing, prediction and simulation.
    """

    scores: FloatArray
    project: Path
    sources: tuple[Path, ...]
    stages: int
    ticks: int | None
    simulated: int
    seconds: float


def run_da4ml(
    network: QuantisedNet,
    X: npt.ArrayLike,
    project: Path,
    cutoff: int = 3,
    extra_depth: int = 0,
    part: str = "xcvu9p-flga2577-2-e",
    clock_ns: float = 5.0,
    simulated_rows: int = 1000,
    timeout: float = 300.0,
) -> Da4mlRun:
    """Trace a network, write its Verilog, and compare that with the exact whole-number network.

    Args:
        network: the trained network.
        X: rows (n, features) in the user's units.
        project: the folder to make.
        cutoff: adders in a row in one stage.
        extra_depth: adders in a row that a matrix may take above its minimum, to save area.
        part, clock_ns: go into da4ml's build script.
        simulated_rows: how many of the rows also go through Verilator; 0 for none.
        timeout: seconds.

    Raises:
        InputError: bad data, settings out of range, or a folder that exists.
        ToolError: da4ml (or Verilator) is missing, fails or takes too long.
        VerificationError: da4ml's network gives other words than `network`.
    """
    if cutoff < 1 or extra_depth < -1 or simulated_rows < 0:
        raise InputError(f"cutoff {cutoff}, extra_depth {extra_depth}, rows {simulated_rows}")
    env = _environment(simulated_rows)
    words = network.raw_inputs(X)
    step = 2.0 ** -network.bits.sum_fraction(len(network.weights) - 1)
    expected = np.asarray(network.raw_scores(words) * step, dtype=np.float64)
    start = time.perf_counter()
    # made in a folder without spaces, which its make needs, and then moved
    with new_folder(project) as draft, build_folder() as exchange:
        job = _job(network, exchange) | {
            "cutoff": cutoff,
            "extra_depth": extra_depth,
            "part": part,
            "clock_ns": clock_ns,
            "simulated_rows": min(simulated_rows, len(words)),
        }
        _save_arrays(network, words, exchange)
        results = _work(job, exchange, env, timeout)
        copy_files(Path(job["project"]), draft)
        for name in sorted(results.keys() & {"predicted", "simulated"}):
            _compare(results[name], expected, name)
    stages = int(results["stages"])
    simulated = len(results["simulated"]) if "simulated" in results else 0
    return Da4mlRun(
        scores=expected,
        project=project,
        sources=_sources(project),
        stages=stages,
        ticks=stages + 1 if simulated else None,
        simulated=simulated,
        seconds=time.perf_counter() - start,
    )


def _environment(simulated_rows: int) -> dict[str, str]:
    """The environment that da4ml runs in, with Verilator where rows are simulated.

    Raises:
        ToolError: one of them is missing.
    """
    env = find("da4ml").environment()
    if simulated_rows:
        env = find("verilator").environment()
    # its solver is decorated for numba, which compiles for a minute and then saves seconds
    return env | {"NUMBA_DISABLE_JIT": "1"}


def _job(network: QuantisedNet, exchange: Path) -> dict[str, Any]:
    bits = network.bits
    return {
        "top": TOP,
        "project": str(exchange / "project"),
        "arrays": str(exchange / "arrays.npz"),
        "results": str(exchange / "results.npz"),
        "layers": len(network.weights),
        "threads": 2,
        "bits": {
            "inputs": bits.inputs,
            "weight_fraction": bits.weight_fraction,
            "bias_fraction": bits.bias_fraction,
            "activation_fraction": bits.activation_fraction,
            "activation_integer": bits.activations[1],
        },
    }


def _save_arrays(network: QuantisedNet, words: Integers, exchange: Path) -> None:
    arrays: dict[str, Any] = {"words": words}
    for layer, (weight, bias) in enumerate(zip(network.weights, network.biases, strict=True)):
        arrays |= {f"weight_{layer}": weight, f"bias_{layer}": bias}
    np.savez(exchange / "arrays.npz", allow_pickle=False, **arrays)


def _work(
    job: dict[str, Any], exchange: Path, env: dict[str, str], timeout: float
) -> dict[str, npt.NDArray[Any]]:
    path = exchange / "job.json"
    path.write_text(json.dumps(job), encoding="utf-8")
    log = exchange / _LOG_NAME
    command = [sys.executable, "-m", "symtick.baselines.da4ml_worker", str(path)]
    execute(command, folder=exchange, log=log, env=env, timeout=timeout)
    (Path(job["project"]) / _LOG_NAME).write_bytes(log.read_bytes())
    try:
        with np.load(job["results"], allow_pickle=False) as content:
            return {name: content[name] for name in content.files}
    except (OSError, ValueError) as error:
        raise ToolError(f"da4ml left no results: {error}") from error


def _compare(outputs: FloatArray, expected: FloatArray, name: str) -> None:
    wanted = expected[: len(outputs)]
    wrong = np.argwhere(outputs.reshape(wanted.shape) != wanted)
    if len(wrong):
        row, column = (int(index) for index in wrong[0])
        raise VerificationError(
            f"da4ml's {name} output {column} of row {row} is {outputs[row, column]}, but the "
            f"network in whole numbers gives {wanted[row, column]}; {len(wrong)} values differ"
        )


def _sources(project: Path) -> tuple[Path, ...]:
    static = sorted((project / "src" / "static").glob("*.v"))
    stages = sorted((project / "src").glob(f"{TOP}_stage*.v"))
    return (project / "src" / f"{TOP}.v", *stages, *static)


@dataclass(frozen=True)
class Measured:
    """Resources from Yosys for the UltraScale+ family, and the clock of an ECP5 after routing.

    `mhz` is None where it was not routed.
    """

    resources: Resources
    mhz: float | None


def measure(run: Da4mlRun, folder: Path, target_mhz: float = 200.0, route: bool = True) -> Measured:
    """Yosys and nextpnr on the network's Verilog, by the same recipe as for our own designs.

    Args:
        run: the network.
        folder: for scripts, netlists and logs.
        target_mhz: the clock to route for.
        route: whether to place and route, which takes a few minutes of one core.

    Raises:
        ToolError: a tool is missing or fails.
    """
    if not route:
        return Measured(synthesize(run.sources, TOP, folder, dsp=False), None)
    with ThreadPoolExecutor(1) as side:
        resources = side.submit(synthesize, run.sources, TOP, folder, dsp=False)
        timing = place_and_route(run.sources, TOP, folder, target_mhz=target_mhz, dsp=False)
        return Measured(resources.result(), timing.fmax_mhz)
