"""The backup before a recovery: what the last attempts handed in, why they failed, and the commit it all stood on.

    .codex/state/recovery/<book>/<n>/recovery.json    decision, items, ledger entry, commit
    .codex/state/recovery/<book>/<n>/replies/<item>.json

The commit is the backup of the shared state; replies are nowhere else than in the journal.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codex.agents.call import CallAddress
from codex.campaign.ledger import Ledger
from codex.integration.durable import cannot_write
from codex.recovery.decide import Decision
from codex.recovery.situation import Situation
from codex.tracks.fasttrack.books import BOOK
from codex.tracks.fasttrack.names import PRODUCTION

if TYPE_CHECKING:
    from codex.agents.journal import Journal
    from codex.workspace import Workspace


def back_up(workspace: Workspace, journal: Journal, backend: str, found: Situation, decision: Decision) -> Path:
    """Write the backup and return its folder; raises StorageError when it cannot be written."""
    home = workspace.state_dir / "recovery" / found.slug
    number = 1 + max((int(each.name) for each in home.glob("*") if each.name.isdigit()), default=0)
    folder = home / str(number)
    snapshot = workspace.snapshot()
    ledger = Ledger.load(snapshot)
    for item in found.batches.failed:
        reply = _last_reply(journal, backend, ledger, found.subject, item.id)
        if reply is not None:
            _write(folder / "replies" / f"{item.id}.json", reply)
    about = {
        "commit": snapshot.label,
        "decision": asdict(decision),
        "items": [asdict(item) for item in found.batches.items.values()],
        "defects": {item: [dict(d) for d in defects] for item, defects in found.defects.items()},
        "entry": ledger.entry(found.subject),
    }
    _write(folder / "recovery.json", about)
    return folder


def _last_reply(journal: Journal, backend: str, ledger: Ledger, subject: str, item: str) -> dict[str, Any] | None:
    name, unit = (item, None) if item in BOOK.passes else (PRODUCTION, item)
    attempt = ledger.attempts(subject, name, unit)
    return journal.submission(CallAddress(subject, name, unit, attempt), backend) if attempt else None


def _write(path: Path, data: Any) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(data, ensure_ascii=False, indent=1, default=str) + "\n", encoding="utf-8")
    except OSError as exc:
        raise cannot_write(path, exc) from exc
