"""Worker processes: parts, a worker that dies, a main process that dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from distill_samples import classes, distiller, short, values

from symtick.errors import ToolError
from symtick.search.distill.distill import Progress
from symtick.search.distill.parts import Ingredients, Parts
from symtick.search.distill.workers import Part, _Processes

pytestmark = pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are read in /proc")


def workers_of(main: int) -> set[int]:
    """The worker processes of a main process that are alive."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            command = (folder / "cmdline").read_text()
        except OSError:
            continue
        if parent == main and "popen_loky" in command:
            found.add(int(folder.name))
    return found


@pytest.mark.parametrize("problem", [classes, values])
def test_a_part_made_elsewhere_goes_on_as_this_one(problem: object) -> None:
    made = distiller(problem(), short())  # type: ignore[operator]
    ingredients = Ingredients(
        made.problem, made.config, made.evaluator.model, made.evaluator.cost, None
    )
    here, there = Parts(ingredients), Parts(ingredients)
    recipes = here.first()
    kinds = ["joint", "joint", "layers", "layers"]
    assert [r.kind for r in recipes] == kinds
    for recipe in recipes[1:4]:
        one, other = here.made(recipe), there.made(recipe)
        for _ in range(3):
            other.restore(one.state())
            other.step()
            one.step()
        assert one.front() == other.front()
        assert one.status == other.status


def test_a_worker_that_dies_is_told_and_what_was_found_is_kept(tmp_path: Path) -> None:
    made = distiller(classes(), short(workers=2))

    def tell(progress: Progress) -> None:
        for process in workers_of(os.getpid()):
            os.kill(process, signal.SIGKILL)

    with pytest.raises(ToolError, match=r"a worker process of the search ended, .*workers: 1"):
        made.run(tell, tmp_path)
    whole = distiller(classes(), short()).run()
    again = distiller(classes(), short())
    assert again.run(checkpoint=tmp_path, resume=True) == whole


def test_a_worker_that_has_grown_is_kept() -> None:
    made = distiller(classes(), short(workers=2))
    processes = _Processes(
        Ingredients(made.problem, made.config, made.evaluator.model, made.evaluator.cost, None), 1
    )
    recipe = made.parts.first()[-1]
    part = Part(recipe, made.parts.made(recipe))
    processes.end(part, processes.begin(part))
    before = workers_of(os.getpid())
    time.sleep(1.1)  # loky looks at the size once a second
    processes._processes.submit(exec, "import sys; sys.grown = b'x' * 400_000_000").result()
    processes.end(part, processes.begin(part))
    assert workers_of(os.getpid()) == before
    processes.close()


_LONG = """
import sys, time
sys.path.insert(0, sys.argv[1])
from distill_samples import classes, distiller, short

distiller(classes(), short(workers=2)).run(lambda p: (print(p.slices, flush=True), time.sleep(60)))
"""


def test_workers_end_with_a_main_process_that_is_killed() -> None:
    path = os.pathsep.join(sys.path)
    process = subprocess.Popen(
        [sys.executable, "-c", _LONG, str(Path(__file__).parents[1])],
        stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip
    assert process.stdout is not None
    with process.stdout as lines:
        assert lines.readline().strip() == "1"
        workers = workers_of(process.pid)
        process.kill()
    process.wait()
    assert len(workers) == 2
    end = time.monotonic() + 60.0
    while any(Path(f"/proc/{worker}").exists() for worker in workers):
        assert time.monotonic() < end, "workers go on without their main process"
        time.sleep(0.2)
