"""Measure a corpus: every unit of a snapshot, the means, the teaching flows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from codex.cache.store import Store
from codex.continuity.anchors import AnchorPhrases
from codex.continuity.known import known_anchors, measure_known, measure_known_flows, phrases_in
from codex.continuity.measure import UnitContinuity, assemble
from codex.continuity.thresholds import (
    BACKWARD_UPPER,
    THRESHOLDS,
    Equivalent,
    Threshold,
    aggregate,
    aggregate_corrected,
    equivalents,
    failures,
)
from codex.continuity.throughline import (
    THROUGHLINE_KEY,
    THROUGHLINE_MINIMUM,
    FlowThroughline,
    coverage_average,
    measure_flow,
    throughline_failures,
)
from codex.continuity.worker import Measured, measure_all
from codex.corpus import connections
from codex.snapshot import Snapshot


@dataclass(frozen=True)
class ContinuityReport:
    """The figures of a set of units (in path order) and of the flows; everything else is computed from them.

    ``chosen`` are the thresholds that decide, where an operator has set others than the rubric's.
    """

    units: tuple[UnitContinuity, ...]
    flows: tuple[FlowThroughline, ...] = ()
    chosen: tuple[Threshold, ...] = THRESHOLDS

    @cached_property
    def aggregate(self) -> dict[str, float]:
        """Means of the five metrics of units; of throughline coverage too, where there are flows with beats."""
        throughline = coverage_average(self.flows)
        return aggregate(self.units) | ({} if throughline is None else {THROUGHLINE_KEY: throughline})

    @cached_property
    def aggregate_corrected(self) -> dict[str, float]:
        """The same means with densities on the corrected word count."""
        return aggregate_corrected(self.units)

    @cached_property
    def judged(self) -> dict[str, float]:
        """The means that the thresholds are held against."""
        return self.aggregate | aggregate(self.units, self.chosen)

    @cached_property
    def equivalents(self) -> list[Equivalent]:
        return equivalents(self.units)

    @property
    def thresholds(self) -> dict[str, float]:
        return {t.key: t.minimum for t in self.chosen} | {THROUGHLINE_KEY: THROUGHLINE_MINIMUM}

    @cached_property
    def failures(self) -> list[str]:
        """What is below its threshold, in the reference's wording; empty when all is well."""
        return failures(aggregate(self.units, self.chosen), self.chosen) + throughline_failures(self.flows)

    @cached_property
    def warnings(self) -> list[str]:
        """What does not fail: too many backward references (XK001), flows that cannot be read."""
        found = [f"{f.path} cannot be read as a teaching flow: {f.problem}." for f in self.flows if f.problem]
        # Ours, so on the corrected count: the reference's loses most prose of a unit with many displays.
        density = self.aggregate_corrected.get("backward_density_avg", 0.0)
        if density > BACKWARD_UPPER:
            found.append(f"XK001 backward_density: {density:.2f} > {BACKWARD_UPPER}")
        return found

    def as_json(self) -> dict[str, Any]:
        """The document of ``continuity --format json``."""
        return {
            "units": [unit.as_json() for unit in self.units],
            "aggregate": self.aggregate,
            "thresholds": self.thresholds,
            "failures": self.failures,
            "warnings": self.warnings,
            "judged": self.judged,
            "aggregate_corrected": self.aggregate_corrected,
            "equivalent_thresholds": [
                {"key": e.key, "minimum": e.minimum, "passing": e.passing, "differing": e.differing}
                for e in self.equivalents
            ],
            "flows": [_flow_json(flow) for flow in self.flows],
        }


def _flow_json(flow: FlowThroughline) -> dict[str, Any]:
    missed = [{"after_step": b.after_step, "claim": b.claim} for b in flow.beats if not b.hit]
    return {
        "path": flow.path,
        "id": flow.flow_id,
        "beats": len(flow.beats),
        "hit": flow.hits,
        "coverage": flow.coverage if flow.beats or flow.problem else None,
        "missed": missed,
        "problem": flow.problem or None,
    }


def registered_anchors(snapshot: Snapshot) -> AnchorPhrases:
    """The anchor phrases of the registry; none without a registry. Raises DataError when it is not JSON."""
    if not snapshot.exists(connections.PATH):
        return AnchorPhrases()
    return AnchorPhrases(phrases_in(snapshot.read(connections.PATH)))


def measure_corpus(
    snapshot: Snapshot, paths: Iterable[str] | None = None, *, store: Store | None = None
) -> ContinuityReport:
    """Measure every unit below ``content/`` and every flow, or the named files of the snapshot.

    Uses all cores when there is enough to measure. With a ``store``, what earlier runs measured is taken from there.
    """
    named = None if paths is None else list(paths)
    units = list(snapshot.under("content", ".md")) if named is None else [p for p in named if not _is_flow(p)]
    flows = [p for p in (snapshot.under("flows") if named is None else named) if _is_flow(p)]
    if not store:
        files = {path: snapshot.read(path) for path in [*units, *flows]}
        return measure_files(files, registered_anchors(snapshot))
    measured = measure_known(snapshot, units, known_anchors(snapshot, store), store)
    throughlines = measure_known_flows(snapshot, flows, store)
    store.save()
    return ContinuityReport(_assembled(units, measured), tuple(throughlines))


def measure_files(files: Mapping[str, bytes], anchors: AnchorPhrases) -> ContinuityReport:
    """Measure files that need not exist anywhere, such as a batch of drafts; flows are known by their folder."""
    units = {path: data for path, data in files.items() if not _is_flow(path)}
    flows = [measure_flow(data, path) for path, data in files.items() if _is_flow(path)]
    return ContinuityReport(_assembled(units, measure_all(list(units.values()), anchors)), tuple(flows))


def _assembled(paths: Iterable[str], measured: Iterable[Measured]) -> tuple[UnitContinuity, ...]:
    return tuple(assemble(path, *each) for path, each in zip(paths, measured, strict=True))


def _is_flow(path: str) -> bool:
    return path.startswith("flows/") and path.endswith((".md", ".yaml"))
