"""Is the log whole, and is campaign.json what it gives? Every fault is named with file and line.

How a fault is found. A line is *vouched for* when some line's ``prev`` (for the last one: the head) is its hash; it
was not changed since. A line that nobody vouches for stands where its own ``prev`` says, whatever number it now bears.
With every line's true number known, missing, doubled and swapped lines are those whose numbers show it; a line whose
successor is there and does not vouch for it was changed. What a chain of events cannot show is looked at as well: bytes
that are no line (blank lines, other line ends, a last line that does not end), sealed files of another length.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Any

from codex.campaign.adopt import read_document
from codex.campaign.canonical import GENESIS, BadLine, digest, read_line
from codex.campaign.events import Event
from codex.campaign.forms import faulty_forms, faulty_lengths
from codex.campaign.ledger import CAMPAIGN
from codex.campaign.log import HEAD, LOG, Head, Line, lines, missing, read_head, segments
from codex.campaign.projection import fold, render
from codex.errors import DataError
from codex.snapshot import Snapshot

#: Missing files that are named one by one: a forged number must not make the list endless.
_MOST_NAMED = 100


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault. ``code`` is a word for programs, ``line`` counts from 1 (None: the file as a whole).

    ``event`` is the id of the event that stands there, "" when none does or it cannot be read.
    """

    code: str
    path: str
    line: int | None
    message: str
    event: str = ""

    @property
    def place(self) -> str:
        return self.path if self.line is None else f"{self.path}, line {self.line}"


@dataclass(frozen=True, slots=True)
class _Placed:
    """A readable line, its index among all lines, its hash, and the number that the chain gives it."""

    line: Line
    index: int
    event: Event
    hash: str
    number: int
    vouched: bool


@dataclass(frozen=True, slots=True)
class _Log:
    """All lines: those that are events, and the others by index."""

    placed: tuple[_Placed, ...]
    unreadable: dict[int, Problem]

    def by_number(self) -> dict[int, _Placed]:
        """One line for each number: the one that is vouched for, where a number stands twice."""
        return {each.number: each for each in sorted(self.placed, key=lambda each: each.vouched)}


def verify(snapshot: Snapshot) -> list[Problem]:
    """Every fault of the log, then of campaign.json; an empty list when all is well.

    A campaign.json with neither log nor head is a ledger of another age: there is nothing to compare it with.
    """
    found = list(lines(snapshot))
    if not found and not snapshot.exists(HEAD) and not segments(snapshot):
        return list(_without_log(snapshot))
    head = read_head(snapshot)
    usable = None if head is None or head.problem else head
    log = _placed(found, usable)
    problems = [*_files(snapshot, log), *log.unreadable.values(), *_order(log), *_ids(log)]
    problems += [*_missing(log), *_end(log, usable), *_changed(log, usable), *_head_problem(head)]
    lengths = [] if problems else faulty_lengths(snapshot)
    problems += [Problem("form", *fault) for fault in (*faulty_forms(snapshot), *lengths)]
    if log.unreadable:
        return [*problems, Problem("projection", CAMPAIGN, None, "not compared, because the log cannot be read whole")]
    return [*problems, *_projection(snapshot, [each.event for each in log.placed])]


def _without_log(snapshot: Snapshot) -> Iterator[Problem]:
    """A campaign.json with a figure that only the engine counts came from a log, so there must be one."""
    if not snapshot.exists(CAMPAIGN):
        return
    try:
        totals = read_document(snapshot.read(CAMPAIGN), CAMPAIGN).get("totals")
    except DataError:
        return
    if isinstance(totals, dict) and "books_by_state" in totals:
        yield Problem("missing", LOG, None, f"the log is missing from which {CAMPAIGN} was made")


def _head_problem(head: Head | None) -> Iterator[Problem]:
    if head is None:
        yield Problem("head", HEAD, None, "the file that says where the log ends is missing")
    elif head.problem:
        yield Problem("head", HEAD, None, head.problem)


def _placed(found: list[Line], head: Head | None) -> _Log:
    unreadable: dict[int, Problem] = {}
    read: list[tuple[int, Line, Event, str]] = []
    for index, line in enumerate(found):
        try:
            read.append((index, line, read_line(line.raw), digest(line.raw)))
        except BadLine as exc:
            unreadable[index] = Problem("unreadable", line.path, line.number, f"this line cannot be read: {exc}")
    vouchers = {event.prev for _, _, event, _ in read} | ({head.hash} if head else set())
    numbers = {GENESIS: 0} | {hashed: event.seq for _, _, event, hashed in read if hashed in vouchers}
    placed = []
    for index, line, event, hashed in read:
        vouched = hashed in vouchers
        number = event.seq if vouched or event.prev not in numbers else numbers[event.prev] + 1
        placed.append(_Placed(line, index, event, hashed, number, vouched))
    return _Log(tuple(placed), unreadable)


def _files(snapshot: Snapshot, log: _Log) -> Iterator[Problem]:
    first = next((each.number for each in log.placed if each.line.path == LOG and each.vouched), 1)
    for path in islice(missing(segments(snapshot), first), _MOST_NAMED):
        yield Problem("missing", path, None, "this sealed file of the log is missing")


