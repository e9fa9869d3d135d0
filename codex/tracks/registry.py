"""All tracks, in one visible place: the one that comes with Codex, and those of installed packages.

A package adds a track by an entry point of the group ``codex.tracks`` that names a ``Track``; nothing in Codex changes.
Kinds of subjects and names of passes belong to one track each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from codex.errors import UserError
from codex.tracks.fasttrack import TRACK as FASTTRACK
from codex.tracks.ladder import DEFAULT, Rung, climb
from codex.tracks.machine import DEFERRED, ESCALATED, Machine
from codex.tracks.track import Track, load

GROUP = "codex.tracks"

#: The subject that is no subject of any track: the campaign itself.
CAMPAIGN = "campaign"


@cache
def tracks() -> tuple[Track, ...]:
    """Every track; raises UserError naming the package whose track cannot be used."""
    return checked((FASTTRACK, *_installed()))


def checked(found: Iterable[Track]) -> tuple[Track, ...]:
    """The tracks, each with kinds, shelves and passes of its own and a way for every state; raises UserError."""
    known: tuple[Track, ...] = ()
    for track in found:
        problem = next(_problems(track, known), "")
        if problem:
            raise UserError(f"The track {track.name!r} cannot be used: {problem}.", remedy="Mend or uninstall it.")
        known = (*known, track)
    return known


def machines() -> tuple[Machine, ...]:
    """Every kind of subject, in the order in which they are shown."""
    return tuple(machine for track in tracks() for machine in track.machines)


@cache
def shelves() -> Mapping[str, str]:
    """Kind of subject → the key of campaign.json under which its subjects stand."""
    return {machine.kind: machine.shelf for machine in machines()}


def kinds() -> tuple[str, ...]:
    return tuple(machine.kind for machine in machines())


def machine_of(subject: str) -> Machine | None:
    """The machine of a subject's kind (``book:spin-geometry``, or ``book``); None for the campaign itself."""
    return _by_kind().get(subject.partition(":")[0])


def machine_in(subject: str) -> Machine:
    """The machine of a subject that has one; raises UserError for any other name."""
    machine = machine_of(subject)
    if machine is None:
        raise UserError(
            f"{subject!r} has no state machine.", remedy=f"Name one of {', '.join(f'{k}:…' for k in kinds())}."
        )
    return machine


def document_of(subject: str) -> str:
    """The path of a subject's own document (a book's plan, a flow); "" for one of a kind without documents."""
    machine = machine_of(subject)
    return machine.path_of(subject.partition(":")[2]) if machine else ""


def track_of(subject: str) -> Track | None:
    """The track to which a subject's kind belongs; None for the campaign itself."""
    kind = subject.partition(":")[0]
    return next((track for track in tracks() if any(machine.kind == kind for machine in track.machines)), None)


def is_subject(name: str) -> bool:
    """Whether it can be the name of a subject: ``campaign``, or a kind and a name as that kind has them."""
    machine = machine_of(name)
    return name == CAMPAIGN or (machine is not None and machine.named(name.partition(":")[2]))


def conditions_of(subject: str) -> Mapping[str, Any]:
    """The conditions that the table of a subject may name."""
    track = track_of(subject)
    found: Mapping[str, Any] = load(track.conditions) if track and track.conditions else {}
    return found


@cache
def passes() -> Mapping[str, Any]:
    """Every pass by its name (``codex.passes.base.Pass``). A track may name passes that are still to come."""
    return {name: each for track in tracks() for name, each in load(track.passes).items()}


def rung(pass_name: str, times: int, tier: str | None = None, *, short: bool = False) -> Rung:
    """What to do after ``times`` (≥ 1) faulty replies in a row; ``tier`` is a Greek letter. ValueError below 1.

    ``short``: after so many sound replies that found the subject short.
    """
    track = next((each for each in tracks() if pass_name in each.pass_names), None)
    if track is None:
        return climb(DEFAULT, times)
    found = track.shortfalls.get(pass_name) if short else track.tier_ladders.get((pass_name, tier or ""))
    return climb(found or track.ladders.get(pass_name, DEFAULT), times)


@cache
def _by_kind() -> dict[str, Machine]:
    return {machine.kind: machine for machine in machines()}


def _installed() -> Iterator[Track]:
    from importlib.metadata import entry_points  # costs more than all the rest here

    for point in entry_points(group=GROUP):
        track = load(point.value)
        if not isinstance(track, Track):
            raise UserError(f"{point.value} is no track.", remedy=f"Mend or uninstall {point.name!r}.")
        yield track


def _problems(track: Track, known: tuple[Track, ...]) -> Iterator[str]:
    taken = {machine.kind for each in known for machine in each.machines} | {CAMPAIGN}
    shelves = {machine.shelf for each in known for machine in each.machines} | {"totals", "version"}
    passed = {name for each in known for name in each.pass_names}
    yield from (f"there is a track {each.name!r} already" for each in known if each.name == track.name)
    yield from (f"its pass {name!r} is another track's" for name in track.pass_names if name in passed)
    for machine in track.machines:
        if machine.kind in taken or machine.shelf in shelves:
            yield f"the kind {machine.kind!r} is another track's"
        yield from _holes(machine)


def _holes(machine: Machine) -> Iterator[str]:
    """What would stop a subject half-way: a row to no state, a state that nothing leads on from."""
    for row in machine.transitions:
        yield from (f"{machine.kind} has no state {s!r}" for s in (row.source, row.target) if machine.state(s) is None)
    for name in (ESCALATED, DEFERRED):
        if machine.state(name) is None:
            yield f"{machine.kind} lacks the state {name!r} (machine.BESIDE_THE_WAY)"
    for state in machine.states:
        ahead = any(t.outcome == "success" and t.pass_name and t.when is None for t in machine.leaving(state.name))
        if not (ahead or state.final or state.person):
            yield f"nothing leads on from {state.name!r} of {machine.kind}"
