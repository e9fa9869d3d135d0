"""Measure many units on several processor cores.

A child process is a fresh ``python -m codex.continuity.worker``: it works from threads, notebooks and unguarded
scripts alike, where forking or ``multiprocessing`` would hang or start the caller again. Its share goes through an
unnamed temporary file, since feeding a pipe would compete with the measuring that goes on here.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from codex.continuity.anchors import AnchorPhrases, AnchorUse
from codex.continuity.measure import Figures, measure_text
from codex.continuity.text import read_text

#: Below this many bytes a second process costs more than it saves (0.1 s of start-up).
_WORTH_A_PROCESS = 4_000_000
#: Bytes that are measured here until another process has started.
_WHILE_OTHERS_START = 2_500_000

#: Files to measure.
Work = Sequence[bytes]
#: What is known of one: its own figures, and the anchor phrases in it.
Measured = tuple[Figures, AnchorUse]


class _Child:
    """A share measured in a process of its own; measured here after all, if the process cannot start or dies."""

    def __init__(self, work: Work, anchors: AnchorPhrases) -> None:
        self._work, self._anchors = work, anchors
        self._process: subprocess.Popen[bytes] | None
        try:
            self._process = self._start()
        except OSError:  # no process, no room for the temporary file
            self._process = None

    def _start(self) -> subprocess.Popen[bytes]:
        home = str(Path(__file__).resolve().parents[2])
        env = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, (home, os.environ.get("PYTHONPATH"))))}
        with tempfile.TemporaryFile() as share:
            pickle.dump((self._work, self._anchors), share, protocol=pickle.HIGHEST_PROTOCOL)
            share.seek(0)
            return subprocess.Popen(
                [sys.executable, "-m", "codex.continuity.worker"], stdin=share, stdout=subprocess.PIPE, env=env
            )

    def result(self) -> list[Measured]:
        if self._process is None:
            return _measure_here(self._work, self._anchors)
        out, _ = self._process.communicate()
        if self._process.returncode != 0:
            return _measure_here(self._work, self._anchors)
        measured: list[Measured] = pickle.loads(out)  # written by our own child
        return measured


def measure_all(work: Work, anchors: AnchorPhrases) -> list[Measured]:
    """Measure files, in their order, on as many cores as it is worth."""
    total = sum(map(len, work))
    first, *others = _shares(work, min(_cores(), total // _WORTH_A_PROCESS + 1))
    children = [_Child(share, anchors) for share in others]
    here = _measure_here(first, anchors)
    return here + [measured for child in children for measured in child.result()]


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _shares(work: Work, number: int) -> list[Work]:
    """Consecutive shares of about equal size in bytes; as many as asked for, empty ones included.

    The first share, which is measured here, is larger by what is measured while the other processes start.
    """
    total = max(sum(map(len, work)), 1)
    ahead = min(_WHILE_OTHERS_START, total // 4) if number > 1 else 0
    shares: list[list[bytes]] = [[] for _ in range(number)]
    done = -ahead
    for data in work:
        shares[min(max(done, 0) * number // (total - ahead), number - 1)].append(data)
        done += len(data)
    return list(shares)


def _measure_here(work: Work, anchors: AnchorPhrases) -> list[Measured]:
    return [measure_text(read_text(data), anchors) for data in work]


def main() -> None:
    """The child: work from standard input, figures to standard output."""
    work, anchors = pickle.load(sys.stdin.buffer)  # written by our own parent
    pickle.dump(_measure_here(work, anchors), sys.stdout.buffer)


if __name__ == "__main__":
    main()
