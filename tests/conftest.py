"""One profile for all property tests: the same examples in every run, so a red test is a change.

Draw other ones with `pytest --hypothesis-profile=explore`.
"""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("fixed", derandomize=True)
settings.register_profile("explore", derandomize=False, max_examples=1000)
settings.load_profile("fixed")
