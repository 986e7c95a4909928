"""The templates of `hls_templates`, filled."""

from __future__ import annotations

from functools import cache
from typing import Any

import jinja2

from symtick.hls_templates import FOLDER


def render(template: str, **values: Any) -> str:
    """A filled template; an unknown name in it is an error, not an empty text."""
    return _environment().get_template(template).render(**values)


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
    )
