"""Build a design in a simulator and run cocotb tests on it.

This file stands alone: it is copied beside a design. `job.json` in the same folder says what to
build, in which simulator, and which tests to run; the simulator must be on PATH. With `--built` the
program that is there is run as it is.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from cocotb_tools.runner import get_runner


def _run(here: Path, job: dict[str, Any], built: bool) -> None:
    runner = get_runner(job["simulator"])
    if not built:
        runner.build(
            sources=[here / source for source in job["sources"]],
            hdl_toplevel=job["top"],
            build_args=job["build_args"],
            build_dir=here / "build",
            timescale=("1ns", "1ns"),
        )
    runner.test(
        test_module=job["tests"],
        hdl_toplevel=job["top"],
        hdl_toplevel_lang=job["language"],
        build_dir=here / "build",
        test_dir=here,
        results_xml=str(here / "results.xml"),
        test_args=job["run_args"],
        plusargs=job["plus_args"],
    )


def main() -> int:
    """Build, then simulate; 0 if the tests have written what they are to write."""
    here = Path(__file__).resolve().parent
    job = json.loads((here / "job.json").read_text())
    os.environ["PYTHONPATH"] = str(here)
    sys.path.insert(0, str(here))
    try:
        _run(here, job, "--built" in sys.argv[1:])
    except RuntimeError as error:
        # the tools have said above what is wrong: a traceback would only hide it
        print(error)
        return 1
    return 0 if all((here / name).exists() for name in job["made"]) else 1


if __name__ == "__main__":
    sys.exit(main())
