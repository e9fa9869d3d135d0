"""The ledger: what the log says, asked in the words of the campaign, and how it grows.

``Ledger.load(snapshot)`` reads and folds the log once; a ledger never changes. ``append`` gives the bytes of the files
that a commit has to write, and the ledger as it will be then. Nothing here writes to disk.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from codex.campaign import admission
from codex.campaign.admission import Case
from codex.campaign.adopt import adopted_drafts
from codex.campaign.canonical import digest, read_line, write_line
from codex.campaign.clock import stamp
from codex.campaign.entries import Entry
from codex.campaign.events import Event, EventDraft, Kind
from codex.campaign.log import EventLog, Files, Tail, extended, files_of, read_log
from codex.campaign.projection import Document, apply, entry_of, finish, fold, opened, own_entry
from codex.campaign.rendering import Texts, render_known
from codex.errors import DataError, UserError
from codex.snapshot import Snapshot, blob_id
from codex.tracks.naming import unit_of
from codex.tracks.registry import machine_of, shelves

#: The projection: the file that folding the log gives.
CAMPAIGN = "manifests/campaign.json"

#: The time of events that stand for a ledger of another age until the first append gives them a real one.
_NO_TIME = "1970-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A draft that was not taken, and why (a sentence without its full stop)."""

    draft: EventDraft
    reason: str


@dataclass(frozen=True, slots=True)
class AppendResult:
    """What an append gives. ``changes``: path → whole new content, empty when nothing was appended.

    ``ignored`` holds ids that the log has already; ``ledger`` is the ledger once the changes are written.
    """

    changes: Mapping[str, bytes]
    appended: tuple[Event, ...]
    ignored: tuple[str, ...]
    refused: tuple[Refusal, ...]
    ledger: Ledger


