"""The published test corpus, unpacked, and whole commands on it: for the benchmarks that need either."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from codex.gitio import Git

ROOT = Path(__file__).resolve().parent.parent
PUBLISHED = ROOT.parent / "shared" / "corpus" / "fasttrack.tar.zst"
#: A unit in the middle of it.
UNIT = "content/03-modern-geometry/09-spin-geometry/03.09.02-clifford-algebra.md"
#: Why what needs the published corpus is skipped.
ABSENT = "the published test corpus (../shared/corpus) or zstd is not on this machine"
#: Other work on the machine only ever adds time, so the best of some runs is taken, of the floor as of the rest.
TRIES = 3


@dataclass(frozen=True)
class Ran:
    """A whole process from its start to its end: wall seconds, processor seconds, peak memory in megabytes."""

    seconds: float
    processor: float
    megabytes: float
    said: str = ""


def is_published_here() -> bool:
    return PUBLISHED.exists() and shutil.which("zstd") is not None


@contextmanager
def published(*, git: bool) -> Iterator[Path]:
    """The published corpus in a folder of its own; with ``git``, as a repository of one commit."""
    with tempfile.TemporaryDirectory(prefix="codex-bench-") as folder:
        subprocess.run(["tar", "--zstd", "-xf", PUBLISHED, "-C", folder], check=True)
        root = Path(folder) / "fasttrack"
        if git:
            commit_all(root)
        yield root


def commit_all(root: Path) -> None:
    git = Git(root)
    git.run("init", "--quiet", "--template=", "--initial-branch=main")
    git.run("add", "--all")
    git.run("-c", "user.name=bench", "-c", "user.email=bench@localhost", "commit", "--quiet", "--message=corpus")


def codexctl(*arguments: str, root: Path | None = None, right: tuple[int, ...] = (0, 1)) -> Ran:
    """Run a command on a workspace. Ends the benchmark, with what it said, when its exit status is not right."""
    place = ["-w", str(root)] if root else []
    command = [sys.executable, "-m", "codex.cli", *place, *arguments]
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=ROOT)
    said = process.stderr.read() if process.stderr else b""
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if os.waitstatus_to_exitcode(status) not in right:
        raise SystemExit(f"{' '.join(command)} failed: {said.decode()}")
    return Ran(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, said.decode("utf-8", "replace"))


def best(*arguments: str, root: Path | None = None, tries: int = TRIES) -> Ran:
    """The quickest of some runs."""
    return min((codexctl(*arguments, root=root) for _ in range(tries)), key=lambda ran: ran.seconds)


def touch(root: Path) -> None:
    """Change one unit, and let the clock go on for those who look at times."""
    with (root / UNIT).open("a", encoding="utf-8") as file:
        file.write("\nOne more sentence.\n")
    time.sleep(0.2)
