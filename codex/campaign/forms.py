"""The bytes of the log's files, apart from what the events say: what no chain of hashes can show.

A line's hash covers the line alone. Blank lines, other line ends, a last line without its end, or lines moved from one
file into another leave every hash as it was; the log is still readable, but it is no longer what was written.
"""

from __future__ import annotations

from collections.abc import Iterator

from codex.campaign import log as log_files
from codex.campaign.log import HEAD, LOG, files, head_bytes, read_head
from codex.snapshot import Snapshot

#: A place and what is wrong there: path, line (None: the file), sentence.
Fault = tuple[str, int | None, str]


def faulty_forms(snapshot: Snapshot) -> Iterator[Fault]:
    """What is wrong with the form of each file of the log, oldest first, then of the head."""
    for path in files(snapshot):
        yield from _form(path, snapshot.read(path))
    head = read_head(snapshot)
    if head is None or head.problem:
        return
    if snapshot.read(HEAD) != head_bytes(head.events, head.hash):
        yield HEAD, None, "its values are readable, but written differently"


def _form(path: str, data: bytes) -> Iterator[Fault]:
    if not data:
        if path != LOG:
            yield path, None, "this sealed file is empty"
        return
    *lines, rest = data.split(b"\n")
    if rest:
        yield path, len(lines) + 1, "the last line has no line end: it may be cut"
    for number, line in enumerate([*lines, *([rest] if rest else [])], 1):
        if not line.strip():
            yield path, number, "this line is blank"
        elif line != line.strip():
            yield path, number, "blanks or another line end stand around the event"


def faulty_lengths(snapshot: Snapshot) -> Iterator[Fault]:
    """Files that hold another number of events than the engine puts into one; meaningful for a log without gaps."""
    for path in files(snapshot):
        held = sum(bool(line.strip()) for line in snapshot.read(path).split(b"\n"))
        if path != LOG and held not in {0, log_files.SEGMENT_SIZE}:
            yield path, None, f"it holds {held} events, and a sealed file holds {log_files.SEGMENT_SIZE}"
        elif path == LOG and held > log_files.SEGMENT_SIZE:
            yield path, None, f"it holds {held} events; after {log_files.SEGMENT_SIZE} a file is sealed"
