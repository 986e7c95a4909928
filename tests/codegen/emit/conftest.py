"""The kept files do not change with symtick's version."""

from __future__ import annotations

import pytest

from symtick.codegen.emit import comments


@pytest.fixture(autouse=True)
def _a_fixed_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comments, "__version__", "1.2.3")
