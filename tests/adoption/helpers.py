"""A small sound corpus in memory, and its files with one thing off."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from codex.check.samples import SAMPLE
from codex.corpus import booklist, catalog, connections, deps
from codex.corpus.planfile import PATH as PRODUCTION_PLAN
from codex.integration.adoption.kind import Found
from codex.integration.adoption.registry import KINDS, REPAIRS
from codex.integration.adoption.view import View
from codex.integration.commands import slash_commands
from codex.integration.steps import figures
from codex.planning.build import build_plan
from codex.snapshot import OverlaySnapshot, TreeSnapshot

NOW = datetime(2026, 1, 5, 12, 0, 0, tzinfo=UTC)
CAMPAIGN = "manifests/campaign.json"
FOLDER = "content/00-numbers/01-integers"
IDS = ("00.01.01", "00.01.02", "00.01.03", "00.01.04")
BY_NAME = {kind.name: kind for kind in KINDS}


def unit(unit_id: str, *prerequisites: str, successors: str = "", front: str = "") -> str:
    """A unit; ``successors`` and ``front`` are lines of front matter."""
    text = SAMPLE.replace("id: 00.01.02\n", f"id: {unit_id}\n").replace("slug: even-numbers", f"slug: {slug(unit_id)}")
    text = text.replace("concept_catalog_id: numbers.parity", f"concept_catalog_id: numbers.{slug(unit_id)}")
    listed = "".join(f"\n  - {p}" for p in prerequisites) or " []"
    text = text.replace("prerequisites:\n  - 00.01.01", f"prerequisites:{listed}")
    return text.replace("status: shipped\n---", f"status: shipped\n{successors}{front}---")


def slug(unit_id: str) -> str:
    return "unit-" + unit_id.lower().replace(".", "-")


def path_of(unit_id: str) -> str:
    return f"{FOLDER}/{unit_id}-{slug(unit_id)}.md"


def edge(before: str, after: str, state: str = "shipped") -> dict[str, str]:
    return {"from": before, "to": after, "state": state}


EDGES = [edge("00.01.01", "00.01.02"), edge("00.01.02", "00.01.03")]


def graph(edges: list[Any] | None = None, **keys: Any) -> str:
    document = {"_comment": "kept", "version": 1, "edges": EDGES if edges is None else edges}
    rest = {"pending": [], "shipped": list(IDS), "_notes": {"00.01.01": "the first"}, "mine": {"kept": [1]}}
    return json.dumps(document | rest | keys, indent=2) + "\n"


def concept(unit_id: str, unit_line: str = "- **unit**: `{}`\n", notes: str = "about it") -> str:
    named = unit_line.format(unit_id)
    return f"### numbers.{slug(unit_id)}\n\n- **title**: Unit {unit_id}\n{named}- **notes**: {notes}\n\n"


def concepts(*entries: str) -> str:
    return "# Concepts\n\n## Numbers\n\n" + "".join(entries or map(concept, IDS))


def connection(number: int = 1, **keys: Any) -> dict[str, Any]:
    ends = {"from": f"numbers.{slug(IDS[0])}", "to": f"numbers.{slug(IDS[1])}"}
    words = {"type": "dual", "strength": "lateral", "anchor_phrase": "two sides of one thing"}
    lists = {"appears_in_units": [], "appears_in_flows": [], "synthesis_note": "", "mine": 1}
    return {"id": f"conn:{number:03d}.a", **ends, **words, **lists} | keys


def registry(*entries: dict[str, Any], **stats: Any) -> str:
    listed = list(entries or [connection()])
    counts = {
        "total_connections": len(listed),
        "by_type": {"dual": len(listed)},
        "by_strength": {"lateral": len(listed)},
    }
    return json.dumps({"version": 1, "connections": listed, "stats": counts | stats}, indent=2) + "\n"


TABLE = "# Booklist\n\n| # | Title | Author | Topic | Status |\n|---|---|---|---|---|\n| 1.01 | One | Ann |  | ? |\n"


@lru_cache(maxsize=1)
def _sound() -> tuple[tuple[str, bytes], ...]:
    files = {
        "OVERVIEW.md": b"",
        path_of("00.01.01"): unit("00.01.01").encode(),
        path_of("00.01.02"): unit("00.01.02", "00.01.01").encode(),
        path_of("00.01.03"): unit("00.01.03", "00.01.02").encode(),
        path_of("00.01.04"): unit("00.01.04").encode(),
        deps.PATH: graph().encode(),
        catalog.PATH: concepts().encode(),
        connections.PATH: registry().encode(),
        booklist.PATH: TABLE.encode(),
    } | slash_commands()
    for unit_id in IDS:
        for figure in figures.named_figures(files[path_of(unit_id)].decode(), path_of(unit_id), ""):
            files[figure.path] = b"<svg/>"
    plan = build_plan(overlay(files))
    files[PRODUCTION_PLAN] = (json.dumps({"generated_at": "2026-01-01T00:00:00Z", **plan}, indent=1) + "\n").encode()
    return tuple(files.items())


def sound() -> dict[str, bytes]:
    """Every file of a corpus in which nothing is off."""
    return dict(_sound())


def overlay(files: dict[str, bytes]) -> OverlaySnapshot:
    return OverlaySnapshot(TreeSnapshot(Path("/nonexistent")), dict(files))


def view(files: dict[str, bytes | str | None]) -> View:
    """The sound corpus with some files replaced, added or (None) removed."""
    mixed: dict[str, Any] = sound() | files
    return View(overlay({p: d.encode() if isinstance(d, str) else d for p, d in mixed.items() if d is not None}))


def found(name: str, files: dict[str, bytes | str | None]) -> list[Found]:
    return list(BY_NAME[name].find(view(files)))


def mended(name: str, files: dict[str, bytes | str | None]) -> dict[str, bytes]:
    """The corpus after the repair; insists that the repair did something and that it leaves nothing of its kind."""
    before = view(files)
    repair = REPAIRS[name].repair
    assert repair is not None
    done = repair(before, NOW)
    assert done.changes and done.notes
    after = View(before.snapshot.with_changes(done.changes))
    assert not list(REPAIRS[name].find(after)) and not repair(after, NOW).changes
    return {p: after.snapshot.read(p) for p in after.snapshot.blobs()}
