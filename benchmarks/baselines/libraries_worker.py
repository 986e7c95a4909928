"""Arithmetic traced by da4ml or alkaid: `python libraries_worker.py job.json`.

It is a process of its own because da4ml compiles itself at import unless an environment variable
tells it not to, which `libraries` sets.
"""

from __future__ import annotations

import json
import sys
import traceback
from pathlib import Path
from typing import Any

import numpy as np

TOP = "network"


def applied(values: Any, step: dict[str, Any]) -> Any:
    """One step of a problem on an array of either library's variables."""
    kind, scale = step["kind"], 2.0 ** -step.get("frac", 0)
    if kind == "matrix":
        return values @ (np.array(step["weights"], dtype=np.float64) * scale)
    if kind == "bias":
        return values + np.array(step["values"], dtype=np.float64) * scale
    if kind == "relu":
        return np.maximum(values, 0.0)
    if kind == "halves":
        half = len(values) // 2
        return np.maximum(values[:half], values[half:])
    if kind == "polynomial":
        # by powers: alkaid 0.8.2 fails on Horner's form
        last, *rest = (c * scale for c in reversed(step["coefficients"]))
        total, power = values * rest[0] + last, values
        for coefficient in rest[1:]:
            power = power * values
            total = total + power * coefficient
        return total
    raise ValueError(kind)


def traced(job: dict[str, Any], extra: int, cutoff: int, project: str) -> tuple[Any, int]:
    """The logic in one setting, its Verilog written, and the pipeline's stages."""
    options = {"hard_dc": extra}
    count, fmt = job["inputs"], job["format"]
    kif = (int(fmt["signed"]), fmt["width"] - fmt["frac"] - fmt["signed"], fmt["frac"])
    if job["tool"] == "da4ml":
        from da4ml.codegen import VerilogModel
        from da4ml.trace import FixedVariableArrayInput, HWConfig, comb_trace, to_pipeline

        inputs = FixedVariableArrayInput((count,), HWConfig(1, -1, cutoff), solver_options=options)
        values = inputs.quantize(*kif)
        for step in job["steps"]:
            values = applied(values, step)
        logic = comb_trace(inputs, values)
        whole = logic if cutoff < 0 else to_pipeline(logic, cutoff, verbose=False)
        VerilogModel(whole, TOP, project).write()
        return logic, 1 if cutoff < 0 else len(whole.solutions)
    from alkaid.codegen import RTLModel
    from alkaid.trace import FVArrayInput, HWConfig, to_pipeline, trace

    inputs = FVArrayInput((count,), HWConfig(1, -1, cutoff), solver_options=options)
    values = inputs.quantize(*kif)
    for step in job["steps"]:
        values = applied(values, step)
    logic = trace(inputs, values)
    stages = 1 if cutoff < 0 else max(1, int(np.ceil(_latency(logic) / cutoff)))
    # registers behind every stage, none in front of the first; in one stage none at all
    registers = {"reg_inp": False, "reg_out": cutoff >= 0}
    whole = to_pipeline(logic, n_stages=stages, verbose=False, **registers)
    # adders of three operands are one LUT for each bit in Vivado, but not by our recipe for Yosys
    RTLModel(whole, project, TOP, ternary_fuse=False).write()
    return logic, stages


def _latency(logic: Any) -> float:
    return max(float(op.latency) for op in logic.ops)


def main(path: Path) -> None:
    """Trace in every setting, write the Verilog, predict with the library's own interpreter."""
    job = json.loads(path.read_text(encoding="utf-8"))
    with np.load(job["rows"], allow_pickle=False) as content:
        rows = content["rows"]
    values, figures, made = [], [], []
    for place, setting in enumerate(job["settings"]):
        try:
            logic, stages = traced(job, *setting)
        except AssertionError:
            # da4ml refuses a stage that is shorter than one of its operations
            traceback.print_exc()
            continue
        made.append(place)
        values.append(np.asarray(logic.predict(rows), dtype=np.float64).reshape(len(rows), -1))
        figures.append([stages, float(logic.cost), _latency(logic)])
    results = {"made": made, "values": values, "figures": figures}
    arrays: dict[str, Any] = {name: np.array(listed) for name, listed in results.items()}
    np.savez(job["results"], allow_pickle=False, **arrays)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
