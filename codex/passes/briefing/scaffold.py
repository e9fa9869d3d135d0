"""The front matter of the unit as far as it is known, as YAML; what is for the writer to fill in stands in ‹ ›."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

from codex.passes.briefing.case import Case
from codex.passes.briefing.connected import owed
from codex.units.headings import TIERS

#: ``lean_mathlib_gap`` of mathematical units (rule LN005) has a least number of words; the scaffold repeats its rule.
_GAP = "‹what the proof library has and lacks for this unit: see rule LN005›"


def scaffold(case: Case) -> str:
    """The YAML between the ``---`` lines, with them."""
    return "\n".join(["---", *_lines(case), "---"])


def _lines(case: Case) -> Iterator[str]:
    section, chapter = (_of_siblings(case, key) for key in ("section", "chapter"))
    folders = [name.partition("-")[2] or name for name in case.path.split("/")[1:-1]]
    yield f"id: {case.id}"
    yield f"title: {_quoted(case.title)}"
    yield f"slug: {case.wanted.slug or (case.shipped.slug if case.shipped else '‹slug›')}"
    yield f"section: {section or (folders[0] if folders else '‹section›')}"
    yield f"chapter: {chapter or (folders[-1] if folders else '‹chapter›')}"
    yield f"concept_catalog_id: {case.concept or '‹a free catalog id›'}"
    yield "prerequisites:" if case.prerequisites else "prerequisites: []"
    for unit in case.prerequisites:
        yield f"  - {unit}"
    yield f"successors: [{', '.join(u for u in case.successors if u not in case.prerequisites)}]"
    yield "tier_anchors:"
    yield from (f'  {tier}: "‹a published source of this level, with place›"' for tier in TIERS)
    yield f"tiers_present: [{', '.join(TIERS)}]"
    yield f"pending_prereqs: {str(bool(in_flight(case))).lower()}"
    yield "references:  # three or more works that you are certain of, a primary source among them"
    yield '  - {source: TODO_REF, path: "‹Author — Title (Publisher, year)›", locator: "‹§ or chapter›"}'
    yield "lean_status: none"
    yield f'lean_mathlib_gap: "{_GAP}"'
    yield "human_reviewer: TBD"
    yield "estimated_time: {" + ", ".join(f"{tier}: ‹minutes›m" for tier in TIERS) + "}"
    yield "status: shipped"
    yield from _connections(case)


def _connections(case: Case) -> Iterator[str]:
    """The registered connections by direction: out of the unit's concept, into it, else lateral."""
    found: dict[str, list[str]] = {"in": [], "out": [], "lateral": []}
    for connection in owed(case):
        end = "out" if connection.source == case.concept else "in" if connection.target == case.concept else "lateral"
        found[end].append(connection.id)
    listed = ", ".join(f"{key}: [{', '.join(map(_quoted, ids))}]" for key, ids in found.items())
    yield f"connections: {{{listed}, synthesis_claims: []}}"


def in_flight(case: Case) -> list[str]:
    """Prerequisites that are not written yet."""
    return [u for u in case.prerequisites if u not in case.context.shipped]


def _of_siblings(case: Case, key: str) -> str:
    """What most units of the chapter have there."""
    counted = Counter(case.units[u].text_value(key) for u in case.siblings)
    counted.pop("", None)
    return min(counted, key=lambda name: (-counted[name], name), default="")


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
