"""hls4ml's own symbolic back end, compiled with g++; run as a script, in a process of its own.

Vendor headers are not needed: `hls_math.h` is written here, with the nearest value in the type for
every function, as `benchmarks.baselines.symbolic_hls4ml` chooses.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import hls4ml
import numpy as np

MATH = """\
#pragma once
#include <cmath>
#include "ap_fixed.h"
namespace hls {
typedef ap_fixed<16, 6> word;
typedef ap_fixed<16, 6, AP_RND, AP_SAT> nearest;
inline word tanh(word x) { return word(nearest(std::tanh(x.to_double()))); }
inline word exp(word x) { return word(nearest(std::exp(x.to_double()))); }
// named, but not used, by hls4ml's own headers
template <class T> T sin(T x);
template <class T> T cos(T x);
template <class T> T asin(T x);
template <class T> T acos(T x);
template <class T> T atan(T x);
template <class T> T atan2(T x, T y);
}
"""


def main(folder: Path) -> None:
    """Reads job.json and inputs.npy, writes outputs.npy."""
    job = json.loads((folder / "job.json").read_text())
    types = Path(hls4ml.__file__).parent / "templates/vivado/ap_types"
    shutil.copytree(types, folder / "include")
    (folder / "include/hls_math.h").write_text(MATH)
    model = hls4ml.converters.convert_from_symbolic_expression(
        job["expressions"],
        n_symbols=job["inputs"],
        lut_functions=job["lut_functions"],
        output_dir=str(folder / "project"),
        precision="ap_fixed<16,6>",
        hls_include_path=str(folder / "include"),
        hls_libs_path="",
    )
    model.compile()
    found = model.predict(np.load(folder / "inputs.npy"))
    np.save(folder / "outputs.npy", np.asarray(found, np.float64))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