class Ledger:
    """One state of the ledger. Subjects are ``<kind>:<name>`` (``book:spin-geometry``) and ``campaign``."""

    def __init__(self, log: EventLog, document: Document, adopted: tuple[EventDraft, ...] = ()) -> None:
        self._log = log
        self._document = document
        self._adopted = adopted
        self._files: Files = {}
        self._texts: Texts = {}
        self._ids = frozenset(event.id for event in log.events)
        self._by_subject: dict[str, list[Event]] = {}
        for event in log.events:
            self._by_subject.setdefault(event.subject, []).append(event)

    @classmethod
    def load(cls, snapshot: Snapshot) -> Ledger:
        """Read the log of a snapshot; without one, a campaign.json of another age counts as registered.

        Raises DataError naming file, line and reason when the log (or that campaign.json) cannot be read.
        """
        files = files_of(snapshot)
        found = _known.get(files)
        return found or cls._read(snapshot, files)

    @classmethod
    def _read(cls, snapshot: Snapshot, files: Files) -> Ledger:
        log = read_log(snapshot)
        if log.events or log.fault or not snapshot.exists(CAMPAIGN):
            made = cls(log, fold(log.events))
            made._files = files
            if log.events:
                _known.put(made)
            return made
        drafts = adopted_drafts(snapshot.read(CAMPAIGN), CAMPAIGN)
        shown = [_event(draft, 1, _NO_TIME, "") for draft in drafts]
        return cls(log, fold(shown), drafts)

    def document(self) -> Document:
        """The content of campaign.json (a copy)."""
        return copy.deepcopy(self._document)

    def view(self) -> Document:
        """The content of campaign.json itself, for reading: it must not be changed."""
        return self._document

    def subjects(self, kind: str = "book") -> tuple[str, ...]:
        """The subjects of a kind (``book``, ``flow``, ``unit``, or another track's) in the order of their joining."""
        return tuple(f"{kind}:{name}" for name in self._document.get(shelves().get(kind, ""), {}))

    def knows(self, subject: str) -> bool:
        return self._entry(subject) is not None

    def entry(self, subject: str) -> Entry:
        """What the ledger holds of a subject (a copy); raises UserError for one that it does not know."""
        found = self._entry(subject)
        if found is None:
            raise UserError(
                f"{subject!r} is not in the ledger.", remedy="See its subjects with `codexctl ledger show`."
            )
        return copy.deepcopy(found)

    def book(self, slug: str) -> Entry:
        """The entry of a book; raises UserError for one that the ledger does not know."""
        return self.entry(f"book:{slug}")

    def status(self, subject: str) -> str | None:
        """The subject's state under its present name; None for a subject that the ledger does not know."""
        return admission.status_of(self._entry(subject), machine_of(subject)) or None

    def owner(self, subject: str, now: datetime) -> str | None:
        """Who holds the subject at ``now``; None when nobody does or the claim has ended."""
        return admission.live_owner(self._entry(subject), now)

    def _entry(self, subject: str) -> Entry | None:
        kind, _, name = subject.partition(":")
        found = self._document.get(shelves().get(kind, ""), {}).get(name)
        return found if isinstance(found, dict) else None

    def events(self, subject: str | None = None) -> tuple[Event, ...]:
        """The events of a subject, or all, oldest first."""
        return self._log.events if subject is None else tuple(self._by_subject.get(subject, ()))

    def spent(self, subject: str | None = None) -> Decimal:
        """US dollars that the events of a subject, or all, have cost."""
        return sum((Decimal(event.cost_usd) for event in self.events(subject)), Decimal(0))

    def attempts(self, subject: str, pass_name: str, unit: str | None = None) -> int:
        """Attempts that have ended, over all rounds: the next one is this number plus one.

        Without ``unit`` those of the pass as a whole (pass_completed, pass_failed that name no unit). With it those of
        that unit: unit_shipped, unit_rejected, and pass_failed that names it (an agent error or a timeout).
        """
        return sum(_ends(event, pass_name, unit) for event in self.events(subject))

    def failures(self, subject: str, pass_name: str, unit: str | None = None) -> int:
        """Failed attempts since the last success of the pass (or unit) or the last answer of a person."""
        return len(self._failed(subject, pass_name, unit))

    def faults(self, subject: str, pass_name: str, unit: str | None = None) -> int:
        """Of these, the faulty replies since the last sound one."""
        failed = self._failed(subject, pass_name, unit)
        return next((n for n, event in enumerate(reversed(failed)) if event.fell_short), len(failed))

    def shortfalls(self, subject: str, pass_name: str) -> int:
        """Of these, the sound replies that found the subject short."""
        return sum(event.fell_short for event in self._failed(subject, pass_name, None))

    def open_attempts(self, subject: str, pass_name: str, unit: str | None = None) -> int:
        """Ended attempts since the last success of the pass (or unit), whatever a person has answered between them."""
        return len(self._failed(subject, pass_name, unit, answered=False))

    def _failed(self, subject: str, pass_name: str, unit: str | None, *, answered: bool = True) -> list[Event]:
        """The attempts that ended without success; a person's answer begins anew, unless ``answered`` is False."""
        found: list[Event] = []
        for event in self.events(subject):
            if (answered and event.kind == Kind.ANSWERED) or _succeeds(event, pass_name, unit):
                found.clear()
            elif _ends(event, pass_name, unit):
                found.append(event)
        return found

    def succeeded(self, event: Event, pass_name: str, unit: str | None = None) -> bool:
        """Whether an event is a success of the pass (of the unit in it, when one is named)."""
        return _succeeds(event, pass_name, unit)

    def last_failure(self, subject: str, pass_name: str, unit: str | None = None) -> Event | None:
        """The failure that the next attempt has to mend (its ``data`` has the defects); None after a success."""
        for event in reversed(self.events(subject)):
            if _succeeds(event, pass_name, unit):
                return None
            if _ends(event, pass_name, unit):
                return event
        return None

    def rounds(self, subject: str, into: str = "production-ready") -> int:
        """1 plus the times the subject was sent back to a state (by default: verification fell short)."""
        machine = machine_of(subject)
        steps = ((e.from_state, e.to_state) for e in self.events(subject) if e.kind == Kind.TRANSITION)
        back = (machine.between(a, b) for a, b in steps if machine and a and b == into)
        return 1 + sum(row is not None and row.outcome != "success" for row in back)

    def append(self, drafts: Iterable[EventDraft], now: datetime) -> AppendResult:
        """Add drafts in their order: each is judged by the state that those before it have left.

        A draft is ignored when its id is in the log, refused when a rule of admission.py objects, else numbered,
        stamped with ``now`` (never earlier than the event before it) and chained. Raises DataError when the end of the
        log was tampered with, ValueError for a ``now`` without a time zone.
        """
        if self._log.fault:
            raise DataError(
                f"Nothing can be added to the ledger: {self._log.fault}.",
                remedy="See `codexctl ledger verify`; take the files of the log back from an earlier commit.",
            )
        growing = _Growing(self, now)
        if self._adopted:
            growing.document = fold(())
            for brought in self._adopted:
                growing.take(brought)
        adopted = len(growing.added)
        for draft in drafts:
            growing.take(draft)
        if len(growing.added) == adopted:
            return AppendResult({}, (), tuple(growing.ignored), tuple(growing.refused), self)
        return self._grown(growing)

    def _grown(self, growing: _Growing) -> AppendResult:
        changes, tail = extended(self._log.tail, growing.added)
        new = tuple(event for event, _ in growing.added)
        document = finish(growing.document)
        changes[CAMPAIGN], texts = render_known(document, self._texts, growing.own)
        ledger = self._followed(new, tail, document)
        ledger._texts = texts
        ledger._files = self._files | {path: blob_id(data) for path, data in changes.items() if path != CAMPAIGN}
        _known.put(ledger)
        return AppendResult(changes, new, tuple(growing.ignored), tuple(growing.refused), ledger)

    def _followed(self, new: tuple[Event, ...], tail: Tail, document: Document) -> Ledger:
        """The ledger with more events; what is known of the others is taken over."""
        ledger = Ledger(EventLog((), tail), document)
        ledger._log = EventLog(self._log.events + new, tail)
        ledger._ids = self._ids.union(event.id for event in new)
        ledger._by_subject = dict(self._by_subject)
        for event in new:
            ledger._by_subject[event.subject] = [*ledger._by_subject.get(event.subject, ()), event]
        return ledger


