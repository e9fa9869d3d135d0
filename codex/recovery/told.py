"""A recovery as people read it: what failed, what rests on it, what is redone, and what that saves."""

from __future__ import annotations

from typing import Any

from codex.recovery.decide import Decision
from codex.recovery.figures import Figures, saving
from codex.recovery.situation import Situation

#: Columns of the table, after the row's name.
COLUMNS = ("calls", "tokens", "USD", "minutes")


def rows(decision: Decision, spent: Figures | None = None) -> list[tuple[str, ...]]:
    """Full restart and targeted recovery, what the second saves, and with ``spent`` what it really took."""
    whole, part = decision.restart, decision.recovery
    found = [("full restart", *_cells(whole)), ("targeted recovery", *_cells(part)), ("saving", *_saved(part, whole))]
    return found if spent is None else [*found, ("what it took", *_cells(spent))]


def _cells(figures: Figures) -> tuple[str, ...]:
    return str(figures.calls), f"{figures.tokens:,}", f"{figures.usd:.2f}", f"{figures.seconds / 60:.1f}"


def _saved(part: Figures, whole: Figures) -> tuple[str, ...]:
    shares = (
        saving(part.calls, whole.calls), saving(part.tokens, whole.tokens),
        saving(part.usd, whole.usd), saving(part.seconds, whole.seconds),
    )  # fmt: skip
    return tuple("–" if share is None else f"{share:.0%}" for share in shares)


def lines(found: Situation, decision: Decision) -> list[str]:
    """What failed and what is to be done, a line each."""
    failed = [f"{item.id} ({', '.join(filter(None, item.codes)) or 'named'})" for item in found.batches.failed]
    resting = [f"{item.id} ({item.state})" for item in found.batches.dependents]
    return [
        f"{found.slug} is at {found.status}",
        f"failed: {', '.join(failed)}",
        f"rests on it: {', '.join(resting) or 'nothing'}",
        f"to redo: {', '.join(decision.redo)}",
        f"decision: {decision.action}: {decision.reason}",
    ]


def as_data(found: Situation, decision: Decision) -> dict[str, Any]:
    """The same for scripts."""
    return {
        "book": found.slug,
        "state": found.status,
        "failed": [{"id": i.id, "codes": list(i.codes), "recoveries": i.recoveries} for i in found.batches.failed],
        "dependents": [{"id": i.id, "state": i.state} for i in found.batches.dependents],
        "action": decision.action,
        "reason": decision.reason,
        "person": decision.person,
        "redo": list(decision.redo),
        "batches": {"kept": list(decision.batches_kept), "rerun": list(decision.batches_rerun)},
        "forecast": {"recovery": decision.recovery.as_data(), "restart": decision.restart.as_data()},
    }
