"""A queued unit of the production plan as something to produce: subject ``unit:<id>``, owed to no book in production.

What a book's own plan says of a deliverable is here taken from the audits that ask for the unit: title, kind,
prerequisites, and what each audit wrote, with file and line.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from codex.campaign.owed import Deliverable
from codex.corpus.index import CorpusIndex
from codex.corpus.titles import DIFFERENT, overlap
from codex.errors import UserError
from codex.planning.audits import read_audits
from codex.planning.bullets import OUT_OF_SCOPE, Bullet
from codex.planning.find import find_unit
from codex.planning.merge import SHIPPED
from codex.planning.store import live_plan
from codex.snapshot import Snapshot

KIND = "unit"

#: Longest slug that is proposed for a unit, cut between words.
SLUG_LIMIT = 60

_COMMAND = re.compile(r"\\[A-Za-z]+")
_NO_WORD = re.compile(r"[^a-z0-9]+")
_GLUE = re.compile(r"[\^_{}$`'’]")


@dataclass(frozen=True, slots=True)
class Excerpt:
    """What one audit says of the unit; ``text`` is the whole bullet after its title, its lines joined."""

    audit: str
    path: str
    line: int
    title: str
    kind: str
    priority: str
    text: str

    @property
    def place(self) -> str:
        return f"{self.path}:{self.line}"


@dataclass(frozen=True, slots=True)
class QueuedUnit:
    """A unit that audits ask for.

    ``action`` is ``new``, or ``deepen`` for a unit that is there. ``prerequisites`` and ``successors`` are the plan's
    edges (ids of units that exist or are planned); ``slug`` and ``concept`` (a free catalog id) are proposals for a
    new unit, what it has for one that is there. ``excerpts`` come in the order of the audits.
    """

    id: str
    title: str
    action: str
    kind: str
    priority: str
    chapter: str
    slug: str
    concept: str
    prerequisites: tuple[str, ...]
    successors: tuple[str, ...]
    excerpts: tuple[Excerpt, ...]

    @property
    def deliverable(self) -> Deliverable:
        """The unit as what production is asked for; each audit's words with their place."""
        return Deliverable(
            id=self.id,
            action=self.action,
            title=self.title,
            slug=self.slug,
            prerequisites=self.prerequisites,
            concept=self.concept,
            spec="\n\n".join(f"{e.title}. {e.text} ({e.place})" for e in self.excerpts),
        )


def queued_unit(snapshot: Snapshot, unit_id: str, index: CorpusIndex | None = None) -> QueuedUnit:
    """The unit as the plan of the snapshot has it; raises UserError for an id that no audit asks for."""
    corpus = index or CorpusIndex(snapshot)
    plan = live_plan(snapshot)
    entry = find_unit(plan, unit_id)
    excerpts = tuple(_excerpts(snapshot, entry))
    if not excerpts:
        raise UserError(
            f"{unit_id} is in the plan, but no audit asks for it: it was shipped before the audits.",
            remedy="See `codexctl plan --explain ID`; name a unit of the queue.",
        )
    there = corpus.unit(unit_id)
    title = str(entry["title"])
    return QueuedUnit(
        id=unit_id,
        title=title,
        action="deepen" if there else "new",
        kind=str(entry["kind"]),
        priority=str(entry["priority"]),
        chapter=unit_id.rpartition(".")[0],
        slug=there.slug if there else slug_of(title),
        concept=there.text_value("concept_catalog_id") if there else _concept(corpus, unit_id, title),
        prerequisites=tuple(each for each in entry["prereqs"] if _is_to_be_read(plan, each)),
        successors=tuple(entry["successors"]),
        excerpts=excerpts,
    )


def _is_to_be_read(plan: Mapping[str, Any], unit_id: str) -> bool:
    """A prerequisite that is or will be a unit; a chapter's README is none."""
    known = plan["units"].get(unit_id)
    return known is None or known["kind"] != OUT_OF_SCOPE or known["status"] == SHIPPED


def _excerpts(snapshot: Snapshot, entry: Mapping[str, Any]) -> Iterator[Excerpt]:
    places = list(entry.get("found_at", ()))
    bullets = {f"{b.path}:{b.line}": (a.slug, b) for a in read_audits(snapshot) for b in a.bullets}
    yield from (_excerpt(*bullets[place]) for place in places if place in bullets)


def _excerpt(audit: str, bullet: Bullet) -> Excerpt:
    return Excerpt(audit, bullet.path, bullet.line, bullet.title, bullet.kind, bullet.priority, bullet.spec)


def slug_of(title: str) -> str:
    """A unit's slug from its title: accents and formulas taken off, cut between words; never empty."""
    plain = unicodedata.normalize("NFKD", _GLUE.sub("", _COMMAND.sub(" ", title))).encode("ascii", "ignore").decode()
    words = _NO_WORD.sub(" ", plain.lower()).split()
    slug = ""
    for word in words:
        if slug and len(slug) + 1 + len(word) > SLUG_LIMIT:
            break
        slug = f"{slug}-{word}" if slug else word[:SLUG_LIMIT]
    return slug or "unit"


def _concept(corpus: CorpusIndex, unit_id: str, title: str) -> str:
    """The catalog's own id where an entry on this topic names the unit, else a free one."""
    named = corpus.catalog.taught_by(unit_id)
    return next(
        (slug for slug in named if overlap(corpus.catalog.keys(slug).get("title", ""), title) > DIFFERENT),
        free_concept(corpus, unit_id, title),
    )


def free_concept(corpus: CorpusIndex, unit_id: str, title: str) -> str:
    """A catalog id that nobody has: in the name space that most units of the chapter are in (then of the section)."""
    chapter, section = unit_id.rpartition(".")[0], unit_id.partition(".")[0]
    space = _name_space(corpus, f"{chapter}.") or _name_space(corpus, f"{section}.") or f"section-{section}"
    wanted = f"{space}.{slug_of(title)}"
    numbered = (f"{wanted}-{number}" for number in range(2, 1000))
    return next((name for name in (wanted, *numbered) if name not in corpus.catalog), wanted)


def _name_space(corpus: CorpusIndex, prefix: str) -> str:
    """What stands before the last dot of most concepts of the units whose id begins so; "" when there are none."""
    units = (corpus.unit(unit_id) for unit_id in corpus.paths_by_id if unit_id.startswith(prefix))
    spaces = Counter(unit.text_value("concept_catalog_id").rpartition(".")[0] for unit in units if unit)
    spaces.pop("", None)
    return min(spaces, key=lambda space: (-spaces[space], space), default="")
