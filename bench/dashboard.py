"""How fast the dashboard is on the published test corpus: ``make bench``.

Each figure is a whole process, from its start to its end, in seconds and as a multiple of what ``codexctl --help``
takes in the same run: what every command pays before it does anything. The corpus gets a git history of one commit, so
that what git is asked for is counted too.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT.parent / "shared" / "corpus" / "fasttrack.tar.zst"
UNIT = "content/03-modern-geometry/09-spin-geometry/03.09.02-clifford-algebra.md"
#: Other work on the machine only ever adds time, so the best of some runs is taken.
TRIES = 5
#: What a warm screen may take, in seconds.
ALLOWED = 2.0


def main() -> None:
    if not CORPUS.exists() or shutil.which("zstd") is None:
        say("skipped: the published test corpus (../shared/corpus) or zstd is not on this machine")
        return
    with tempfile.TemporaryDirectory(prefix="codex-bench-") as folder:
        subprocess.run(["tar", "--zstd", "-xf", CORPUS, "-C", folder], check=True)
        root = Path(folder) / "fasttrack"
        for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "corpus"]):
            who = ["-c", "user.name=bench", "-c", "user.email=bench@example.org"]
            subprocess.run(["git", "-C", str(root), *who, *arguments], check=True)
        measure(root)


def measure(root: Path) -> None:
    floor = min(run(root, "--help") for _ in range(TRIES))
    say(line("codexctl --help", floor, floor))
    say(line("cold: dashboard", run(root, "dashboard"), floor))
    warm = min(run(root, "dashboard") for _ in range(TRIES))
    say(line("warm: dashboard", warm, floor, ALLOWED))
    say(
        line(
            "warm: dashboard --format json",
            min(run(root, "dashboard", "--format", "json") for _ in range(TRIES)),
            floor,
        )
    )
    page = root.parent / "page.html"
    say(line("warm: dashboard --html", min(run(root, "dashboard", "--html", str(page)) for _ in range(TRIES)), floor))
    with (root / UNIT).open("a", encoding="utf-8") as file:
        file.write("\nOne more sentence.\n")
    time.sleep(0.2)
    say(line("one unit changed: dashboard", run(root, "dashboard"), floor))


def run(root: Path, *arguments: str) -> float:
    start = time.perf_counter()
    command = [sys.executable, "-m", "codex.cli", "-w", str(root), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    seconds = time.perf_counter() - start
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed: {done.stderr}")
    return seconds


def line(name: str, seconds: float, floor: float, allowed: float | None = None) -> str:
    mark = "" if allowed is None else f"  at most {allowed:.2f} s" + ("  OVER" if seconds > allowed else "")
    return f"{name:<34}{seconds:7.2f} s {seconds / floor:6.1f} × help{mark}"


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
