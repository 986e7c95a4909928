"""Products at trigger clocks: the estimate beside Yosys.

    python -m benchmarks.products

Products of two signals and squares, of several widths and signed, are compiled for a device with
DSP blocks at two clocks. For each: ticks, LUTs, flip-flops and DSPs by the cost model, and those of
the netlist that Yosys makes with DSPs allowed (ticks are the registers on every path from input to
output).
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.codegen.netlist import register_depths
from benchmarks.runs import RESULTS, Record, machine, say
from symtick.codegen import Fixed, Precision, compile_expression
from symtick.codegen.emit.verilog import verilog_files
from symtick.expr import parse
from symtick.files import write_json, write_text
from symtick.hwcost import estimate, load_device, model
from symtick.sim import yosys

DEVICE = "xcvu13p-2"
CLOCKS_MHZ = (200.0, 360.0)
PRODUCTS = ((8, 8), (12, 12), (16, 16), (18, 18), (18, 25), (20, 30), (32, 32))
SQUARES = (8, 12, 16, 18)
_TOP = "product"


def measured(widths: Sequence[int], clock_mhz: float) -> Record:
    """A product of signals of these widths, a square where there is one."""
    device = model(DEVICE, clock_mhz)
    names = ["a", "b"][: len(widths)]
    design = compile_expression(
        parse(f"{names[0]}*{names[-1]}", names), [Fixed(width, 0) for width in widths], device,
        Precision(), name=_TOP,
    )  # fmt: skip
    expected = estimate(design, device)
    family = load_device(DEVICE).family
    assert family is not None  # the device is of kind open
    with TemporaryDirectory() as place:
        source = Path(place) / f"{_TOP}.v"
        write_text(source, verilog_files(design)[f"rtl/{_TOP}.v"])
        cells = yosys.synthesize([source], _TOP, Path(place), family)
        fewest, most = register_depths(Path(place) / f"{_TOP}.{family}.json", _TOP)
    return {
        "product": f"{widths[0]} x {widths[1]}" if len(widths) > 1 else f"square of {widths[0]}",
        "clock_mhz": clock_mhz,
        "ticks": expected.ticks, "ticks_fewest": fewest, "ticks_most": most,
        "lut": expected.area.lut, "lut_yosys": cells.lut,
        "ff": expected.area.ff, "ff_yosys": cells.ff,
        "dsp": expected.area.dsp, "dsp_yosys": cells.dsp,
    }  # fmt: skip


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--out", type=Path, default=RESULTS / "products.json")
    given = parser.parse_args()
    rows: list[Record] = []
    for clock in CLOCKS_MHZ:
        for widths in (*PRODUCTS, *((width,) for width in SQUARES)):
            row = measured(widths, clock)
            say(" ".join(f"{name} {value}" for name, value in row.items()))
            rows.append(row)
    write_json(given.out, {"machine": machine(), "settings": {"device": DEVICE}, "rows": rows})


if __name__ == "__main__":
    main()
