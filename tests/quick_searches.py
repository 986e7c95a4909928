"""The `search` section of small jobs, in tests of what is around the search."""

from __future__ import annotations

from typing import Any

JOINT_ALONE: dict[str, Any] = {
    "workers": 1, "starts": 1, "rounds": 2, "method": "gp", "hidden": [], "shorten": 0,
}  # fmt: skip
OF_EACH_KIND: dict[str, Any] = {
    "workers": 1, "starts": 1, "rounds": 4, "hidden": [3], "shorten": 1,
    "effort": 0.2,
}  # fmt: skip
