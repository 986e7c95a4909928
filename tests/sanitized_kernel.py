"""A plugin of pytest that takes another build of the kernel: the one at $SYMTICK_KERNEL.

`make sanitize` runs tests with it: `pytest -p sanitized_kernel`.
"""

from __future__ import annotations

import importlib.util
import os
import sys

_NAME = "symtick.search._kernel"
_spec = importlib.util.spec_from_file_location(_NAME, os.environ["SYMTICK_KERNEL"])
assert _spec is not None and _spec.loader is not None
_kernel = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_kernel)
sys.modules[_NAME] = _kernel
