"""A workspace whose production plan has a queue, and recordings of sound units for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from codex.campaign.ledger import Ledger
from codex.corpus.index import CorpusIndex
from codex.passes.queued import queued_unit
from codex.units import set_frontmatter_value
from codex.workspace import Workspace
from tests.flows.helpers import record

#: Two that can be written at once, of one chapter each; one that waits for the first; one in the first's chapter.
SPIN, FILTERED, LATER, BESIDE = "03.09.04", "03.01.06", "03.09.06", "03.09.07"

AUDIT = f"""\
# Tester — *Queues* (Fast Track 9.09)

**Priority 1 — first:**

1. **`{SPIN}` Spin groups of real forms.** [NEW] Say what they are. Prerequisites: `03.09.02`.
2. **`{FILTERED}` Filtered algebras.** [NEW] Say what they are. Prerequisites: `03.01.04`.

**Priority 2 — later:**

3. **`{LATER}` Spinor bundles abroad.** [NEW] Say what they are. Prerequisites: `{SPIN}`.
4. **`{BESIDE}` Reflections and norms.** [NEW] Say what they are. Prerequisites: `03.09.02`.
"""


def with_queue(workspace: Workspace, audit: str = AUDIT) -> Workspace:
    """The workspace with that audit, committed by hand."""
    path = workspace.root / "plans" / "fasttrack" / "tester-queues.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(audit, encoding="utf-8")
    workspace.git.run("add", "plans")
    workspace.git.run("-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-q", "-m", "An audit")
    return workspace


def sound_unit(workspace: Workspace, unit_id: str) -> dict[str, Any]:
    """A reply that ships: the text of the seed's Clifford unit under the name that the plan asks for."""
    snapshot = workspace.snapshot()
    wanted = queued_unit(snapshot, unit_id).deliverable.as_data()
    index = CorpusIndex(snapshot)
    text = snapshot.text(index.path_of("03.09.02") or "")
    values = {
        "id": unit_id, "title": wanted["title"], "slug": wanted["slug"], "concept_catalog_id": wanted["concept"],
        "prerequisites": wanted["prerequisites"],
    }  # fmt: skip
    for key, value in values.items():
        text = set_frontmatter_value(text, key, value)
    return {"unit": text, "evidence": []}


def record_units(workspace: Workspace, folder: Path, *ids: str) -> Path:
    """Recordings of the first attempt at these units."""
    for unit_id in ids:
        record(folder, f"P4_production.{unit_id}.1", sound_unit(workspace, unit_id), slug=f"unit.{unit_id}")
    return folder


def ledger_of(workspace: Workspace) -> Ledger:
    return Ledger.load(workspace.snapshot())
