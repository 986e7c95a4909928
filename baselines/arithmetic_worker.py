"""Arithmetic traced by da4ml or alkaid: `python -m symtick.baselines.arithmetic_worker job.json`.

Room: `baselines`. May import da4ml, alkaid and numpy only. It is a process of its own because
da4ml compiles itself at import unless told not to by an environment variable, which `arithmetic`
sets.
"""

from __future__ import annotations

import json
import sys
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
    if kind == "horner":
        first, *rest = (c * scale for c in step["coefficients"])
        total = values * first
        for place, coefficient in enumerate(rest):
            total = total + coefficient
            if place < len(rest) - 1:
                total = total * values
        return total
    raise ValueError(kind)


def traced(job: dict[str, Any]) -> tuple[Any, Any, float]:
    """The logic, a model that writes Verilog, and the pipeline's stages."""
    options = {"hard_dc": job["extra_depth"]}
    count, fmt, cutoff = job["inputs"], job["format"], job["cutoff"]
    kif = (int(fmt["signed"]), fmt["width"] - fmt["frac"] - fmt["signed"], fmt["frac"])
    if job["tool"] == "da4ml":
        from da4ml.codegen import VerilogModel
        from da4ml.trace import FixedVariableArrayInput, HWConfig, comb_trace, to_pipeline

        held = FixedVariableArrayInput((count,), HWConfig(1, -1, cutoff), solver_options=options)
        values = held.quantize(*kif)
        for step in job["steps"]:
            values = applied(values, step)
        logic = comb_trace(held, values)
        whole = logic if cutoff < 0 else to_pipeline(logic, cutoff, verbose=False)
        stages = 1 if cutoff < 0 else len(whole.solutions)
        VerilogModel(whole, TOP, job["project"]).write()
        return logic, values, stages
    from alkaid.codegen import RTLModel
    from alkaid.trace import FVArrayInput, HWConfig, to_pipeline, trace

    held = FVArrayInput((count,), HWConfig(1, -1, cutoff), solver_options=options)
    values = held.quantize(*kif)
    for step in job["steps"]:
        values = applied(values, step)
    logic = trace(held, values)
    if cutoff < 0:
        stages = 1
        whole = to_pipeline(logic, n_stages=1, reg_inp=False, reg_out=False, verbose=False)
    else:
        # registers behind every stage, none in front of the first
        stages = max(1, int(np.ceil(max(op.latency for op in logic.ops) / cutoff)))
        whole = to_pipeline(logic, n_stages=stages, reg_inp=False, verbose=False)
    RTLModel(whole, job["project"], TOP).write()
    return logic, values, stages


def main(path: Path) -> None:
    """Trace, write the Verilog and predict with the library's own interpreter."""
    job = json.loads(path.read_text(encoding="utf-8"))
    with np.load(job["rows"], allow_pickle=False) as content:
        rows = content["rows"]
    logic, _, stages = traced(job)
    depth = max(float(op.latency) for op in logic.ops)
    found = np.asarray(logic.predict(rows), dtype=np.float64)
    np.savez(
        job["found"], allow_pickle=False, values=found.reshape(len(rows), -1),
        stages=np.array(stages), cost=np.array(float(logic.cost)), depth=np.array(depth),
    )  # fmt: skip


if __name__ == "__main__":
    main(Path(sys.argv[1]))
