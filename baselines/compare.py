"""The comparison: the float teacher and its networks in firmware, by the same rows and tools."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import nn

from symtick.baselines.da4ml_net import Da4mlRun, measure, run_da4ml
from symtick.baselines.hls4ml_net import run_hls4ml
from symtick.baselines.quantised import QuantisedNet, train_quantised
from symtick.baselines.rows import ComparisonRow, scored_row
from symtick.errors import ToolError, VerificationError
from symtick.search.data.dataset import Dataset, FloatArray
from symtick.search.teachers.teacher import TorchTeacher
from symtick.sim.tools import find

StepObserver = Callable[[str], None]


def compare(
    teacher: TorchTeacher,
    train: Dataset,
    test: Dataset,
    folder: Path,
    *,
    seed: int = 0,
    route: bool = True,
    simulated_rows: int = 1000,
    progress: StepObserver = lambda text: None,
) -> list[ComparisonRow]:
    """The float teacher, the teacher in hls4ml, and a quantised network in da4ml.

    hls4ml runs beside the training and tracing of the other. Where da4ml is missing, or its RTL
    differs from its network, its row keeps what needs no RTL and its note says why.

    Args:
        teacher: a plain perceptron.
        train: rows with labels or targets to train the quantised network on.
        test: rows for all figures.
        folder: gets `hls4ml/`, `da4ml/` and `da4ml_synth/`; the first two must not exist.
        seed: of the quantised network.
        route: whether to place and route for a clock, which takes a few minutes of one core.
        simulated_rows: rows that go through Verilator.
        progress: is told of each step.

    Raises:
        InputError: not a plain perceptron, no labels to train on, or folders that exist.
        ToolError: hls4ml, g++, Verilator, Yosys or nextpnr is missing or fails.
    """
    scores = teacher.logits(test.X)
    values = teacher.task == "regression"
    y = train.targets if values else train.labels
    in_spreads, center, spread = _standardised(teacher, train)
    with ThreadPoolExecutor(max_workers=1) as side:
        progress("hls4ml: converting, compiling and evaluating the teacher in ap_fixed<16,6>")
        job = side.submit(run_hls4ml, in_spreads, test.X, folder / "hls4ml")
        progress("da4ml: training and tracing a quantised network")
        network = train_quantised(train.X, y, teacher.logits(train.X), seed=seed, task=teacher.task)
        second = da4ml_row(
            network,
            test,
            scores,
            folder,
            route=route,
            simulated_rows=simulated_rows,
            progress=progress,
        )
        first = job.result()
    return [
        scored_row(_shape("float teacher", teacher.architecture.widths), scores, test, scores),
        scored_row(
            "hls4ml ap_fixed<16,6>",
            first.scores * spread + center if values else first.scores,
            test,
            scores,
            note="resources and clock need a vendor tool",
        ),
        second,
    ]


def _standardised(
    teacher: TorchTeacher, train: Dataset
) -> tuple[TorchTeacher, FloatArray, FloatArray]:
    """The same teacher of values on standardised rows, with outputs (value - center) / spread.

    So one type fits all signals, whatever the units; both scalings stand outside of the firmware.
    Scores stay as they are, and so do outputs behind a function.
    """
    center, spread = np.zeros(1), np.ones(1)
    if teacher.task == "classification":
        return teacher, center, spread
    module = copy.deepcopy(teacher.module)
    linears = [layer for layer in module.modules() if isinstance(layer, nn.Linear)]
    mean, std = train.X.mean(axis=0), train.X.std(axis=0)
    std = np.where(std > 0, std, 1.0)
    _fold(linears[0], std / teacher.std, (mean - teacher.mean) / teacher.std)
    if teacher.architecture.activations[-1] == "linear":
        center, spread = train.targets.mean(axis=0), train.targets.std(axis=0)
        with torch.no_grad():
            linears[-1].weight.div_(_single(spread)[:, None])
            linears[-1].bias.sub_(_single(center)).div_(_single(spread))
    return replace(teacher, module=module, mean=mean, std=std), center, spread


def _fold(layer: nn.Linear, factor: FloatArray, offset: FloatArray) -> None:
    """Let a layer read z in place of factor * z + offset."""
    with torch.no_grad():
        layer.bias.add_(layer.weight @ _single(offset))
        layer.weight.mul_(_single(factor))


def _single(values: FloatArray) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float32)


def _shape(name: str, widths: Sequence[int]) -> str:
    return f"{name} {'-'.join(map(str, widths))}"


def da4ml_row(
    network: QuantisedNet,
    test: Dataset,
    teacher_scores: FloatArray,
    folder: Path,
    *,
    route: bool = True,
    simulated_rows: int = 1000,
    progress: StepObserver = lambda text: None,
) -> ComparisonRow:
    """The quantised network's row, from its RTL where da4ml is installed and its RTL is right.

    Raises:
        InputError, ToolError: as `compare`.
    """
    weights = network.weights
    widths = [weights[0].shape[0], *(weight.shape[1] for weight in weights)]
    name = _shape("da4ml quantised", widths)
    try:
        find("da4ml")
    except ToolError as error:
        return scored_row(name, network.scores(test.X), test, teacher_scores, note=str(error))
    try:
        run = run_da4ml(network, test.X, folder / "da4ml", simulated_rows=simulated_rows)
    except VerificationError as error:
        note = f"no hardware figures, as the RTL computes something else: {error}"
        return scored_row(name, network.scores(test.X), test, teacher_scores, note=note)
    progress(f"da4ml: {run.stages} stages, {run.simulated} rows bit-exact in Verilator")
    progress("da4ml: synthesis" + (", place and route" if route else ""))
    synthesis = measure(run, folder / "da4ml_synth", route=route)
    return scored_row(
        name,
        network.in_units(run.scores),
        test,
        teacher_scores,
        lut=synthesis.resources.lut,
        ff=synthesis.resources.ff,
        dsp=synthesis.resources.dsp,
        ticks=run.ticks,
        mhz=synthesis.mhz,
        note=_note(run),
    )


def _note(run: Da4mlRun) -> str:
    if run.ticks is None:
        return f"{run.stages} stages of logic; ticks not measured, as nothing was simulated"
    return f"{run.stages} stages of logic behind an input register"
