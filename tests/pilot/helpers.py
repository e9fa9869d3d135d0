"""The pilot in processes of its own: the command, the server that answers its calls, and what both leave behind."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import manifests

SLUG = "lawson-michelsohn-spin-geometry"
SUBJECT = f"book:{SLUG}"

#: The recordings that `codexctl pilot` answers from: a part of the project.
RECORDINGS = Path(manifests.__file__).parent / "pilot" / "recordings"


@dataclass(frozen=True)
class Surroundings:
    """What a command is run with: a Prefect server, and a server that answers the agents' calls."""

    prefect_url: str
    prefect_home: Path
    replay_url: str | None = None

    def environment(self) -> dict[str, str]:
        """This process's environment without any settings that matter to the engine, and with these."""
        env = {k: v for k, v in os.environ.items() if not k.startswith(("PREFECT", "ANTHROPIC", "CODEX"))}
        env |= {"PREFECT_API_URL": self.prefect_url, "PREFECT_HOME": str(self.prefect_home), "COLUMNS": "160"}
        return env | ({"CODEX_REPLAY_URL": self.replay_url} if self.replay_url else {})


def start(surroundings: Surroundings, *arguments: object, output: Path | None = None) -> subprocess.Popen[str]:
    """`codexctl` in a process group of its own; its output is kept in ``output`` or piped."""
    command = [sys.executable, "-m", "codex.cli", *map(str, arguments)]
    out = output.open("a") if output else subprocess.PIPE
    try:
        return subprocess.Popen(
            command,
            env=surroundings.environment(),
            stdout=out,
            stderr=subprocess.STDOUT if output else subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
    finally:
        if output:
            out.close()  # type: ignore[union-attr]


def run(surroundings: Surroundings, *arguments: object, timeout: float = 200) -> subprocess.CompletedProcess[str]:
    """`codexctl` to its end."""
    process = start(surroundings, *arguments)
    try:
        out, err = process.communicate(timeout=timeout)
    except BaseException:
        kill(process)
        raise
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def kill(process: subprocess.Popen[str]) -> None:
    """SIGKILL to the whole process group, and wait for its end."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


class Replay:
    """The project's replay server as a process, so that it outlives runs that are killed and counts for all of them."""

    def __init__(self, recordings: Path, home: Path, delay: float = 0.0) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self.log = home / "requests.jsonl"
        port = home / "port"
        arguments = ["--recordings", recordings, "--port-file", port, "--log", self.log, "--delay", delay]
        command = [sys.executable, "-m", "codex.agents.replay_server", *map(str, arguments)]
        self._process = subprocess.Popen(command)
        while not port.exists():
            assert self._process.poll() is None, "the replay server has ended"
            time.sleep(0.02)
        self.url = f"http://127.0.0.1:{port.read_text().strip()}"

    def requests(self) -> Counter[str]:
        """How often each ``<address>/<turn>`` was asked for."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return Counter(json.loads(line)["label"] for line in lines)

    def close(self) -> None:
        self._process.terminate()
        assert self._process.wait(10) == 0


def git(folder: Path, *arguments: str) -> str:
    """What git prints; anything that it has to complain about fails the test."""
    done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def blobs(folder: Path, *paths: str) -> dict[str, str]:
    """Path → blob of what is committed."""
    lines = git(folder, "-c", "core.quotePath=false", "ls-tree", "-r", "HEAD", "--", *paths).splitlines()
    return {line.partition("\t")[2]: line.split()[2] for line in lines}


def events(folder: Path) -> list[dict[str, Any]]:
    """The ledger's events as they are committed, sealed segments first."""
    names = sorted(name for name in blobs(folder, "manifests/log") if name.endswith(".jsonl"))
    texts = [git(folder, "show", f"HEAD:{name}") for name in [*names, "manifests/campaign.log.jsonl"]]
    return [json.loads(line) for text in texts for line in text.splitlines()]


def projection(folder: Path) -> dict[str, Any]:
    """The committed ledger document as path → value; amounts are Decimal."""
    document = json.loads(git(folder, "show", "HEAD:manifests/campaign.json"), parse_float=Decimal)
    return dict(_leaves(document, ""))


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    pairs: Any = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    inner = [leaf for key, each in pairs for leaf in _leaves(each, f"{path}/{key}")]
    yield from inner or [(path, value)]


def calls(folder: Path) -> list[sqlite3.Row]:
    """Every call of the journal, oldest first."""
    db = sqlite3.connect(folder / ".codex" / "state" / "journal.sqlite3")
    db.row_factory = sqlite3.Row
    try:
        return db.execute("SELECT * FROM calls ORDER BY created_at, rowid").fetchall()
    finally:
        db.close()


def label(call: sqlite3.Row) -> str:
    """A call as the replay server's log names it."""
    parts = (call["subject"], call["pass"], call["unit"], call["attempt"], call["turn"])
    return "/".join(str(part) for part in parts if part is not None)
