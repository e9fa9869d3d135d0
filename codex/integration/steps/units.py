"""Write one unit into the draft: place it, register it, judge it; or reject it and leave the draft as it was."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from codex.check.defects import unreadable
from codex.check.policy import Policy
from codex.corpus.index import CorpusIndex
from codex.errors import ContentError, UserError
from codex.integration.hostile import hostile
from codex.integration.proposal import ConnectionDecision, Proposal, RejectedUnit, UnitChange
from codex.integration.steps.collisions import doubts, is_another, taken
from codex.integration.steps.continuity import unit_figures
from codex.integration.steps.draft import Draft, Ready
from codex.integration.steps.judge import judge_changed, judge_new, judge_others, look_around
from codex.integration.steps.refused import Rejected, rejected
from codex.integration.steps.register import Registered, is_shipped, record_status, register
from codex.integration.steps.withdraw import Withdrawn
from codex.snapshot import OverlaySnapshot, Snapshot, blob_id
from codex.units import Unit, parse_unit, set_frontmatter_value

_FLAG = "pending_prereqs"


@dataclass(frozen=True)
class Accepted:
    """A unit that is in the draft. ``written``: its file is new or changed; ``checks``: passed/total.

    ``unknown``: connections that it names and the registry lacks; ``cleared``: units that waited for it; ``actions``:
    what was done to shared files, as clauses; ``doubts``: what a person should look at.
    """

    change: UnitChange
    path: str
    checks: str
    written: bool
    unknown: tuple[str, ...] = ()
    cleared: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


@dataclass
class Batch:
    """What became of a proposal's units."""

    accepted: list[Accepted] = field(default_factory=list)
    rejected: list[RejectedUnit] = field(default_factory=list)
    withdrawn: list[Withdrawn] = field(default_factory=list)
    decided: list[ConnectionDecision] = field(default_factory=list)


@dataclass(frozen=True)
class _Entered:
    """A unit that is in the draft and not judged yet. ``index`` is that of the state before."""

    change: UnitChange
    path: str
    text: str
    unit: Unit
    index: CorpusIndex
    registered: Registered
    cleared: tuple[str, ...]


def integrate_units(draft: Draft, proposal: Proposal, policy: Policy, ready: Ready) -> tuple[Draft, Batch]:
    """Try each unit on top of those accepted before it, prerequisites first; one that is rejected leaves no trace.

    ``ready`` is told what the last one changes before it is judged.
    """
    batch = Batch()
    if proposal.units:
        look_around(draft, policy)
    changes = list(_in_order(proposal.units))
    for change in changes:
        attempt = draft.copy()
        try:
            entered = _entered(attempt, draft, change)
            if change is changes[-1]:
                ready(attempt.changes)
            batch.accepted.append(_judged(attempt, draft, proposal, entered, policy))
        except Rejected as exc:
            batch.rejected.append(exc.unit)
        else:
            draft = attempt
    return draft, batch


def _in_order(changes: Sequence[UnitChange]) -> Iterator[UnitChange]:
    """The units, each after those of the same proposal that it needs; a circle is left to the graph's own check."""
    waiting = {change.id: change for change in changes}
    sound = [change for change in changes if not hostile(change.text)]  # nothing else is worth parsing
    needs = dict.fromkeys(waiting, frozenset[str]())
    needs |= {c.id: frozenset(parse_unit(c.text.encode("utf-8", "replace"), c.id).prerequisites) for c in sound}
    while waiting:
        ready = [i for i in waiting if not (needs[i] & waiting.keys()) - {i}] or [next(iter(waiting))]
        for unit_id in ready:
            yield waiting.pop(unit_id)


def _entered(draft: Draft, before: Draft, change: UnitChange) -> _Entered:
    reason = hostile(change.text)
    if reason:
        raise rejected(change.id, "hostile", reason)
    index = CorpusIndex(before.snapshot())
    path = _place(change, index)
    _require_letter_case(change, path, before)
    text = _with_flag(change, path, index)
    draft.put(path, text.encode("utf-8"))
    unit = parse_unit(text.encode("utf-8"), path)
    _require_identity(change, unit)
    registered = register(draft, change, unit)
    return _Entered(change, path, text, unit, index, registered, tuple(_clear_flags(draft, unit)))


def _judged(draft: Draft, before: Draft, proposal: Proposal, entered: _Entered, policy: Policy) -> Accepted:
    change, path, unit = entered.change, entered.path, entered.unit
    is_new = change.action == "new"
    checks = judge_new(change, path, draft, policy) if is_new else judge_changed(change, path, before, draft, policy)
    judge_others(change, path, before, draft, policy)
    written = not before.exists(path) or before.text(path) != entered.text
    record_status(draft, proposal, unit, checks, unit_figures(draft.snapshot(), path))
    odd = tuple(doubts(unit, entered.index)) if is_new and written else ()
    told = entered.registered
    return Accepted(change, path, checks, written, told.unknown, entered.cleared, told.actions, odd)


