"""The HLS C++ around a design's core: the function that is synthesised where a form is asked for.

Its ports are those of the Verilog (UG1399, "Port-Level I/O Protocols" and "AXI4-Stream
Interfaces"): the tool writes TDATA for tdata, calls clock and reset of streams `ap_clk` and
`ap_rst_n`, and gives them TKEEP and TSTRB, too.
"""

from __future__ import annotations

from collections.abc import Sequence

from symtick.codegen.design import Design
from symtick.codegen.emit.cpp import CppText
from symtick.codegen.emit.cpp_types import ApTypes
from symtick.codegen.emit.hls import HlsTool, bench
from symtick.codegen.emit.templates import render
from symtick.codegen.forms.form import INPUTS, Form, Lane, form, form_values

STREAM_HEADER = "csim/ap_axi_sdata.h"  # for a plain compiler; AMD's tools have their own
# bits of user, id and dest of a word, of which Vivado HLS can leave none out
_SIDE = {HlsTool.VITIS: "0, 0, 0", HlsTool.VIVADO: "1, 1, 1"}
_AP_INT_BITS = 1024  # of an ap_uint, unless it is told otherwise


def hls_form_files(design: Design, tool: HlsTool = HlsTool.VITIS) -> dict[str, str]:
    """The function around a design's core, and a test bench that calls it.

    Args:
        design: the design.
        tool: whose pragmas.

    Returns:
        Relative path -> text: firmware/<top>.cpp, firmware/<top>.h, <name>_test.cpp (in place of
        the core's) and for streams csim/ap_axi_sdata.h; nothing of a plain design.

    Raises:
        InputError: as `form`.
        WidthError: as `form`.
    """
    made = form(design)
    if made is None:
        return {}
    text = CppText(design, ApTypes())
    values = _values(design, made, text, tool)
    kind = design.interface.kind
    files = {
        f"firmware/{made.top}.cpp": render(f"firmware/{kind}.cpp.j2", **values),
        f"firmware/{made.top}.h": render("firmware/form.h.j2", **values),
        f"{design.name}_test.cpp": render("test.cpp.j2", **_bench(design, made, text, tool)),
    }
    if kind == "axi_stream":
        files[STREAM_HEADER] = render("csim/ap_axi_sdata.h.j2")
    return files


def firmware_names(design: Design) -> tuple[str, ...]:
    """The files of a design's project that its C++ is compiled from, form and core."""
    tops = dict.fromkeys([design.name, design.top])
    names = [f"firmware/{top}.{suffix}" for top in tops for suffix in ("h", "cpp")]
    streams = [STREAM_HEADER] if design.interface.kind == "axi_stream" else []
    return "firmware/defines.h", *names, *streams


def driver_files(designs: Sequence[Design]) -> dict[str, str]:
    """driver.cpp, which feeds the functions of several projects with vectors from binary files.

    It is one translation unit, which includes `<name>/firmware/<name>.cpp` of each, and its form
    where it has one. Called with a design's number, two files and the number of vectors, it reads
    the first file and writes the second. Each value is 16 bytes, little endian, two's complement;
    ports in order. Into the padding of a form's inputs it puts ones; it ends with status 7 where
    the padding of an output or its mark of the last word is wrong.

    Raises:
        InputError: as `form`.
        WidthError: as `form`.
    """
    benches = []
    for design in designs:
        made, text = form(design), CppText(design, ApTypes())
        benches.append(bench(text) if made is None else _bench(design, made, text, HlsTool.VITIS))
    return {"driver.cpp": render("driver.cpp.j2", designs=benches)}


def has_wide_words(design: Design) -> bool:
    """Whether its form sets AMD's headers another limit, for all that is compiled with it."""
    made = form(design)
    return made is not None and max(made.input_bits, made.output_bits) > _AP_INT_BITS


