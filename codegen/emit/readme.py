"""The README.md of an emitted project: formula, formats, latency, digest, and how to build it."""

from __future__ import annotations

from symtick.codegen.design import Design
from symtick.codegen.emit.comments import FIRST_FACT, header
from symtick.codegen.emit.templates import render


def readme(design: Design, kind: str, target: str, **values: object) -> dict[str, str]:
    """README.md.

    Args:
        design: the design.
        kind: of the project: `hls`, `oneapi` or `emulator`, a template in hls_templates/readme.
        target: the part, or the name of what it is for.
        values: what the template asks for beside the design's name.
    """
    facts = header(design, target)
    made = facts[0].removeprefix(f"{design.name}: ")
    text = render(
        "readme/README.md.j2",
        kind=kind,
        top=design.name,
        outer=design.top,
        form=design.interface.kind,
        made=made[:1].upper() + made[1:],
        digest=design.digest,
        facts=facts[facts.index(FIRST_FACT) :],
        features=len(design.graph.input_names),
        predictions=len(design.graph.output_names),
        **values,
    )
    return {"README.md": text}
