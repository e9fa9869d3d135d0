"""The continuity figures of a book's own units: the batch that decides where a corpus is older than the measure."""

from __future__ import annotations

from collections.abc import Mapping

from codex.campaign.limits import thresholds_of
from codex.continuity.corpus import measure_files, registered_anchors
from codex.continuity.thresholds import NO_UNITS, aggregate
from codex.passes.bookcontext import BookContext


def batch_figures(context: BookContext, texts: Mapping[str, str] | None = None) -> dict[str, float]:
    """Metric → mean over the book's units; empty without units. ``texts``: unit id → its text after edits."""
    edited = texts or {}
    files = {}
    for unit_id in context.produced:
        unit = context.units[unit_id]
        files[unit.path] = edited[unit_id].encode() if unit_id in edited else unit.data
    measured = measure_files(files, registered_anchors(context.snapshot)).units
    return aggregate(measured, thresholds_of(context.snapshot))


def below(context: BookContext, figures: Mapping[str, float]) -> dict[str, str]:
    """Metric → in words what falls short of its threshold; one entry for no units at all."""
    if not figures:
        return {"units": NO_UNITS}
    short = [t for t in thresholds_of(context.snapshot) if figures[t.key] < t.minimum]
    return {t.key: f"{t.name}: {figures[t.key]:.2f} < {t.minimum:g}" for t in short}