def _values(design: Design, made: Form, text: CppText, tool: HlsTool) -> dict[str, object]:
    widest = max(made.input_bits, made.output_bits)
    side = _SIDE[tool]
    flushed = "style=flp" if tool is HlsTool.VITIS else "enable_flush"
    streams = [
        f"hls::stream<ap_axiu<{bits}, {side}> > &{name}"
        for name, bits in (("s_axis", made.input_bits), ("m_axis", made.output_bits))
    ]
    flat = [f"ap_uint<{made.input_bits}> {INPUTS}"]
    flat += [
        f"{text.space}::{kind} &{name}"
        for kind, name in zip(text.output_types, made.names, strict=False)
    ]
    return {
        **form_values(design, made),
        "space": text.space,
        "parameters": streams if design.interface.kind == "axi_stream" else flat,
        "side": side,
        "flushed": flushed,
        "padded": [
            f"reply_.data.range({lane.low + lane.room - 1}, {lane.low}) = "
            f"ap_uint<{lane.room}>({padded(f'y{k}_', lane)});"
            for k, lane in enumerate(made.outputs)
        ],
        "inputs": [
            f"take<{text.space}::{kind}>({{word}}, {lane.low})"
            for (kind, _), lane in zip(text.inputs, made.inputs, strict=True)
        ],
        "outputs": list(zip(text.output_types, made.outputs, strict=True)),
        "most_bits": 4 * _AP_INT_BITS if widest > _AP_INT_BITS else None,
        "vivado": tool is HlsTool.VIVADO,
        "guard": made.top.upper(),
    }


def _bench(design: Design, made: Form, text: CppText, tool: HlsTool) -> dict[str, object]:
    """Values for the templates that call the outermost function."""
    lanes = [(name, lane) for (_, name), lane in zip(text.inputs, made.inputs, strict=True)]
    outputs = [(name, lane) for (_, name, _), lane in zip(text.outputs, made.outputs, strict=True)]
    if design.interface.kind == "axi_stream":
        setup, call = _stream_call(made, lanes, outputs, _SIDE[tool])
    else:
        names = ", ".join(name for name, _ in outputs)
        setup = []
        call = [
            f"ap_uint<{made.input_bits}> tb_word = 0;",
            *_filled("tb_word", lanes),
            f"{made.top}(tb_word, {names});",
        ]
    return bench(text) | {"header": made.top, "setup": setup, "call": call}


def _stream_call(
    made: Form, inputs: list[tuple[str, Lane]], outputs: list[tuple[str, Lane]], side: str
) -> tuple[list[str], list[str]]:
    taken, given = (f"ap_axiu<{bits}, {side}>" for bits in (made.input_bits, made.output_bits))
    setup = [
        f"hls::stream<{taken} > tb_from;",
        f"hls::stream<{given} > tb_to;",
        "bool tb_mark = false;",
    ]
    call = [
        f"{taken} tb_word;",
        "tb_word.data = 0;",
        "tb_word.data = ~tb_word.data;",
        *_filled("tb_word.data", inputs),
        "tb_mark = !tb_mark;",
        "tb_word.last = tb_mark;",
        "tb_from.write(tb_word);",
        f"{made.top}(tb_from, tb_to);",
        f"const {given} tb_reply = tb_to.read();",
        "if (bool(tb_reply.last) != tb_mark) return 7;",
    ]
    for name, lane in outputs:
        call.append(
            f"{name}.range() = ap_uint<{lane.fmt.width}>"
            f"(tb_reply.data.range({lane.high}, {lane.low}));"
        )
        if lane.padding:
            kind, top = f"ap_uint<{lane.room}>", lane.low + lane.room - 1
            call += [
                f"if ({kind}(tb_reply.data.range({top}, {lane.low})) !=",
                f"    {kind}({padded(name, lane)})) return 7;",
            ]
    return setup, call


def _filled(word: str, lanes: list[tuple[str, Lane]]) -> list[str]:
    return [
        f"{word}.range({lane.high}, {lane.low}) = ap_uint<{lane.fmt.width}>({name}.range());"
        for name, lane in lanes
    ]


def padded(name: str, lane: Lane) -> str:
    """An output with its padding, as raw bits."""
    kind = "ap_int" if lane.fmt.signed else "ap_uint"
    return f"{kind}<{lane.room}>({kind}<{lane.fmt.width}>({name}.range()))"
