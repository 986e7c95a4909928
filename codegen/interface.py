"""The form of a design's ports: what stands around its pipeline when others use it.

docs/forms.md has the ports and the timing of each form.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from symtick.errors import InputError, did_you_mean

KINDS = ("plain", "ap_vld", "axi_stream")


def word(kind: str) -> str:
    """A kind as command lines and jobs write it."""
    return kind.replace("axi_", "axi-")


@dataclass(frozen=True)
class Interface:
    """How words enter and leave a design.

    Attributes:
        kind: `plain`: `clk`, a port for each input and output, a new vector every tick and nothing
            else; `ap_vld`: one flat vector with a valid line, named as Vitis HLS names the ports of
            an hls4ml project; `axi_stream`: AXI4-Stream on both sides, with back-pressure.
        enable: a clock enable that every register obeys; not for `axi_stream`, whose back-pressure
            does that.
        reset: a reset of the valid line, of `ap_vld` alone; data registers have none, and
            `axi_stream` always has its own.

    Raises:
        InputError: another kind, or a line that the kind has not.
    """

    kind: str = "plain"
    enable: bool = False
    reset: bool = False

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            words = [word(kind) for kind in KINDS]
            meant = did_you_mean(word(self.kind), words)
            raise InputError(
                f"there is no interface {word(self.kind)!r}: {meant}there are {', '.join(words)}"
            )
        if self.enable and self.kind == "axi_stream":
            raise InputError(
                "interface axi-stream takes no enable: m_axis_tready holds it back; leave it out"
            )
        if self.reset and self.kind != "ap_vld":
            why = "has no valid line" if self.kind == "plain" else "always has its reset, aresetn"
            raise InputError(f"interface {word(self.kind)} takes no reset: it {why}; leave it out")

    @property
    def suffix(self) -> str:
        """What the name of the outermost module has behind the design's."""
        return {"plain": "", "ap_vld": "_vld", "axi_stream": "_axis"}[self.kind]

    @property
    def clock(self) -> str:
        """Port of the clock."""
        return {"plain": "clk", "ap_vld": "ap_clk", "axi_stream": "aclk"}[self.kind]

    @classmethod
    def read(cls, kind: str, enable: bool = False, reset: bool = False) -> Interface:
        """From the words of a command line or a job, which may write `axi-stream`."""
        return cls(kind.replace("-", "_"), enable, reset)

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {"kind": self.kind, "enable": self.enable, "reset": self.reset}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Interface:
        """Inverse of `to_dict`."""
        return cls(str(content["kind"]), bool(content["enable"]), bool(content["reset"]))


PLAIN = Interface()
