"""Small workspaces for planning: files as they are written, and the plan that they make."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from codex.corpus.planfile import PATH
from codex.planning.build import build_plan
from codex.snapshot import OverlaySnapshot, Snapshot


class Nothing(Snapshot):
    """A snapshot without files."""

    label = "nothing"

    def blobs(self) -> Mapping[str, str]:
        return {}

    def read(self, path: str) -> bytes:
        raise KeyError(path)


def files(**named: str) -> Snapshot:
    """A snapshot of these files; ``audit_x`` stands for plans/fasttrack/x.md, ``deps`` for deps.json."""
    return OverlaySnapshot(Nothing(), {_path(name): text.encode() for name, text in named.items()})


def _path(name: str) -> str:
    if name.startswith("audit_"):
        return f"plans/fasttrack/{name.removeprefix('audit_')}.md"
    return {"deps": "manifests/deps.json", "books": "docs/catalogs/FASTTRACK_BOOKLIST.md",
            "catalog": "docs/catalogs/CONCEPT_CATALOG.md"}.get(name, name)  # fmt: skip


def unit(unit_id: str, title: str = "A unit", prerequisites: str = "", concept: str = "a.b") -> dict[str, str]:
    """A written unit, as the file it stands in."""
    listed = "".join(f"\n  - {each}" for each in prerequisites.split())
    text = (
        f"---\nid: {unit_id}\ntitle: {title}\nconcept_catalog_id: {concept}\nprerequisites:{listed or ' []'}\n---\n\n"
    )
    return {f"content/x/{unit_id.strip(chr(34))}-unit.md": text}


def edges(*pairs: tuple[str, str]) -> str:
    return json.dumps({"edges": [{"from": a, "to": b, "state": "pending"} for a, b in pairs]})


def audit(*bullets: tuple[str, str], priority: str = "1") -> str:
    """A punch list of (id, title)."""
    lines = [f"{n}. **`{unit_id}` {title}.** [NEW] Text." for n, (unit_id, title) in enumerate(bullets, start=1)]
    return f"**Priority {priority}:**\n\n" + "\n".join(lines) + "\n"


def plan_of(snapshot: Snapshot) -> dict[str, Any]:
    return build_plan(snapshot)


def written(snapshot: Snapshot) -> Snapshot:
    """The snapshot with its own plan written."""
    return snapshot.with_changes({PATH: json.dumps(build_plan(snapshot)).encode()})
