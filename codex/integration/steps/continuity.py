"""Continuity of the corpus before and after: a regression is a warning, never a refusal (production guide, gates).

Figures of a unit depend on its bytes and on the registered anchor phrases alone. So a state's figures are those of the
state before with the units that changed measured anew; only another set of phrases has every unit measured again.
Sums are brought along too: as whole numbers they are exact, so that the way to a state leaves no trace in its means.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from codex.cache.place import store_of
from codex.continuity.anchors import AnchorPhrases
from codex.continuity.corpus import measure_corpus, measure_files, registered_anchors
from codex.continuity.measure import UnitContinuity
from codex.continuity.thresholds import THRESHOLDS
from codex.corpus import connections
from codex.snapshot import Layered, OverlaySnapshot, Snapshot

#: A unit's figure for each of THRESHOLDS, in their order.
Row = tuple[float, ...]
#: Every figure is a whole number of these parts of one: a float has no bit of less.
_PARTS = 1 << 1074


@dataclass(frozen=True)
class CorpusFigures:
    """The figures of every unit, by path, under a set of anchor phrases. Never changed once it is made.

    ``sums``: of each metric over the units, in ``_PARTS`` of one.
    """

    anchors: AnchorPhrases
    rows: Layered[str, Row] = field(default_factory=Layered)
    sums: tuple[int, ...] = (0,) * len(THRESHOLDS)

    @property
    def means(self) -> dict[str, float]:
        """The plain mean of each metric by its key; empty without units."""
        units = len(self.rows)
        return {t.key: total / _PARTS / units for t, total in zip(THRESHOLDS, self.sums, strict=True) if units}

    def with_rows(self, new: Mapping[str, Row], gone: Collection[str] = ()) -> CorpusFigures:
        """With the figures of units that came or changed, and without those of units that are gone."""
        old = [self.rows[path] for path in {*new, *gone} if path in self.rows]
        added, dropped = _sums(new.values()), _sums(old)
        sums = (a + b - c for a, b, c in zip(self.sums, added, dropped, strict=True))
        return CorpusFigures(self.anchors, self.rows.changed(new, gone), tuple(sums))


def _sums(rows: Collection[Row]) -> list[int]:
    return [sum(_whole(row[at]) for row in rows) for at in range(len(THRESHOLDS))]


def _whole(figure: float) -> int:
    """How many of the ``_PARTS`` the figure has."""
    over, under = figure.as_integer_ratio()
    return over * (_PARTS // under)


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
    return CorpusFigures(registered_anchors(snapshot)).with_rows({unit.path: _row(unit) for unit in measured})


def _measured_after(before: CorpusFigures, state: OverlaySnapshot) -> CorpusFigures:
    if connections.PATH in state.changes and registered_anchors(state).phrases != before.anchors.phrases:
        return _measured(state)
    changed = [path for path in state.changes if path.startswith("content/") and path.endswith(".md")]
    if not changed:
        return before
    return before.with_rows(_rows(state, filter(state.exists, changed), before.anchors), changed)


def _rows(snapshot: Snapshot, paths: Iterable[str], anchors: AnchorPhrases) -> dict[str, Row]:
    measured = measure_files({path: snapshot.read(path) for path in paths}, anchors)
    return {unit.path: _row(unit) for unit in measured.units}


def _row(unit: UnitContinuity) -> Row:
    return tuple(float(getattr(unit, t.field)) for t in THRESHOLDS)
