"""What the panels read: one snapshot, the journal beside it, and what is computed from them, each thing once.

Nothing here writes but the cache. Figures that need the corpus as a whole (validator, continuity, plan) come from the
cache of earlier runs where the same bytes were looked at by the same code.
"""

from __future__ import annotations

import hashlib
import sqlite3
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codex.cache.engine import code_digest
from codex.cache.store import FILE, Store
from codex.cache.tree import CachedTree
from codex.campaign import clock
from codex.campaign.costs import Cost, read_costs
from codex.campaign.definition import Campaign, load_campaign
from codex.campaign.ledger import Ledger
from codex.campaign.matrix import Row, matrix
from codex.corpus import bookplan, deps
from codex.errors import CodexError
from codex.settings import settings_in
from codex.snapshot import Snapshot
from codex.workspace import Workspace

if TYPE_CHECKING:
    from codex.check import CheckReport
    from codex.continuity.corpus import ContinuityReport
    from codex.settings import BudgetSettings, Settings

_PLAN_KIND = "dashboard-plan"
#: What the plan is made from; a test watches that it reads nothing else.
PLAN_SOURCES = (f"{bookplan.FOLDER}/", "content/", "docs/catalogs/", deps.PATH, "manifests/production/")
#: Keys of the plan's units that panels read; the excerpts are most of its bytes.
_PLAN_KEYS = ("id", "title", "kind", "priority", "status", "source_audits", "prereqs", "successors")


@dataclass
class View:
    """A workspace at one state and one moment. ``store`` keeps nothing unless the view was opened with a cache."""

    workspace: Workspace
    snapshot: Snapshot
    now: datetime
    store: Store = field(default_factory=Store)

    @classmethod
    def of_tree(cls, workspace: Workspace, now: datetime | None = None) -> View:
        """The files as they are now: what a person sees. Uses the workspace's cache where there can be one."""
        store = _store(workspace)
        return cls(workspace, CachedTree(workspace.root, store), now or clock.now(), store)

    @classmethod
    def of_commit(cls, workspace: Workspace, now: datetime | None = None) -> View:
        """The committed state: what a flow has just integrated."""
        return cls(workspace, workspace.snapshot(), now or clock.now(), _store(workspace))

    @cached_property
    def ledger(self) -> Ledger:
        return Ledger.load(self.snapshot)

    @cached_property
    def document(self) -> dict[str, Any]:
        return self.ledger.document()

    @cached_property
    def matrix(self) -> tuple[Row, ...]:
        return matrix(self.document, self.snapshot)

    @cached_property
    def campaign(self) -> Campaign:
        return load_campaign(self.snapshot)

    @cached_property
    def budget(self) -> BudgetSettings:
        return settings_in(self.snapshot).budget

    @cached_property
    def costs(self) -> list[Cost]:
        return read_costs(self.snapshot)

    @cached_property
    def settings(self) -> Settings:
        return self.workspace.settings

    @cached_property
    def plan(self) -> dict[str, Any]:
        """The production plan as audits and units give it now (codex/planning), without the excerpts."""
        key = self._plan_key()
        known = self.store.load(_PLAN_KIND, [key])
        if key not in known:
            known[key] = _plan(self.snapshot)
            self.store.keep(_PLAN_KIND, key, known[key])
        found: dict[str, Any] = known[key]
        return found

    def _plan_key(self) -> str:
        digest = hashlib.blake2b(code_digest("planning", "corpus", "oversight").encode(), digest_size=16)
        for path, blob in self.snapshot.blobs().items():
            if path.startswith(PLAN_SOURCES):
                digest.update(f"{path}\0{blob}\0".encode("utf-8", "surrogateescape"))
        return digest.hexdigest()

    @cached_property
    def checks(self) -> CheckReport:
        """The validator's report at the level that the workspace's settings choose."""
        from codex.check import check_corpus

        return check_corpus(self.snapshot, policy=self.settings.check.policy(), store=self.store)

    @cached_property
    def continuity(self) -> ContinuityReport:
        from dataclasses import replace

        from codex.continuity.corpus import measure_corpus
        from codex.continuity.thresholds import chosen_thresholds

        wanted = self.settings.continuity
        report = measure_corpus(self.snapshot, store=self.store)
        return replace(report, chosen=chosen_thresholds(wanted.words, wanted.minimum))

    @cached_property
    def reserved(self) -> Decimal | None:
        """US dollars set aside for agent calls under way, by this clone's journal; None where there is no journal."""
        path = self.workspace.root / ".codex" / "state" / "journal.sqlite3"
        return _reserved(path) if path.is_file() else None

    def spooled(self) -> list[tuple[str, datetime]]:
        """Proposals that wait to be integrated, and those set aside as unreadable: name and since when."""
        folder = self.workspace.root / ".codex" / "state" / "spool"
        found = [*folder.glob("*.json"), *(folder / "bad").glob("*.json")]
        return sorted((path.relative_to(folder).as_posix(), _modified(path)) for path in found if path.is_file())

    def save(self) -> None:
        """Let the cache keep what was computed."""
        self.store.save()


def _store(workspace: Workspace) -> Store:
    try:
        return Store(workspace.cache_dir / FILE)
    except CodexError:  # a folder that cannot be written to is shown without a cache
        return Store()


def _plan(snapshot: Snapshot) -> dict[str, Any]:
    from codex.planning.build import build_plan

    plan = build_plan(snapshot)
    units = {i: {k: unit[k] for k in _PLAN_KEYS if k in unit} for i, unit in plan["units"].items()}
    return {key: plan[key] for key in ("counts", "queue_topo_order", "books_unaudited")} | {"units": units}


def _modified(path: Path) -> datetime:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError:  # integrated this very moment
        return clock.now()


def _reserved(path: Path) -> Decimal | None:
    """Read-only: opening the journal as a run does would mark the turns of others as lost."""
    query = "SELECT coalesce(sum(charged), 0) FROM calls WHERE state IN ('intent', 'submitted')"
    try:
        db = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=1.0)
        try:
            (micro,) = db.execute(query).fetchone()
        finally:
            db.close()
    except sqlite3.Error:
        return None
    return Decimal(micro) / 1_000_000
