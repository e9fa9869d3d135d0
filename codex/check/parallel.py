"""Check a share of the units in a second process, when there are many.

The helper is a fresh ``python -m codex.check.worker`` that opens the same snapshot again: it works from threads,
notebooks and unguarded scripts alike, where forking or ``multiprocessing`` would hang or start the caller again.
"""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from codex.cache.store import Store
from codex.cache.tree import CachedTree
from codex.check.corpus import CONTENT
from codex.check.judging import Judged
from codex.check.policy import Chosen
from codex.snapshot import CommitSnapshot, Snapshot, TreeSnapshot

FactsByBlob = dict[tuple[str, str], Any]

#: With fewer units a second process costs more than it saves (about a quarter of a second for its start-up).
WORTH_A_PROCESS = 300
#: How much of the work is done here: the helper starts later.
_OWN_SHARE = 0.57


def split_work(snapshot: Snapshot, paths: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """What to check here, and what in a helper; the latter is empty when it is not worth it or cannot be done."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if cores < 2 or len(paths) < WORTH_A_PROCESS or _recipe(snapshot) is None:
        return paths, ()
    middle = int(len(paths) * _OWN_SHARE)
    return paths[:middle], paths[middle:]


def _recipe(snapshot: Snapshot) -> dict[str, str] | None:
    """How another process opens the same snapshot; None for one that exists in this process only."""
    if isinstance(snapshot, TreeSnapshot | CachedTree):
        return {"root": str(snapshot.root.absolute())}
    if isinstance(snapshot, CommitSnapshot):
        return {"root": str(snapshot.git.root.absolute()), "commit": snapshot.commit}
    return None


class Helped(NamedTuple):
    """What a helper hands back: judgements with the blob ids of what was judged, and facts for the store."""

    judged: list[tuple[Judged, str]]
    learnt: FactsByBlob


class Helper:
    """A share of the work under way in another process.

    Each side parses its own units, tells the other what it has learnt of them (``exchange``), and judges: the ids of a
    corpus are known to both, and no file is parsed twice.
    """

    def __init__(
        self, snapshot: Snapshot, paths: Sequence[str], rules_for: Callable[[str], Iterable[Chosen]], store: Store
    ) -> None:
        blobs = snapshot.blobs()
        order = {
            "snapshot": _recipe(snapshot),
            "blobs": {path: blobs[path] for path in snapshot.under(CONTENT, ".md")},
            "work": _grouped(paths, rules_for),
            "store": str(store.path.absolute()) if store.path else None,
        }
        self._process: subprocess.Popen[bytes] | None
        try:
            self._process = _start(json.dumps(order).encode())
        except OSError:  # no process, no room for the temporary file
            self._process = None

    def exchange(self, mine: FactsByBlob) -> FactsByBlob:
        """Tell the helper what is known of the units here; returns what it knows of its own, nothing if it failed."""
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            return {}
        try:
            theirs: FactsByBlob = pickle.load(process.stdout)  # written by our own helper
            with process.stdin:
                pickle.dump(mine, process.stdin, protocol=pickle.HIGHEST_PROTOCOL)
        except (OSError, EOFError, pickle.UnpicklingError):
            self._end(process)
            return {}
        return theirs

    def results(self) -> Helped | None:
        """What it found, in the order of the paths; None when it could not do the work."""
        process = self._process
        if process is None or process.stdout is None:
            return None
        out = process.stdout.read()
        return pickle.loads(out) if self._end(process) == 0 else None

    def _end(self, process: subprocess.Popen[bytes]) -> int:
        for pipe in (process.stdin, process.stdout):
            if pipe:
                with suppress(OSError):
                    pipe.close()
        self._process = None
        return process.wait()


def _grouped(paths: Sequence[str], rules_for: Callable[[str], Iterable[Chosen]]) -> list[list[list[str]]]:
    """Runs of paths under the same rules, each as [codes, paths]."""
    groups: list[list[list[str]]] = []
    for path in paths:
        codes = [choice.rule.code for choice in rules_for(path)]
        if groups and groups[-1][0] == codes:
            groups[-1][1].append(path)
        else:
            groups.append([codes, [path]])
    return groups


def _start(order: bytes) -> subprocess.Popen[bytes]:
    home = str(Path(__file__).resolve().parents[2])
    env = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, (home, os.environ.get("PYTHONPATH"))))}
    with tempfile.TemporaryFile() as file:
        file.write(order)
        file.seek(0)
        # What it says of a failure is not shown: the caller does the work itself then, and fails with a better message.
        return subprocess.Popen(
            [sys.executable, "-m", "codex.check.worker", str(file.fileno())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=(file.fileno(),),
            env=env,
        )
