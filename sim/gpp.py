"""The generated HLS C++, compiled with g++ and AMD's ap_types headers and run on vectors.

The compiled text is exactly that which a vendor tool gets; only the driver around it differs.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from symtick.codegen.design import Design
from symtick.codegen.emit.hls import driver_files, hls_files
from symtick.codegen.emit.names import ports
from symtick.codegen.emit.project import write_files
from symtick.codegen.emit.vectors import from_patterns, stacked
from symtick.codegen.forms.hls import form_driver_files, hls_form_files
from symtick.codegen.ir.fixed import RawArray, raw_dtype
from symtick.errors import ToolError
from symtick.sim import tools

# uninitialised bits in ap_types' own constructors are its business, and inlined into our text
_FLAGS = ("-std=c++14", "-O1", "-Wall", "-Wno-unknown-pragmas", "-Wno-uninitialized")
_LOW = (1 << 64) - 1


def run(design: Design, raw: RawArray, folder: Path) -> RawArray:
    """Raw outputs of the compiled C++ for raw inputs, through the form of its ports.

    Args:
        design: the design.
        raw: raw input integers, shape (vectors, inputs).
        folder: gets the project's firmware/ and, in `sim/cpp`, the compiled program.

    Returns:
        Integers of shape (vectors, outputs); Python integers where one has over 62 bits.

    Raises:
        ToolError: g++ or the headers are missing, the text does not compile, or the program fails.
    """
    # the build script names a part, which is not known here
    files = (hls_files(design) | hls_form_files(design)).items()
    write_files(
        folder, {name: text for name, text in files if name.startswith(("firmware/", "csim/"))}
    )
    program = build(design, folder)
    design_ports = ports(design)
    work = program.parent
    values = raw[:, [index for index, *_ in design_ports.inputs]]
    (work / "in.bin").write_bytes(_packed(values))
    result = work / "out.bin"
    command = [str(program), str(work / "in.bin"), str(result), str(len(raw))]
    tools.execute(command, folder=work, log=work / "run.log")
    return _unpacked(result, design, len(raw))


def build(design: Design, folder: Path) -> Path:
    """Compile the project in `folder` with the driver; returns the program."""
    compiler, headers = tools.find("g++"), tools.find("hls4ml")
    work = (folder / "sim" / "cpp").resolve()
    write_files(work, form_driver_files(design) or driver_files(design))
    names = dict.fromkeys([design.name, design.top])
    sources = [*(folder.resolve() / "firmware" / f"{name}.cpp" for name in names)]
    sources.append(work / "driver.cpp")
    program = work / "driver"
    command = [
        *compiler.command, *_FLAGS, "-isystem", str(headers.path), "-I", str(folder.resolve()),
        "-I", str(folder.resolve() / "csim"),
        *(str(source) for source in sources), "-o", str(program),
    ]  # fmt: skip
    tools.execute(command, folder=work, log=work / "build.log", env=compiler.environment())
    return program


def _packed(values: RawArray) -> bytes:
    """Two little-endian 64-bit words for each value, the low one first."""
    words = np.empty((*values.shape, 2), "<u8")
    if values.dtype == np.object_:
        words[..., 0] = (values & _LOW).astype(np.uint64)
        words[..., 1] = ((values >> 64) & _LOW).astype(np.uint64)
    else:
        signed = values.astype(np.int64)
        words[..., 0] = signed.view(np.uint64)
        words[..., 1] = (signed >> 63).view(np.uint64)
    return words.tobytes()


def _unpacked(path: Path, design: Design, count: int) -> RawArray:
    formats = design.graph.output_formats
    content = path.read_bytes()
    if len(content) != 16 * count * len(formats):
        raise ToolError(f"the compiled C++ of {design.name} wrote {len(content)} bytes to {path}")
    words: npt.NDArray[np.uint64] = np.frombuffer(content, "<u8").reshape(count, len(formats), 2)
    columns: list[RawArray] = []
    for k, fmt in enumerate(formats):
        dtype = raw_dtype(fmt.width)
        pattern: RawArray = words[:, k, 0].astype(dtype)
        if dtype is np.object_:
            pattern = pattern + (words[:, k, 1].astype(object) << 64)
        columns.append(from_patterns(pattern, fmt))
    return stacked(columns, count)
