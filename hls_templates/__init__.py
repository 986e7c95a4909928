"""Jinja templates of all emitted text: HLS C++, Verilog, test benches, build scripts.

Names that are not defined are errors. `codegen.emit` fills the templates; they lie in `FOLDER`.
"""

from pathlib import Path

FOLDER = Path(__file__).parent
