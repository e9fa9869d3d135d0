"""The connection brief (curriculum §3): what to say word for word, throughlines, neighbours, the author's voice."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from codex.campaign.events import Kind
from codex.continuity.phrases import fold, synthesis_claims
from codex.corpus.connections import Connection
from codex.corpus.titles import telling_words
from codex.passes.briefing.case import Case
from codex.passes.briefing.excerpts import fitting, pieces
from codex.units import Unit
from codex.units.frontmatter import fields_of
from codex.units.yamlsafe import load_yaml

#: Neighbours whose emphasis is told.
_NEIGHBOURS = 8
_VOICE_BYTES = 1_500
_EMPHASIS_BYTES = 420
_VOICE_HEADING = re.compile(
    r"^#{2,3} [^\n]*(?:voice|perspective|distinctive|is for)[^\n]*\n", re.IGNORECASE | re.MULTILINE
)
_NEXT_HEADING = re.compile(r"^#{1,3} ", re.MULTILINE)


def owed(case: Case) -> list[Connection]:
    """The registered connections that this unit must say: of its concept, or that name it."""
    registered = case.corpus.connections.connections
    concepts = {case.concept, *catalog_concepts(case)} - {""}
    return [c for c in registered if case.id in c.units or concepts & {c.source, c.target}]


def catalog_concepts(case: Case) -> tuple[str, ...]:
    """The catalog ids whose entries name this unit as the one that teaches them."""
    return case.corpus.catalog.taught_by(case.id)


def nearby(case: Case, most: int = 12) -> Iterator[Connection]:
    """Registered connections among the prerequisites and their neighbours, which the unit may happen to name."""
    own = {c.id for c in owed(case)}
    around = [*case.prerequisites, *case.successors, *case.near[:20]]
    concepts = {case.units[u].text_value("concept_catalog_id") for u in around if u in case.units} - {""}
    before = set(case.prerequisites)
    others = (c for c in case.corpus.connections.connections if c.id not in own and c.anchor_phrase)
    found = (c for c in others if {c.source, c.target} <= concepts or before & {*c.units})
    yield from islice(found, most)


def throughlines(case: Case) -> Iterator[str]:
    """Teaching flows that walk through this unit or a prerequisite of it: their question and what they claim there."""
    around = {case.id, *case.prerequisites}
    for path in case.context.snapshot.under("flows"):
        flow = _flow(case.context.snapshot.text(path), path)
        line, steps = flow.get("throughline"), flow.get("steps")
        if not isinstance(line, Mapping) or not isinstance(steps, list):
            continue
        numbers = {s.get("n") for s in steps if isinstance(s, Mapping) and str(s.get("unit")) in around}
        if numbers:
            beats = line.get("synthesis_beats")
            listed = [b for b in beats if isinstance(b, Mapping)] if isinstance(beats, list) else []
            claims = [str(b.get("claim", "")) for b in listed if b.get("after_step") in numbers]
            name = path.rpartition("/")[2].rpartition(".")[0]
            yield f"{name}: {line.get('central_question', '')} {' · '.join(claims)}".strip()


def _flow(text: str, path: str) -> Mapping[Any, Any]:
    """The front matter of a flow; empty when it cannot be read (the continuity report says why)."""
    found = fields_of(text) if path.endswith(".md") else load_yaml(text)
    return found if isinstance(found, Mapping) else {}


def emphases(case: Case) -> Iterator[str]:
    """What neighbouring units make much of: the paragraph of each that claims most, newly shipped neighbours first."""
    recent = [e.unit or "" for e in reversed(case.context.ledger.events()) if e.kind == Kind.UNIT_SHIPPED]
    around = [u for u in case.near[:40] if case.steps.get(u, 9) <= 2 or u in case.siblings]
    ordered = dict.fromkeys([*(u for u in recent if u in around), *around])
    said = 0
    for unit_id in ordered:
        text = emphasis(case.units[unit_id])
        if text and said < _NEIGHBOURS:
            said += 1
            yield f"`{unit_id}` {case.units[unit_id].title}: {text}"


def emphasis(unit: Unit) -> str:
    """The sentences around the most claims of the Master text, shortened."""
    master = [p for b in unit.blocks if b.heading.tiers == {"master"} for p in pieces(unit.body[b.start : b.end])]
    best = max(master, key=lambda p: synthesis_claims(fold(p)), default="")
    if not synthesis_claims(fold(best)):
        return ""
    sentences = re.split(r"(?<=[.!?])\s+(?=[A-Z*])", " ".join(best.split()))
    topic = telling_words(unit.title)  # a sentence that does not name it would fit any unit
    text = ""
    for sentence in sentences:
        telling = synthesis_claims(fold(sentence)) and topic & telling_words(sentence)
        if telling and len((text + sentence).encode()) < _EMPHASIS_BYTES:
            text = f"{text} {sentence}".strip()
    return text


def voice(case: Case) -> str:
    """The author's voice: §1.7 of the book's audit, else what the audits that ask for the unit say of their books."""
    own = "" if case.context.queued else case.context.inventory.voice
    if own:
        return own
    asked = case.context.queued.excerpts if case.context.queued else ()
    paths = list(dict.fromkeys(e.path for e in asked))
    room = _VOICE_BYTES // max(1, min(2, len(paths)))
    parts = [(path, _voice_of(case.context.snapshot.text(path, ""), room)) for path in paths[:2]]
    return "\n\n".join(f"{path}: {text}" for path, text in parts if text)


def _voice_of(audit: str, limit: int) -> str:
    heading = _VOICE_HEADING.search(audit)
    if not heading:
        return ""
    rest = audit[heading.end() :]
    end = _NEXT_HEADING.search(rest)
    found = [" ".join(p.split()) for p in pieces(rest[: end.start()] if end else rest)]
    return fitting([p for p in found if not p.endswith(":")], limit)
