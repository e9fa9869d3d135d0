"""The log on disk: the newest events, the sealed segments before them, and the head that says where it ends.

``campaign.log.jsonl`` holds the newest events. When an event is to be added to a file that holds ``SEGMENT_SIZE``, that
file is first sealed as ``manifests/log/campaign-<n>.jsonl`` (0001, 0002 …) and a new one begins; the hash chain goes
on across files. ``manifests/log/head.json`` repeats the number and the hash of the last event: the chain alone cannot
show that its end was cut off.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from codex.campaign.canonical import GENESIS, BadLine, digest, read_line
from codex.campaign.events import Event
from codex.errors import DataError
from codex.snapshot import Snapshot

LOG = "manifests/campaign.log.jsonl"
SEALED = "manifests/log"
HEAD = f"{SEALED}/head.json"
#: Events in one sealed file: one ever-growing file in every commit would make git slow and big.
SEGMENT_SIZE = 1000

_SEGMENT = re.compile(rf"{SEALED}/campaign-(\d{{4,9}})\.jsonl")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the log where it stands; ``number`` counts from 1 in its file, ``raw`` has no line end."""

    path: str
    number: int
    raw: bytes

    @property
    def place(self) -> str:
        return f"{self.path}, line {self.number}"


@dataclass(frozen=True, slots=True)
class Tail:
    """What adding to the log needs to know: the newest file, how much it holds, and the end of the chain."""

    newest: bytes
    held: int
    segments: int
    seq: int
    last: str
    at: str


@dataclass(frozen=True, slots=True)
class EventLog:
    """Every event in the order of the files, the tail, and "" or why nothing may be added after it."""

    events: tuple[Event, ...]
    tail: Tail
    fault: str = ""


EMPTY = Tail(newest=b"", held=0, segments=0, seq=0, last=GENESIS, at="")


def segment_path(number: int) -> str:
    return f"{SEALED}/campaign-{number:04d}.jsonl"


def segments(snapshot: Snapshot) -> list[tuple[int, str]]:
    """The sealed files as (number, path), in their order."""
    found = (_SEGMENT.fullmatch(path) for path in snapshot.under(SEALED, ".jsonl"))
    return sorted((int(match[1]), match[0]) for match in found if match)


def missing(sealed: Sequence[tuple[int, str]], first: int) -> Iterator[str]:
    """Paths of sealed files that are not there, when the newest file begins with the event number ``first``."""
    there = {number for number, _ in sealed}
    last = max([(first - 1) // SEGMENT_SIZE, *there])
    return (segment_path(number) for number in range(1, last + 1) if number not in there)


def files(snapshot: Snapshot) -> list[str]:
    """Paths of all files of the log that exist, oldest first."""
    newest = [LOG] if snapshot.exists(LOG) else []
    return [path for _, path in segments(snapshot)] + newest


#: Files of a log with their blob ids: two logs of the same files say the same.
Files = dict[str, str]


def files_of(snapshot: Snapshot) -> Files:
    """All files that say what the log is, its head included, with their blob ids."""
    blobs = snapshot.blobs()
    return {path: blobs[path] for path in (*files(snapshot), HEAD) if path in blobs}


def lines(snapshot: Snapshot) -> Iterator[Line]:
    """Every line of the log; blank ones are left out, and a CR before the line end counts as part of it."""
    for path in files(snapshot):
        yield from _lines(path, snapshot.read(path))


def _lines(path: str, data: bytes) -> Iterator[Line]:
    for number, raw in enumerate(data.split(b"\n"), 1):
        if raw.strip():
            yield Line(path, number, raw.removesuffix(b"\r"))


def read_log(snapshot: Snapshot) -> EventLog:
    """Read the whole log; raises DataError naming file, line and reason at the first line that is no event, or the
    sealed file that is missing.

    The chain is not checked here (``verify`` does): a log that somebody edited can still be looked at.
    """
    sealed = segments(snapshot)
    read = [_read(path, snapshot.read(path)) for _, path in sealed]
    newest = snapshot.read(LOG) if snapshot.exists(LOG) else b""
    read.append(_parse(LOG, newest))
    events = tuple(event for each in read for event in each.events)
    for path in missing(sealed, read[-1].events[0].seq if read[-1].events else 1):
        raise DataError(f"{path} is missing.", remedy="Take it back from an earlier commit.")
    tail = Tail(
        newest=newest,
        held=len(read[-1].events),
        segments=sealed[-1][0] if sealed else 0,
        seq=events[-1].seq if events else 0,
        last=next((each.last for each in reversed(read) if each.last), GENESIS),
        at=events[-1].at if events else "",
    )
    return EventLog(events, tail, _fault(read_head(snapshot), tail))


@dataclass(frozen=True, slots=True)
class Head:
    """What head.json says of the last event: number and hash; ``problem`` says why it tells nothing, else ""."""

    events: int = 0
    hash: str = GENESIS
    problem: str = ""


def head_bytes(events: int, last: str) -> bytes:
    """The file that says where the log ends: after so many events, the last line with this hash."""
    return (json.dumps({"events": events, "sha256": last}) + "\n").encode()


def read_head(snapshot: Snapshot) -> Head | None:
    """The head of the log; None when there is no such file."""
    if not snapshot.exists(HEAD):
        return None
    try:
        content = json.loads(snapshot.read(HEAD))
        events, last = content["events"], content["sha256"]
    except (ValueError, TypeError, KeyError, RecursionError):
        events, last = None, None
    if isinstance(events, int) and isinstance(last, str):
        return Head(events, last)
    return Head(problem="it does not say where the log ends")


def _fault(head: Head | None, tail: Tail) -> str:
    """Adding to a log that was cut would make the cut look like its end."""
    if head is None:
        return f"{HEAD} is missing, which says where the log ends" if tail.seq else ""
    if head.problem:
        return f"{HEAD}: {head.problem}"
    if (head.events, head.hash) != (tail.seq, tail.last):
        return f"the log does not end where {HEAD} says: at event {head.events}"
    return ""


@dataclass(frozen=True, slots=True)
class _File:
    """The events of one file and the hash of its last line ("" without any)."""

    events: tuple[Event, ...]
    last: str


def _parse(path: str, data: bytes) -> _File:
    found = list(_lines(path, data))
    return _File(tuple(map(_event, found)), digest(found[-1].raw) if found else "")


#: Sealed files never change: in a long-lived process each is parsed once.
_read = lru_cache(maxsize=64)(_parse)


def _event(line: Line) -> Event:
    try:
        return read_line(line.raw)
    except BadLine as exc:
        raise DataError(
            f"{line.place} cannot be read: {exc}.",
            remedy="See all of its problems with `codexctl ledger verify`; take the file back from an earlier commit.",
        ) from exc


def extended(tail: Tail, added: Sequence[tuple[Event, bytes]]) -> tuple[dict[str, bytes], Tail]:
    """The files that change when events and their lines are added, and the new tail.

    Returns path → whole new content: the newest file, the head, and each file sealed on the way.
    """
    changes: dict[str, bytes] = {}
    newest = [tail.newest.rstrip(b"\n") + b"\n"] if tail.held else []
    held, sealed = tail.held, tail.segments
    for _, raw in added:
        if held >= SEGMENT_SIZE:
            sealed += 1
            changes[segment_path(sealed)] = b"".join(newest)
            newest, held = [], 0
        newest.append(raw + b"\n")
        held += 1
    event, raw = added[-1]
    now = Tail(b"".join(newest), held, sealed, event.seq, digest(raw), event.at)
    changes[LOG] = now.newest
    changes[HEAD] = head_bytes(now.seq, now.last)
    return changes, now
