"""What the tools answer: lookups in a snapshot, and the engine's own checks on a draft."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from codex.agents.search import LoweredTexts, occurrences, query_words, rank
from codex.corpus import catalog
from codex.corpus.index import CorpusIndex
from codex.errors import UserError
from codex.snapshot import Snapshot

if TYPE_CHECKING:
    from codex.check.policy import Policy

_TITLE = re.compile(r"^- \*\*title\*\*:(.*)$", re.MULTILINE)
#: Shared by the conversations of this process: most units are the same in all of their snapshots.
_LOWERED = LoweredTexts()

_FULL_CONCEPTS = 5
_NAMED_CONCEPTS = 25
_SHOWN_CONNECTIONS = 100


class NotFound(UserError):
    """The snapshot has nothing of the name that was asked for."""


def unit_text(snapshot: Snapshot, path: str) -> str:
    return snapshot.any_text(path).replace("\r\n", "\n")


def read_unit(snapshot: Snapshot, unit_id: str) -> str:
    corpus = CorpusIndex(snapshot)
    path = corpus.path_of(unit_id)
    if path is None:
        near = [known for known in corpus.paths_by_id if known.startswith(unit_id[:5])]
        hint = f" Units of that chapter: {', '.join(near[:40])}." if near else " Use search_corpus to find one."
        raise NotFound(f"There is no unit {unit_id!r}.{hint}")
    return unit_text(snapshot, path)


def search_corpus(snapshot: Snapshot, query: str, limit: int) -> str:
    paths = {unit_id: paths[0] for unit_id, paths in CorpusIndex(snapshot).paths_by_id.items()}
    blobs = snapshot.blobs()

    def read(unit_id: str) -> str:
        return unit_text(snapshot, paths[unit_id])

    def lowered(unit_id: str) -> str:
        return _LOWERED.get(blobs[paths[unit_id]], lambda: read(unit_id))

    def name(unit_id: str) -> str:
        return paths[unit_id].rpartition("/")[2].removesuffix(".md").partition("-")[2].replace("-", " ").lower()

    hits = rank(query, paths, lowered, limit, read, name)
    if not hits:
        return f"No unit has any of these words (searched {len(paths)} units)."
    lines = [f"{len(hits)} of {len(paths)} units, best first:"]
    for hit in hits:
        title = paths[hit.name].rpartition("/")[2].removesuffix(".md")
        lines.append(f"{title} (score {hit.score:.1f})\n    {hit.passage}")
    return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class _Concept:
    id: str
    entry: str

    def score(self, words: Sequence[str]) -> int:
        """How many of the words it has; one in its id or title weighs as much as any number in the rest."""
        head = f"{self.id}\n{_TITLE.findall(self.entry)}".lower()
        entry = self.entry.lower()
        return sum(100 * bool(occurrences(head, word)) + bool(occurrences(entry, word)) for word in words)


def _concepts(snapshot: Snapshot) -> Iterator[_Concept]:
    known = catalog.parse(snapshot.text(catalog.PATH, ""))
    return (_Concept(entry.slug, known.text[entry.start : entry.limit].strip()) for entry in known.entries)


def lookup_concept(snapshot: Snapshot, concept: str) -> str:
    """The entry of an id (all of them where an id stands twice), else the entries that have the most of the words:
    the best in full, more by id.
    """
    concepts = list(_concepts(snapshot))
    exact = [c.entry for c in concepts if c.id == concept.strip("`")]
    if exact:
        return "\n\n".join(exact)
    words = query_words(concept)
    scored = sorted((-c.score(words), c.id, c.entry) for c in concepts if c.score(words))
    if not scored:
        raise NotFound(f"The catalog has no concept {concept!r} ({len(concepts)} entries).")
    full = [entry for _, _, entry in scored[:_FULL_CONCEPTS]]
    more = [f"- {name}" for _, name, _ in scored[_FULL_CONCEPTS:_NAMED_CONCEPTS]]
    return "\n\n".join([*full, "Also:\n" + "\n".join(more)] if more else full)


def list_connections(snapshot: Snapshot, wanted: str) -> str:
    from codex.corpus.connections import PATH, parse

    registry = parse(snapshot.text(PATH, "{}"))
    hits = [c for c in registry.connections if wanted in (c.source, c.target, *c.units)]
    lines = [f"{len(hits)} registered connections of {wanted}:"]
    for c in hits[:_SHOWN_CONNECTIONS]:
        lines.append(f"{c.id}: {c.source} → {c.target} ({c.type}, {c.strength}); units {', '.join(c.units) or 'none'}")
        lines.append(f"    anchor phrase: “{c.anchor_phrase}”" + (f" — {c.synthesis_note}" if c.synthesis_note else ""))
    if len(hits) > _SHOWN_CONNECTIONS:
        lines.append(f"[{len(hits) - _SHOWN_CONNECTIONS} more]")
    return "\n".join(lines)


def draft_path(snapshot: Snapshot, text: str, filename: str | None = None) -> str:
    """Where a draft would be kept: where the integrator would put the unit that file name or front matter name.

    Only a name to check the draft under; nothing is read from or written to it. A draft that names no unit is kept
    nowhere, and is checked in a folder of no chapter.
    """
    from codex.units import parse_unit

    draft = parse_unit(text.encode("utf-8", "replace"), "draft.md")
    name = filename.removesuffix(".md") if filename else f"{draft.id}-{draft.slug}"
    unit_id, _, slug = name.partition("-")
    try:
        return CorpusIndex(snapshot).place_draft(draft, unit_id, slug)
    except UserError:
        return f"content/draft/draft/{_word(name)}.md"


def _word(name: str) -> str:
    return re.sub(r"[^\w.-]+", "-", name).strip(".-") or "draft"


def check_draft(snapshot: Snapshot, text: str, filename: str | None, policy: Policy | None = None) -> str:
    from codex.check import check_text
    from codex.check.brief import defect_list
    from codex.check.defects import unjudged

    path = draft_path(snapshot, text, filename)
    result = check_text(snapshot, path, text.encode("utf-8", "replace"), policy=policy)
    passed = sum(check.passed for check in result.decisive)
    open_checks = sum(check.verdict == "not_judged" for check in result.decisive)
    head = f"{passed} of {len(result.decisive)} checks pass" + (f", {open_checks} not judged" if open_checks else "")
    defects = defect_list(result)
    open_ones = "\n".join(f"- **{each.code}** {each.what}" for each in unjudged(result))
    told = f"{head}. To mend:\n{defects}" if defects else f"{head}. There is nothing to mend."
    return f"{told}\nNot judged, and a new unit ships only when all are:\n{open_ones}" if open_ones else told


@cache
def _anchors(registry: str) -> Any:
    from codex.continuity.anchors import AnchorPhrases
    from codex.corpus.connections import parse

    return AnchorPhrases(connection.anchor_phrase for connection in parse(registry).connections)


def measure_continuity(snapshot: Snapshot, text: str) -> str:
    from codex.campaign.limits import thresholds_of
    from codex.continuity.measure import measure
    from codex.continuity.thresholds import shortfalls, value
    from codex.corpus.connections import PATH

    unit = measure(text.encode("utf-8", "replace"), "draft.md", _anchors(snapshot.text(PATH, "{}")))
    thresholds = thresholds_of(snapshot)
    figures = [f"{t.field}: {value(unit, t):.2f} (threshold {t.minimum})" for t in thresholds]
    lacks = shortfalls(unit, thresholds)
    verdict = ["Falls short:", *(f"- {lack}" for lack in lacks)] if lacks else ["All thresholds are met."]
    return "\n".join([*figures, *verdict])
