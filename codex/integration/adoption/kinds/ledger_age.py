"""A campaign.json of another age: no log, names of its own, keys that stand twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from codex.campaign.adopt import normalised
from codex.campaign.ages import Change
from codex.campaign.events import EventDraft
from codex.campaign.events import Kind as EventKind
from codex.campaign.ledger import CAMPAIGN, Ledger
from codex.campaign.log import HEAD, files
from codex.corpus.jsondoubles import doubled_keys
from codex.corpus.jsonfile import loads
from codex.errors import CodexError
from codex.integration.adoption.kind import Found, Kind, Repair
from codex.integration.adoption.view import View
from codex.snapshot import blob_id

_SHOWN = 90


def of_another_age(view: View) -> bool:
    """True for a ledger that has no log and no head: nothing of ours has written it."""
    there = view.snapshot.exists(CAMPAIGN) and CAMPAIGN not in view.damaged
    return there and not files(view.snapshot) and not view.snapshot.exists(HEAD)


def _changes(view: View) -> tuple[Change, ...]:
    if not of_another_age(view):
        return ()
    try:
        return normalised(view.snapshot.read(CAMPAIGN), CAMPAIGN)
    except CodexError:
        return ()  # kind unreadable-files


def _find(view: View) -> Iterator[Found]:
    if not of_another_age(view):
        return
    yield Found(CAMPAIGN, None, "it has no log: what happened cannot be told from what somebody wrote")
    for change in _changes(view):
        if change.what != "doubled-key":
            line = _line(view, change.where.split("."))
            yield Found(CAMPAIGN, line, f"{change.where}: {_short(change.before)} → {_short(change.after)}")


def _line(view: View, path: list[str]) -> int | None:
    """The line of the innermost part of a dotted path that stands in the file."""
    text = view.text(CAMPAIGN)
    for depth in range(len(path), 0, -1):
        member = next((m for m in view.members(CAMPAIGN, *path[: depth - 1]) if m.key == path[depth - 1]), None)
        if member:
            return text.count("\n", 0, member.start) + 1
    return None


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _repair(view: View, now: datetime) -> Repair:
    changes = _changes(view)
    if not of_another_age(view):
        return Repair()
    data = view.snapshot.read(CAMPAIGN)
    said = {"adopted": CAMPAIGN, "blob": blob_id(data), "normalised": [each.as_data() for each in changes]}
    draft = EventDraft(
        subject="campaign",
        kind=EventKind.NOTED,
        rationale=f"{CAMPAIGN} was adopted; {len(changes)} things in it were normalised",
        data=said,
    )
    done = Ledger.load(view.snapshot).append([draft.with_id("adopted")], now)
    counts: dict[str, int] = {}
    for change in changes:
        counts[change.what] = counts.get(change.what, 0) + 1
    parts = ", ".join(f"{count} {what}" for what, count in counts.items()) or "nothing"
    notes = [f"the ledger has a log of {len(done.appended)} events now; normalised: {parts}"]
    notes.append(f"its old bytes stay in git as {blob_id(data)}, each old value in the last event of the log")
    return Repair(done.changes, tuple(notes))


def _find_doubled(view: View) -> Iterator[Found]:
    for path in view.snapshot.under("manifests", ".json"):
        for each in doubled_keys(view.text(path)):
            values = " and ".join(_short(value) for value in each.values)
            also = ", ".join(str(line) for line in each.lines[:-1])
            yield Found(path, each.lines[-1], f"{each.path} stands in line {also} already: {values}")


def _repair_doubled(view: View, now: datetime) -> Repair:
    """Joined as the ledger's reader joins them: the fuller value, completed by the other."""
    if of_another_age(view):
        return _repair(view, now)
    return Repair()


def _unreadable(view: View, path: str) -> str:
    """Why a JSON file cannot be read; "" when it can."""
    try:
        loads(view.snapshot.read(path).decode("utf-8"), path)
    except UnicodeDecodeError as exc:
        return f"it is not UTF-8 text: {exc.reason}"
    except CodexError as exc:
        return exc.what
    return ""


def _find_unreadable(view: View) -> Iterator[Found]:
    json_files = view.snapshot.under("manifests", ".json")
    reasons = view.damaged | {path: reason for path in json_files if (reason := _unreadable(view, path))}
    for path, reason in reasons.items():
        yield Found(path, None, reason)


KIND = Kind(
    name="ledger-of-another-age",
    group="ledger",
    title="things in campaign.json that are of another age",
    means="The file was written by hand or by other scripts: it has no log, and statuses, tiers, passes and keys have "
    "names that the engine does not use.",
    mends="Begins the log with a `registered` event for each book and writes campaign.json from it. Names are mapped "
    "by the table in codex/campaign/ages.py; the old record of every renamed pass stays under `adopted`, "
    "every key that is unknown stays where it is, and the last event of the log lists each thing that was normalised.",
    find=_find,
    repair=_repair,
)

DOUBLED = Kind(
    name="doubled-keys",
    group="ledger",
    title="keys that stand twice in one JSON object",
    means="A reader keeps the last value and drops the other without a word: here often a pass that was completed and "
    "then listed again as pending.",
    mends="In campaign.json: the fuller value counts, completed by the other; both are in the log's last event. In "
    "other files decide by hand.",
    find=_find_doubled,
    repair=_repair_doubled,
)

UNREADABLE = Kind(
    name="unreadable-files",
    group="ledger",
    title="shared files that cannot be read",
    means="The file is damaged, or has another shape; it counts as absent in everything else that is told here.",
    mends="Mend it, or take it back from an earlier commit.",
    find=_find_unreadable,
)
