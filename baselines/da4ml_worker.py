"""One da4ml run in a process of its own: `python -m symtick.baselines.da4ml_worker job.json`.

It is a process of its own because the library compiles itself at import unless an environment
variable tells it not to, which `da4ml_net` sets.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt


def trace(job: dict[str, Any], arrays: dict[str, npt.NDArray[Any]]) -> tuple[Any, Any]:
    """The network as da4ml's combinational logic and as its pipeline."""
    from da4ml.trace import FixedVariableArrayInput, HWConfig, comb_trace, to_pipeline

    cutoff, bits = job["cutoff"], job["bits"]
    width = arrays["weight_0"].shape[0]
    # an adder takes one unit of delay whatever its width; `cutoff` units make a stage
    inputs = FixedVariableArrayInput(
        (width,), hwconf=HWConfig(1, -1, cutoff), solver_options={"hard_dc": job["extra_depth"]}
    )
    values = inputs.quantize(1, 0, bits["inputs"])
    for layer in range(job["layers"]):
        weight = arrays[f"weight_{layer}"] * 2.0 ** -bits["weight_fraction"]
        bias = arrays[f"bias_{layer}"] * 2.0 ** -bits["bias_fraction"]
        values = values @ weight + bias
        if layer < job["layers"] - 1:
            fraction, integer = bits["activation_fraction"], bits["activation_integer"]
            values = values.relu(f=np.full(values.shape, fraction))
            values = values.quantize(0, integer, fraction, overflow_mode="SAT")
    logic = comb_trace(inputs, values)
    return logic, to_pipeline(logic, cutoff, verbose=False)


def main(path: Path) -> None:
    """Trace, write the Verilog, predict with da4ml's interpreter and in Verilator."""
    from da4ml.codegen import VerilogModel

    job = json.loads(path.read_text(encoding="utf-8"))
    with np.load(job["arrays"], allow_pickle=False) as content:
        arrays = {name: content[name] for name in content.files}
    logic, pipeline = trace(job, arrays)
    model = VerilogModel(
        pipeline, job["top"], job["project"], part_name=job["part"], clock_period=job["clock_ns"]
    )
    model.write()
    values = arrays["words"] * 2.0 ** -job["bits"]["inputs"]
    results = {"predicted": np.asarray(logic.predict(values), dtype=np.float64)}
    if job["simulated_rows"]:
        model.compile(openmp=False, nproc=job["threads"])
        rows = values[: job["simulated_rows"]]
        results["simulated"] = np.asarray(model.predict(rows, n_threads=1), dtype=np.float64)
    np.savez(
        job["results"], allow_pickle=False, stages=np.array(len(pipeline.solutions)), **results
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
