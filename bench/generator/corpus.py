"""A whole corpus: units, and every shared file that an integration reads or writes, in agreement with each other."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from codex.campaign.costs import SEGMENT_SIZE, append_costs
from codex.campaign.events import EventDraft, Kind
from codex.campaign.ledger import Ledger
from codex.corpus import connections as registry
from codex.corpus import unitstatus
from codex.snapshot import Snapshot, blob_id

from . import words
from .units import UnitPlan, id_of, plan_unit, render_unit

#: When a generated campaign happened.
WHEN = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
UNITS_IN_BOOK = 100
#: One connection for so many units.
_UNITS_A_CONNECTION = 5


@dataclass(frozen=True)
class Corpus:
    """The units in order, and all files: path → bytes."""

    units: tuple[UnitPlan, ...]
    files: Mapping[str, bytes]


def make_corpus(units: int, *, seed: int = 1) -> Corpus:
    """A corpus of so many units; at most ten thousand or so fit into the numbers that ids have."""
    rng = random.Random(f"corpus {seed} {units}")
    links = _connections(units, rng)
    plans = [_plan(number, rng, links) for number in range(units)]
    titles = {plan.id: plan for plan in plans}
    files: dict[str, bytes] = {
        ".gitattributes": b"* -text\n",
        ".gitignore": b".codex/\n",
        "OVERVIEW.md": b"# Generated corpus\n\nMade from templates; it teaches nothing.\n",
        "docs/catalogs/CONCEPT_CATALOG.md": _catalog(plans, titles).encode(),
        "docs/catalogs/FASTTRACK_BOOKLIST.md": _booklist(units).encode(),
        "manifests/deps.json": _json(_deps(plans)),
        "manifests/connections.json": _json(_registry(links, titles)),
        "manifests/connection_proposals.md": b"# Connection proposals\n",
        "manifests/production/plan.json": _json(_production(plans)),
        "notation/book-001.md": b"# Notation\n\n$T_n$ is the thing with $n$ pieces.\n",
    }
    for number, plan in enumerate(plans):
        files[plan.path] = render_unit(plan, rng).encode()
        files[unitstatus.path_of(plan.id)] = unitstatus.record("", _status(plan, number)).encode()
    files |= Ledger.load(_Files({})).append(_events(plans), WHEN).changes
    return Corpus(tuple(plans), dict(sorted((files | _costs(plans)).items())))


class _Files(Snapshot):
    """A snapshot of bytes in memory."""

    label = "generated"

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = files

    def blobs(self) -> Mapping[str, str]:
        return {path: blob_id(data) for path, data in self._files.items()}

    def read(self, path: str) -> bytes:
        return self._files[path]


@dataclass(frozen=True, slots=True)
class _Link:
    """A connection: number, the two units it joins, its phrase."""

    id: str
    ends: tuple[str, str]
    phrase: str
    kind: str
    strength: str


def _connections(units: int, rng: random.Random) -> list[_Link]:
    links = []
    for number in range(1, units // _UNITS_A_CONNECTION + 1):
        quality, thing, action = (rng.choice(each) for each in (words.QUALITIES, words.THINGS, words.ACTIONS))
        ends = id_of(rng.randrange(units)), id_of(rng.randrange(units))
        phrase = f"to {action} the {quality} {thing} is count {number} of its pieces"
        slug = f"{quality}-{thing.replace(' ', '-')}"
        kind, strength = rng.choice(words.KINDS), rng.choice(words.STRENGTHS)
        links.append(_Link(f"conn:{number:03d}.{slug}", ends, phrase, kind, strength))
    return links


def _plan(number: int, rng: random.Random, links: Sequence[_Link]) -> UnitPlan:
    """The unit of a number; it needs the one before it in its chapter and one or two earlier ones."""
    near = [number - 1] if number % 40 else []
    far = [rng.randrange(number) for _ in range(rng.randrange(1, 3))] if number else []
    needed = sorted({*near, *far})
    link = links[number // _UNITS_A_CONNECTION] if number % _UNITS_A_CONNECTION == 0 and links[number // 5 :] else None
    named = [(link.id, link.phrase)] if link else []
    return plan_unit(id_of(number), [id_of(each) for each in needed], rng, named)


def _catalog(plans: Sequence[UnitPlan], by_id: Mapping[str, UnitPlan]) -> str:
    lines = ["# Concept catalog", "", "Every unit teaches one concept of this list (`concept_catalog_id`).", ""]
    group = ""
    for plan in sorted(plans, key=lambda each: each.concept):
        if plan.concept.partition(".")[0] != group:
            group = plan.concept.partition(".")[0]
            lines += [f"## {group.capitalize()}", ""]
        needed = ", ".join(f"`{by_id[each].concept}`" for each in plan.prerequisites)
        lines += [f"### {plan.concept}", "", f"- **title**: {plan.title}", f"- **unit**: `{plan.id}`"]
        lines += [f"- **prerequisites**: {needed}"] if needed else []
        lines += ["- **tier_anchors**:", f"  - beginner: a school book of {plan.section}"]
        lines += [f"  - master: Lectures on {plan.chapter}"]
        lines += [f"- **notes**: How to count the pieces of {plan.title.lower()}.", ""]
    return "\n".join(lines)


def _booklist(units: int) -> str:
    head = "# Booklist\n\n| # | Title | Author | Topic | Status |\n|---|-------|--------|-------|--------|\n"
    rows = (
        f"| {1 + n // 99}.{1 + n % 99:02d} | {_title(n)} | {words.PEOPLE[n % len(words.PEOPLE)]} | counts | FREE |\n"
        for n in range(_books(units))
    )
    return head + "".join(rows)


def _books(units: int) -> int:
    return max(1, -(-units // UNITS_IN_BOOK))


def _book(number: int) -> str:
    return f"book-{number // UNITS_IN_BOOK + 1:03d}"


def _title(book: int) -> str:
    return f"Lectures on {words.QUALITIES[book % len(words.QUALITIES)]} counts, part {book + 1}"


def _deps(plans: Sequence[UnitPlan]) -> dict[str, Any]:
    return {
        "_comment": "Prerequisites: an edge goes from what is read first to what needs it.",
        "version": 1,
        "edges": [{"from": p, "to": plan.id, "state": "shipped"} for plan in plans for p in plan.prerequisites],
        "pending": [],
        "shipped": sorted(plan.id for plan in plans),
        "_notes": {plan.id: plan.title for plan in plans},
    }


def _registry(links: Sequence[_Link], by_id: Mapping[str, UnitPlan]) -> dict[str, Any]:
    entries = [
        {
            "id": link.id,
            "from": by_id[link.ends[0]].concept,
            "to": by_id[link.ends[1]].concept,
            "type": link.kind,
            "strength": link.strength,
            "anchor_phrase": link.phrase,
            "appears_in_units": sorted({*link.ends}),
            "appears_in_flows": [],
            "synthesis_note": "Both ends are counted by the same rule.",
        }
        for link in links
    ]
    document = {
        "version": 1,
        "connection_types": list(registry.TYPES),
        "strength_levels": list(registry.STRENGTHS),
        "connections": entries,
        "stats": {"total_connections": 0, "by_type": {}, "by_strength": {}},
    }
    loaded: dict[str, Any] = json.loads(registry.recompute_stats(json.dumps(document)))
    return loaded


def _production(plans: Sequence[UnitPlan]) -> dict[str, Any]:
    units = {
        plan.id: {
            "id": plan.id,
            "title": plan.title,
            "spec_excerpt": f"**[NEW]** Count the pieces of {plan.title.lower()}. ~900 words.",
            "priority": f"P{number % 4}",
            "kind": "new_unit",
            "source_audits": [_book(number)],
            "prereqs": list(plan.prerequisites),
            "successors": [],
            "status": "shipped",
            "actual_path": plan.path,
        }
        for number, plan in enumerate(plans)
    }
    counts = {"shipped": len(units), "queued": 0, "deepenings_queued": 0, "enrichments_pending": 0}
    return {
        "version": 1,
        "generated_at": WHEN.isoformat(),
        "counts": counts | {"audits_done": 0, "books_total": _books(len(plans)), "books_unaudited": 0},
        "units": units,
        "queue_topo_order": [],
        "audits_done": {},
        "books_unaudited": [],
    }


def _status(plan: UnitPlan, number: int) -> unitstatus.UnitStatus:
    return unitstatus.UnitStatus(
        id=plan.id, path=plan.path, status="shipped", book=_book(number), validator="27/27", continuity={}
    )


def _events(plans: Sequence[UnitPlan]) -> Iterator[EventDraft]:
    for number in range(_books(len(plans))):
        data = {"title": _title(number), "tier": "αβγ"[number % 3], "fasttrack_entry": f"1.{number + 1:02d}"}
        yield EventDraft(subject=f"book:book-{number + 1:03d}", kind=Kind.REGISTERED, data=data)
    for number, plan in enumerate(plans):
        said = {"id": plan.id, "path": plan.path, "action": "new", "checks": "27/27", "attempt": 1}
        yield EventDraft(
            subject=f"book:{_book(number)}", kind=Kind.UNIT_SHIPPED, pass_name="P4_production", unit=plan.id, data=said
        )


def _costs(plans: Sequence[UnitPlan]) -> dict[str, bytes]:
    """The cost ledger, grown as a campaign would: a full file is sealed when the next lines come."""
    files: dict[str, bytes] = {}
    rows = [_cost(number, plan) for number, plan in enumerate(plans)]
    for start in range(0, len(rows), SEGMENT_SIZE):
        files |= append_costs(_Files(files), rows[start : start + SEGMENT_SIZE])
    return files


def _cost(number: int, plan: UnitPlan) -> dict[str, Any]:
    return {
        "call": f"generated-{number:06d}",
        "timestamp": WHEN.isoformat(),
        "book": _book(number),
        "pass": "P4_production",
        "unit": plan.id,
        "model": "generated",
        "input_tokens": 9000,
        "output_tokens": 4000,
        "cost_usd": Decimal("0.12"),
        "duration_s": 40.0,
        "outcome": "ok",
    }


def _json(document: Mapping[str, Any]) -> bytes:
    return (json.dumps(document, ensure_ascii=False, indent=2) + "\n").encode()
