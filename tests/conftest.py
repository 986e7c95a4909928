"""Settings of all tests: fixed random examples, SIGINT, and the path to shared helpers.

Property tests draw the same examples in every run, so a red test is a change; draw other ones with
`pytest --hypothesis-profile=explore`.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent))  # the helpers in this folder
settings.register_profile("fixed", derandomize=True, deadline=None)  # speed is not asserted
settings.register_profile("explore", derandomize=False, deadline=None, max_examples=1000)
settings.load_profile("fixed")


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """SIGINT interrupts, also where tests run in the background of a shell, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
