"""How fast the validator and the continuity metrics are on the published test corpus: ``make bench``.

Each figure is a whole process, from its start to its end, in seconds and as a multiple of the floor: what one process
needs just to read the units, hash them and parse their front matter with the C loader, measured in the same run.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from codex.snapshot import blob_id
from codex.units.frontmatter import split_frontmatter

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT.parent / "shared" / "corpus" / "fasttrack.tar.zst"
UNIT = "content/03-modern-geometry/09-spin-geometry/03.09.02-clifford-algebra.md"
#: Other work on the machine only ever adds time, so the best of some runs is taken, of the floor as of the rest.
TRIES = 3


@dataclass(frozen=True)
class Figure:
    """One measurement: wall seconds, peak memory of the largest process in megabytes, and what is allowed."""

    name: str
    seconds: float
    megabytes: float
    allowed: float | None = None


def main() -> None:
    if not CORPUS.exists() or shutil.which("zstd") is None:
        say("skipped: the published test corpus (../shared/corpus) or zstd is not on this machine")
        return
    with tempfile.TemporaryDirectory(prefix="codex-bench-") as folder:
        subprocess.run(["tar", "--zstd", "-xf", CORPUS, "-C", folder], check=True)
        root = Path(folder) / "fasttrack"
        floor = min(_floor(root) for _ in range(TRIES))
        say(f"floor: {floor:.2f} s (read, hash and parse the front matter of {len(_units(root))} units)")
        cold = []
        for figure in _figures(root):
            say(_line(figure, floor))
            cold += [figure.seconds] if figure.name.startswith("cold") and "full" not in figure.name else []
        say(_line(Figure("cold check and continuity", sum(cold), 0, 12 * floor), floor))


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _units(root: Path) -> list[Path]:
    return sorted((root / "content").rglob("*.md"))


def _floor(root: Path) -> float:
    start = time.perf_counter()
    for path in _units(root):
        data = path.read_bytes()
        blob_id(data)
        text = data.decode("utf-8")
        split = split_frontmatter(text)
        if split:
            yaml.load(text[split.start : split.end], Loader=yaml.CSafeLoader)
    return time.perf_counter() - start


def _figures(root: Path) -> Iterator[Figure]:
    yield _best("help", root, "--help", allowed=0.3)
    for command in ("check", "continuity"):
        yield min((_cold(f"cold {command}", root, command) for _ in range(TRIES)), key=lambda each: each.seconds)
        yield _best(f"nothing changed: {command}", root, command, allowed=1.0)
        _touch(root)
        yield _run(f"one unit changed: {command}", root, command, allowed=1.2)
    yield _best("one unit, warm: check FILE", root, "check", UNIT, allowed=0.6)
    yield _run("cold check --level full (units known at core)", root, "check", "--level", "full")
    yield _best("nothing changed: check --level full", root, "check", "--level", "full", allowed=1.0)
    yield _best("nothing changed: check --format json", root, "check", "--format", "json", allowed=1.0)


def _touch(root: Path) -> None:
    with (root / UNIT).open("a", encoding="utf-8") as file:
        file.write("\nOne more sentence.\n")
    time.sleep(0.2)


def _cold(name: str, root: Path, command: str) -> Figure:
    shutil.rmtree(root / ".codex", ignore_errors=True)
    return _run(name, root, command)


def _best(name: str, root: Path, *arguments: str, allowed: float) -> Figure:
    return min((_run(name, root, *arguments, allowed=allowed) for _ in range(TRIES)), key=lambda each: each.seconds)


def _run(name: str, root: Path, *arguments: str, allowed: float | None = None) -> Figure:
    command = [sys.executable, "-m", "codex.cli", "-w", str(root), *arguments]
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=ROOT)
    said = process.stderr.read() if process.stderr else b""
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if os.waitstatus_to_exitcode(status) not in (0, 1):
        raise SystemExit(f"{' '.join(command)} failed: {said.decode()}")
    return Figure(name, seconds, usage.ru_maxrss / 1024, allowed)


def _line(figure: Figure, floor: float) -> str:
    memory = f"{figure.megabytes:5.0f} MB" if figure.megabytes else ""
    allowed = "" if figure.allowed is None else f"at most {figure.allowed:.2f} s"
    mark = "  OVER" if figure.allowed is not None and figure.seconds > figure.allowed else ""
    return (
        f"{figure.name:<46}{figure.seconds:7.2f} s {figure.seconds / floor:6.1f} × floor {memory:>9}  {allowed}{mark}"
    )


if __name__ == "__main__":
    main()
