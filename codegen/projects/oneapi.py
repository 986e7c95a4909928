"""Design -> a project for Intel's oneAPI compiler, in the layout of hls4ml's oneAPI back end.

The arithmetic stands in a header of its own, in `ac_fixed` types, which any C++ compiler takes; the
kernel around it reads a vector from a pipe and writes one to another.
"""

from __future__ import annotations

from symtick.codegen.design import Design
from symtick.codegen.emit.comments import header
from symtick.codegen.emit.cpp import CppText
from symtick.codegen.emit.cpp_types import AcTypes
from symtick.codegen.emit.hls import bridge, link_file, stamp
from symtick.codegen.emit.names import check
from symtick.codegen.emit.readme import readme
from symtick.codegen.emit.templates import render

DEVICE = "Agilex7"  # hls4ml's, too; the cost models know no part of Intel's
_KERNEL = {
    "name": "kernel", "features": "features_t", "predictions": "predictions_t",
    "properties": "pipe_properties_t", "in_id": "features_pipe_id",
    "out_id": "predictions_pipe_id", "in_pipe": "features_pipe", "out_pipe": "predictions_pipe",
    "float_id": "float_id", "double_id": "double_id",
}  # fmt: skip


def oneapi_files(design: Design, folder: str) -> dict[str, str]:
    """The oneAPI project of a design, without test vectors.

    Args:
        design: the design.
        folder: where the project lies, for hls4ml.

    Returns:
        Relative path -> text: CMakeLists.txt, src/firmware/<name>_function.h with the arithmetic
        as function `<name>` in the namespace `<name>_firmware`, src/firmware/<name>.h and .cpp with
        the kernel, src/<name>_test.cpp, src/<name>_bridge.cpp, hls4ml_config.yml, README.md.

    Raises:
        InputError: a name is no identifier, or the schedule does not fit the graph.
    """
    check(design)
    text = CppText(design, AcTypes())
    top = text.ports.top
    common = {
        "top": top,
        "space": text.space,
        "guard": top.upper(),
        # the design's name, which begins them, keeps them from the names of its ports' types
        "kernel": {role: text.ports.namer.new(f"{top}_{name}") for role, name in _KERNEL.items()},
        "inputs": text.inputs,
        "numbered": bridge(text)["inputs"],
        "outputs": text.outputs,
    }
    members = [f"tb_in.{name}" for _, name in text.inputs]
    members += [f"tb_out.{name}" for _, name, _ in text.outputs]
    clock = f"{design.schedule.clock_ns:g}"
    source = "src/firmware"
    return {
        "CMakeLists.txt": render(
            "oneapi/CMakeLists.txt.j2", top=top, device=DEVICE, clock=clock, stamp=stamp(design)
        ),
        f"{source}/defines.h": render("oneapi/defines.h.j2", **common | text.typedefs()),
        f"{source}/{top}_function.h": render(
            "oneapi/function.h.j2",
            **common,
            header=header(design, DEVICE),
            arguments=text.parameters(""),
            body=text.body,
            tables=text.tables,
            results=text.results,
        ),
        f"{source}/{top}.h": render("oneapi/kernel.h.j2", **common),
        f"{source}/{top}.cpp": render("oneapi/kernel.cpp.j2", **common, members=members),
        f"src/{top}_test.cpp": render("oneapi/test.cpp.j2", **common),
        f"src/{top}_bridge.cpp": render("oneapi/bridge.cpp.j2", **common),
        **link_file(design, folder, DEVICE, "oneAPI"),
        **readme(design, "oneapi", DEVICE),
    }