class _Memory:
    """The ledgers that were read or made last, by the files of their log. A ledger never changes."""

    _SIZE = 4

    def __init__(self) -> None:
        self._ledgers: list[Ledger] = []

    def get(self, files: Files) -> Ledger | None:
        return next((each for each in self._ledgers if each._files == files), None) if files else None

    def put(self, ledger: Ledger) -> None:
        self._ledgers = [ledger, *self._ledgers[: self._SIZE - 1]]


_known = _Memory()


def append(snapshot: Snapshot, drafts: Iterable[EventDraft], now: datetime) -> AppendResult:
    """Add drafts to the ledger of a snapshot (see ``Ledger.append``); raises DataError when it cannot be read."""
    return Ledger.load(snapshot).append(drafts, now)


class _Growing:
    """A ledger while drafts are being added to it."""

    def __init__(self, ledger: Ledger, now: datetime) -> None:
        tail = ledger._log.tail
        self.document = opened(ledger._document)
        self.now = now
        self.at = max(stamp(now), tail.at)
        self.seq, self.last = tail.seq, tail.last
        self.ids = set(ledger._ids)
        self.own: set[str] = set()
        self.added: list[tuple[Event, bytes]] = []
        self.ignored: list[str] = []
        self.refused: list[Refusal] = []

    def take(self, draft: EventDraft) -> None:
        """Ignore, refuse or add one draft."""
        try:
            named = draft.with_id(f"{self.last}:{self.seq}")
            if named.id in self.ids:
                self.ignored.append(named.id)
                return
            case = admission.case_of(named, self._entry(named.subject), self.now)
            reason = admission.refusal(case)
            raw = b"" if reason else write_line(self._event(case))
        except (ValueError, TypeError, RecursionError) as exc:
            reason, raw = f"its data cannot be written as JSON: {exc}", b""
        if reason:
            self.refused.append(Refusal(draft, reason))
        else:
            self._add(raw)

    def _event(self, case: Case) -> Event:
        moves = case.draft.kind in admission.MOVES
        return _event(case.draft, self.seq + 1, self.at, self.last).model_copy(
            update={"from_state": case.status, "to_state": admission.target_of(case)} if moves else {}
        )

    def _entry(self, subject: str) -> Entry | None:
        kind, _, name = subject.partition(":")
        return entry_of(self.document, subject) if name in self.document.get(shelves().get(kind, ""), {}) else None

    def _add(self, raw: bytes) -> None:
        event = read_line(raw)  # what is folded now is what will be read later
        if event.subject not in self.own:  # the others are shared with the ledger as it was
            own_entry(self.document, event.subject)
            self.own.add(event.subject)
        apply(self.document, event)
        self.ids.add(event.id)
        self.added.append((event, raw))
        self.seq, self.last = event.seq, digest(raw)


def _event(draft: EventDraft, seq: int, at: str, prev: str) -> Event:
    values = draft.model_dump(mode="json", exclude={"expect", "cost_usd"})
    return Event(seq=seq, at=at, prev=prev, cost_usd=f"{draft.cost_usd:f}", **values)


_UNIT_ENDS = frozenset({Kind.UNIT_SHIPPED, Kind.UNIT_REJECTED})
_ENDS = frozenset({Kind.PASS_COMPLETED, Kind.PASS_FAILED, *_UNIT_ENDS})
_SUCCESSES = frozenset({Kind.PASS_COMPLETED, Kind.UNIT_SHIPPED})


def _ends(event: Event, pass_name: str, unit: str | None) -> bool:
    """True when the event ends an attempt of the pass (of the unit in it, when one is named)."""
    if event.kind not in _ENDS or event.about_unit != (unit or unit_of(event.subject)):
        return False
    return event.of_pass == pass_name


def _succeeds(event: Event, pass_name: str, unit: str | None) -> bool:
    return event.kind in _SUCCESSES and _ends(event, pass_name, unit)
