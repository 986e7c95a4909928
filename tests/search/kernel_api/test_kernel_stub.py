"""The stub of the kernel that is committed is the one that the kernel gives."""

from __future__ import annotations

import pytest
from kernel_stub import STUB, generated

pytestmark = pytest.mark.kernel


def test_the_stub_is_generated() -> None:
    assert STUB.read_text() == generated(), "run `make stubs`"
