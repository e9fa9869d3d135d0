"""Continuity of the corpus before and after: a regression is a warning, never a refusal (production guide, gates).

Figures of a unit depend on its bytes and on the registered anchor phrases alone, so a long-lived process measures each
version of a unit once.
"""

from __future__ import annotations

import hashlib

from codex.campaign.limits import thresholds_of
from codex.continuity.corpus import measure_files, registered_anchors
from codex.continuity.measure import UnitContinuity
from codex.continuity.thresholds import THRESHOLDS, Threshold, aggregate
from codex.snapshot import Snapshot

#: Figures kept at most; then the memory starts anew.
_KEPT = 100_000

_measured: dict[tuple[str, str, str], UnitContinuity] = {}


def unit_figures(snapshot: Snapshot, path: str) -> dict[str, float]:
    """The unit's figure for each metric of units, by the name of the metric."""
    (unit,) = _figures(snapshot, [path])
    return {t.name: round(float(getattr(unit, t.field)), 4) for t in THRESHOLDS}


def regressions(before: Snapshot, after: Snapshot) -> list[str]:
    """What fell and is below its threshold now, as sentences; none for a corpus that had no units."""
    thresholds = thresholds_of(after)
    old, new = _means(before, thresholds), _means(after, thresholds)
    return [
        f"Continuity: {t.name} fell from {old[t.key]:.2f} to {new[t.key]:.2f}, below its threshold of {t.minimum}."
        for t in thresholds
        if old and new and new[t.key] < t.minimum and round(new[t.key], 2) < round(old[t.key], 2)
    ]


def _means(snapshot: Snapshot, thresholds: tuple[Threshold, ...]) -> dict[str, float]:
    return aggregate(_figures(snapshot, list(snapshot.under("content", ".md"))), thresholds)


def _figures(snapshot: Snapshot, paths: list[str]) -> list[UnitContinuity]:
    anchors = registered_anchors(snapshot)
    phrases = hashlib.sha256("\0".join(anchors.phrases).encode("utf-8", "surrogatepass")).hexdigest()
    blobs = snapshot.blobs()
    keys = {path: (phrases, blobs[path], path) for path in paths}
    unknown = {path: snapshot.read(path) for path, key in keys.items() if key not in _measured}
    if unknown:
        _remember({keys[unit.path]: unit for unit in measure_files(unknown, anchors).units})
    return [_measured[key] for key in keys.values()]


def _remember(found: dict[tuple[str, str, str], UnitContinuity]) -> None:
    if len(_measured) + len(found) > _KEPT:
        _measured.clear()
    _measured.update(found)
