"""What every command pays before it does anything: ``python -m bench.start``.

``codexctl --help`` beside a bare Python, and what of the engine (Prefect, the Anthropic SDK) is imported by commands
that need none of it, run one by one on the shipped pilot.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.corpus import ROOT, best
from bench.table import Bar, Found, Row, against, alone
from codex.integration.init import init_workspace

#: Commands that need no engine, with what they are given.
LIGHT: tuple[tuple[str, ...], ...] = (
    ("--help",),
    ("check",),
    ("check", "--explain", "XT001"),
    ("continuity",),
    ("dashboard",),
    ("graph",),
    ("ledger", "verify"),
    ("connections", "list"),
    ("plan",),
)
_ENGINE = ("prefect", "anthropic")
_LOOK = (
    "import sys\nfrom codex.cli.app import run\nrun(sys.argv[1:])\n"
    f"sys.stderr.write('\\nloaded:' + ' '.join(m for m in {_ENGINE} if m in sys.modules))"
)


def rows() -> Iterator[Found]:
    python = min(_bare_python() for _ in range(3))
    yield against("codexctl --help", best("--help").seconds, "s", "python -c pass", python, Bar(0.3))
    with tempfile.TemporaryDirectory(prefix="codex-bench-") as folder:
        workspace = init_workspace(Path(folder) / "pilot", campaign="pilot")
        loaded = {" ".join(command): _loaded(workspace.root, command) for command in LIGHT}
    guilty = "; ".join(f"{command}: {' '.join(found)}" for command, found in loaded.items() if found)
    what = f"imports of prefect or anthropic by {len(LIGHT)} commands that need neither"
    yield Row(f"{what} ({guilty})" if guilty else what, sum(map(len, loaded.values())), "imports", bar=Bar(0))


def _bare_python() -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", "pass"], check=True, cwd=ROOT)
    return time.perf_counter() - start


def _loaded(root: Path, command: tuple[str, ...]) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", _LOOK, "-w", str(root), *command], capture_output=True, text=True, check=False, cwd=ROOT
    )
    said, mark, found = done.stderr.rpartition("loaded:")
    if not mark:
        raise SystemExit(f"codexctl {' '.join(command)} failed: {said or done.stderr}")
    return found.split()


if __name__ == "__main__":
    sys.exit(alone(rows))
