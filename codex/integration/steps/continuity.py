"""Continuity of the corpus before and after: a regression is a warning, never a refusal (production guide, gates).

Figures of a unit depend on its bytes and on the registered anchor phrases alone. So a state's figures are those of the
state before with the units that changed measured anew; only another set of phrases has every unit measured again.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from codex.cache.place import store_of
from codex.continuity.anchors import AnchorPhrases
from codex.continuity.corpus import measure_corpus, measure_files, registered_anchors
from codex.continuity.measure import UnitContinuity
from codex.continuity.thresholds import THRESHOLDS
from codex.corpus import connections
from codex.snapshot import OverlaySnapshot, Snapshot

#: A unit's figure for each of THRESHOLDS, in their order.
Row = tuple[float, ...]


@dataclass(frozen=True)
class CorpusFigures:
    """The figures of every unit, by path, under a set of anchor phrases. Never changed once it is made."""

    anchors: AnchorPhrases
    rows: Mapping[str, Row]

    @cached_property
    def means(self) -> dict[str, float]:
        """The plain mean of each metric by its key; empty without units."""
        columns = zip(*self.rows.values(), strict=True)
        return {t.key: math.fsum(c) / len(self.rows) for t, c in zip(THRESHOLDS, columns, strict=False)}


def unit_figures(snapshot: Snapshot, path: str) -> dict[str, float]:
    """The unit's figure for each metric of units, by the name of the metric."""
    row = corpus_figures(snapshot).rows[path]
    return {t.name: round(figure, 4) for t, figure in zip(THRESHOLDS, row, strict=True)}


def regressions(before: Snapshot, after: Snapshot) -> list[str]:
    """What fell and is below its threshold now, as sentences; none for a corpus that had no units."""
    old, new = corpus_figures(before).means, corpus_figures(after).means
    return [
        f"Continuity: {t.name} fell from {old[t.key]:.2f} to {new[t.key]:.2f}, below its threshold of {t.minimum}."
        for t in THRESHOLDS
        if old and new and new[t.key] < t.minimum and round(new[t.key], 2) < round(old[t.key], 2)
    ]


def corpus_figures(snapshot: Snapshot) -> CorpusFigures:
    """The figures of a state. Raises DataError when the registry of connections cannot be read."""
    return snapshot.derived("continuity", _measured, _measured_after)


def _measured(snapshot: Snapshot) -> CorpusFigures:
    paths = list(snapshot.under("content", ".md"))
    measured = measure_corpus(snapshot, paths, store=store_of(snapshot)).units
    return CorpusFigures(registered_anchors(snapshot), {unit.path: _row(unit) for unit in measured})


def _measured_after(before: CorpusFigures, state: OverlaySnapshot) -> CorpusFigures:
    if connections.PATH in state.changes and registered_anchors(state).phrases != before.anchors.phrases:
        return _measured(state)
    changed = [path for path in state.changes if path.startswith("content/") and path.endswith(".md")]
    if not changed:
        return before
    rows = dict(before.rows)
    for path in changed:
        rows.pop(path, None)
    return CorpusFigures(before.anchors, rows | _rows(state, filter(state.exists, changed), before.anchors))


def _rows(snapshot: Snapshot, paths: Iterable[str], anchors: AnchorPhrases) -> dict[str, Row]:
    measured = measure_files({path: snapshot.read(path) for path in paths}, anchors)
    return {unit.path: _row(unit) for unit in measured.units}


def _row(unit: UnitContinuity) -> Row:
    return tuple(float(getattr(unit, t.field)) for t in THRESHOLDS)
