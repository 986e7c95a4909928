"""The generated Verilog on very many vectors: Verilator with a bench in C++, without cocotb.

A million vectors take seconds. The bench only records; the words that go in and come out are those
of `codegen/emit/streams.py`, as bytes. Programs are kept by their sources, as those of
`verilator` are, and linked with the same run-time library.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from symtick.codegen.design import Design
from symtick.codegen.emit import streams
from symtick.codegen.emit.templates import render
from symtick.codegen.ir.fixed import RawArray
from symtick.errors import ToolError
from symtick.sim import builds, runtime_cache, tools, verilator

_MAIN = "main.cpp"
# of the design alone; the clocks of 2**20 vectors are worth more than a quick build
_OPTIMISED = "OPT_FAST=-O1"


class Runner:
    """A design built for Verilator.

    Args:
        design: the design; its latency is the number of registers that outputs are late by.
        program: the bench.
        work: folder of the program.
        log: for what it prints.
    """

    def __init__(self, design: Design, program: Path, work: Path, log: Path) -> None:
        self.design, self._program, self._work, self._log = design, program, work, log
        self._read, self._written = streams.input_word(design), streams.output_word(design)

    def outputs(self, raw: RawArray) -> RawArray:
        """Raw outputs, shape (vectors, outputs), the scheduled latency after their inputs.

        Args:
            raw: raw values of the inputs that have a port, shape (vectors, ports); one a clock.

        Raises:
            ToolError: the program fails, or has not written an output for every clock.
        """
        latency = self.design.schedule.latency
        if self.design.interface.enable:
            raw = np.concatenate([raw, np.ones((len(raw), 1), raw.dtype)], axis=1)
        words = self._read.packed(raw)
        words = np.concatenate([words, np.repeat(words[-1:], latency, axis=0)])
        wide = np.pad(words, ((0, 0), (0, _bytes(self._read) - self._read.octets)))
        stimulus, response = self._work / "stimulus.bin", self._work / "response.bin"
        stimulus.write_bytes(wide.tobytes())
        tools.execute([self._program, stimulus, response], folder=self._work, log=self._log)
        found = np.frombuffer(response.read_bytes(), np.uint8)
        size = _bytes(self._written)
        if len(found) != size * len(words):
            raise ToolError(
                f"the simulation of {self.design.name} has written {len(found) // size} of "
                f"{len(words)} clocks"
            )
        return self._written.unpacked(found.reshape(-1, size)[latency:])


@contextmanager
def built(design: Design, source: Path, log: Path) -> Iterator[Runner]:
    """A design's Verilog, built in a temporary folder.

    Args:
        design: the design; of its Verilog only names and widths of ports are taken.
        source: the Verilog.
        log: for what the tools print.

    Raises:
        ToolError: a tool is missing or fails.
    """
    parts, env = verilator.made_by()
    top = streams.TOP
    texts = {
        "design.v": source.read_text(encoding="utf-8"),
        "streams.v": streams.bench_text([design]),
        _MAIN: render("rtl/all_inputs.cpp.j2", top=top),
    }
    with tools.build_folder() as work:
        for name, text in texts.items():
            (work / name).write_text(text, encoding="utf-8")
        program = work / "build" / f"V{top}"
        kept = builds.key([*parts, _OPTIMISED, *texts.values()])
        if not builds.fetch(kept, program):
            runtime_cache.provide(parts, work / "build", env)
            verilate = [*tools.find("verilator").command, "--cc", "--exe", "-Wno-fatal", "-Mdir",
                        "build", "--top-module", top, *verilator.BUILD_ARGS, "design.v",
                        "streams.v", f"../{_MAIN}"]  # fmt: skip
            tools.execute(verilate, folder=work, log=log, env=env)
            make = [*tools.find("make").command, "-f", f"V{top}.mk", _OPTIMISED, f"V{top}"]
            tools.execute(make, folder=work / "build", log=log, env=env)
            builds.keep(kept, program)
        yield Runner(design, program, work, log)


def _bytes(word: streams.Word) -> int:
    """What Verilator keeps a port in: an integer of 1, 2, 4 or 8 bytes, else words of 4."""
    return next((n for n in (1, 2, 4, 8) if n >= word.octets), -(-word.octets // 4) * 4)