def _place(change: UnitChange, index: CorpusIndex) -> str:
    there = index.paths_by_id.get(change.id, ())
    if len(there) > 1:
        raise rejected(change.id, "id-taken", f"the id is carried by several files: {', '.join(there)}")
    if change.action == "new":
        return _place_new(change, index)
    if not there:
        raise rejected(change.id, "moved", "there is no unit of this id to change")
    if is_another(parse_unit(change.text.encode("utf-8"), there[0]), index.unit_at(there[0])):
        raise taken(change, index.unit_at(there[0]), index)
    if not _is_based_on(change.expected_blob, index.unit_at(there[0])):
        raise rejected(change.id, "moved", f"{there[0]} has changed since this was written")
    return there[0]


def _place_new(change: UnitChange, index: CorpusIndex) -> str:
    there = index.unit(change.id)
    if there is not None:
        if _is_based_on(blob_id(change.text.encode("utf-8")), there):
            return there.path
        raise taken(change, there, index)
    unit = parse_unit(change.text.encode("utf-8"), change.slug)
    try:
        return index.place_draft(unit, change.id, change.slug)
    except UserError as exc:
        raise rejected(change.id, "checks", str(exc)) from exc


def _is_based_on(blob: str | None, unit: Unit) -> bool:
    """True when the unit's file is that blob, or differs from it only in the flag that integration itself sets."""
    if blob is None or blob == blob_id(unit.data) or unit.error:
        return blob == blob_id(unit.data)
    try:
        flagged = [set_frontmatter_value(unit.data.decode("utf-8"), _FLAG, value) for value in (True, False)]
    except ContentError:
        return False
    return blob in [blob_id(text.encode("utf-8")) for text in flagged]


def _require_letter_case(change: UnitChange, path: str, before: Draft) -> None:
    """Two names that differ by letter case alone are one file, or one folder, on many disks."""
    names = before.snapshot().derived("names", _names, _names_after)
    for ours in _and_folders(path):
        other = next((name for name in names.get(ours.casefold(), ()) if name != ours), None)
        if other:
            raise rejected(change.id, "id-taken", f"{path} and {other} differ by letter case alone")


def _names(snapshot: Snapshot) -> dict[str, tuple[str, ...]]:
    """Every file and folder, by its name without letter case."""
    return _with_names({}, snapshot.blobs())


def _names_after(before: dict[str, tuple[str, ...]], state: OverlaySnapshot) -> dict[str, tuple[str, ...]]:
    if not all(map(state.exists, state.changes)):  # folders may have gone with a file
        return _names(state)
    return _with_names(dict(before), (path for path in state.changes if not state.base.exists(path)))


def _with_names(found: dict[str, tuple[str, ...]], paths: Iterable[str]) -> dict[str, tuple[str, ...]]:
    for path in paths:
        for name in _and_folders(path):
            same = found.get(name.casefold(), ())
            if name in same:
                break  # and so are the folders above it
            found[name.casefold()] = (*same, name)
    return found


def _and_folders(path: str) -> Iterator[str]:
    """The path and every folder above it, the nearest first."""
    while path:
        yield path
        path = path.rpartition("/")[0]


def _require_identity(change: UnitChange, unit: Unit) -> None:
    if unit.error:
        detail = f"it cannot be read as a unit: {unit.error.sentence}"
        raise rejected(change.id, "checks", detail, [unreadable(unit.error)])
    if unit.id != change.id:
        raise rejected(change.id, "checks", f"the front matter says id {unit.id!r}, the proposal {change.id!r}")
    if unit.status != "shipped":
        raise rejected(change.id, "checks", f"status is {unit.status!r}; what is integrated is shipped")


def _with_flag(change: UnitChange, path: str, index: CorpusIndex) -> str:
    """The unit's text, saying truly whether it waits for a prerequisite that is in flight."""
    unit = parse_unit(change.text.encode("utf-8"), path)
    missing = [p for p in unit.prerequisites if not is_shipped(index, p)]
    waits = bool(missing) and all(p in index.deps.pending_ids for p in missing)
    return _flagged(change.text, unit, waits=waits)


def _flagged(text: str, unit: Unit, *, waits: bool) -> str:
    if unit.error or bool(unit.frontmatter.get(_FLAG)) == waits:
        return text
    try:
        return set_frontmatter_value(text, _FLAG, waits)
    except ContentError as exc:
        raise rejected(unit.id, "checks", f"{_FLAG} cannot be set: {exc}") from exc


def _clear_flags(draft: Draft, shipped: Unit) -> list[str]:
    """Take the flag from units that waited for this one and now wait for none."""
    index = CorpusIndex(draft.snapshot())
    cleared = []
    for unit_id in index.deps.dependants.get(shipped.id, ()):
        unit = index.unit(unit_id)
        if unit is None or unit.error or not unit.frontmatter.get(_FLAG):
            continue
        if all(is_shipped(index, p) for p in unit.prerequisites):
            draft.put(unit.path, _flagged(unit.data.decode("utf-8"), unit, waits=False).encode("utf-8"))
            cleared.append(unit_id)
    return cleared