def _order(log: _Log) -> Iterator[Problem]:
    """Lines that stand twice or too late; neighbours with the same fault are told as one."""
    run: list[_Misplaced] = []
    for each in _misplaced(log):
        if run and not _goes_on(run[-1], each):
            yield _told(run)
            run = []
        run.append(each)
    if run:
        yield _told(run)


@dataclass(frozen=True, slots=True)
class _Misplaced:
    """A line at the wrong place; ``other`` is the line of the same number, or the later one that stands before it."""

    code: str
    each: _Placed
    other: _Placed


def _misplaced(log: _Log) -> Iterator[_Misplaced]:
    seen: dict[int, _Placed] = {}
    highest: _Placed | None = None
    for each in log.placed:
        first = seen.setdefault(each.number, each)
        if first is not each:
            yield _Misplaced("duplicated", each, first)
        elif highest is not None and each.number < highest.number:
            yield _Misplaced("swapped", each, highest)
        if highest is None or each.number > highest.number:
            highest = each


def _goes_on(before: _Misplaced, here: _Misplaced) -> bool:
    same = (before.code, before.each.line.path) == (here.code, here.each.line.path)
    steps = (here.each.index - before.each.index, here.each.number - before.each.number)
    return same and steps == (1, 1) and here.other.index - before.other.index == (here.code == "duplicated")


def _told(run: list[_Misplaced]) -> Problem:
    first, last = run[0], run[-1].each.number
    each, place = first.each, first.other.line.place
    one = each.number == last
    what, stand = (f"event {last}", "stands") if one else (f"events {each.number} to {last}", "stand")
    if first.code == "swapped":
        return _at(each, "swapped", f"{what} {stand} after event {first.other.number}, which is in {place}")
    return _at(each, "duplicated", f"{what} {stand} twice, first in {place}")


def _ids(log: _Log) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for each in log.placed:
        if first.setdefault(each.event.id, each.number) != each.number:
            text = f"event {each.number} has the id {each.event.id} of event {first[each.event.id]}"
            yield _at(each, "duplicated", text)


def _missing(log: _Log) -> Iterator[Problem]:
    """Numbers between those that are there, unless lines that cannot be read stand in their place."""
    by_number = log.by_number()
    for before, after in pairwise([0, *sorted(by_number)]):
        first, last = before + 1, after - 1
        here = by_number[after]
        start = by_number[before].index if before else -1
        hidden = sum(start < index < here.index for index in log.unreadable)
        if last - first + 1 > hidden:
            yield _at(here, "missing", f"{_numbers(first, last)} missing before this line")


def _end(log: _Log, head: Head | None) -> Iterator[Problem]:
    if head is None:
        return
    by_number = log.by_number()
    end = max(by_number, default=0)
    after = by_number[end].index if end else -1
    hidden = sum(index > after for index in log.unreadable)
    if end < head.events - hidden:
        text = f"{_numbers(end + 1, head.events)} cut off: {HEAD} counts {head.events} events"
        yield _at(by_number[end], "cut", text) if end else Problem("cut", LOG, None, text)
    elif end > head.events:
        yield Problem("head", HEAD, None, f"it counts {head.events} events, and the log has {end}")


def _changed(log: _Log, head: Head | None) -> Iterator[Problem]:
    by_number = log.by_number()
    for number, each in sorted(by_number.items()):
        after = by_number.get(number + 1)
        if each.vouched or not (after or (head and head.events == number)):
            continue
        record = f"event {number + 1}" if after else HEAD
        certain = after is not None and after.vouched
        doubt = "" if certain else f", or what {record} says of it was"
        if after and after.line.path != each.line.path:
            doubt += "; the whole file may have been replaced"
        yield _at(each, "changed", f"event {number} was changed after it was written{doubt}")


def _at(placed: _Placed, code: str, message: str) -> Problem:
    return Problem(code, placed.line.path, placed.line.number, message, placed.event.id)


def _numbers(first: int, last: int) -> str:
    return f"event {first} is" if first == last else f"events {first} to {last} are"


def _projection(snapshot: Snapshot, events: list[Event]) -> Iterator[Problem]:
    if not snapshot.exists(CAMPAIGN):
        yield Problem("projection", CAMPAIGN, None, "the file is missing")
        return
    expected, data = fold(events), snapshot.read(CAMPAIGN)
    if data == render(expected):
        return
    try:
        found = read_document(data, CAMPAIGN)
    except DataError as exc:
        yield Problem("projection", CAMPAIGN, None, exc.what.rstrip("."))
        return
    difference = _difference(found, expected, "")
    yield Problem("projection", CAMPAIGN, None, difference or "its values are those of the log, written differently")


def _difference(found: Any, expected: Any, path: str) -> str:
    """The first place where two documents differ, as a sentence; "" when they do not."""
    if isinstance(found, dict) and isinstance(expected, dict):
        keys = [*expected, *(key for key in found if key not in expected)]
        pairs = ((found.get(k, _ABSENT), expected.get(k, _ABSENT), f"{path}.{k}".lstrip(".")) for k in keys)
        return next((text for pair in pairs if (text := _difference(*pair))), "")
    if found == expected and type(found) is type(expected):
        return ""
    return f"{path} is {_shown(found)}, the log gives {_shown(expected)}"


_ABSENT = object()


def _shown(value: Any) -> str:
    if value is _ABSENT:
        return "absent"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else text[:79] + "…"
