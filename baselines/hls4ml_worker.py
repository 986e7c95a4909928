"""One hls4ml run in a process of its own: `python -m symtick.baselines.hls4ml_worker job.json`.

It is a process of its own because the library prints, keeps global state, and a bad range in its
C++ ends the process. `hls4ml_net` writes the job and reads the scores.
"""

from __future__ import annotations

import json
import sys
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from symtick.search.teachers.files import load_teacher
from symtick.search.teachers.teacher import TorchTeacher


def named_module(teacher: TorchTeacher) -> nn.Sequential:
    """The network with speaking layer names, which become the names in the generated C++."""
    counts: dict[str, int] = {}
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    assert isinstance(teacher.module, nn.Sequential)
    for layer in teacher.module:
        if isinstance(layer, nn.Identity | nn.Dropout):
            continue
        kind = "dense" if isinstance(layer, nn.Linear) else type(layer).__name__.lower()
        counts[kind] = counts.get(kind, 0) + 1
        layers[f"{kind}_{counts[kind]}"] = layer
    return nn.Sequential(layers)


def convert(job: dict[str, Any]) -> Any:
    """The hls4ml model of a job, written to its project folder but not yet compiled."""
    import hls4ml

    module = named_module(load_teacher(job["teacher"])).eval()
    inputs = next(layer for layer in module if isinstance(layer, nn.Linear)).in_features
    # one type for the whole model: a type per layer makes hls4ml widen the last one without end
    config = hls4ml.utils.config_from_pytorch_model(
        module,
        (inputs,),
        granularity="model",
        backend=job["backend"],
        default_precision=job["precision"],
        default_reuse_factor=1,
    )
    model = hls4ml.converters.convert_from_pytorch_model(
        module,
        hls_config=config,
        output_dir=job["project"],
        project_name="network",
        backend=job["backend"],
        io_type="io_parallel",
        part=job["part"],
        clock_period=job["clock_ns"],
        write_weights_txt=False,
    )
    # hls4ml would dump the torch object into its YAML file, as good as a pickle
    stored = model.config.config
    stored.pop("PytorchModel", None)
    stored["HLSConfig"].pop("PytorchModel", None)
    stored["HLSConfig"].pop("InputShape", None)
    stored["InputShape"] = [inputs]
    return model


def main(path: Path) -> None:
    """Convert, compile with g++ and evaluate; writes the scores to the job's `scores` file."""
    job = json.loads(path.read_text(encoding="utf-8"))
    model = convert(job)
    model.compile()
    inputs = np.ascontiguousarray(np.load(job["inputs"], allow_pickle=False))
    scores = np.asarray(model.predict(inputs), dtype=np.float64)
    np.save(job["scores"], scores.reshape(len(inputs), -1), allow_pickle=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
