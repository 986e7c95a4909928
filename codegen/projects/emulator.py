"""Design -> an emulator for the CMS trigger's software: a library with `hls4mlEmulator::Model`.

The interface is that of cms-hls4ml/hls4mlEmulatorExtras: `prepare_input`, `predict` and
`read_result`, made by `create_model` and `destroy_model` of a library that is loaded at run time.
Everything but these two functions stands in a namespace of the model and its version, and is not
exported.
"""

from __future__ import annotations

from collections.abc import Sequence

from symtick.codegen.design import Design, check_design_name
from symtick.codegen.emit.comments import format_text, header
from symtick.codegen.emit.cpp import CppText
from symtick.codegen.emit.cpp_types import ApTypes
from symtick.codegen.emit.hls import bridge
from symtick.codegen.emit.names import check
from symtick.codegen.emit.readme import readme
from symtick.codegen.emit.templates import render
from symtick.codegen.ir.fixed import MAX_WIDTH, Fixed
from symtick.errors import InputError, WidthError

_TARGET = "the CMS emulation"
_NOT_READ = -1000  # no format has so many bits behind the point


def emulator_files(design: Design, version: str) -> dict[str, str]:
    """The emulator of a design, without test vectors.

    Args:
        design: the design.
        version: of the model, as in `v1`: what `<name>_<version>` ends with.

    Returns:
        Relative path -> text: <name>_<version>.cpp and .h, check.cpp, Makefile,
        exports.map, README.md.

    Raises:
        InputError: name and version make no identifier, or the schedule does not fit the graph.
        WidthError: no type of 128 bits holds the values of all inputs, or those of all outputs.
    """
    check(design)
    model = f"{design.name}_{version}"
    try:
        check_design_name(model)
    except InputError:
        raise InputError(
            f"the version {version!r} cannot stand in a name: use letters and digits, as in v1"
        ) from None
    text = CppText(design, ApTypes())
    graph = design.graph
    formats = [graph.nodes[k].fmt for _, k, _ in text.ports.inputs]
    types = {
        "input_type": text.library.type(common_format(formats, "inputs")),
        "result_type": text.library.type(common_format(graph.output_formats, "outputs")),
    }
    typedefs = text.typedefs()
    input_fracs = {j: graph.nodes[k].fmt.frac for j, k, _ in text.ports.inputs}
    common = {
        "model": model,
        "top": text.ports.top,
        "features": len(graph.input_names),
        "predictions": len(graph.output_names),
        **types,
    }
    return {
        f"{model}.h": render(
            "emulator/model.h.j2", **common, guard=model.upper(), **_port_lines(text)
        ),
        f"{model}.cpp": render(
            "emulator/model.cpp.j2",
            **common,
            header=header(design, _TARGET),
            space=text.space,
            typedefs=[line for group in typedefs.values() for line in group],
            tables=text.tables,
            arguments=text.parameters(""),
            body=text.body,
            results=text.results,
            numbered=bridge(text)["inputs"],
            outputs=text.outputs,
            call=text.arguments,
        ),
        "check.cpp": render(
            "emulator/check.cpp.j2",
            **common,
            input_fracs=[input_fracs.get(j, _NOT_READ) for j in range(len(graph.input_names))],
            output_fracs=[fmt.frac for fmt in graph.output_formats],
        ),
        "Makefile": render("emulator/Makefile.j2", **common),
        "exports.map": render("emulator/exports.map.j2"),
        **readme(design, "emulator", _TARGET, model=model, **types),
    }


def common_format(formats: Sequence[Fixed], what: str) -> Fixed:
    """The narrowest format that holds every value of all of them.

    Args:
        formats: the formats.
        what: they are of, for the error.

    Raises:
        WidthError: it has more than 128 bits.
    """
    signed = any(fmt.signed for fmt in formats)
    frac = max((fmt.frac for fmt in formats), default=0)
    integer = max((fmt.integer + (signed and not fmt.signed) for fmt in formats), default=1)
    if integer + frac > MAX_WIDTH:
        raise WidthError(
            f"an emulator has one type for all {what}, which would take {integer + frac} bits for "
            f"{', '.join(sorted(map(str, formats)))}: the most is {MAX_WIDTH}"
        )
    return Fixed(integer + frac, frac, signed)


def _port_lines(text: CppText) -> dict[str, list[str]]:
    """Index, name, format and range of each input and output."""
    nodes, names = text.graph.nodes, text.graph.input_names
    read = {j: format_text(nodes[k]) for j, k, _ in text.ports.inputs}
    return {
        "input_lines": [
            f"[{j}] {name} : {read.get(j, 'not read')}" for j, name in enumerate(names)
        ],
        "output_lines": [
            f"[{j}] {name} : {format_text(nodes[k])}"
            for j, (k, name) in enumerate(text.ports.outputs)
        ],
    }
