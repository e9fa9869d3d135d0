"""The parts of a production brief, ready for the pattern: texts, and shelves of texts that may be shortened."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from codex.corpus.connections import Connection
from codex.corpus.quoting import line, plain
from codex.passes.briefing.case import Case
from codex.passes.briefing.connected import emphases, nearby, owed, throughlines, voice
from codex.passes.briefing.differences import differences
from codex.passes.briefing.excerpts import cut_short, key_statements, notation
from codex.passes.briefing.lengths import length_of
from codex.passes.briefing.peers import excerpt_of, peers
from codex.passes.briefing.reach import Target, ahead, behind, forbidden_phrases, goals, most_references, spread
from codex.passes.briefing.scaffold import in_flight, scaffold
from codex.prompts.fitting import Shelf, size
from codex.units import Unit

#: Bytes of an excerpt: of a direct prerequisite, of the notation of a neighbour.
_STATEMENTS, _FURTHER, _NOTATION = 3_600, 1_500, 420
#: A prerequisite of fewer bytes is filled up with what the catalog notes of its concept, so many bytes at most.
_THIN, _NOTES = 500, 900
_NOTHING = "It states nothing of its own: see “Where the sources disagree”."
_NEIGHBOURS, _FURTHER_UNITS, _PEERS, _CONCEPTS = 10, 10, 3, 40


def parts(case: Case) -> dict[str, Any]:
    """The variables of the pattern that come from the corpus around the unit."""
    length = length_of(case)
    return {
        "scaffold": scaffold(case),
        "sources": list(_sources(case)),
        "in_flight": in_flight(case),
        "prerequisites": Shelf(
            "prerequisites' definitions and statements", tuple(_prerequisites(case)), 1, "read_unit shows the units", 2
        ),
        "further": Shelf("statements of further units", tuple(_further(case)), 8, "read_unit shows the units"),
        "notations": Shelf("neighbours' notation", tuple(_notations(case)), 4, "read_unit shows the units"),
        "length": length,
        "goals": goals(case, length),
        "spread": spread(case, length),
        "most_references": most_references(length),
        "forbidden_phrases": forbidden_phrases(),
        "ahead": Shelf("units to look ahead to", _targets(ahead(case), 36), 2, "search_corpus finds more", 8),
        "behind": Shelf("units to look back to", _targets(behind(case), 16), 3, "search_corpus finds more", 4),
        "connections": [_connection(c) for c in owed(case)],
        "nearby": Shelf("neighbouring anchor phrases", tuple(map(_phrase, nearby(case))), 6, "list_connections"),
        "throughlines": list(throughlines(case)),
        "emphases": Shelf("what neighbours make much of", tuple(emphases(case)), 5, "read_unit shows the units"),
        "voice": voice(case),
        "taken": Shelf("catalog ids near it", tuple(_concepts(case)), 7, "lookup_concept finds the others"),
        "peers": Shelf("excerpts of peers", tuple(_peers(case)), 3, "read_unit shows the units"),
        "differences": differences(case, length),
    }


def _targets(found: Iterator[Target], most: int) -> tuple[str, ...]:
    return tuple(map(_target, islice(found, most)))


def _sources(case: Case) -> Iterator[dict[str, str]]:
    """What each audit says, with file and line."""
    for excerpt in case.context.queued.excerpts if case.context.queued else ():
        yield {
            "place": excerpt.place,
            "title": line(excerpt.title),
            "kind": excerpt.kind,
            "priority": excerpt.priority,
            "text": plain(excerpt.text),
        }


def _prerequisites(case: Case) -> Iterator[str]:
    for unit_id in case.prerequisites:
        unit = case.units.get(unit_id)
        if unit is None:
            yield f"### {unit_id} {line(case.name(unit_id)) or '(not written yet)'}\n\nIn flight: not written yet."
        else:
            text = key_statements(unit, _STATEMENTS, case.is_own)
            if size(text) < _THIN:
                text = "\n\n".join(filter(None, (text, _of_the_catalog(case, unit)))) or _NOTHING
            yield f"### {unit_id} {line(unit.title)}\n\n{plain(text)}"


def _of_the_catalog(case: Case, unit: Unit) -> str:
    """What the catalog notes of the unit's concept, where the unit itself says little."""
    notes = case.corpus.catalog.keys(unit.text_value("concept_catalog_id")).get("notes", "")
    return f"The catalog notes: {cut_short(notes, _NOTES)}" if notes else ""


def _further(case: Case) -> Iterator[str]:
    """What near units that are no prerequisites state: a reference to them should fit."""
    around = [u for u in case.near if u not in case.prerequisites][:_FURTHER_UNITS]
    for unit_id in around:
        text = key_statements(case.units[unit_id], _FURTHER, case.is_own)
        if text:
            yield f"### {unit_id} {line(case.units[unit_id].title)}\n\n{plain(text)}"


def _notations(case: Case) -> Iterator[str]:
    around = [u for u in case.near if u not in case.prerequisites][:_NEIGHBOURS]
    for unit_id in around:
        text = notation(case.units[unit_id], _NOTATION)
        if text:
            yield f"`{unit_id}` {line(case.units[unit_id].title)}: {line(text)}"


def _target(target: Target) -> str:
    return f"[{target.id}] {line(target.title)} ({target.why}{'' if target.written else '; not written yet'})"


def _connection(c: Connection) -> str:
    note = f" {line(c.synthesis_note)}" if c.synthesis_note else ""
    return f"{c.id} ({c.type}, {c.strength}): {c.source} → {c.target}: “{line(c.anchor_phrase)}”.{note}"


def _phrase(c: Connection) -> str:
    return f"{c.source} → {c.target} ({c.type}): “{line(c.anchor_phrase)}”"


def _concepts(case: Case) -> Iterator[str]:
    """Catalog ids of the same name space, the chapter's first: taken, so not to be given to anything else."""
    of_chapter = [case.units[u].text_value("concept_catalog_id") for u in case.siblings]
    near = [case.units[u].text_value("concept_catalog_id") for u in case.near[:_CONCEPTS]]
    yield from list(dict.fromkeys(c for c in [*of_chapter, *near] if c and c != case.concept))[:_CONCEPTS]


def _peers(case: Case) -> Iterator[str]:
    shown = 0
    for peer in peers(case):
        text = excerpt_of(case, peer)
        if text and shown < _PEERS:
            shown += 1
            head, _, rest = text.partition("\n\n")
            yield f"### {head}\n\n{plain(rest)}"
