"""Ctrl-C and SIGTERM: a word at once, status 130, and tools that end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from multiprocessing import get_context
from pathlib import Path

import pytest

from symtick import interrupts
from symtick.sim import tools

# a program that is started in a shell's background, as tests may be, ignores SIGINT
PROGRAM = [
    sys.executable,
    "-c",
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "from symtick.cli import main; main()",
]


@pytest.fixture(autouse=True)
def _interruptible() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_block_says_its_word_before_the_interrupt(number: signal.Signals) -> None:
    said: list[bool] = []
    before = signal.getsignal(number)

    def word() -> bool:
        said.append(interrupts.stopping())
        return len(said) == 2

    with pytest.raises(KeyboardInterrupt), interrupts.announced(word):
        os.kill(os.getpid(), number)
        time.sleep(0.1)  # the first is only noted
        os.kill(os.getpid(), number)
        time.sleep(10)
    assert said == [True, True]
    assert not interrupts.stopping()
    assert signal.getsignal(number) is before


def test_a_forked_worker_ends_by_sigterm() -> None:
    context = get_context("fork")
    runs = context.Event()

    def work() -> None:
        runs.set()
        time.sleep(60)

    with interrupts.announced(lambda: True):
        worker = context.Process(target=work)
        worker.start()
        assert runs.wait(60)
        worker.terminate()
        worker.join()
    assert worker.exitcode == -signal.SIGTERM


def test_another_thread_leaves_signals_alone() -> None:
    before, found = signal.getsignal(signal.SIGINT), []

    def work() -> None:
        with interrupts.announced(lambda: True):
            found.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [before]


def test_an_ignored_signal_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with interrupts.announced(lambda: True):
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
            with pytest.raises(KeyboardInterrupt):
                os.kill(os.getpid(), signal.SIGTERM)
                time.sleep(10)
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_command_in_a_thread_ends_with_the_program(tmp_path: Path) -> None:
    start = time.monotonic()
    raised: list[BaseException] = []

    def work() -> None:
        script = "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]])"
        grandchild = "import os, time; print(os.getpid(), flush=True); time.sleep(300)"
        command = [sys.executable, "-c", script, grandchild]
        try:
            tools.execute(command, folder=tmp_path, log=tmp_path / "log")
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=work)
    with pytest.raises(KeyboardInterrupt), interrupts.announced(lambda: True):
        thread.start()
        try:
            while not (tmp_path / "log").exists() or not (tmp_path / "log").read_text().strip():
                time.sleep(0.05)
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(10)
        finally:
            thread.join()  # as leaving a pool of threads does
    assert isinstance(raised[0], KeyboardInterrupt)
    assert time.monotonic() - start < 200
    status = Path(f"/proc/{(tmp_path / 'log').read_text().strip()}/status")
    for _ in range(100):  # a killed process may take a moment to go
        if not status.exists() or "zombie" in status.read_text():
            return
        time.sleep(0.1)
    pytest.fail("what the command had started went on")


def interrupted(words: list[str], folder: Path, after: str) -> tuple[int, str, float]:
    """Status, stderr and seconds to the word of a program that gets SIGINT once it says `after`."""
    lines: list[str] = []
    with subprocess.Popen(
        [*PROGRAM, *words], cwd=folder, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            lines.append(line)
            if after in line:
                process.send_signal(signal.SIGINT)
                break
        start = time.monotonic()
        lines.append(process.stderr.readline())
        word = time.monotonic() - start
        lines += process.stderr.readlines()
    return process.returncode, "".join(lines), word


@pytest.mark.slow
@pytest.mark.kernel
def test_a_search_says_what_it_keeps_and_resumes(tmp_path: Path) -> None:
    write_job(tmp_path)
    status, text, word = interrupted(["distill", "job.yaml"], tmp_path, "searching")
    assert status == 130
    assert "Traceback" not in text
    assert "stopping, keeping the front so far" in text
    assert word < 20  # two seconds on a free machine
    resumed = subprocess.run(
        [*PROGRAM, "distill", "--resume", "runs/toy"], cwd=tmp_path, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert resumed.returncode == 0, resumed.stderr


@pytest.mark.sim
@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_verification_says_what_it_keeps(number: signal.Signals, tmp_path: Path) -> None:
    made = subprocess.run(
        [*PROGRAM, "compile", "tanh(x0)*x1 + x0", "-i", "fixed<8,2>", "-o", "wave"], cwd=tmp_path,
        check=False, capture_output=True,
    )  # fmt: skip
    assert made.returncode == 0
    process = subprocess.Popen(
        [*PROGRAM, "verify", "wave", "--vectors", "200000"], cwd=tmp_path, stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    while not (tmp_path / "wave" / "sim").exists():
        time.sleep(0.05)
    process.send_signal(number)
    _, text = process.communicate()
    assert process.returncode == 130
    assert "stopping, keeping the results of the designs that are done" in text
    assert "Traceback" not in text
    assert not (tmp_path / "wave" / "results" / "verify.json").exists()


def write_job(folder: Path) -> None:
    import numpy as np

    rng = np.random.default_rng(0)
    X = rng.normal(size=(3000, 3))
    y = (X[:, 0] * X[:, 1] + np.tanh(X[:, 2]) > 0).astype(int)
    np.savez(folder / "rows.npz", X=X, y=y)
    (folder / "job.yaml").write_text(
        "name: toy\ndata: {path: rows.npz}\nteacher: {train: {widths: [8], epochs: 3}}\n"
        "search: {workers: 1, starts: 1, rounds: 12, hidden: [3], shorten: 0,"
        " effort: 0.2}\n"
    )
