"""From a design folder to a project that stands alone: what `symtick export` does."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from symtick.codegen import Design
from symtick.codegen.emit import vectors
from symtick.codegen.emit.hls import HlsTool, backend, hls_files, link_file, vector_files
from symtick.codegen.emit.names import ports
from symtick.codegen.emit.project import write_files, write_rtl
from symtick.codegen.forms.project import write_forms
from symtick.codegen.projects.emulator import emulator_files
from symtick.codegen.projects.oneapi import oneapi_files
from symtick.design_folder.folder import BENCH_VECTORS, read_spec
from symtick.errors import InputError
from symtick.extras import require
from symtick.files import copy_files, new_folder
from symtick.sim import tools

VERSION = "v1"
_HEADERS = Path("firmware/ap_types")


class ProjectKind(Enum):
    """What a project is for."""

    VITIS = "vitis"
    VIVADO_HLS = "vivado-hls"
    ONEAPI = "oneapi"
    EMULATOR = "emulator"


_HLS = {ProjectKind.VITIS: HlsTool.VITIS, ProjectKind.VIVADO_HLS: HlsTool.VIVADO}


@dataclass(frozen=True)
class Exported:
    """What `export_folder` made.

    Attributes:
        design: the design's name.
        kind: of the project.
        folder: where it was written.
        files: its files, as paths from there, in order.
    """

    design: str
    kind: ProjectKind
    folder: Path
    files: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """As JSON values, by attribute name."""
        return {
            "design": self.design,
            "kind": self.kind.value,
            "folder": str(self.folder),
            "files": list(self.files),
        }


def export_folder(
    folder: Path,
    kind: ProjectKind | str,
    output: Path,
    *,
    version: str | None = None,
    headers: bool = True,
) -> Exported:
    """Write the project of one kind into a new folder.

    The same design gives the same bytes. `hls4ml_config.yml` alone names a place, `output` as it is
    given here, because hls4ml's `link_existing_project` reads it from there.

    Args:
        folder: a design folder.
        kind: of the project, or its name: `vitis`, `vivado-hls`, `oneapi` or `emulator`.
        output: a folder that does not exist.
        version: of an emulator, what its name ends with; `v1` by default.
        headers: whether AMD's simulation headers (`ap_fixed.h`) are copied from the installed
            hls4ml into a project for AMD's HLS tools, for `build_lib.sh`.

    Raises:
        InputError: there is no design in the folder, no such kind, `output` exists, a version is
            given for another kind than an emulator, or is no part of a name.
        MissingExtraError: hls4ml is not installed, whose headers are to be copied.
        WidthError: a table is too wide for C++, or no one type holds all inputs or outputs.
    """
    wanted = _kind(kind)
    if version is not None and wanted is not ProjectKind.EMULATOR:
        raise InputError(f"a {wanted.value} project has no version, which {version!r} would be")
    spec, design = read_spec(folder)
    copied = headers and wanted in _HLS
    if copied:
        require("symtick export", tools=("hls4ml",))
    files = _files(design, wanted, str(output), spec.part, version or VERSION) | _bench(design)
    with new_folder(output) as draft:
        write_files(draft, files)
        if wanted in _HLS:
            write_rtl(design, draft, spec.part)
            write_forms(design, draft, _HLS[wanted])
        if copied:
            copy_files(tools.find("hls4ml").path, draft / _HEADERS)
        made = sorted(str(path.relative_to(draft)) for path in draft.rglob("*") if path.is_file())
    return Exported(design.name, wanted, output, tuple(made))


def _kind(kind: ProjectKind | str) -> ProjectKind:
    try:
        return ProjectKind(kind)
    except ValueError:
        names = ", ".join(known.value for known in ProjectKind)
        raise InputError(f"no project can be written for {kind!r}: one of {names}") from None


def _files(
    design: Design, kind: ProjectKind, place: str, part: str, version: str
) -> dict[str, str]:
    if kind is ProjectKind.ONEAPI:
        return oneapi_files(design, place)
    if kind is ProjectKind.EMULATOR:
        return emulator_files(design, version)
    tool = _HLS[kind]
    return hls_files(design, part, tool) | link_file(design, place, part, backend(tool))


def _bench(design: Design) -> dict[str, str]:
    """tb_data, as in a design folder."""
    raw = vectors.make(design, BENCH_VECTORS, seed=0)
    columns = [index for index, *_ in ports(design).inputs]
    return vector_files(raw[:, columns], design.graph.evaluate(raw))
