"""The handoff folder of one call: what lies where, and reading and writing it safely from two sides.

    .codex/state/handoff/<call>/
        brief.md             everything an outside agent needs
        reply-schema.json    JSON schema of the reply
        tools.json           the tools as the API would be told of them
        status.json          who attends the call, which turn is awaited (written by the engine)
        inbox/<n>.json       the agent's turn n (written by `codexctl call`)
        results/<n>.json     what the engine answered to turn n
        late/                replies that came when nobody waited any more: kept, not used

Every file appears whole or not at all (temporary file, then rename or link), so nobody ever reads half a reply.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from codex.agents.process import is_alive
from codex.errors import DataError, StorageError

#: States in which the engine wants the agent's next turn, or is about to.
OPEN_STATES = ("waiting", "working")

#: Seconds after which an engine on another machine that shows no sign of life counts as gone.
BEAT_PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Status:
    """``state``: waiting (for turn ``turn``), working, finished, late, or the name of a failure.

    ``asks`` is the hash of the request that turn ``turn`` answers; ``engine`` the process that attends the call
    (process.this_process) and ``beat`` when it last said so (seconds since the epoch).
    """

    address: str
    state: str
    turn: int
    asks: str
    engine: str
    beat: float
    model: str
    max_turns: int
    detail: str = ""

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def attended(self) -> bool:
        """Whether a living run will read what is handed in."""
        alive = is_alive(self.engine)
        return self.is_open and (time.time() - self.beat < BEAT_PATIENCE if alive is None else alive)


class Outbox:
    """The folder of one call."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def name(self) -> str:
        return self.folder.name

    def path(self, *parts: str) -> Path:
        return self.folder.joinpath(*parts)

    def status(self) -> Status | None:
        """What status.json says; None when there is none. Raises DataError when it is no status."""
        raw = self.read("status.json")
        if raw is None:
            return None
        try:
            return Status(**{field.name: raw[field.name] for field in fields(Status)})
        except (KeyError, TypeError) as exc:
            raise DataError(
                f"{self.path('status.json')} is not the status of a call.", remedy="Start the run."
            ) from exc

    def write_status(self, status: Status) -> None:
        self.write("status.json", asdict(status))

    def read(self, *parts: str) -> Any:
        """A JSON file of the folder; None when it is absent. Raises DataError when it is not JSON."""
        path = self.path(*parts)
        try:
            return json.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as exc:
            raise DataError(f"{path} cannot be read: {exc}.", remedy="Remove it and hand it in again.") from exc

    def write(self, name: str, document: Any) -> None:
        """Replace a JSON file of the folder as a whole."""
        self.write_text(name, json.dumps(document, ensure_ascii=False, indent=1) + "\n")

    def write_text(self, name: str, text: str) -> None:
        path = self.path(name)
        with _written_beside(path, text) as temporary:
            temporary.replace(path)

    def put_new(self, name: str, document: Any) -> bool:
        """Write a JSON file that must not exist yet; False when somebody was quicker."""
        path = self.path(name)
        with _written_beside(path, json.dumps(document, ensure_ascii=False)) as temporary:
            try:
                os.link(temporary, path)
            except FileExistsError:
                return False
        return True

    def keep_late(self, source: Path | Mapping[str, Any]) -> Path:
        """Put a reply that is not used into late/, under the next free number; returns where it lies."""
        number = 1
        while self.path("late", f"{number}.json").exists():
            number += 1
        target = self.path("late", f"{number}.json")
        if isinstance(source, Path):
            target.parent.mkdir(exist_ok=True)
            source.replace(target)
        elif not self.put_new(f"late/{number}.json", source):
            return self.keep_late(source)
        return target


class _written_beside:  # noqa: N801 (a context manager, read as a verb)
    """A temporary file beside ``path`` with the text in it; removed at the end if it is still there."""

    def __init__(self, path: Path, text: str) -> None:
        self._path, self._text = path, text
        self._temporary = path.with_name(f".{path.name}.{os.getpid()}.{time.monotonic_ns()}.tmp")

    def __enter__(self) -> Path:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._temporary.write_text(self._text, "utf-8", "backslashreplace", "\n")
        except OSError as exc:
            with suppress(OSError):
                self._temporary.unlink()
            raise StorageError(
                f"{self._path} cannot be written: {exc.strerror or exc}.", remedy="Check space and permissions."
            ) from exc
        return self._temporary

    def __exit__(self, *_: object) -> None:
        self._temporary.unlink(missing_ok=True)


def handoff_folder(state_dir: Path) -> Path:
    """Where the calls of a workspace lie (``state_dir`` is its ``.codex/state``)."""
    return state_dir / "handoff"


def outboxes(home: Path) -> Iterator[Outbox]:
    """The calls of a handoff folder that have a status, by name; those put aside (``.old``) are left out."""
    found = sorted(path.parent for path in home.glob("*/status.json")) if home.is_dir() else []
    return (Outbox(folder) for folder in found if not folder.name.endswith(".old"))
