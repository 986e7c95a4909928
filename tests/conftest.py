"""Settings of all tests: fixed random examples, SIGINT, and the path to shared helpers.

Property tests draw the same examples in every run, so a red test is a change; draw other ones with
`pytest --hypothesis-profile=explore`.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent))  # the helpers in this folder
settings.register_profile("fixed", derandomize=True, deadline=None)  # speed is not asserted
settings.register_profile("explore", derandomize=False, deadline=None, max_examples=1000)
settings.load_profile("fixed")


@pytest.fixture
def ctrl_c() -> Iterator[Callable[[float], None]]:
    """A Ctrl-C in so many seconds, never after its test.

    SIGINT interrupts also where tests run in the background of a shell, which ignores it.
    """
    alarms: list[threading.Timer] = []

    def press(seconds: float) -> None:
        alarms.append(threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGINT)))
        alarms[-1].start()

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield press
    for alarm in alarms:
        alarm.cancel()
        alarm.join()
    signal.signal(signal.SIGINT, before)
