"""Recordings: what a backend answered, turn by turn, so that a conversation can be replayed.

    <folder>/<subject>/<pass>[.<unit>].<attempt>.jsonl      one JSON line a turn

A line holds turn, prompt_sha256, message (role, content, stop_reason, usage, model), tokens_estimated and backend;
never a header, a key or an address of a server. A turn is found by its address; that the prompt has changed since is
reported (``drift``) and is no fault.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codex.agents.call import CallAddress
from codex.agents.journal import Journal
from codex.agents.messages import Reply, TurnRequest, checked_message, prompt_sha256
from codex.errors import DataError, StorageError


@dataclass(frozen=True, slots=True)
class RecordedTurn:
    """One line of a recording."""

    turn: int
    prompt_sha256: str
    message: Mapping[str, Any]
    tokens_estimated: bool
    backend: str

    @classmethod
    def read(cls, line: str) -> RecordedTurn:
        """Raises ValueError, TypeError or KeyError on anything that is not a line of a recording."""
        raw = json.loads(line)
        message = checked_message(raw["message"])
        return cls(
            int(raw["turn"]), str(raw["prompt_sha256"]), message, bool(raw["tokens_estimated"]), str(raw["backend"])
        )

    def line(self) -> str:
        names = ("turn", "prompt_sha256", "message", "tokens_estimated", "backend")
        return json.dumps({name: getattr(self, name) for name in names}, ensure_ascii=False)


class Recordings:
    """The recordings of one folder, for reading."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, address: CallAddress) -> Path:
        return self.folder / address.subject_slug / f"{address.file_stem}.jsonl"

    def turns(self, address: CallAddress) -> list[RecordedTurn]:
        """The turns of a conversation, empty when there is no recording of it; raises DataError naming the line."""
        path = self.path(address)
        try:
            lines = path.read_text("utf-8").split("\n")
        except (FileNotFoundError, NotADirectoryError):
            return []
        except (OSError, UnicodeDecodeError) as exc:
            raise DataError(f"The recording {path} cannot be read: {exc}.", remedy="Restore it.") from exc
        turns = []
        for number, line in enumerate(lines, 1):
            if line.strip():
                turns.append(_read_line(path, number, line))
        return turns

    def turn(self, address: CallAddress, number: int) -> RecordedTurn | None:
        return next((turn for turn in self.turns(address) if turn.turn == number), None)


def _read_line(path: Path, number: int, line: str) -> RecordedTurn:
    try:
        return RecordedTurn.read(line)
    except (ValueError, KeyError, TypeError) as exc:
        raise DataError(
            f"Line {number} of the recording {path} cannot be read: {exc}.",
            remedy="Restore the file, or record it again.",
        ) from exc


class Recorder:
    """Writes what was answered. One conversation has one writer; each turn replaces the file as a whole, atomically."""

    def __init__(self, folder: Path) -> None:
        self.recordings = Recordings(folder)
        self._lock = threading.Lock()

    def put(self, request: TurnRequest, reply: Reply) -> None:
        """Keep a turn; a turn that is already kept just so is left alone, a changed one ends what came after it."""
        turn = RecordedTurn(
            request.turn, prompt_sha256(request.body), dict(reply.message), reply.tokens_estimated, reply.backend
        )
        with self._lock:
            kept = self.recordings.turns(request.address)
            if turn in kept:
                return
            lines = [earlier.line() for earlier in kept if earlier.turn < turn.turn] + [turn.line()]
            _replace(self.recordings.path(request.address), "\n".join(lines) + "\n")


def _replace(path: Path, text: str) -> None:
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as exc:
        with suppress(OSError):
            temporary.unlink()
        raise StorageError(
            f"The recording {path} cannot be written: {exc.strerror or exc}.", remedy="Check space and permissions."
        ) from exc


def drift(recordings: Recordings, journal: Journal, backend: str = "replay") -> list[str]:
    """The turns (``<address>/<turn>``) that were answered from a recording made for another prompt than today's."""
    changed = []
    for address, number, shown in journal.prompts(backend):
        recorded = recordings.turn(address, number)
        if recorded is not None and recorded.prompt_sha256 != shown:
            changed.append(f"{address}/{number}")
    return changed
