"""Work that does not get on by itself: what waits, since when, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from codex.campaign.clock import moment_or_none
from codex.campaign.due import Final, NeedsPerson, next_step
from codex.campaign.matrix import PATH as MATRIX
from codex.campaign.matrix import render
from codex.oversight.sheet import Column, Line, Sheet, Tone, one_line, span
from codex.oversight.view import View
from codex.tracks.naming import unit_of

#: A proposal is integrated within seconds; one that waits longer was left by a run that died.
SPOOL = timedelta(minutes=15)
#: How long a book may stay in a state before it counts as stuck (protocol §7); others get ``STILL``.
STILL_IN = {"in-production": timedelta(hours=24), "verified": timedelta(days=7)}
STILL = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Stuck:
    """One thing that waits. ``since``: ISO time, "" where it is not known; ``waited``: in words."""

    kind: str
    subject: str
    since: str
    waited: str
    detail: str
    remedy: str


@dataclass(frozen=True, slots=True)
class StuckWork:
    """Counts of what does not go on by itself, by kind."""

    claims_expired: int
    escalations: int
    spooled: int
    not_moved: int
    drifted: int
    rows: tuple[Stuck, ...]

    def sheet(self) -> Sheet:
        lines = tuple(
            Line((row.kind, row.subject, row.waited, row.detail, row.remedy), _TONES.get(row.kind, "warn"))
            for row in self.rows
        )
        heads = ("what", "where", "for", "detail", "what to do")
        return Sheet("Stuck work", columns=tuple(map(Column, heads)), lines=lines, empty="Nothing is stuck.")


def _claims(view: View) -> Iterator[Stuck]:
    for kind in ("book", "flow", "unit"):
        for subject in view.ledger.subjects(kind):
            entry = view.ledger.entry(subject)
            until = moment_or_none(entry.get("owner_until"))
            if entry.get("current_owner") and until is not None and until <= view.now:
                detail = f"held by {one_line(entry['current_owner'], 60)}"
                yield _stuck(view, "claim expired", subject, str(entry["owner_until"]), detail, _run(subject))


def _escalations(view: View) -> Iterator[Stuck]:
    for kind in ("book", "flow"):
        for subject in view.ledger.subjects(kind):
            step = next_step(view.ledger, subject)
            if isinstance(step, NeedsPerson):
                escalation = view.ledger.entry(subject).get("escalation")
                since = str(escalation.get("since") or "") if isinstance(escalation, dict) else ""
                yield _stuck(view, "waits for a person", subject, since, step.reason, "codexctl escalations list")


def _spool(view: View) -> Iterator[Stuck]:
    for name, since in view.spooled():
        bad = name.startswith("bad/")
        if bad or view.now - since >= SPOOL:
            detail = "set aside: it cannot be read" if bad else "not integrated"
            remedy = "read the .txt beside it" if bad else "codexctl integrate"
            at = since.isoformat(timespec="seconds")
            yield _stuck(view, "proposal in the spool", name.removesuffix(".json"), at, detail, remedy)


def _still(view: View) -> Iterator[Stuck]:
    """Books under way that nobody works on and that have not moved for too long."""
    for subject in view.ledger.subjects("book"):
        step = next_step(view.ledger, subject)
        state = view.ledger.status(subject) or ""
        events = view.ledger.events(subject)
        begun = any(event.kind != "registered" for event in events)
        if isinstance(step, Final | NeedsPerson) or not begun or view.ledger.owner(subject, view.now):
            continue
        since = moment_or_none(events[-1].at)
        if since is not None and view.now - since >= STILL_IN.get(state, STILL):
            detail = f"at {state}, next {step.pass_name}"
            yield _stuck(view, "book not moved", subject, events[-1].at, detail, _run(subject))


def _drift(view: View) -> Iterator[Stuck]:
    """A committed matrix that is not what the ledger and the plans give now."""
    text = view.snapshot.any_text(MATRIX) if view.snapshot.exists(MATRIX) else None
    if text is not None and text != render(view.matrix):
        detail = "not what ledger and plans give"
        yield _stuck(view, "file out of date", MATRIX, "", detail, "the next integration writes it anew")


#: Kind of stuck work → how it is found, in the order in which it is shown.
_FINDERS: dict[str, Callable[[View], Iterator[Stuck]]] = {
    "waits for a person": _escalations,
    "claim expired": _claims,
    "proposal in the spool": _spool,
    "book not moved": _still,
    "file out of date": _drift,
}
#: Kinds that are worse than a warning.
_TONES: dict[str, Tone] = {"waits for a person": "bad"}


def stuck(view: View) -> StuckWork:
    found = {kind: tuple(find(view)) for kind, find in _FINDERS.items()}
    return StuckWork(
        claims_expired=len(found["claim expired"]),
        escalations=len(found["waits for a person"]),
        spooled=len(found["proposal in the spool"]),
        not_moved=len(found["book not moved"]),
        drifted=len(found["file out of date"]),
        rows=tuple(row for rows in found.values() for row in rows),
    )


def _stuck(view: View, kind: str, subject: str, since: str, detail: str, remedy: str) -> Stuck:
    began = moment_or_none(since)
    waited = span(view.now - began) if began else "–"
    return Stuck(kind, one_line(subject.removeprefix("book:"), 80), since, waited, one_line(detail, 200), remedy)


def _run(subject: str) -> str:
    if unit := unit_of(subject):
        return f"codexctl produce-next --id {one_line(unit, 80)}"
    return f"codexctl run {one_line(subject.removeprefix('book:'), 80)}"
