"""Room: `hls_templates`: every text that symtick emits starts as a template here; imports nothing.

The templates are Jinja2 with strict undefined names. `codegen` fills them; `FOLDER` says where they
are.
"""

from pathlib import Path

FOLDER = Path(__file__).parent
